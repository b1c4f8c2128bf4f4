"""Early dialogs where messages cross, where a response confirms nothing, and where there are very many of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp, Hold
from mikey_sdp.nodes.config import Answering, Contact, EarlyAnswers, Speaks
from mikey_sdp.nodes.contract import Address
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.sip import AckReceived, Hop, InviteReceived, PrackReceived, ProvisionalReceived
from mikey_sdp.trace import MediaCounted
from tests.exchange.nodes import servers
from tests.exchange.nodes.bare import OFFER, Bare
from tests.exchange.nodes.phones import MS, Meddler, of_kind, run, states
from tests.exchange.nodes.secured import EPOCH, FORKED_MODES, caller, device, early, forking, received
from tests.exchange.nodes.servers import BOB, CALL, address, messages, octets, plain, steps_of

SPOKEN = OFFER.replace(b"s=-", b"s=-\r\nc=IN IP4 192.0.2.1")
TAPPED = {frozenset({"alice", "proxy"}): "mallory"}


def test_hanging_up_while_the_200_waits_for_a_prack_waits_too() -> None:
    """The desk phone takes the call before its 183 is confirmed, and is put down at once."""
    desk = device("desk", Mode.PSK, early(100, 150, reliable=True))
    alice = caller(Mode.PSK)
    records = run(alice, desk, forking("desk"), steps=[CALL, (240, "desk", HangUp("alice"))], **EPOCH)
    assert [line for line in messages(records, of="desk") if int(line.split()[0]) >= 180] == [
        "180 desk > proxy 183",
        "300 desk > alice 200 (PRACK)",
        "300 desk > proxy 200",
        "420 desk > alice BYE",
    ]
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)


def test_an_answer_that_crosses_the_bye_to_its_branch_is_acknowledged_and_nothing_more() -> None:
    def spoil(message: bytes) -> bytes:
        return message.replace(b"key-mgmt:mikey A", b"key-mgmt:mikey B") if b" 183 " in message[:12] else message

    desk, alice = device("desk", Mode.PSK, early(100, 150)), caller(Mode.PSK)
    records = run(alice, desk, forking("desk"), Meddler(spoil), steps=[CALL], taps=TAPPED, **EPOCH)
    assert [line for line in messages(records, of="alice") if "INVITE" not in line] == [
        "260 alice > desk BYE",
        "310 alice > desk ACK",
    ]
    assert "confirmed" not in states(records, "alice")
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)


def test_a_confirmed_180_is_no_confirmed_answer() -> None:
    """Alice insists that everything be sent reliably, and describes nothing of ringing as an answer."""
    alice, hop = Bare("alice"), Hop("UDP", address("desk").host, 5060)
    alice.on(ProvisionalReceived, lambda event: alice.core.prack(event.invite, event.dialog)[1])
    desk = plain("desk", early(400, None))
    insists = [("Require", "100rel")]

    def call(phone: Bare) -> Any:
        return phone.core.invite(BOB, caller="sip:alice@example.com", hop=hop, headers=insists, body=SPOKEN)[1]

    records = run(alice, desk, steps=[(0, "alice", call)], end_us=2_000 * MS)
    assert [line for line in messages(records, of="alice") if "PRACK" in line] == [
        "130 alice > desk PRACK",
        "480 alice > desk PRACK",
    ]
    (first,) = [one.first_us for one in of_kind(records, MediaCounted, "desk") if one.direction == "sent"]
    assert first == 520 * MS


def test_an_offer_in_a_reliable_response_is_answered_in_the_prack() -> None:
    """The called party describes itself first, and takes the call when that is answered."""
    alice, desk = plain("alice", by="desk"), Bare("desk")
    desk.on(InviteReceived, lambda event: desk.core.respond(event.incoming, 183, body=SPOKEN, reliable=True))

    def take(event: PrackReceived) -> Iterator[Any]:
        if event.incoming is not None:
            yield from desk.core.respond(event.incoming, 200)
        yield from desk.core.respond(event.invite, 200)

    desk.on(PrackReceived, take)
    records = run(alice, desk, steps=[(0, "alice", Call("bob", offerless=True))], end_us=2_000 * MS)
    assert b"m=audio 40000 RTP/AVP 0" in octets(records, "alice", "PRACK")
    assert [len(event.request.body) for event in desk.all(AckReceived)] == [0]
    assert steps_of(records)[-1] == "160 alice confirmed bob"


@pytest.mark.parametrize("waits", [None, Strength.MANDATORY])
@pytest.mark.parametrize("mode", FORKED_MODES)
def test_thirty_devices(mode: Mode, waits: Strength | None, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"phone-{number}" for number in range(30)]
    for number, name in enumerate(names, start=1):
        monkeypatch.setitem(servers.HOSTS, name, f"192.0.3.{number}")
    known = {name: Contact(uri=BOB, address=Address(servers.HOSTS[name], 5060)) for name in names}
    alice = caller(mode, contacts={"bob": Contact(uri=BOB, address=address("proxy")), **known}, preconditions=waits)
    answering = [
        Answering(
            ringing_after_us=50 * MS,
            decide_after_us=1_000 * MS if name == "phone-7" else None,
            early_media_after_us=None if waits else 100 * MS,
            speaks=Speaks.ANSWERED,
        )
        for name in names
    ]
    phones = [device(name, mode, how, preconditions=waits) for name, how in zip(names, answering, strict=True)]
    records = run(alice, *phones, forking(*names), steps=[CALL], **EPOCH)
    counts = received(records)
    late = 0 if mode is Mode.PSK or waits else 4
    assert counts == dict.fromkeys(names, f"20: {20 - late} + {late} late, {late} not")
    assert "confirmed" in states(records, "alice")
    assert (alice.open_bundles, sum(phone.open_bundles for phone in phones)) == (1, 1)


WAITS = {"preconditions": Strength.MANDATORY}


def test_a_change_waits_until_the_offer_in_the_prack_is_answered() -> None:
    """The 200 to the PRACK gets lost, so that the call is up before it."""
    answering = Answering(ringing_after_us=None, decide_after_us=100 * MS)
    records = run(
        caller(Mode.PSK, **WAITS),
        device("desk", Mode.PSK, answering, **WAITS),
        forking("desk"),
        steps=[CALL, (400, "alice", Hold("desk"))],
        lose={("desk", "alice"): frozenset({0})},
        **EPOCH,
    )
    assert [line for line in messages(records, of="alice") if "ACK" not in line or "PRACK" in line] == [
        "0 alice > proxy INVITE",
        "160 alice > desk PRACK",
        "660 alice > desk PRACK",
        "740 alice > desk INVITE",
    ]
    assert (states(records, "alice")[-1], states(records, "desk")[-1]) == ("held", "held")


def test_no_further_offer_is_made_while_the_first_has_no_answer_that_counts() -> None:
    """The answer comes in a response that is not reliable, and what follows reliably says nothing of it."""
    count = iter(range(10))

    def change(message: bytes) -> bytes:
        if not message.startswith(b"SIP/2.0 183"):
            return message
        head, _, body = message.partition(b"\r\n\r\n")
        if next(count) == 0:
            return re.sub(rb"(Require|RSeq): [^\r]*\r\n", b"", head) + b"\r\n\r\n" + body
        return re.sub(rb"Content-Length: [0-9]+", b"Content-Length: 0", head) + b"\r\n\r\n"

    alice, desk = caller(Mode.PSK, **WAITS), device("desk", Mode.PSK, early(), **WAITS)
    records = run(alice, desk, forking("desk"), Meddler(change), steps=[CALL], taps=TAPPED, **EPOCH)
    assert octets(records, "alice", "PRACK").endswith(b"Content-Length: 0\r\n\r\n")


def test_an_answer_that_waits_for_media_and_is_none_ends_its_branch_then() -> None:
    def spoil(message: bytes) -> bytes:
        return message.replace(b"key-mgmt:mikey A", b"key-mgmt:mikey B") if b" 183 " in message[:12] else message

    alice = caller(Mode.PSK, early_answers=EarlyAnswers.ON_MEDIA)
    desk = device("desk", Mode.PSK, early(decide_ms=None, speaks=Speaks.ANSWERED))
    records = run(alice, desk, forking("desk"), Meddler(spoil), steps=[CALL], taps=TAPPED, **EPOCH)
    assert "270 alice > desk BYE" in messages(records)
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)
