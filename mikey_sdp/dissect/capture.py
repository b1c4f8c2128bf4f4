"""Capture files: the frames of a pcap or pcapng file, one after the other, whatever the file says of itself.

Lengths in a capture are claims: each is checked against what is there before it is used, so that reading takes linear
time, holds one frame at a time and always ends. (dpkt, which reads the same formats, trusts them: a block of length 0
makes its pcapng reader swallow the rest of the file, options cost quadratic time, and it knows one interface a file.)

Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from mikey_sdp.errors import DecodeError

MAX_FRAME_OCTETS: Final = 262_144
MAX_INTERFACES: Final = 4096
PCAP: Final = "draft-ietf-opsawg-pcap section 4"
PCAPNG: Final = "draft-ietf-opsawg-pcapng section 4"

_PCAP_MAGIC: Final[dict[bytes, tuple[Literal["big", "little"], int]]] = {
    b"\xa1\xb2\xc3\xd4": ("big", 1_000_000),
    b"\xd4\xc3\xb2\xa1": ("little", 1_000_000),
    b"\xa1\xb2\x3c\x4d": ("big", 1_000_000_000),
    b"\x4d\x3c\xb2\xa1": ("little", 1_000_000_000),
}
_SECTION_HEADER: Final = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER: Final[dict[bytes, Literal["big", "little"]]] = {
    b"\x1a\x2b\x3c\x4d": "big",
    b"\x4d\x3c\x2b\x1a": "little",
}
_LINK_TYPE_BITS: Final = 0x03FF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One packet as the capturing host saw it.

    Units: `number` counts from 1, as Wireshark shows it; `offset` is where its octets begin in the file; `unix_us` is
    microseconds since 1970, None where the format keeps no time.
    """

    number: int
    offset: int
    link_type: int
    octets: bytes
    unix_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interface:
    link_type: int
    snap_octets: int
    ticks_per_s: int = 1_000_000
    offset_s: int = 0

    def unix_us(self, ticks: int) -> int:
        return ticks * 1_000_000 // self.ticks_per_s + self.offset_s * 1_000_000


def is_capture(octets: bytes) -> bool:
    """Whether the file opens like a pcap or pcapng file."""
    return octets[:4] in _PCAP_MAGIC or octets[:4] == _SECTION_HEADER


def frames(octets: bytes, notes: list[str]) -> Iterator[Frame]:
    """The frames of a capture, in order. A file that was cut short yields the frames before the cut.

    Keeps: appends to `notes` what a reader should know, such as the cut.
    Raises: DecodeError where the file is no capture or its structure can't be right.
    """
    if octets[:4] in _PCAP_MAGIC:
        return _PcapFile(octets, notes).frames()
    if octets[:4] == _SECTION_HEADER:
        return _PcapngFile(octets, notes).frames()
    raise DecodeError("the file opens with no magic number of pcap or pcapng", offset=0, field="magic", section=PCAP)


class _File:
    """The octets of a file, read as integers in the byte order that the file declares."""

    def __init__(self, octets: bytes, notes: list[str]) -> None:
        self._octets = octets
        self._notes = notes
        self._order: Literal["big", "little"] = "big"

    def _uint(self, offset: int, size: int) -> int:
        return int.from_bytes(self._octets[offset : offset + size], self._order)

    def _cut_short(self, what: str, offset: int) -> None:
        self._notes.append(f"the capture is cut short: it ends inside {what} at offset {offset}")


class _PcapFile(_File):
    """The classic format: a header, then records of 16 octets and a frame."""

    def frames(self) -> Iterator[Frame]:
        if len(self._octets) < 24:
            raise DecodeError(
                "the file header ends too soon",
                offset=len(self._octets),
                field="file header",
                section=PCAP,
                wanted=24,
                left=len(self._octets),
            )
        self._order, ticks_per_s = _PCAP_MAGIC[self._octets[:4]]
        link_type = self._uint(20, 4) & _LINK_TYPE_BITS
        offset, number = 24, 0
        while offset < len(self._octets):
            number += 1
            captured = self._uint(offset + 8, 4)
            if offset + 16 <= len(self._octets) and captured > MAX_FRAME_OCTETS:
                raise DecodeError(
                    f"frame {number} claims {captured} octets; {MAX_FRAME_OCTETS} are the most",
                    offset=offset + 8,
                    field="Captured Packet Length",
                    section=PCAP,
                )
            if offset + 16 + captured > len(self._octets):
                self._cut_short(f"frame {number}", offset)
                return
            yield Frame(
                number=number,
                offset=offset + 16,
                link_type=link_type,
                octets=self._octets[offset + 16 : offset + 16 + captured],
                unix_us=self._uint(offset, 4) * 1_000_000 + self._uint(offset + 4, 4) * 1_000_000 // ticks_per_s,
            )
            offset += 16 + captured


