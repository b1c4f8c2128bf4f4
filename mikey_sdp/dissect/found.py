"""What a carrier gave up: one MIKEY message and where it stood."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from mikey_sdp.errors import DecodeError


class Kind(enum.StrEnum):
    """What can be looked into."""

    BASE64 = "base64"
    LINE = "line"
    SDP = "sdp"
    SIP = "sip"
    OCTETS = "octets"
    HEX = "hex"
    PCAP = "pcap"
    TRACE = "trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The place of a message in its carrier.

    Units: `media` is the index of the m= line from 0; `frame` the number of the frame from 1. None where the carrier
    has no such thing.
    """

    level: Literal["session", "media"] | None = None
    media: int | None = None
    frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One message as it was found, not yet read.

    Keeps: `origin`, the place in words; `identifiers`, the protocols that the SDP around it lists, None outside an SDP;
    `streams`, how many m= lines it speaks for, None outside an SDP; `captured_us`, when the capturing host saw it, in
    microseconds since 1970; `notes`, what was tolerated to get at it; `error`, why its octets could not be had at all.
    """

    where: Where
    octets: bytes = field(repr=False)
    origin: str
    identifiers: str | None = None
    streams: int | None = None
    captured_us: int | None = None
    notes: tuple[str, ...] = ()
    error: DecodeError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything found in one input: what kind it was taken for, the messages in order, and what else is to be said."""

    kind: Kind
    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()


def printable(text: str, *, most: int = 120) -> str:
    """Text from outside made fit for a terminal: control characters as escapes, cut after `most` characters."""
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text[:most]
    )
    return shown if len(text) <= most else f"{shown}..."
