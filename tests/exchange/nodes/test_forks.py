"""A call that rings at several devices: one leg each, and one of them becomes the call."""

from __future__ import annotations

import pytest
from msgspec import structs

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Answering, Contact
from mikey_sdp.nodes.contract import Action, DatagramIntercepted, Event, SendDatagram
from tests.exchange.nodes.phones import (
    TAPPED,
    address,
    counted,
    lines,
    phone,
    psk,
    run,
    signalling,
    states,
    uri,
)

RINGS = Answering(ringing_after_us=50_000, decide_after_us=200_000)
NEVER = Answering(decide_after_us=None)
CALL = (0, "alice", Call("bob"))


class Forker:
    """Sends what alice sends to bob on to carol as well, as a forking proxy would."""

    name = "mallory"
    addresses = (address("mallory"),)

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if not isinstance(event, DatagramIntercepted):
            return []
        whole = event.datagram
        copies = [whole]
        if whole.octets.startswith((b"INVITE sip:bob@example.com", b"CANCEL")):
            copies.append(structs.replace(whole, destination=address("carol")))
        return [SendDatagram(datagram=copy) for copy in copies]


def forked(first: Answering, second: Answering, *steps: tuple[int, str, object]):
    """A call to bob that rings at two devices of his, of which "carol" is one."""
    return run(
        phone("alice"),
        phone("bob", answering=first),
        phone("carol", answering=second, identity=uri("bob"), credentials=psk("bob", "alice")),
        Forker(),
        steps=[CALL, *steps],
        taps=TAPPED,
    )


def test_each_branch_of_a_forked_call_is_a_leg_and_the_first_answer_is_the_call():
    records = forked(NEVER, RINGS)
    alice = [line for line in lines(records) if line.split()[1] == "alice" and ">" not in line]
    assert [line for line in alice if "key" not in line][:5] == [
        "0 alice calling bob",
        "80 alice ringing bob 180",
        "130 alice ringing carol 180",
        "280 alice answered carol 200",
        "280 alice confirmed carol",
    ]
    assert counted(records, "carol") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_second_answer_is_acknowledged_and_hung_up():
    records = forked(RINGS, Answering(decide_after_us=300_000))
    assert [line for line in signalling(records) if line.startswith("380 alice")] == [
        "380 alice answered carol 200",
        "380 alice > carol UDP ACK sip:carol@192.0.2.3:5060",
        "380 alice ended carol (another branch answered)",
        "380 alice > carol UDP BYE sip:carol@192.0.2.3:5060",
    ]
    assert states(records, "carol")[-1] == "ended"
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_hanging_up_by_the_name_that_was_called_ends_the_leg_that_answered():
    records = forked(NEVER, RINGS, (2_000, "alice", HangUp("bob")))
    assert "2000 alice ended carol (hung up)" in signalling(records)


@pytest.mark.parametrize("ringing", [0, None])
def test_a_branch_that_answers_after_the_call_is_over_is_hung_up(ringing: int | None):
    late = Answering(ringing_after_us=ringing, decide_after_us=2_000_000)
    records = forked(Answering(), late, (500, "alice", HangUp("bob")))
    assert "2080 alice > carol UDP ACK sip:carol@192.0.2.3:5060" in signalling(records)
    assert "2080 alice > carol UDP BYE sip:carol@192.0.2.3:5060" in signalling(records)
    assert states(records, "carol")[-1] == "ended"


def test_nothing_is_kept_of_a_branch_that_rings_for_ever():
    alice = phone("alice")
    run(
        alice,
        phone("bob"),
        phone("carol", answering=NEVER, identity=uri("bob"), credentials=psk("bob", "alice")),
        Forker(),
        steps=[CALL, (500, "alice", HangUp("bob"))],
        taps=TAPPED,
    )
    assert (alice.calls, alice.open_bundles) == (0, 0)


def test_an_unknown_device_that_answers_goes_by_the_name_that_was_called():
    records = run(
        phone("alice", contacts={"bob": Contact(uri=uri("bob"), address=address("bob"))}),
        phone("bob", answering=NEVER),
        phone("carol", identity=uri("bob"), credentials=psk("bob", "alice")),
        Forker(),
        steps=[CALL],
        taps=TAPPED,
    )
    assert "80 alice confirmed bob" in signalling(records)
    assert counted(records, "carol") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