class _PcapngFile(_File):
    """The block format: sections with interfaces of their own, each frame naming its interface."""

    def __init__(self, octets: bytes, notes: list[str]) -> None:
        super().__init__(octets, notes)
        self._interfaces: list[_Interface] = []
        self._number = 0
        self._readers: dict[int, Callable[[int, int], Frame | None]] = {
            0x01: self._interface,
            0x02: self._old_packet,
            0x03: self._simple_packet,
            0x06: self._enhanced_packet,
        }

    def frames(self) -> Iterator[Frame]:
        offset = 0
        while offset < len(self._octets):
            if offset + 12 <= len(self._octets) and self._octets[offset : offset + 4] == _SECTION_HEADER:
                self._section(offset)
            length = self._uint(offset + 4, 4)
            if offset + max(length, 12) > len(self._octets):
                self._cut_short("a block", offset)
                return
            if length < 12 or length % 4 or self._uint(offset + length - 4, 4) != length:
                raise self._malformed("its two lengths don't fit", offset + 4, "Block Total Length")
            read = self._readers.get(self._uint(offset, 4))
            frame = read(offset + 8, offset + length - 4) if read else None
            if frame is not None:
                yield frame
            offset += length

    def _malformed(self, reason: str, offset: int, field: str) -> DecodeError:
        return DecodeError(f"a block is malformed: {reason}", offset=offset, field=field, section=PCAPNG)

    def _section(self, offset: int) -> None:
        order = _BYTE_ORDER.get(self._octets[offset + 8 : offset + 12])
        if order is None:
            raise self._malformed("no byte order mark", offset + 8, "Byte-Order Magic")
        self._order = order
        self._interfaces = []

    def _need(self, start: int, end: int, octets: int, field: str) -> None:
        if end - start < octets:
            raise DecodeError(
                "a block is too short", offset=start, field=field, section=PCAPNG, wanted=octets, left=end - start
            )

    def _interface(self, start: int, end: int) -> None:
        self._need(start, end, 8, "Interface Description Block")
        if len(self._interfaces) >= MAX_INTERFACES:
            raise self._malformed(f"more than {MAX_INTERFACES} interfaces", start, "Interface Description Block")
        ticks_per_s, offset_s = 1_000_000, 0
        for code, value in self._options(start + 8, end):
            if code == 9 and len(value) == 1:
                exponent = value[0] & 0x7F
                ticks_per_s = 2**exponent if value[0] & 0x80 else 10**exponent
            elif code == 14 and len(value) == 8:
                offset_s = int.from_bytes(value, self._order, signed=True)
        self._interfaces.append(
            _Interface(
                link_type=self._uint(start, 2),
                snap_octets=self._uint(start + 4, 4) or MAX_FRAME_OCTETS,
                ticks_per_s=ticks_per_s,
                offset_s=offset_s,
            )
        )

    def _options(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        while start + 4 <= end:
            code, length = self._uint(start, 2), self._uint(start + 2, 2)
            if code == 0:
                return
            if start + 4 + length > end:
                raise self._malformed("an option is longer than its block", start, "Option Length")
            yield code, self._octets[start + 4 : start + 4 + length]
            start += 4 + length + (-length % 4)

    def _enhanced_packet(self, start: int, end: int) -> Frame:
        return self._timed_packet(start, end, self._uint(start, 4))

    def _old_packet(self, start: int, end: int) -> Frame:
        return self._timed_packet(start, end, self._uint(start, 2))

    def _timed_packet(self, start: int, end: int, index: int) -> Frame:
        self._need(start, end, 20, "Packet Block")
        interface = self._interface_at(index, start)
        ticks = self._uint(start + 4, 4) << 32 | self._uint(start + 8, 4)
        return self._frame(interface, start + 20, end, self._uint(start + 12, 4), interface.unix_us(ticks))

    def _simple_packet(self, start: int, end: int) -> Frame:
        self._need(start, end, 4, "Simple Packet Block")
        interface = self._interface_at(0, start)
        captured = min(self._uint(start, 4), interface.snap_octets, end - start - 4)
        return self._frame(interface, start + 4, end, captured, None)

    def _interface_at(self, index: int, offset: int) -> _Interface:
        if index >= len(self._interfaces):
            raise self._malformed(f"it names interface {index}, which no block describes", offset, "Interface ID")
        return self._interfaces[index]

    def _frame(self, interface: _Interface, start: int, end: int, captured: int, unix_us: int | None) -> Frame:
        if captured > min(end - start, MAX_FRAME_OCTETS):
            raise self._malformed(f"a frame of {captured} octets does not fit it", start, "Captured Packet Length")
        self._number += 1
        return Frame(
            number=self._number,
            offset=start,
            link_type=interface.link_type,
            octets=self._octets[start : start + captured],
            unix_us=unix_us,
        )
