"""Media before the call is up: from a 183, plain or reliable, or ahead of the answer; of one device or of two."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Cancel, HangUp
from mikey_sdp.nodes.config import Answering, EarlyAnswers, Security, Speaks, Streams
from mikey_sdp.nodes.contract import (
    Action,
    Datagram,
    DatagramIntercepted,
    Event,
    Link,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.trace import KeysInstalled, MediaCounted
from tests.exchange.nodes import servers
from tests.exchange.nodes.phones import MS, address, of_kind, run, states
from tests.exchange.nodes.secured import EPOCH, FORKED_MODES, caller, device, early, forking, keys_of, received, sent
from tests.exchange.nodes.servers import CALL, messages, octets, steps_of

ANSWERED = {"speaks": Speaks.ANSWERED}


def body_of(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]


def test_a_183_brings_the_answer_and_media_follows_it() -> None:
    answering = early(early_packets=10, **ANSWERED)
    records = run(caller(Mode.PSK), device("desk", Mode.PSK, answering), forking("desk"), steps=[CALL], **EPOCH)
    assert steps_of(records)[:5] == [
        "0 alice calling bob",
        "210 alice ringing desk 180",
        "260 alice early desk 183",
        "1160 alice answered desk 200",
        "1160 alice confirmed desk",
    ]
    assert states(records, "desk") == ["ringing", "early", "answered", "confirmed"]
    assert body_of(octets(records, "desk", "183")) == body_of(octets(records, "desk", "200"))
    assert b"a=key-mgmt:mikey" in octets(records, "desk", "183")
    assert b"RSeq" not in octets(records, "desk", "183")
    # Ten packets of the announcement and twenty of the call; of the first four in flight none is lost on the caller.
    assert sent(records, "desk") == 30
    assert received(records) == {"desk": "30: 30 + 0 late, 0 not"}
    assert received(records, "desk") == {"alice": "20: 20 + 0 late, 0 not"}


def test_the_same_answer_is_taken_once() -> None:
    answering = early(**ANSWERED)
    records = run(caller(Mode.DHSIGN), device("desk", Mode.DHSIGN, answering), forking("desk"), steps=[CALL], **EPOCH)
    installed = [record for record in records if isinstance(record, KeysInstalled) and record.party == "alice"]
    assert [(record.direction, record.at_us // MS) for record in installed] == [("receive", 260), ("send", 1160)]


def test_a_reliable_183_is_confirmed_and_the_200_says_nothing_again() -> None:
    answering = early(reliable=True)
    records = run(caller(Mode.DHSIGN), device("desk", Mode.DHSIGN, answering), forking("desk"), steps=[CALL], **EPOCH)
    progress = octets(records, "desk", "183")
    assert b"\r\nRequire: 100rel\r\n" in progress
    assert b"a=key-mgmt:mikey" in progress
    assert not body_of(octets(records, "desk", "200 OK (INVITE)"))
    assert [line for line in messages(records, of="alice") if "PRACK" in line] == ["260 alice > desk PRACK"]
    (first,) = [record for record in records if isinstance(record, MediaCounted) and record.party == "desk"][:1]
    # Without being told otherwise the device sends when the PRACK shows that the caller has its answer.
    assert (first.direction, first.first_us) == ("sent", 300 * MS)
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}


def test_a_caller_that_does_not_know_prack_gets_a_plain_183() -> None:
    answering = early(reliable=True, **ANSWERED)
    records = run(
        caller(Mode.PSK, supported=()), device("desk", Mode.PSK, answering), forking("desk"), steps=[CALL], **EPOCH
    )
    assert b"RSeq" not in octets(records, "desk", "183")
    assert body_of(octets(records, "desk", "200"))
    assert states(records, "alice")[-1] == "confirmed"


def test_without_a_prack_the_call_comes_to_nothing() -> None:
    lose = {("alice", "desk"): frozenset(range(40))}
    desk = device("desk", Mode.PSK, early(reliable=True, decide_ms=None))
    records = run(caller(Mode.PSK), desk, forking("desk"), steps=[CALL], lose=lose, **EPOCH)
    assert states(records, "desk")[-1] == "rejected"
    assert (desk.calls, desk.open_bundles) == (0, 0)


OVERTAKES = {"media": Link(delay_us=10 * MS), "signalling": Link(delay_us=40 * MS)}


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
def test_a_pushed_key_opens_media_that_overtakes_the_answer(mode: Mode) -> None:
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.ANSWERED)
    records = run(caller(mode), device("desk", mode, answering), forking("desk"), steps=[CALL], **OVERTAKES, **EPOCH)
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}
    first = next(record for record in of_kind(records, MediaCounted, "alice") if record.direction == "received")
    assert first.first_us == 390 * MS
    assert steps_of(records)[-2:] == ["460 alice answered desk 200", "460 alice confirmed desk"]


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R, Mode.DHHMAC])
def test_a_key_that_needs_the_answer_comes_late_for_what_overtakes_it(mode: Mode) -> None:
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.ANSWERED)
    records = run(caller(mode), device("desk", mode, answering), forking("desk"), steps=[CALL], **OVERTAKES, **EPOCH)
    # Sent at 380, 400, ... and there 10 ms later; the answer comes at 460.
    assert received(records) == {"desk": "20: 16 + 4 late, 4 not"}
    first = next(record for record in of_kind(records, MediaCounted, "alice") if record.direction == "received")
    assert first.first_us == 460 * MS


def test_without_a_buffer_nothing_is_opened_late() -> None:
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.ANSWERED)
    alice = caller(Mode.DHSIGN, buffer_packets=0)
    records = run(alice, device("desk", Mode.DHSIGN, answering), forking("desk"), steps=[CALL], **EPOCH)
    assert received(records) == {"desk": "20: 16 + 0 late, 4 not"}


def test_the_buffer_is_bounded() -> None:
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.ANSWERED)
    alice = caller(Mode.DHSIGN, buffer_packets=3)
    records = run(alice, device("desk", Mode.DHSIGN, answering), forking("desk"), steps=[CALL], **EPOCH)
    assert received(records) == {"desk": "20: 16 + 3 late, 4 not"}


def test_a_device_may_send_as_soon_as_it_has_taken_the_offer() -> None:
    answering = Answering(ringing_after_us=None, decide_after_us=300 * MS, speaks=Speaks.OFFERED)
    for mode, came in ((Mode.PSK, "20: 20 + 0 late, 0 not"), (Mode.DHSIGN, "20: 1 + 19 late, 19 not")):
        records = run(caller(mode), device("desk", mode, answering), forking("desk"), steps=[CALL], **EPOCH)
        assert received(records) == {"desk": came}, mode


def test_a_plain_caller_hears_what_comes_before_any_answer() -> None:
    plain = {"security": Security.NONE, "credentials": (), "modes": None}
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.OFFERED)
    records = run(
        caller(Mode.PSK, **plain), device("desk", Mode.PSK, answering, **plain), forking("desk"), steps=[CALL], **EPOCH
    )
    assert received(records) == {"desk": "20: 0 + 0 late, 0 not"}
    first = next(record for record in of_kind(records, MediaCounted, "alice") if record.direction == "received")
    assert first.first_us == 90 * MS


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_two_devices_send_early_media_and_each_is_opened_with_keys_of_its_own(mode: Mode) -> None:
    desk = device("desk", mode, early(decide_ms=None, **ANSWERED), streams=Streams(packets=None))
    mobile = device("mobile", mode, early(150, 1_000, **ANSWERED), streams=Streams(packets=60))
    alice = caller(mode)
    steps = [CALL, (5_000, "alice", HangUp("mobile"))]
    records = run(alice, desk, mobile, forking("desk", "mobile"), steps=steps, **EPOCH)
    assert [line for line in steps_of(records) if "early" in line] == [
        "260 alice early desk 183",
        "310 alice early mobile 183",
    ]
    assert "1160 alice ended desk (another branch answered)" in steps_of(records)
    counts = received(records)
    # The first packets overtake the 183 by 70 ms: pushed keys open them at once, the others when the answer is there.
    late = 0 if mode is Mode.PSK else 4
    assert counts["mobile"] == f"60: {60 - late} + {late} late, {late} not"
    assert sent(records, "desk") == int(counts["desk"].split(":")[0])
    assert f"+ {late} late, {late} not" in counts["desk"]
    own, other = (keys_of(records, "alice", name, "receive") for name in ("desk", "mobile"))
    assert bool(own & other) is (mode is Mode.PSK)
    assert keys_of(records, "desk", "alice", "send") == own
    assert keys_of(records, "mobile", "alice", "send") == other
    assert [phone.calls for phone in (alice, desk, mobile)] == [0, 0, 0]
    assert [phone.open_bundles for phone in (alice, desk, mobile)] == [0, 0, 0]


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_the_bundle_of_the_branch_that_stays_is_kept_when_another_goes(mode: Mode) -> None:
    alice = caller(mode)
    desk = device("desk", mode, early(decide_ms=None, **ANSWERED))
    mobile = device("mobile", mode, early(150, 1_000, **ANSWERED))
    run(alice, desk, mobile, forking("desk", "mobile"), steps=[CALL], end_us=3_000 * MS, **EPOCH)
    assert alice.open_bundles == 1


def test_media_of_a_branch_that_never_described_itself_is_counted_too() -> None:
    """It sends at once, and its 183 gets lost; the caller has nothing that would open it."""
    desk = device("desk", Mode.DHSIGN, Answering(decide_after_us=None, speaks=Speaks.OFFERED))
    mobile = device("mobile", Mode.DHSIGN, Answering(decide_after_us=200 * MS))
    alice = caller(Mode.DHSIGN)
    records = run(alice, desk, mobile, forking("desk", "mobile"), steps=[CALL], **EPOCH)
    assert received(records)["desk"].endswith("0 + 0 late, 14 not")
    assert alice.calls == 1


def test_a_cancelled_call_counts_its_early_media_at_both_ends() -> None:
    desk = device("desk", Mode.PSK, early(decide_ms=None, **ANSWERED))
    alice = caller(Mode.PSK)
    records = run(alice, desk, forking("desk"), steps=[CALL, (400, "alice", Cancel("bob"))], **EPOCH)
    assert states(records, "desk")[-1] == "cancelled"
    assert str(sent(records, "desk")) == received(records)["desk"].split(":")[0] == "15"
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)


def test_answers_can_wait_until_media_or_the_call_asks_for_them() -> None:
    """Only the device that sends media and the one that takes the call are worked on."""
    lazy = {"early_answers": EarlyAnswers.ON_MEDIA}
    desk = device("desk", Mode.DHSIGN, early(100, None, **ANSWERED))
    mobile = device("mobile", Mode.DHSIGN, early(100, 1_000))
    carol = device("carol", Mode.DHSIGN, early(100, None))
    records = run(
        caller(Mode.DHSIGN, **lazy), desk, mobile, carol, forking("desk", "mobile", "carol"), steps=[CALL], **EPOCH
    )
    installed = [record for record in of_kind(records, KeysInstalled, "alice") if record.direction == "receive"]
    assert [(record.peer, record.at_us // MS) for record in installed] == [("desk", 270), ("mobile", 1160)]
    assert received(records)["desk"].startswith("20: 16 + 4 late")


class Repeater:
    """Sends the first media packet of a party once more, a second later."""

    name = "mallory"
    addresses = (address("mallory"),)

    def __init__(self, party: str) -> None:
        self._host = servers.HOSTS[party]
        self._first: Datagram | None = None

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, TimerFired) and self._first is not None:
            return [SendDatagram(datagram=self._first)]
        if not isinstance(event, DatagramIntercepted):
            return []
        whole = event.datagram
        actions: list[Action] = [SendDatagram(datagram=whole)]
        if self._first is None and whole.transport is Transport.MEDIA and whole.source.host == self._host:
            self._first = whole
            actions.append(SetTimer("again", 1_000 * MS))
        return actions


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHSIGN])
def test_what_came_before_the_answer_is_no_news_after_it(mode: Mode) -> None:
    answering = Answering(decide_after_us=300 * MS, speaks=Speaks.ANSWERED)
    taps = {frozenset({"alice", "desk"}): "mallory"}
    desk = device("desk", mode, answering)
    records = run(caller(mode), desk, forking("desk"), Repeater("desk"), steps=[CALL], taps=taps, **EPOCH)
    late = 0 if mode is Mode.PSK else 4
    assert received(records) == {"desk": f"21: {20 - late} + {late} late, {late + 1} not"}
