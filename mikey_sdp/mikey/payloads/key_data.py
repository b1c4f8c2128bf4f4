"""Key data: one key, as it lies inside the encrypted part of KEMAC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.payloads.validity import (
    ANY_PACKET,
    KeyValidity,
    decode_validity,
    encode_validity,
)
from mikey_sdp.mikey.registry import KeyDataType, KvType, PayloadType
from mikey_sdp.secret import Secret
from mikey_sdp.wire import Reader, Writer

SALTED: Final = frozenset({KeyDataType.TGK_SALT, KeyDataType.TEK_SALT, KeyDataType.GTGK_SALT})
"""The types that a salt comes with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyData(Payload):
    """One TGK or TEK, perhaps its salt, and for which packets it holds. Never seen in clear in a message.

    Wire: Next payload 8 | Type 4 | KV 4 | Key data len 16 | Key data | [Salt len 16 | Salt data] | [KV data].
    Source: RFC 3830 section 6.13.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.KEY_DATA
    section: ClassVar[str] = "RFC 3830 section 6.13"

    key_type: KeyDataType
    key: Secret
    salt: Secret | None = None
    validity: KeyValidity = ANY_PACKET

    @classmethod
    def decode(cls, reader: Reader) -> tuple[KeyData, PayloadType]:
        """Read the sub-payload from the plain text of KEMAC."""
        next_payload = reader.code(PayloadType, "Key data Next payload")
        type_and_kv = reader.u8("Key data Type and KV")
        key_type, kv_type = KeyDataType.of(type_and_kv >> 4), KvType.of(type_and_kv & 0x0F)
        if not key_type.known:
            raise unknown(key_type, reader, "Key data Type")
        if not kv_type.known:  # [3830-6.13-3]
            raise unknown(kv_type, reader, "Key data KV")
        key = Secret(reader.take(reader.u16("Key data Key data len"), "Key data Key data"))
        salt = None
        if key_type in SALTED:  # [3830-6.13-2]
            salt = Secret(reader.take(reader.u16("Key data Salt len"), "Key data Salt data"))
        validity = decode_validity(reader, kv_type, "Key data KV")
        return cls(key_type=key_type, key=key, salt=salt, validity=validity), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the sub-payload. A salt must be given for the types that have one, and for no other."""
        if (self.salt is not None) != (self.key_type in SALTED):
            raise UsageError(f"Key data Salt data: {self.key_type} {'has none' if self.salt else 'needs one'}")
        writer.u8(next_payload, "Key data Next payload")
        writer.u8(self.key_type << 4 | self.validity.kv_type, "Key data Type and KV")
        writer.prefixed(self.key.reveal(), "Key data Key data", length_octets=2)
        if self.salt is not None:
            writer.prefixed(self.salt.reveal(), "Key data Salt data", length_octets=2)
        encode_validity(writer, self.validity)
