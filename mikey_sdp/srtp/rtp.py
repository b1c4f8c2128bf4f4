"""RTP packets, and what the first octets of a datagram on a media port say it carries.

Source: RFC 3550 section 5, RFC 5761 section 4, RFC 7983 section 7.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, Self

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.wire import Reader, Writer

SECTION: Final = "RFC 3550 section 5.1"
VERSION: Final = 2
FIXED_HEADER_OCTETS: Final = 12
MAX_CSRCS: Final = 15
_VERSION_2: Final = VERSION << 6
_PADDING: Final = 0x20
_EXTENSION: Final = 0x10
_CSRC_COUNT: Final = 0x0F
_MARKER: Final = 0x80


class Carried(enum.StrEnum):
    """What a datagram on a media port is, as far as its first two octets tell."""

    STUN = "STUN"
    ZRTP = "ZRTP"
    DTLS = "DTLS"
    TURN_CHANNEL = "TURN channel"
    RTP = "RTP"
    RTCP = "RTCP"
    UNKNOWN = "unknown"


def carried(octets: bytes) -> Carried:
    """Which protocol a datagram belongs to; protected and plain packets look alike here.

    RTP and RTCP on one port are told apart by the second octet: 192 to 223 is RTCP, so RTP payload types 64 to 95
    can't be used on such a port.
    Source: RFC 7983 section 7, RFC 5761 section 4.
    """
    if not octets:
        return Carried.UNKNOWN
    first = octets[0]
    if 128 <= first <= 191:
        if len(octets) < 2:
            return Carried.UNKNOWN
        return Carried.RTCP if 192 <= octets[1] <= 223 else Carried.RTP
    for low, high, what in _FIRST_OCTETS:
        if low <= first <= high:
            return what
    return Carried.UNKNOWN


_FIRST_OCTETS: Final = (
    (0, 3, Carried.STUN),
    (16, 19, Carried.ZRTP),
    (20, 63, Carried.DTLS),
    (64, 79, Carried.TURN_CHANNEL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpExtension:
    """The header extension of an RTP packet: what it means is the business of `profile`.

    Wire: profile (2 octets), length in 32-bit words (2 octets), data.
    """

    profile: int
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) % 4:
            raise UsageError("the data of an RTP header extension are whole 32-bit words")


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpPacket:
    """One packet of a media stream, in the clear.

    Wire: V=2, P, X, CC | M, PT | sequence number (2) | timestamp (4) | SSRC (4) | CSRCs (4 each) | extension | payload
    | padding.
    Keeps: `padding`, all padding octets including the count that ends them, so that a packet survives a round trip.
    Source: RFC 3550 section 5.1.
    """

    marker: bool = False
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    csrcs: tuple[int, ...] = ()
    extension: RtpExtension | None = None
    payload: bytes = b""
    padding: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Read a whole packet.

        Raises: DecodeError.
        """
        reader = Reader(octets, section=SECTION)
        first = _first_octet(reader)
        second = reader.u8("marker and payload type")
        sequence = reader.u16("sequence number")
        timestamp = reader.u32("timestamp")
        ssrc = reader.u32("SSRC")
        csrcs = tuple([reader.u32("CSRC") for _ in range(first & _CSRC_COUNT)])
        extension = _decode_extension(reader) if first & _EXTENSION else None
        payload, padding = _split_padding(reader, padded=bool(first & _PADDING))
        return cls(
            marker=bool(second & _MARKER),
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            csrcs=csrcs,
            extension=extension,
            payload=payload,
            padding=padding,
        )

    def encode(self) -> bytes:
        """The packet as octets.

        Raises: UsageError for a value that doesn't fit its field.
        """
        if not 0 <= self.payload_type <= 127 or len(self.csrcs) > MAX_CSRCS:
            raise UsageError("an RTP payload type has 7 bits, and at most 15 CSRCs fit")
        if self.padding and self.padding[-1] != len(self.padding):
            raise UsageError("the last octet of RTP padding counts the padding")
        writer = Writer()
        flags = (_PADDING if self.padding else 0) | (_EXTENSION if self.extension else 0)
        writer.u8(_VERSION_2 | flags | len(self.csrcs), "V, P, X, CC")
        writer.u8((_MARKER if self.marker else 0) | self.payload_type, "marker and payload type")
        writer.u16(self.sequence, "sequence number")
        writer.u32(self.timestamp, "timestamp")
        writer.u32(self.ssrc, "SSRC")
        for csrc in self.csrcs:
            writer.u32(csrc, "CSRC")
        if self.extension:
            writer.u16(self.extension.profile, "extension profile")
            writer.u16(len(self.extension.data) // 4, "extension length")
            writer.octets(self.extension.data)
        writer.octets(self.payload)
        writer.octets(self.padding)
        return writer.getvalue()


def rtp_octets(
    *, payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool = False
) -> bytes:
    """A plain packet (no CSRC, extension or padding) straight to octets: the quick way for a media stream.

    Raises: UsageError for a value that doesn't fit its field.
    """
    if not (
        0 <= payload_type < 1 << 7 and 0 <= sequence < 1 << 16 and 0 <= timestamp < 1 << 32 and 0 <= ssrc < 1 << 32
    ):
        raise UsageError("an RTP header field doesn't fit: payload type 7, sequence 16, timestamp and SSRC 32 bits")
    second = payload_type | _MARKER if marker else payload_type
    header = ((_VERSION_2 << 8 | second) << 16 | sequence) << 64 | timestamp << 32 | ssrc
    return header.to_bytes(FIXED_HEADER_OCTETS, "big") + payload


def rtp_header_octets(octets: bytes) -> int:
    """How long the header of an RTP or SRTP packet is, CSRCs and extension included.

    Raises: DecodeError when it is no RTP packet or ends before its header does.
    """
    reader = Reader(octets, section=SECTION)
    first = _first_octet(reader)
    reader.take(FIXED_HEADER_OCTETS - 1, "fixed header")
    reader.take(4 * (first & _CSRC_COUNT), "CSRC list")
    if first & _EXTENSION:
        _decode_extension(reader)
    return reader.offset


def rtp_sequence(octets: bytes) -> int:
    """The sequence number of an RTP or SRTP packet whose header has been checked."""
    return octets[2] << 8 | octets[3]


def rtp_ssrc(octets: bytes) -> int:
    """The SSRC of an RTP or SRTP packet whose header has been checked."""
    return int.from_bytes(octets[8:12], "big")


def _first_octet(reader: Reader) -> int:
    first = reader.u8("V, P, X, CC")
    if first >> 6 != VERSION:
        raise reader.fail(f"RTP version {first >> 6} instead of 2", "version", offset=0)
    return first


def _decode_extension(reader: Reader) -> RtpExtension:
    profile = reader.u16("extension profile")
    words = reader.u16("extension length")
    return RtpExtension(profile=profile, data=reader.take(4 * words, "extension data"))


def _split_padding(reader: Reader, *, padded: bool) -> tuple[bytes, bytes]:
    start = reader.offset
    rest = reader.rest()
    if not padded:
        return rest, b""
    if not rest or not 1 <= rest[-1] <= len(rest):
        raise DecodeError(
            "the padding count doesn't fit the payload",
            offset=start + max(0, len(rest) - 1),
            field="padding count",
            section=SECTION,
            left=len(rest),
        )
    return rest[: -rest[-1]], rest[-rest[-1] :]
