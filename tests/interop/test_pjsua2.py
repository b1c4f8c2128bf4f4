"""Two pjsua2 phones, each a process, call each other; a relay between them sees every packet."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from pylibsrtp import Error, Policy, Session

from tests.interop.conftest import Need
from tests.interop.pjsua2_phones import PhoneProcess, Relay, loudness
from tests.pki import Authority, ec_key, rsa_key

ALICE: Final = "sip:alice@example.com"
BOB: Final = "sip:bob@example.com"
KEY: Final = "5eb6f1c2a8d3940e7f6b21c0d9e84a37"
MODES: Final = ("PSK", "RSA", "DHSIGN", "DHHMAC", "RSA-R", "ECIES", "ECMQV")
TALK_S: Final = 1.0
NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
SIDES: Final = {"A": (ALICE, BOB, 440), "B": (BOB, ALICE, 1_000)}
Dial = Callable[..., "Call"]


class Call:
    """Both phones and what lies between them."""

    def __init__(self, folder: Path, relay: Relay, a: dict[str, Any], b: dict[str, Any]) -> None:
        self.folder, self.relay = folder, relay
        self.phones: dict[str, PhoneProcess] = {}
        for side, given in (("A", a), ("B", b)):
            own, _peer, tone = SIDES[side]
            start = {"identity": own, "tone": tone, "record": str(folder / f"{side}.wav"), "answers": [200], **given}
            self.phones[side] = PhoneProcess(side, **start)
        for side, phone in self.phones.items():
            relay.place(side, phone.port)

    def dial(self) -> None:
        self.phones["A"].tell("call", uri=f"sip:bob@127.0.0.1:{self.relay.port('A')}", peer=BOB)

    def secured(self) -> dict[str, dict[str, Any]]:
        """Both ends' keys."""
        keys = {side: phone.wait("keys") for side, phone in self.phones.items()}
        for phone in self.phones.values():
            phone.wait("mikey", kind="secured")
        return keys

    def close(self) -> None:
        for phone in self.phones.values():
            phone.tell("quit")
        for phone in self.phones.values():
            phone.close()
        self.relay.close()


@pytest.fixture
def dial(need: Need, tmp_path: Path) -> Iterator[Dial]:
    need("pjsua2")
    calls: list[Call] = []

    def start(a: dict[str, Any], b: dict[str, Any], edit: Any = None, *, first: str = "") -> Call:
        call = Call(tmp_path, Relay(edit), a, b)
        calls.append(call)
        if first:
            call.phones["A"].tell(first)
        call.dial()
        return call

    yield start
    for call in calls:
        call.close()


