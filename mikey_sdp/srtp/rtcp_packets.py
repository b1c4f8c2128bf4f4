"""The RTCP packets that a user agent sends (SR, RR, SDES, BYE), one class each.

A class reads and writes the body behind the common header; `rtcp` puts bodies together to compound packets.
Source: RFC 3550 section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import UsageError
from mikey_sdp.wire import OpenEnum, Reader, Writer


class RtcpType(OpenEnum, private=range(0)):
    """The kinds of RTCP packet."""

    SR = 200, "sender report", "RFC 3550 section 6.4.1"
    RR = 201, "receiver report", "RFC 3550 section 6.4.2"
    SDES = 202, "source description", "RFC 3550 section 6.5"
    BYE = 203, "goodbye", "RFC 3550 section 6.6"
    APP = 204, "application-defined", "RFC 3550 section 6.7"
    RTPFB = 205, "generic RTP feedback", "RFC 4585 section 6.2"
    PSFB = 206, "payload-specific feedback", "RFC 4585 section 6.3"
    XR = 207, "extended report", "RFC 3611"


class SdesType(OpenEnum, private=range(0)):
    """The kinds of item in a source description."""

    CNAME = 1, "CNAME", "RFC 3550 section 6.5.1"
    NAME = 2, "NAME", "RFC 3550 section 6.5.2"
    EMAIL = 3, "EMAIL", "RFC 3550 section 6.5.3"
    PHONE = 4, "PHONE", "RFC 3550 section 6.5.4"
    LOC = 5, "LOC", "RFC 3550 section 6.5.5"
    TOOL = 6, "TOOL", "RFC 3550 section 6.5.6"
    NOTE = 7, "NOTE", "RFC 3550 section 6.5.7"
    PRIV = 8, "PRIV", "RFC 3550 section 6.5.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """How well one source was received.

    Units: `fraction_lost` in 1/256; `jitter` in timestamp units; `last_sr` the middle 32 bits of the NTP time of the
    last SR; `delay` in 1/65536 s since then. `lost` is signed: duplicates can make it negative.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay: int

    @classmethod
    def decode(cls, reader: Reader) -> ReportBlock:
        """Read one block of 24 octets."""
        ssrc = reader.u32("report SSRC")
        fraction_lost = reader.u8("fraction lost")
        lost = int.from_bytes(reader.take(3, "cumulative number of packets lost"), "big", signed=True)
        return cls(
            ssrc=ssrc,
            fraction_lost=fraction_lost,
            lost=lost,
            highest_sequence=reader.u32("extended highest sequence number"),
            jitter=reader.u32("interarrival jitter"),
            last_sr=reader.u32("last SR"),
            delay=reader.u32("delay since last SR"),
        )

    def encode(self, writer: Writer) -> None:
        """Write one block of 24 octets."""
        if not -(1 << 23) <= self.lost < 1 << 23:
            raise UsageError(f"cumulative number of packets lost: {self.lost} doesn't fit 24 bits")
        writer.u32(self.ssrc, "report SSRC")
        writer.u8(self.fraction_lost, "fraction lost")
        writer.octets(self.lost.to_bytes(3, "big", signed=True))
        writer.u32(self.highest_sequence, "extended highest sequence number")
        writer.u32(self.jitter, "interarrival jitter")
        writer.u32(self.last_sr, "last SR")
        writer.u32(self.delay, "delay since last SR")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """What a source has sent so far, and how it receives others.

    Keeps: `extension`, octets that a profile put behind the report blocks.
    """

    packet_type: ClassVar[RtcpType] = RtcpType.SR
    ssrc: int
    ntp: NtpTime
    rtp_timestamp: int
    packets: int
    octets: int
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""

    @classmethod
    def decode(cls, reader: Reader, count: int) -> SenderReport:
        """Read the body behind the common header."""
        ssrc = reader.u32("SSRC of sender")
        ntp = NtpTime(reader.u64("NTP timestamp"))
        rtp_timestamp = reader.u32("RTP timestamp")
        packets = reader.u32("sender's packet count")
        octets = reader.u32("sender's octet count")
        reports = _decode_reports(reader, count)
        return cls(
            ssrc=ssrc,
            ntp=ntp,
            rtp_timestamp=rtp_timestamp,
            packets=packets,
            octets=octets,
            reports=reports,
            extension=reader.rest(),
        )

    def encode(self, writer: Writer) -> int:
        """Write the body; return the count of the common header."""
        writer.u32(self.ssrc, "SSRC of sender")
        writer.u64(self.ntp.value, "NTP timestamp")
        writer.u32(self.rtp_timestamp, "RTP timestamp")
        writer.u32(self.packets, "sender's packet count")
        writer.u32(self.octets, "sender's octet count")
        for report in self.reports:
            report.encode(writer)
        writer.octets(self.extension)
        return len(self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReport:
    """How a party that has sent nothing lately receives others."""

    packet_type: ClassVar[RtcpType] = RtcpType.RR
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""

    @classmethod
    def decode(cls, reader: Reader, count: int) -> ReceiverReport:
        """Read the body behind the common header."""
        ssrc = reader.u32("SSRC of packet sender")
        reports = _decode_reports(reader, count)
        return cls(ssrc=ssrc, reports=reports, extension=reader.rest())

    def encode(self, writer: Writer) -> int:
        """Write the body; return the count of the common header."""
        writer.u32(self.ssrc, "SSRC of packet sender")
        for report in self.reports:
            report.encode(writer)
        writer.octets(self.extension)
        return len(self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class SdesItem:
    """One thing that a source says of itself, as octets of UTF-8."""

    item_type: SdesType
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SdesChunk:
    """Everything that a source description says of one source."""

    ssrc: int
    items: tuple[SdesItem, ...]

    @classmethod
    def decode(cls, reader: Reader) -> SdesChunk:
        """Read one chunk with the null octets that fill its last 32-bit word."""
        ssrc = reader.u32("chunk SSRC")
        items = []
        while kind := reader.u8("item type"):
            text = reader.take(reader.u8("item length"), "item text")
            items.append(SdesItem(item_type=SdesType(kind), text=text))
        if any(reader.take(-reader.offset % 4, "chunk padding")):
            raise reader.fail("octets behind the end of a chunk aren't null", "chunk padding")
        return cls(ssrc=ssrc, items=tuple(items))

    def encode(self, writer: Writer) -> None:
        """Write one chunk and fill its last 32-bit word with null octets."""
        writer.u32(self.ssrc, "chunk SSRC")
        octets = 0
        for item in self.items:
            writer.u8(item.item_type, "item type")
            writer.prefixed(item.text, "item", length_octets=1)
            octets += 2 + len(item.text)
        writer.octets(bytes(4 - octets % 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDescription:
    """Who the sources are, above all their canonical names."""

    packet_type: ClassVar[RtcpType] = RtcpType.SDES
    chunks: tuple[SdesChunk, ...]

    @classmethod
    def cname(cls, ssrc: int, name: str) -> SourceDescription:
        """The one description that every compound packet must hold."""
        item = SdesItem(item_type=SdesType.CNAME, text=name.encode())
        return cls(chunks=(SdesChunk(ssrc=ssrc, items=(item,)),))

    @classmethod
    def decode(cls, reader: Reader, count: int) -> SourceDescription:
        """Read the body behind the common header."""
        chunks = tuple([SdesChunk.decode(reader) for _ in range(count)])
        reader.expect_end("source description")
        return cls(chunks=chunks)

    def encode(self, writer: Writer) -> int:
        """Write the body; return the count of the common header."""
        for chunk in self.chunks:
            chunk.encode(writer)
        return len(self.chunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """Sources that leave, and perhaps why (octets of UTF-8)."""

    packet_type: ClassVar[RtcpType] = RtcpType.BYE
    ssrcs: tuple[int, ...]
    reason: bytes = b""

    @classmethod
    def decode(cls, reader: Reader, count: int) -> Bye:
        """Read the body behind the common header."""
        ssrcs = tuple([reader.u32("BYE SSRC") for _ in range(count)])
        if not reader.left:
            return cls(ssrcs=ssrcs)
        reason = reader.take(reader.u8("reason length"), "reason for leaving")
        filling = reader.rest()
        if not reason or len(filling) > 3 or any(filling):
            raise reader.fail("the reason for leaving isn't filled to a 32-bit word with null octets", "reason padding")
        return cls(ssrcs=ssrcs, reason=reason)

    def encode(self, writer: Writer) -> int:
        """Write the body; return the count of the common header."""
        for ssrc in self.ssrcs:
            writer.u32(ssrc, "BYE SSRC")
        if self.reason:
            writer.prefixed(self.reason, "reason", length_octets=1)
            writer.octets(bytes(-(1 + len(self.reason)) % 4))
        return len(self.ssrcs)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRtcp:
    """An RTCP packet of a kind that we don't read: its length is known, so it is kept as it came."""

    packet_type: RtcpType
    count: int
    body: bytes

    def encode(self, writer: Writer) -> int:
        """Write the body; return the count of the common header."""
        writer.octets(self.body)
        return self.count


def _decode_reports(reader: Reader, count: int) -> tuple[ReportBlock, ...]:
    return tuple([ReportBlock.decode(reader) for _ in range(count)])
