"""Session-Expires and Min-SE as they stand in messages (RFC 4028 sections 4 and 5)."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import LEAST_S, Message, SessionExpires, min_se, session_expires

HEAD = (
    "INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\n"
    "Call-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
)


def message(line: str) -> Message:
    return Message.parse(f"{HEAD}{line}\r\n".encode())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1800", SessionExpires(seconds=1800)),
        ("90;refresher=uac", SessionExpires(seconds=90, refresher="uac")),
        ("90 ; refresher=UAS", SessionExpires(seconds=90, refresher="uas")),
        ("90;refresher=nobody;more", SessionExpires(seconds=90)),
    ],
)
def test_what_it_says(text: str, read: SessionExpires) -> None:
    assert SessionExpires.parse(text) == read
    assert SessionExpires.parse(str(read)) == read


@pytest.mark.parametrize("text", ["", "soon", "-1", "2147483648", "90 s", "90;refresher=uac x", "9" * 5000])
def test_what_says_nothing(text: str) -> None:
    with pytest.raises(DecodeError):
        SessionExpires.parse(text)
    assert session_expires(message(f"Session-Expires: {text}\r\n")) is None


def test_it_is_found_under_its_short_name() -> None:
    assert session_expires(message("x: 120;refresher=uas\r\n")) == SessionExpires(seconds=120, refresher="uas")
    assert session_expires(message("")) is None


@pytest.mark.parametrize(("line", "seconds"), [("Min-SE: 300\r\n", 300), ("Min-SE: 5\r\n", LEAST_S), ("", LEAST_S)])
def test_nobody_asks_for_less_than_ninety_seconds(line: str, seconds: int) -> None:
    assert min_se(message(line)) == seconds
    assert min_se(message("Min-SE: many\r\n")) == LEAST_S
