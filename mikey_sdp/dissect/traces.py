"""MIKEY messages in the trace of a run, as `mikey-sdp run --trace` writes it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import msgspec

from mikey_sdp.dissect.envelope import is_envelope
from mikey_sdp.dissect.found import Findings, Found, Kind, printable
from mikey_sdp.dissect.trawl import MAX_FOUND, in_message
from mikey_sdp.errors import DecodeError

_SECTION: Final = "mikey_sdp.trace"
_BEGINNING: Final = re.compile(rb'[ \t\r\n]*\{.*"records"[ \t\r\n]*:', re.DOTALL)
_LONGEST_BEGINNING_OCTETS: Final = 65_536


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """Of a record only what a message has; others have no octets."""

    party: str = ""
    to: str = ""
    octets: bytes = b""


class _Trace(msgspec.Struct, frozen=True, kw_only=True):
    records: tuple[_Record, ...]


def is_trace(data: bytes) -> bool:
    """Whether the data look like the JSON of a run."""
    return data[:1] in b"{ \t\r\n" and _BEGINNING.match(data[:_LONGEST_BEGINNING_OCTETS]) is not None


def from_trace(data: bytes) -> Findings:
    """The messages of the signalling that was sent in a run, in its order; what else was sent is passed over.

    Raises: DecodeError.
    """
    try:
        records = msgspec.json.decode(data, type=_Trace).records
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"no trace: {error}", offset=0, field="JSON", section=_SECTION) from None
    found: list[Found] = []
    sent = [record for record in records if is_envelope(record.octets)]
    for record in sent:
        between = f"{printable(record.party, most=40)} to {printable(record.to, most=40)}"
        found += (replace(one, origin=f"{between}: {one.origin}") for one in in_message(record.octets))
        if len(found) >= MAX_FOUND:
            break
    notes = () if found else (f"{len(records)} records, {len(sent)} of messages, none with MIKEY",)
    if len(found) >= MAX_FOUND:
        notes = (f"more than {MAX_FOUND} messages; the rest was left out",)
    return Findings(kind=Kind.TRACE, found=tuple(found), notes=notes)
