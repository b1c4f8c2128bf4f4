"""The octets around a fault, with a pointer at the one where reading stopped.

Octets that may be keys in clear are dotted out: those of a KEMAC without encryption, and all that was not read.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.dissect.describe import partial_spans
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Span
from mikey_sdp.mikey.payloads import Header, KeyDataTransport, Payload
from mikey_sdp.mikey.registry import EncrAlg, PayloadType

ROW_OCTETS: Final = 16
_DOTS: Final = "··"
_HEADER_OCTETS: Final = 10
_SESSION_OCTETS: Final = 9
_LEAD_OCTETS: Final = 4
"""How many octets of a KEMAC come before what it hides: Next payload, Encr alg and the length."""

_HOLDS_NO_KEYS: Final = frozenset(
    {
        PayloadType.PKE,
        PayloadType.DH,
        PayloadType.SIGN,
        PayloadType.T,
        PayloadType.ID,
        PayloadType.CERT,
        PayloadType.CHASH,
        PayloadType.V,
        PayloadType.SP,
        PayloadType.RAND,
        PayloadType.ERR,
        PayloadType.GENERAL_EXT,
    }
)


def window(octets: bytes, fault: DecodeError, *, reveal: bool = False) -> list[str]:
    """Up to three rows of hex around `fault.offset`, and under its row a pointer; nothing where there are no octets."""
    if not octets:
        return []
    hidden = [] if reveal else _hidden(octets, fault)
    at = min(fault.offset, len(octets))
    row = min(at, len(octets) - 1 if at % ROW_OCTETS == 0 else at) // ROW_OCTETS * ROW_OCTETS
    lines = []
    for start in range(max(row - ROW_OCTETS, 0), min(row + 2 * ROW_OCTETS, len(octets)), ROW_OCTETS):
        places = range(start, min(start + ROW_OCTETS, len(octets)))
        shown = (_DOTS if any(place in one for one in hidden) else f"{octets[place]:02x}" for place in places)
        lines.append(f"{start:5}  {' '.join(shown)}")
        if start == row:
            lines.append(f"{'':5}  {'   ' * (at - row)}^^")
    if any(_DOTS in line for line in lines):
        lines.append(f"{'':5}  {_DOTS} may hold keys; --reveal-keys shows it")
    return lines


def _hidden(octets: bytes, fault: DecodeError) -> list[range]:
    """The places that may hold keys in clear."""
    header = next((part for part in fault.partial if isinstance(part, Header)), None)
    if header is None:
        return [range(_HEADER_OCTETS, len(octets))]
    payloads = [part for part in fault.partial if isinstance(part, Payload)]
    spans = partial_spans(header, payloads)
    hidden = [
        range(span.offset + _LEAD_OCTETS, span.end)
        for payload, span in zip(payloads, spans, strict=True)
        if isinstance(payload, KeyDataTransport) and payload.encr_alg == EncrAlg.NULL
    ]
    following, start = _unread(octets, header, spans)
    encrypted = following == PayloadType.KEMAC and octets[start + 1 : start + 2] not in (b"", b"\x00")
    read = fault.offset + 1 if encrypted or following in _HOLDS_NO_KEYS else 0
    # What lies behind the fault may be anything, since the length that would tell is what broke.
    hidden.append(range(max(start + _LEAD_OCTETS, read), len(octets)))
    return hidden


def _unread(octets: bytes, header: Header, spans: list[Span]) -> tuple[int, int]:
    """Which payload could not be read, by its number, and where it starts."""
    if spans:
        return octets[spans[-1].offset], spans[-1].end
    return octets[2], _HEADER_OCTETS + _SESSION_OCTETS * len(header.sessions)