def credentials(mode: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if mode in ("PSK", "DHHMAC"):
        return {"modes": [mode], "psk": {BOB: KEY}}, {"modes": [mode], "psk": {ALICE: KEY}}
    authority = Authority.create("a root", not_after=NEVER)
    key_of = ec_key if mode.startswith("EC") else rsa_key
    alice, bob = (authority.issue(who, key=key_of(who), not_after=NEVER) for who in (ALICE, BOB))
    root = [authority.pem]
    ends = ((alice, bob), (bob, alice))
    return tuple(  # type: ignore[return-value]
        {"modes": [mode], "cert": own.pem, "key": own.key_pem, "trust": root, "known": [peer.pem]} for own, peer in ends
    )


def opened(packets: list[bytes], *keys: str) -> int:
    """How many RTP and RTCP packets one of the keys opens."""
    sessions = [Session(Policy(key=bytes.fromhex(key), ssrc_type=Policy.SSRC_ANY_INBOUND)) for key in keys]
    return sum(any(_opens(session, packet) for session in sessions) for packet in packets)


def _opens(session: Session, packet: bytes) -> bool:
    try:
        if 192 <= packet[1] <= 223:
            session.unprotect_rtcp(packet)
        else:
            session.unprotect(packet)
    except Error:
        return False
    return True


@pytest.mark.parametrize("mode", MODES)
def test_two_phones_hear_each_other_and_the_path_sees_srtp_only(dial: Dial, mode: str) -> None:
    call = dial(*credentials(mode))
    keys = call.secured()
    time.sleep(TALK_S)
    for side in "AB":
        packets = call.relay.of(side)
        assert len(packets) > 40
        assert opened(packets, keys[side]["send"]) == len(packets)
        assert not opened(packets, keys[side]["receive"], "0b" * 30)
    assert keys["A"]["send"] == keys["B"]["receive"]
    call.close()
    assert loudness(call.folder / "A.wav", (440, 1_000))[1_000] > 0.9
    assert loudness(call.folder / "B.wav", (440, 1_000))[440] > 0.9


@pytest.mark.parametrize("mode", ["PSK", "DHSIGN"])
def test_new_keys_twice_in_a_call_lose_two_frames_at_most(dial: Dial, mode: str) -> None:
    call = dial(*credentials(mode))
    keys = [call.secured()]
    for rekeyed_by in "AB":
        time.sleep(0.5)
        call.phones[rekeyed_by].tell("rekey")
        keys.append(call.secured())
    time.sleep(0.5)
    for side, other in ("AB", "BA"):
        assert len({one[side]["send"] for one in keys}) == 3
        packets = call.relay.of(side)
        assert opened(packets, *(one[side]["send"] for one in keys)) == len(packets)
        numbers = [int.from_bytes(packet[2:4], "big") for packet in packets if not 192 <= packet[1] <= 223]
        assert all((later - before) % 65_536 == 1 for before, later in pairwise(numbers))
        call.phones[other].tell("opened")
        assert len(numbers) - call.phones[other].wait("opened")["packets"] <= 2


def test_held_and_resumed_media_stays_under_the_keys_of_the_call(dial: Dial) -> None:
    call = dial(*credentials("PSK"))
    keys = call.secured()
    for step in ("hold", "unhold"):
        time.sleep(0.4)
        call.phones["A"].tell(step)
    time.sleep(0.6)
    for side in "AB":
        packets = call.relay.of(side)
        assert opened(packets, keys[side]["send"]) == len(packets) > 20


def test_early_media_is_heard_before_the_call_is_answered(dial: Dial) -> None:
    a, b = credentials("DHHMAC")
    call = dial(a, {**b, "answers": [183]})
    call.phones["A"].wait("state", state="EARLY")
    keys = call.secured()
    time.sleep(TALK_S)
    call.phones["B"].tell("answer", status=200)
    call.phones["A"].wait("state", state="CONFIRMED")
    time.sleep(0.3)
    for side in "AB":
        packets = call.relay.of(side)
        assert opened(packets, keys[side]["send"]) == len(packets) > 60


def without_keys(side: str, octets: bytes) -> bytes:
    """What somebody on the way makes of a message of that side: its description has no MIKEY any more."""
    return octets if side != "B" else re.sub(rb"a=key-mgmt:[^\r]*\r\n", b"", octets)


def with_a_bad_mac(side: str, octets: bytes) -> bytes:
    def changed(found: re.Match[bytes]) -> bytes:
        message = bytearray(base64.b64decode(found[1]))
        message[-1] ^= 1
        return b"a=key-mgmt:mikey " + base64.b64encode(message)

    return octets if side != "A" else re.sub(rb"a=key-mgmt:mikey ([^\r]*)", changed, octets)


def of_an_unknown_mode(side: str, octets: bytes) -> bytes:
    def changed(found: re.Match[bytes]) -> bytes:
        message = bytearray(base64.b64decode(found[1]))
        message[1] = 99
        return b"a=key-mgmt:mikey " + base64.b64encode(message)

    return octets if side != "A" else re.sub(rb"a=key-mgmt:mikey ([^\r]*)", changed, octets)


def in_the_clear(side: str, octets: bytes) -> bytes:
    if side != "A":
        return octets
    return re.sub(rb"a=key-mgmt:[^\r]*\r\n", b"", octets).replace(b"RTP/SAVP", b"RTP/AVP")


@pytest.mark.parametrize("edit", [without_keys, with_a_bad_mac, of_an_unknown_mode, in_the_clear])
def test_a_call_that_cannot_be_keyed_sends_no_packet(dial: Dial, edit: Any) -> None:
    call = dial(*credentials("PSK"), edit)
    if edit is without_keys:
        call.phones["A"].wait("mikey", kind="refused")
    ended = call.phones["A"].wait("state", state="DISCONNECTED")
    time.sleep(0.3)
    sent = call.relay.of("A") + call.relay.of("B")
    if edit is without_keys:  # the one who was called has keys already
        assert not call.relay.of("A")
        assert opened(sent, call.phones["B"].wait("keys")["send"]) == len(sent)
    else:
        assert ended["status"] == 488
        assert not sent
        assert any(b"Warning: " in octets for side, octets in call.relay.messages if side == "B")


def of_later_offers(edit: Callable[[str, bytes], bytes]) -> Callable[[str, bytes], bytes]:
    """The same done to what comes within the call."""
    return lambda side, octets: edit(side, octets) if b"CSeq: " in octets and _within_call(octets) else octets


def _within_call(octets: bytes) -> bool:
    to = next(line for line in octets.split(b"\r\n") if line.startswith(b"To:"))
    return octets.startswith(b"INVITE") and b"tag=" in to


def test_new_keys_that_are_not_acceptable_are_refused_and_the_call_goes_on(dial: Dial) -> None:
    call = dial(*credentials("PSK"), of_later_offers(with_a_bad_mac))
    keys = call.secured()
    call.phones["A"].tell("rekey")
    call.phones["B"].wait("mikey", kind="refused")
    time.sleep(0.5)
    before = len(call.relay.packets)
    time.sleep(0.5)
    for side in "AB":
        packets = call.relay.of(side)
        assert opened(packets, keys[side]["send"]) == len(packets)
    assert len(call.relay.packets) - before > 20
    assert any(octets.startswith(b"SIP/2.0 488") for _side, octets in call.relay.messages)


def test_the_wrong_party_at_the_other_end_is_hung_up_on(dial: Dial) -> None:
    a, _b = credentials("DHSIGN")
    authority = Authority.create("a root", not_after=NEVER)
    mallory = "sip:mallory@example.com"
    holder = authority.issue(mallory, key=rsa_key(mallory), not_after=NEVER)
    b = {"identity": mallory, "modes": ["DHSIGN"], "cert": holder.pem, "key": holder.key_pem, "trust": [authority.pem]}
    call = dial(a, b)
    call.phones["A"].wait("state", state="DISCONNECTED")
    time.sleep(0.2)
    assert not call.relay.packets


def test_an_offer_too_long_for_the_build_is_not_sent(dial: Dial) -> None:
    a, b = credentials("DHSIGN")
    authority = Authority.create("a root", not_after=NEVER)
    others = [f"sip:alice-at-place-{number}@example.com" for number in range(40)]
    holder = authority.issue(ALICE, *others, key=rsa_key(ALICE), not_after=NEVER, subject="alice of many names")
    call = dial({**a, "cert": holder.pem, "key": holder.key_pem}, b)
    error = call.phones["A"].wait("error")
    assert error["kind"] == "PolicyRefused"
    assert "octets long" in error["text"]
    assert "by URL" in error["text"]
    assert not call.relay.messages


def test_a_description_that_left_without_its_keys_ends_the_call(dial: Dial) -> None:
    call = dial(*credentials("PSK"), first="spoil")
    refused = call.phones["A"].wait("mikey")
    assert refused["kind"] == "refused"
    assert "left without the MIKEY messages" in refused["text"]
    call.phones["A"].wait("state", state="DISCONNECTED")
    assert b"a=key-mgmt" not in call.relay.messages[0][1]
    assert not call.relay.packets


def test_a_call_goes_on_in_the_clear_only_where_both_ends_allowed_it(dial: Dial) -> None:
    a, b = credentials("PSK")
    call = dial({**a, "allow_plain": True}, {**b, "psk": {ALICE: "00" * 16}, "allow_plain": True})
    for phone in call.phones.values():
        phone.wait("mikey", kind="plain")
    assert call.relay.messages[0][1].count(b"a=key-mgmt:mikey") == 1
    time.sleep(TALK_S)
    call.close()
    assert call.relay.of("A")
    assert loudness(call.folder / "B.wav", (440,))[440] > 0.9
