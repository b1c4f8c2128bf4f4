"""The answer to a request that can't be read, made without keeping anything of it."""

from __future__ import annotations

import re
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip.actions import Hop, Send
from mikey_sdp.sip.build import build_response
from mikey_sdp.sip.fields import ONCE, Field, parse_fields
from mikey_sdp.sip.message import MAX_HEAD_OCTETS, Message, Request
from mikey_sdp.sip.routing import received_from, way_back
from mikey_sdp.sip.uri import Uri

_REQUEST: Final = re.compile(rb"([A-Z]{1,32}) [^\r\n]{1,4096} SIP/(\d{1,3}\.\d{1,3})\r\n")
_COPIED: Final = frozenset({"via", "from", "to", "call-id", "cseq"})


def refuse(octets: bytes, source: Hop, error: DecodeError, tag: str) -> Send | None:
    """A 400 (505 for another version of SIP) to a malformed request, if it shows where to send it and is no ACK.

    Where a field that a response must copy is the malformed one there is no answer: it would be malformed itself.

    Source: RFC 3261 sections 8.2.7, 18.3 and 21.4.1.
    """
    start = _REQUEST.match(octets)
    if start is None or start[1] == b"ACK":
        return None
    try:
        request = _skeleton(octets, start)
        if request is None:
            return None
        back = received_from(request, source)
        status = 400 if start[2] == b"2.0" else 505
        reason = f"Bad Request ({error.field}: {error.reason})" if status == 400 else ""
        response = build_response(back, status, reason, to_tag=tag)
        Message.parse(response.octets)
    except DecodeError:
        return None
    return Send(way_back(back, source), response.octets, response)


def _skeleton(octets: bytes, start: re.Match[bytes]) -> Request | None:
    """As much of the request as a response copies; None if a part of it is missing or ambiguous."""
    end = octets.find(b"\r\n\r\n", 0, MAX_HEAD_OCTETS + 4)
    head = octets[start.end() : end if end >= 0 else MAX_HEAD_OCTETS].decode("utf-8", "replace")
    fields: list[Field] = []
    for line in head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n"):
        if line.partition(":")[1] and "\r" not in line and "\n" not in line:
            fields += _readable(line)
    keys = [entry.key for entry in fields]
    if not set(keys) >= _COPIED or any(keys.count(key) > 1 for key in ONCE):
        return None
    request = Request(method=start[1].decode(), uri=_NOWHERE, fields=tuple(fields))
    return request if request.via and request.to else None


def _readable(line: str) -> tuple[Field, ...]:
    try:
        return tuple(entry for entry in parse_fields(line, 0) if entry.key in _COPIED)
    except DecodeError:
        return ()


_NOWHERE: Final = Uri(scheme="sip", host="invalid", text="sip:invalid")
