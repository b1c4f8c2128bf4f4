"""DH: a public Diffie-Hellman value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.payloads.validity import (
    ANY_PACKET,
    KeyValidity,
    decode_validity,
    encode_validity,
)
from mikey_sdp.mikey.registry import DhGroup, KvType, PayloadType
from mikey_sdp.wire import Reader, Writer

DH_VALUE_OCTETS: Final[Mapping[int, int]] = MappingProxyType(
    {
        DhGroup.OAKLEY_5: 192,
        DhGroup.OAKLEY_1: 96,
        DhGroup.OAKLEY_2: 128,
        DhGroup.MODP_2048: 256,
        DhGroup.MODP_3072: 384,
        DhGroup.ECP_P_192: 49,
        DhGroup.ECP_P_224: 57,
        DhGroup.ECP_P_256: 65,
        DhGroup.ECP_P_384: 97,
        DhGroup.ECP_P_521: 133,
    }
)
"""How long a value of each group is; the payload has no length field for it. Those of curves are uncompressed points.
# [3830-6.4-2]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DhValue(Payload):
    """One party's public value g^x, and the validity of the TGK that comes of it.

    Wire: Next payload 8 | DH-Group 8 | DH-value, as long as the group says | Reserved 4 | KV 4 | KV data.
    Keeps: `value` with its leading zeros; `reserved` as received, so that the octets survive.
    Source: RFC 3830 section 6.4.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.DH
    section: ClassVar[str] = "RFC 3830 section 6.4"

    group: DhGroup
    value: bytes
    reserved: int = 0
    validity: KeyValidity = ANY_PACKET

    @classmethod
    def decode(cls, reader: Reader) -> tuple[DhValue, PayloadType]:
        """Read the payload. A group of unknown length can't be passed over, and no length is guessed."""
        next_payload = reader.code(PayloadType, "DH Next payload")
        group = reader.code(DhGroup, "DH DH-Group")
        octets = DH_VALUE_OCTETS.get(group)
        if octets is None:  # [3830-4.2.9-2]
            raise unknown(group, reader, "DH DH-Group")
        value = reader.take(octets, "DH DH-value")
        reserved_and_kv = reader.u8("DH KV")
        validity = decode_validity(reader, KvType.of(reserved_and_kv & 0x0F), "DH KV")
        return cls(group=group, value=value, reserved=reserved_and_kv >> 4, validity=validity), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload. The value must have the full length of its group."""
        octets = DH_VALUE_OCTETS.get(self.group)
        if octets is None:
            raise UsageError(f"DH DH-value: the length of group {self.group} is not known")
        if len(self.value) != octets:  # [3830-6.4-5]
            raise UsageError(f"DH DH-value: {len(self.value)} octets given, {self.group} has {octets}")
        writer.u8(next_payload, "DH Next payload")
        writer.u8(self.group, "DH DH-Group")
        writer.octets(self.value)
        writer.u8(self.reserved << 4 | self.validity.kv_type, "DH Reserved and KV")
        encode_validity(writer, self.validity)
