"""RTCP compound packets: what a user agent sends, and whatever else its peer may put between.

Source: RFC 3550 section 6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.srtp.rtcp_packets import (
    Bye,
    OtherRtcp,
    ReceiverReport,
    ReportBlock,
    RtcpType,
    SdesChunk,
    SdesItem,
    SdesType,
    SenderReport,
    SourceDescription,
)
from mikey_sdp.wire import Reader, Writer

__all__ = [
    "Bye",
    "OtherRtcp",
    "ReceiverReport",
    "ReportBlock",
    "RtcpPacket",
    "RtcpType",
    "SdesChunk",
    "SdesItem",
    "SdesType",
    "SenderReport",
    "SourceDescription",
    "check_rtcp",
    "decode_compound",
    "encode_compound",
]

SECTION: Final = "RFC 3550 section 6.1"
HEADER_OCTETS: Final = 8
_VERSION: Final = 2
_PADDING: Final = 0x20
_MAX_COUNT: Final = 31

RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Bye | OtherRtcp
_DECODERS: Final[dict[RtcpType, Callable[[Reader, int], RtcpPacket]]] = {
    RtcpType.SR: SenderReport.decode,
    RtcpType.RR: ReceiverReport.decode,
    RtcpType.SDES: SourceDescription.decode,
    RtcpType.BYE: Bye.decode,
}


def decode_compound(octets: bytes) -> tuple[RtcpPacket, ...]:
    """The packets of one RTCP datagram, in order.

    A datagram that doesn't begin with a report is read as well (RFC 5506). Padding of the last packet is dropped.
    Raises: DecodeError.
    """
    reader = Reader(octets, section=SECTION)
    packets: list[RtcpPacket] = []
    while True:
        packets.append(_decode_one(octets, reader))
        if not reader.left:
            return tuple(packets)


def encode_compound(packets: Sequence[RtcpPacket]) -> bytes:
    """One RTCP datagram of these packets.

    Raises: UsageError for a value that doesn't fit, or when there is nothing to send.
    """
    if not packets:
        raise UsageError("an RTCP datagram holds at least one packet")
    compound = Writer()
    for packet in packets:
        body = Writer()
        count = packet.encode(body)
        if count > _MAX_COUNT:
            raise UsageError(f"{count} entries don't fit one RTCP packet, which has room for {_MAX_COUNT}")
        if len(body) % 4:
            raise UsageError("the body of an RTCP packet is whole 32-bit words")
        compound.u8(_VERSION << 6 | count, "V, P, count")
        compound.u8(packet.packet_type, "packet type")
        compound.u16(len(body) // 4, "length")
        compound.octets(body.getvalue())
    return compound.getvalue()


def check_rtcp(octets: bytes) -> None:
    """Refuse what can't be the start of an RTCP or SRTCP packet: a header, a known range of types, an SSRC.

    Raises: DecodeError.
    """
    reader = Reader(octets, section=SECTION)
    if reader.u8("V, P, count") >> 6 != _VERSION:
        raise reader.fail("RTCP version is not 2", "version", offset=0)
    if not 192 <= reader.u8("packet type") <= 223:
        raise reader.fail("no RTCP packet type", "packet type", offset=1)
    reader.u16("length")
    reader.u32("SSRC")


def _decode_one(octets: bytes, reader: Reader) -> RtcpPacket:
    first = reader.u8("V, P, count")
    if first >> 6 != _VERSION:
        raise reader.fail(f"RTCP version {first >> 6} instead of 2", "version", offset=reader.offset - 1)
    kind = RtcpType(reader.u8("packet type"))
    body = reader.sub(4 * reader.u16("length"), "packet body")
    if first & _PADDING:
        body = _without_padding(octets, body, last=not reader.left)
    count = first & _MAX_COUNT
    decode = _DECODERS.get(kind)
    if decode is None:
        return OtherRtcp(packet_type=kind, count=count, body=body.rest())
    return decode(body, count)


def _without_padding(octets: bytes, body: Reader, *, last: bool) -> Reader:
    start, end = body.offset, body.offset + body.left
    if not last:
        raise body.fail("only the last packet of a compound may be padded", "padding")
    padding = octets[end - 1] if end > start else 0
    if padding % 4 or not 4 <= padding <= end - start:
        raise body.fail("the padding count doesn't fit the packet", "padding count", offset=end - 1)
    return Reader(octets, section=SECTION, start=start, end=end - padding)
