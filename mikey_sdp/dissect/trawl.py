"""MIKEY messages in a capture: SIP on any port over UDP or TCP, and MIKEY itself at its own port."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from mikey_sdp.dissect import envelope
from mikey_sdp.dissect.capture import Frame, frames
from mikey_sdp.dissect.flows import Flows
from mikey_sdp.dissect.found import Findings, Found, Kind, Where
from mikey_sdp.dissect.packets import Segment, Segments, is_known_link, link_types
from mikey_sdp.dissect.signalling import in_envelope
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.registry.transport import MIKEY_PORT

MAX_FOUND: Final = 100_000


def from_capture(data: bytes) -> Findings:
    """All MIKEY messages of a pcap or pcapng file, in the order in which their last octets were seen.

    Raises: DecodeError.
    """
    notes: list[str] = []
    unknown_links: Counter[int] = Counter()
    segments, flows = Segments(), Flows()
    found: list[Found] = []
    count = signalling = 0
    for frame in frames(data, notes):
        count += 1
        if not is_known_link(frame.link_type):
            unknown_links[frame.link_type] += 1
            continue
        segment = segments.of(frame)
        if segment is None or len(found) >= MAX_FOUND:
            continue
        if segment.is_at_port(MIKEY_PORT):
            found += _mikey_itself(frame, segment)
            continue
        messages = _messages(segment, flows)
        signalling += len(messages)
        found += (_placed(one, frame, segment) for message in messages for one in in_message(message))
    if len(found) >= MAX_FOUND:
        notes.append(f"more than {MAX_FOUND} messages; the rest was left out")
    notes += (
        f"{_count(frames_of, 'frame')} of link type {link_type} not looked into; understood are {link_types()}"
        for link_type, frames_of in unknown_links.items()
    )
    if not found:
        notes.append(f"{_count(count, 'frame')}, {_count(signalling, 'signalling message')} in them, none with MIKEY")
    return Findings(kind=Kind.PCAP, found=tuple(found), notes=tuple(notes))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _mikey_itself(frame: Frame, segment: Segment) -> list[Found]:
    if not segment.payload:
        return []
    return [_placed(Found(where=Where(), octets=segment.payload, origin="MIKEY itself"), frame, segment)]


def _messages(segment: Segment, flows: Flows) -> list[bytes]:
    if segment.transport == "TCP":
        return flows.feed(segment)
    return [segment.payload] if envelope.is_envelope(segment.payload) else []


def in_message(octets: bytes) -> tuple[Found, ...]:
    """The MIKEY messages of a signalling message; one that can't be read is found as broken."""
    try:
        return in_envelope(octets).found
    except DecodeError as error:
        return (Found(where=Where(), octets=b"", origin="a signalling message", error=error),)


def _placed(found: Found, frame: Frame, segment: Segment) -> Found:
    between = f"{segment.transport} {segment.source} to {segment.destination}"
    return replace(
        found,
        where=replace(found.where, frame=frame.number),
        origin=f"frame {frame.number}, {between}: {found.origin}",
        captured_us=frame.unix_us,
    )
