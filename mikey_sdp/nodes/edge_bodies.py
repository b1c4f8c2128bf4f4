"""The session description in a SIP message, if it has one, and none that hides in something else."""

from __future__ import annotations

from typing import Final, TypeVar

from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.sip import SDP, Message, Request, Response

_BEGINNING: Final = b"v=0"
_Message = TypeVar("_Message", Request, Response)


def sdp_of(message: Message) -> bytes:
    """The session description in a message, empty where there is none.

    Raises: Refused for a body that has parts, is packed or goes by another name, where one could hide.
    """
    if not message.body:
        return b""
    try:
        kind = message.content_type
    except DecodeError:
        raise Refused("the Content-Type can't be read", status=415) from None
    packed = (message.get("Content-Encoding") or "identity").lower()
    renamed = kind != SDP and message.body.lstrip().startswith(_BEGINNING)
    if kind.startswith("multipart/") or packed != "identity" or not kind or renamed:
        raise Refused("only a session description as it is can be taken", status=415)
    return message.body if kind == SDP else b""


def with_sdp(message: _Message, body: bytes) -> _Message:
    """The message with that session description; without any body if there is none."""
    return message.with_body(body, SDP)


def without_sdp(message: _Message) -> _Message:
    """The message, but for a session description that nobody asked for."""
    try:
        return message.with_body(b"", "") if sdp_of(message) else message
    except Refused:
        return message.with_body(b"", "")
