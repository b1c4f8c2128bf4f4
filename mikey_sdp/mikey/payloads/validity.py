"""Key validity data: by which MKI a key goes, or for which packets it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from mikey_sdp.mikey.payloads.payload import unknown
from mikey_sdp.mikey.registry import KvType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class NullValidity:
    """The key holds for every packet until another takes its place."""

    kv_type: ClassVar[KvType] = KvType.NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiValidity:
    """The key goes by an SPI, or in SRTP an MKI.

    Wire: SPI Length 8 | SPI.
    Source: RFC 3830 section 6.14.
    """

    kv_type: ClassVar[KvType] = KvType.SPI

    spi: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalValidity:
    """The key holds for the packets from one index to another, both included.

    Wire: VF Length 8 | Valid From | VT Length 8 | Valid To.
    Units: in SRTP both are 48-bit packet indices, six octets; other lengths are kept.
    Source: RFC 3830 section 6.14.
    """

    kv_type: ClassVar[KvType] = KvType.INTERVAL

    valid_from: bytes
    valid_to: bytes


ANY_PACKET: Final = NullValidity()

KeyValidity: TypeAlias = NullValidity | SpiValidity | IntervalValidity

_SECTION: Final = "RFC 3830 section 6.14"


def decode_validity(reader: Reader, kv_type: KvType, field: str) -> KeyValidity:
    """Read what KV announced; `field` names the octet that held KV, the last one read.

    Raises: DecodeError, for a KV without a meaning too. # [3830-6.13-3]
    """
    if kv_type == KvType.NULL:
        return ANY_PACKET
    if kv_type == KvType.SPI:
        reader.at_section(_SECTION)
        return SpiValidity(spi=reader.take(reader.u8("SPI Length"), "SPI"))
    if kv_type == KvType.INTERVAL:
        reader.at_section(_SECTION)
        valid_from = reader.take(reader.u8("VF Length"), "Valid From")
        return IntervalValidity(valid_from=valid_from, valid_to=reader.take(reader.u8("VT Length"), "Valid To"))
    raise unknown(kv_type, reader, field)


def encode_validity(writer: Writer, validity: KeyValidity) -> None:
    """Append the KV data; nothing where KV is Null."""
    if isinstance(validity, SpiValidity):
        writer.prefixed(validity.spi, "SPI", length_octets=1)
    elif isinstance(validity, IntervalValidity):
        writer.prefixed(validity.valid_from, "Valid From", length_octets=1)
        writer.prefixed(validity.valid_to, "Valid To", length_octets=1)
