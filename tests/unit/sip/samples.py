"""Messages that tests start from."""

from __future__ import annotations

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
INVITE_LINES = (
    "INVITE sip:bob@example.com SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds",
    "Max-Forwards: 70",
    "From: Alice <sip:alice@example.com>;tag=1928301774",
    "To: Bob <sip:bob@example.com>",
    "Call-ID: a84b4c76e66710@192.0.2.1",
    "CSeq: 314159 INVITE",
    "Contact: <sip:alice@192.0.2.1:5060>",
    "Content-Type: application/sdp",
    f"Content-Length: {len(SDP)}",
)


def joined(*lines: str, body: bytes = b"") -> bytes:
    """Lines as the head of a message."""
    return "\r\n".join((*lines, "", "")).encode() + body


INVITE = joined(*INVITE_LINES, body=SDP)
BARE = (
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    "From: <sip:a@h>;tag=1",
    "To: <sip:b@h>",
    "Call-ID: c",
)


def request(method: str = "OPTIONS", *more: str, uri: str = "sip:b@h", body: bytes = b"") -> bytes:
    """A short request with some further lines."""
    return joined(f"{method} {uri} SIP/2.0", *BARE, f"CSeq: 1 {method}", *more, body=body)


def response(status: str = "200 OK", *more: str, method: str = "OPTIONS") -> bytes:
    """A short response with some further lines."""
    return joined(f"SIP/2.0 {status}", *BARE, f"CSeq: 1 {method}", *more)
