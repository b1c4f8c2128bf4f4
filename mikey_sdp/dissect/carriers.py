"""Finding MIKEY messages in anything that carries them: told from what it looks like, or by the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from mikey_sdp.dissect import envelope
from mikey_sdp.dissect.capture import is_capture
from mikey_sdp.dissect.found import Findings, Found, Kind, Where
from mikey_sdp.dissect.signalling import from_lines, from_sdp, from_sip, has_line
from mikey_sdp.dissect.texts import from_base64, from_hex
from mikey_sdp.dissect.traces import from_trace, is_trace
from mikey_sdp.dissect.trawl import from_capture
from mikey_sdp.errors import DecodeError

MAX_INPUT_OCTETS: Final = 1 << 20
"""The longest input that is no capture and no trace: hex of the longest message, several times."""

_SDP_LINE: Final = re.compile(rb"^[ \t]*(?:v=|m=[a-z]+ [0-9])", re.MULTILINE)
_LARGE: Final = (Kind.PCAP, Kind.TRACE)
_VERSION: Final = 1
_NOT_TEXT: Final = bytes((*range(9), *range(14, 32), 127))
_WHAT: Final = "what decode takes"


class Unrecognised(DecodeError):
    """Input of no kind that is known; its reason says for each kind why it is not that."""

    def __str__(self) -> str:
        return self.reason


def find(data: bytes, kind: Kind | None = None) -> Findings:
    """All MIKEY messages in `data`; without `kind`, it is told from what the data look like.

    Raises: DecodeError where the data are not of that kind, or of no kind at all.
    """
    if len(data) > MAX_INPUT_OCTETS and kind not in _LARGE and not is_capture(data) and not is_trace(data):
        raise DecodeError(
            f"{len(data)} octets are too many for anything but a capture or a trace; {MAX_INPUT_OCTETS} are the most",
            offset=MAX_INPUT_OCTETS,
            field="input",
            section=_WHAT,
        )
    if not data.strip():
        return Findings(kind=kind or Kind.OCTETS, found=(), notes=("the input is empty",))
    return READERS[kind or detect(data)](data)


def detect(data: bytes) -> Kind:
    """What the data look like.

    Raises: Unrecognised.
    """
    for kind, fits in _SIGNS:
        if fits(data):
            return kind
    raise Unrecognised(_why_nothing_fits(data), offset=0, field="input", section=_WHAT)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_octets(data: bytes) -> bool:
    return data[0] == _VERSION or len(data.translate(None, _NOT_TEXT)) < len(data)


def _fits(read: Callable[[str], bytes]) -> Callable[[bytes], bool]:
    return lambda data: bool(data.strip()) and not _complaint(read, data)


def _complaint(read: Callable[[str], bytes], data: bytes) -> str:
    try:
        read(_text(data))
    except DecodeError as error:
        return f"{error.reason} (at character {error.offset})"
    return ""


_SIGNS: Final[tuple[tuple[Kind, Callable[[bytes], bool]], ...]] = (
    (Kind.PCAP, is_capture),
    (Kind.OCTETS, _is_octets),
    (Kind.TRACE, is_trace),
    (Kind.SIP, lambda data: envelope.is_envelope(data.lstrip())),
    (Kind.SDP, lambda data: _SDP_LINE.search(data) is not None),
    (Kind.LINE, lambda data: has_line(_text(data))),
    (Kind.HEX, _fits(from_hex)),
    (Kind.BASE64, _fits(from_base64)),
)
"""How each kind is recognised, the surest sign first. Base64 of a MIKEY message starts with AQ, so it is never hex."""


def _why_nothing_fits(data: bytes) -> str:
    return (
        "nothing that can be decoded: no capture (no magic number of pcap or pcapng), no octets of a MIKEY message ("
        "the first is not version 1), no trace (no JSON with records), no SIP message (no start line), no SDP (no v= "
        f"or m= line), no key-mgmt line (no 'key-mgmt:' in it), no hex: {_complaint(from_hex, data)}, no base64: "
        f"{_complaint(from_base64, data)}"
    )


def _decoded(kind: Kind, octets: bytes) -> Findings:
    """What base64 or hex stood for: a message of MIKEY, or one of SIP or an SDP around it."""
    reader = from_sip if envelope.is_envelope(octets) else from_sdp if octets.startswith(b"v=0") else None
    if reader is None:
        return _one(kind, str(kind), octets)
    return replace(reader(octets), kind=kind)


def _octets(data: bytes) -> Findings:
    findings = _one(Kind.OCTETS, "octets", data)
    doubt = f"the first octet is {data[0]}, not {_VERSION}, the version of MIKEY: probably this is no MIKEY message"
    return findings if data[0] == _VERSION else replace(findings, notes=(doubt,))


def _one(kind: Kind, origin: str, octets: bytes) -> Findings:
    return Findings(kind=kind, found=(Found(where=Where(), octets=octets, origin=origin),))


READERS: Final[Mapping[Kind, Callable[[bytes], Findings]]] = MappingProxyType(
    {
        Kind.BASE64: lambda data: _decoded(Kind.BASE64, from_base64(_text(data))),
        Kind.LINE: from_lines,
        Kind.SDP: from_sdp,
        Kind.SIP: from_sip,
        Kind.OCTETS: _octets,
        Kind.HEX: lambda data: _decoded(Kind.HEX, from_hex(_text(data))),
        Kind.PCAP: from_capture,
        Kind.TRACE: from_trace,
    }
)
"""Who reads which kind; a new carrier is a new row here and in the signs."""
