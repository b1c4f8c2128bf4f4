"""Calls keyed by security descriptions: each direction under a key of its own, and never in the clear without one."""

from __future__ import annotations

import re

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp, ReKey
from mikey_sdp.nodes.config import Answering, Security, Speaks
from mikey_sdp.trace import KeyManagementFailed, KeysInstalled, MessageSent
from tests.exchange.nodes.phones import MS, TAPPED, Meddler, counted, of_kind, phone, run, states
from tests.exchange.nodes.secured import EPOCH, caller, device, forking, keys_of, received
from tests.exchange.nodes.servers import CALL as CALL_BOB

CALL = (0, "alice", Call("bob"))
SDES = {"security": Security.SDES, "credentials": ()}
PLAIN = {"security": Security.NONE, "credentials": ()}


def inline(octets: bytes) -> list[bytes]:
    return re.findall(rb"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+/]{40})\r\n", octets)


@pytest.mark.requirement("5197-7-1")
def test_each_side_says_its_own_key_and_media_is_opened():
    records = run(phone("alice", **SDES), phone("bob", **SDES), steps=[CALL, (3000, "alice", HangUp("bob"))])
    bodies = [*of_kind(records, MessageSent, "alice"), *of_kind(records, MessageSent, "bob")]
    said = [key for record in bodies for key in inline(record.octets)]
    assert len(said) == len(set(said)) == 2
    assert all(b"RTP/SAVP 0" in record.octets for record in bodies if inline(record.octets))
    for party in ("alice", "bob"):
        assert counted(records, party) == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
    assert keys_of(records, "alice", "bob", "send") == keys_of(records, "bob", "alice", "receive")
    assert keys_of(records, "alice", "bob", "receive") == keys_of(records, "bob", "alice", "send")
    assert not keys_of(records, "alice", "bob", "send") & keys_of(records, "alice", "bob", "receive")
    assert {record.mode for record in records if isinstance(record, KeysInstalled)} == {"SDES"}


@pytest.mark.requirement("5197-5.1-6")
def test_as_much_is_clipped_as_in_reverse_rsa() -> None:
    answering = Answering(ringing_after_us=None, decide_after_us=300 * MS, speaks=Speaks.OFFERED)
    came = []
    for mode, more in ((Mode.RSA_R, {}), (Mode.PSK, {**SDES, "modes": None})):
        alice, desk = caller(mode, **more), device("desk", mode, answering, **more)
        came.append(received(run(alice, desk, forking("desk"), steps=[CALL_BOB], **EPOCH)))
    assert came[0] == came[1] == {"desk": "20: 1 + 19 late, 19 not"}


CRYPTO = re.compile(rb"a=crypto:[^\r]*\r\n")
BROKEN = {
    "none": b"",
    "another suite": b"a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + b"A" * 40 + b"\r\n",
    "a short key": b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n",
    "no key": b"a=crypto:1\r\n",
    "a session parameter": b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + b"A" * 40 + b" UNENCRYPTED_SRTP\r\n",
}


def with_line(octets: bytes, line: bytes, start: bytes) -> bytes:
    head, _, body = octets.partition(b"\r\n\r\n")
    if not octets.startswith(start) or b"a=crypto" not in body:
        return octets
    body = CRYPTO.sub(line, body)
    return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + b"\r\n\r\n" + body


@pytest.mark.parametrize("wrong", BROKEN)
def test_an_offer_without_a_usable_key_is_refused(wrong: str) -> None:
    mallory = Meddler(lambda octets: with_line(octets, BROKEN[wrong], b"INVITE"))
    records = run(phone("alice", **SDES), phone("bob", **SDES), mallory, steps=[CALL], taps=TAPPED)
    assert states(records, "bob") == ["rejected"]
    assert [failed.status for failed in of_kind(records, KeyManagementFailed, "bob")] == [488]
    assert not [record for record in records if isinstance(record, KeysInstalled)]


@pytest.mark.parametrize("wrong", BROKEN)
def test_an_answer_without_a_usable_key_ends_the_call(wrong: str) -> None:
    mallory = Meddler(lambda octets: with_line(octets, BROKEN[wrong], b"SIP/2.0 200"))
    records = run(phone("alice", **SDES), phone("bob", **SDES), mallory, steps=[CALL], taps=TAPPED)
    assert states(records, "alice")[-1] == "ended"
    assert of_kind(records, KeyManagementFailed, "alice")
    assert not of_kind(records, KeysInstalled, "alice")
    assert not [line for line in counted(records, "alice") if line.startswith("sent")]


def test_an_answer_that_gives_the_key_back_is_refused() -> None:
    offered: list[bytes] = []

    def mirror(octets: bytes) -> bytes:
        if octets.startswith(b"INVITE"):
            offered.extend(CRYPTO.findall(octets))
        return with_line(octets, offered[0], b"SIP/2.0 200") if offered else octets

    records = run(phone("alice", **SDES), phone("bob", **SDES), Meddler(mirror), steps=[CALL], taps=TAPPED)
    (failed,) = of_kind(records, KeyManagementFailed, "alice")
    assert "our own key back" in failed.reason


@pytest.mark.parametrize(("one", "other"), [(SDES, PLAIN), (PLAIN, SDES), (SDES, {}), ({}, SDES)])
def test_who_keys_media_in_another_way_gets_no_call(one: dict[str, object], other: dict[str, object]) -> None:
    records = run(phone("alice", **one), phone("bob", **other), steps=[CALL])
    assert states(records, "bob") == ["rejected"]
    assert not [record for record in records if isinstance(record, KeysInstalled)]


def test_a_re_key_renews_both_directions_and_loses_nothing() -> None:
    steps = [CALL, (500, "alice", ReKey("bob")), (700, "bob", ReKey("alice")), (3000, "alice", HangUp("bob"))]
    alice, bob = phone("alice", **SDES), phone("bob", **SDES)
    records = run(alice, bob, steps=steps)
    assert states(records, "alice").count("rekeyed") == 2
    for direction in ("send", "receive"):
        assert len(keys_of(records, "alice", "bob", direction)) == 3
    for party in ("alice", "bob"):
        assert counted(records, party) == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
    assert (alice.calls, bob.calls) == (0, 0)
