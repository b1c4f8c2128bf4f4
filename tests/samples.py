"""Messages that many tests look at, and the SDP and SIP around them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors" / "rfc3830_prf_and_exchanges.json").read_text(encoding="utf-8")
)
PSK: Final = bytes.fromhex(VECTORS["psk_message_keys"]["psk"])
TGK: Final = bytes.fromhex(VECTORS["tgk_keys"]["tgk"])
I_MESSAGE: Final = bytes.fromhex(VECTORS["psk_exchange"]["i_message"])
R_MESSAGE: Final = bytes.fromhex(VECTORS["psk_exchange"]["r_message"])
DHHMAC_I: Final = bytes.fromhex(VECTORS["dhhmac_exchange"]["i_message"])
DHHMAC_R: Final = bytes.fromhex(VECTORS["dhhmac_exchange"]["r_message"])
RFC4567_OFFER: Final = base64.b64decode(VECTORS["rfc4567_example_offer"])
RFC4567_ANSWER: Final = base64.b64decode(VECTORS["rfc4567_example_answer"])
T_UNIX_US: Final = 1_161_351_786_000_000
"""The moment that T of the vectors and of the examples names: 2006-10-20T13:43:06Z."""


def line(message: bytes) -> str:
    """The attribute that carries a message."""
    return f"a=key-mgmt:mikey {base64.b64encode(message).decode()}"


def sdp(message: bytes | None = None, *, media: tuple[bytes | None, ...] = (None,)) -> bytes:
    """A description with a message at session level, and one m= line for each of `media`, with a message or without."""
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    lines += [line(message)] if message else []
    for place, own in enumerate(media):
        lines.append(f"m=audio {4000 + 2 * place} RTP/SAVP 0")
        lines += [line(own)] if own else []
    return "".join(f"{one}\r\n" for one in lines).encode()


def sip(
    body: bytes, start: str = "INVITE sip:bob@example.com SIP/2.0", *, content_type: str = "application/sdp"
) -> bytes:
    """A SIP message with a body."""
    head = [
        start,
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        "Max-Forwards: 70",
        "From: <sip:alice@example.com>;tag=1",
        "To: <sip:bob@example.com>",
        "Call-ID: 1@192.0.2.1",
        "CSeq: 1 INVITE",
        "Contact: <sip:alice@192.0.2.1>",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
    ]
    return "".join(f"{one}\r\n" for one in head).encode() + b"\r\n" + body


def ok(body: bytes) -> bytes:
    """The answer to `sip`."""
    return sip(body, "SIP/2.0 200 OK")
