"""ECCPT: an ephemeral point on an elliptic curve, and what is to be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, KeyValidity, decode_validity, encode_validity
from mikey_sdp.mikey.registry import EccCurve, KvType, MacAlg, PayloadType
from mikey_sdp.wire import Reader, Writer

POINT_OCTETS: Final[Mapping[int, int]] = MappingProxyType(
    {
        EccCurve.SECP192R1: 49,
        EccCurve.SECP224R1: 57,
        EccCurve.SECP256R1: 65,
        EccCurve.SECP384R1: 97,
        EccCurve.SECP521R1: 133,
    }
)
"""How long an uncompressed point of each curve is; the payload has no length field for it."""
_UNCOMPRESSED: Final = 0x04
_BEFORE_POINT: Final = 2
_ALIGNMENT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EccPoint(Payload):
    """One party's ephemeral point of ECMQV, the MAC that V will be, and the length and validity of the TGK.

    Wire: Next payload 8 | ECC curve 8 | ECC point | zeros up to the next multiple of four octets, counted from the
    start of the payload | Auth alg 8 | TGK len 16 | Reserv 4 | KV 4 | KV data.
    Units: `tgk_octets` in octets.
    Keeps: `reserved` as received, so that the octets survive.
    Source: RFC 6267 section 6.1.4, draft-ietf-msec-mikey-ecc-03 section 6.1.
    Deviation: compressed and hybrid points, which the draft allows, are refused.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.ECCPT
    section: ClassVar[str] = "RFC 6267 section 6.1.4"

    curve: EccCurve
    point: bytes
    auth_alg: MacAlg
    tgk_octets: int
    reserved: int = 0
    validity: KeyValidity = ANY_PACKET

    @classmethod
    def decode(cls, reader: Reader) -> tuple[EccPoint, PayloadType]:
        """Read the payload. A curve of unknown point length can't be passed over, and no length is guessed."""
        next_payload = reader.code(PayloadType, "ECCPT Next payload")
        curve = reader.code(EccCurve, "ECCPT ECC curve")
        octets = POINT_OCTETS.get(curve)
        if octets is None:
            raise unknown(curve, reader, "ECCPT ECC curve")
        starts_at = reader.offset
        point = reader.take(octets, "ECCPT ECC point")
        if point[0] != _UNCOMPRESSED:
            raise reader.fail("the point is not uncompressed", "ECCPT ECC point", offset=starts_at)
        padded_at = reader.offset
        if any(reader.take(_padding(octets), "ECCPT padding")):
            raise reader.fail("the padding is not zero", "ECCPT padding", offset=padded_at)
        auth_alg = reader.code(MacAlg, "ECCPT Auth alg")
        tgk_octets = reader.u16("ECCPT TGK len")
        reserved_and_kv = reader.u8("ECCPT KV")
        validity = decode_validity(reader, KvType.of(reserved_and_kv & 0x0F), "ECCPT KV")
        return cls(
            curve=curve,
            point=point,
            auth_alg=auth_alg,
            tgk_octets=tgk_octets,
            reserved=reserved_and_kv >> 4,
            validity=validity,
        ), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload. The point must be uncompressed."""
        octets = POINT_OCTETS.get(self.curve)
        if octets is None:
            raise UsageError(f"ECCPT ECC point: the length of points on curve {self.curve} is not known")
        if len(self.point) != octets or self.point[0] != _UNCOMPRESSED:
            raise UsageError(f"ECCPT ECC point: not an uncompressed point of {octets} octets")
        writer.u8(next_payload, "ECCPT Next payload")
        writer.u8(self.curve, "ECCPT ECC curve")
        writer.octets(self.point)
        writer.octets(bytes(_padding(octets)))
        writer.u8(self.auth_alg, "ECCPT Auth alg")
        writer.u16(self.tgk_octets, "ECCPT TGK len")
        writer.u8(self.reserved << 4 | self.validity.kv_type, "ECCPT Reserv and KV")
        encode_validity(writer, self.validity)


def _padding(point_octets: int) -> int:
    return -(_BEFORE_POINT + point_octets) % _ALIGNMENT
