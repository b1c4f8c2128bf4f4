"""Somebody on the way wants a pjsua2 phone to talk in the clear: two phones, and a path that changes what they say."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable
from typing import Final

import pytest

from tests.interop.test_pjsua2 import (  # noqa: F401 - dial is a fixture
    BOB,
    Call,
    Dial,
    credentials,
    dial,
    in_the_clear,
    of_later_offers,
    opened,
    without_keys,
)

Edit = Callable[[str, bytes], bytes]
_PART: Final = b"part"


def plain_answer(side: str, octets: bytes) -> bytes:
    """The answer of that side's phone asks for RTP without any protection."""
    return without_keys(side, octets).replace(b"RTP/SAVP", b"RTP/AVP") if side == "B" else octets


def of_later_answers(edit: Edit) -> Edit:
    """The same done to the second answer of the call and those after."""
    seen: set[bytes] = set()

    def changed(side: str, octets: bytes) -> bytes:
        if side != "B" or not octets.startswith(b"SIP/2.0 200"):
            return octets
        number = re.findall(rb"CSeq: (\d+) INVITE", octets)
        seen.update(number)
        return edit(side, octets) if number and len(seen) > 1 else octets

    return changed


def in_parts(side: str, octets: bytes) -> bytes:
    """The offer of that side's phone is plain, and one part of a body of two."""
    clear = in_the_clear(side, octets)
    head, _, body = clear.partition(b"\r\n\r\n")
    if side != "A" or not body:
        return octets
    part = b"\r\n".join([b"--" + _PART, b"Content-Type: application/sdp", b"", body.rstrip() + b"\r\n"])
    head = re.sub(rb"Content-Type:[^\r]*", b"Content-Type: multipart/mixed;boundary=" + _PART, head)
    return head + b"\r\n\r\n" + part + b"\r\n--" + _PART + b"--\r\n"


def invitations(call: Call, *, keyed: bool) -> int:
    """How many INVITEs the caller sent with keys, or without."""
    sent = {octets for side, octets in call.relay.messages if side == "A" and octets.startswith(b"INVITE")}
    return sum((b"a=key-mgmt" in octets) is keyed for octets in sent)


def test_a_bad_answer_is_no_reason_to_call_again_in_the_clear(dial: Dial) -> None:  # noqa: F811
    a, b = credentials("PSK")
    call = dial({**a, "allow_plain": True}, {**b, "allow_plain": True}, plain_answer)
    call.phones["A"].wait("state", state="DISCONNECTED")
    time.sleep(0.6)
    assert invitations(call, keyed=True) >= 1
    assert invitations(call, keyed=False) == 0
    assert not call.relay.of("A")


@pytest.mark.parametrize(
    "edit", [of_later_offers(in_the_clear), of_later_offers(in_parts), of_later_answers(plain_answer)]
)
def test_a_call_under_keys_never_goes_on_without(dial: Dial, edit: Edit) -> None:  # noqa: F811
    call = dial(*credentials("PSK"), edit)
    keys = call.secured()
    time.sleep(0.4)
    call.phones["A"].tell("rekey")
    time.sleep(1.0)
    known: dict[str, list[str]] = {side: [keys[side]["send"]] for side in "AB"}
    for side, phone in call.phones.items():
        known[side] += [event["send"] for event in phone.so_far() if event["event"] == "keys"]
    for side in "AB":
        packets = call.relay.of(side)
        assert len(packets) > 10
        assert opened(packets, *known[side]) == len(packets)


@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
def test_a_call_that_replaces_a_secured_one_has_to_be_secured_too(dial: Dial, profile: str) -> None:  # noqa: F811
    call = dial(*credentials("PSK"))
    call.secured()
    answer = next(octets.decode() for side, octets in call.relay.messages if octets.startswith(b"SIP/2.0 200"))
    found = {name: re.findall(rf"^{name}: (.*?)\r$", answer, re.M)[0] for name in ("Call-ID", "From", "To")}
    ours, theirs = (found[name].rpartition("tag=")[2] for name in ("To", "From"))
    with contextlib.ExitStack() as stack:
        sip, media = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2))
        for one in (sip, media):
            one.bind(("127.0.0.1", 0))
            one.settimeout(1.5)
        place, port = f"127.0.0.1:{sip.getsockname()[1]}", media.getsockname()[1]
        body = (
            f"v=0\r\no=m 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} {profile} 0\r\n"
        )
        head = [
            "INVITE sip:bob@127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP {place};branch=z9hG4bKmallory",
            "From: <sip:mallory@example.com>;tag=m",
            f"To: <{BOB}>",
            "Call-ID: mallory",
            "CSeq: 1 INVITE",
            "Max-Forwards: 70",
            f"Contact: <sip:mallory@{place}>",
            f"Replaces: {found['Call-ID']};to-tag={ours};from-tag={theirs}",
            "Content-Type: application/sdp",
            f"Content-Length: {len(body)}",
        ]
        sip.sendto("\r\n".join([*head, "", body]).encode(), ("127.0.0.1", call.phones["B"].port))
        statuses = [100]
        while statuses[-1] < 200:
            statuses.append(int(sip.recv(65_536).split()[1]))
        with pytest.raises(TimeoutError):
            media.recv(65_536)
    assert statuses[-1] == 488
    before = len(call.relay.of("B"))
    time.sleep(0.4)
    assert len(call.relay.of("B")) > before + 10
