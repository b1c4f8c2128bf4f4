"""Early dialogs where messages cross, where a response confirms nothing, and where there are very many of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Answering, Contact, Speaks
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
