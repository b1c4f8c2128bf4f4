"""ID: by what name a party goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import IdType, PayloadType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Payload):
    """The name of the Initiator or of the Responder; which of them, its place in the message tells.

    Wire: Next payload 8 | ID type 8 | ID len 16 | ID data.
    Keeps: a type that nobody knows; its length is on the wire.
    Source: RFC 3830 section 6.7.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.ID
    section: ClassVar[str] = "RFC 3830 section 6.7"

    id_type: IdType
    data: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Identity, PayloadType]:
        """Read the payload. A name without a single octet names nobody."""
        next_payload = reader.code(PayloadType, "ID Next payload")
        id_type = reader.code(IdType, "ID ID type")
        length = reader.u16("ID ID len")
        if not length:  # [3830-6.7-6]
            raise reader.fail("the identity is empty", "ID ID len", offset=reader.offset - 2)
        return cls(id_type=id_type, data=reader.take(length, "ID ID data")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        if not self.data:
            raise UsageError("ID ID data: an identity needs at least one octet")
        writer.u8(next_payload, "ID Next payload")
        writer.u8(self.id_type, "ID ID type")
        writer.prefixed(self.data, "ID ID data", length_octets=2)

    @property
    def text(self) -> str:
        """The name for people; octets that are no UTF-8 show as escapes."""
        return self.data.decode("utf-8", "backslashreplace")
