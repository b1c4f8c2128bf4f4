"""Warnings of refusals for people: read where they can be, and never a reason to fail."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.told import after_status, warnings_of
from mikey_sdp.sip import Message, Response


def refusal(*lines: str) -> Response:
    head = ["SIP/2.0 488 Not Acceptable Here", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa", "From: <sip:a@b>;tag=1"]
    rest = ["To: <sip:c@d>;tag=2", "Call-ID: x", "CSeq: 1 INVITE", *lines, "Content-Length: 0", "", ""]
    message = Message.parse("\r\n".join([*head, *rest]).encode())
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((), ""),
        (('Warning: 306 b.example "no key", 399 b.example "x"',), "306 no key; 399 x"),
        (("Warning: 30 x y",), "a Warning that can't be read"),
    ],
)
def test_what_a_refusal_says(lines: tuple[str, ...], told: str) -> None:
    assert warnings_of(refusal(*lines)) == told
    assert after_status(refusal(*lines)) == (f"; {told}" if told else "")


def test_no_response_says_nothing() -> None:
    assert warnings_of(None) == after_status(None) == ""
