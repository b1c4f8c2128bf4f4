"""Calls in which the called party makes the offer, in its 200, and the caller answers in the ACK."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Answering, Security
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.trace import KeyManagementFailed, KeysInstalled
from tests.exchange.nodes.phones import MS, counted, of_kind, phone, run, states
from tests.exchange.nodes.secured import EPOCH, caller, device, forking, received
from tests.exchange.nodes.servers import messages, octets

ANSWERING = Answering(ringing_after_us=None, decide_after_us=100 * MS)
CALL = (0, "alice", Call("bob", offerless=True))


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA, Mode.DHSIGN, Mode.RSA_R, Mode.DHHMAC])
def test_the_callee_initiates_the_exchange(mode: Mode) -> None:
    alice, desk = caller(mode), device("desk", mode, ANSWERING)
    records = run(alice, desk, forking("desk"), steps=[CALL, (3_000, "alice", HangUp("bob"))], **EPOCH)
    assert b"\r\nContent-Length: 0\r\n" in octets(records, "alice", "INVITE")
    assert b"a=key-mgmt:mikey" in octets(records, "desk", "200")
    assert b"a=key-mgmt:mikey" in octets(records, "alice", "ACK")
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}
    # Media overtakes the ACK by 30 ms; keys that need the answer in it come late for two packets.
    late = 0 if mode in (Mode.PSK, Mode.RSA) else 2
    assert received(records, "desk") == {"alice": f"20: {20 - late} + {late} late, {late} not"}
    assert {record.cs_id for record in of_kind(records, KeysInstalled, "desk") if record.direction == "send"} == {1}
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)


def test_a_caller_without_the_key_answers_with_nothing_and_hangs_up() -> None:
    alice = caller(Mode.PSK, credentials=())
    records = run(alice, device("desk", Mode.PSK, ANSWERING), forking("desk"), steps=[CALL], **EPOCH)
    said = [line.split(" > ")[1] for line in messages(records, of="alice")]
    assert said[:3] == ["proxy INVITE", "desk ACK", "desk BYE"]
    assert b"m=audio 0 RTP/SAVP 0" in octets(records, "alice", "ACK")
    assert of_kind(records, KeyManagementFailed, "alice")
    assert of_kind(records, KeyManagementFailed, "desk")
    assert not of_kind(records, KeysInstalled, "desk")
    assert states(records, "desk")[-1] == "ended"


def test_plain_phones_do_it_too() -> None:
    plain = {"security": Security.NONE, "credentials": ()}
    records = run(phone("alice", **plain), phone("bob", **plain), steps=[CALL])
    for name in ("alice", "bob"):
        assert counted(records, name) == ["sent m=0 50", "received m=0 50, 0 decrypted, 0 not"]


def test_the_offer_is_made_for_who_calls_and_in_what_he_called() -> None:
    records = run(phone("alice", transport=Transport.TLS), phone("bob", transport=Transport.TLS), steps=[CALL])
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
