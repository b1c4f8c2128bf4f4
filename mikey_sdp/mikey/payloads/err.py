"""ERR: why a message was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import ErrorNo, PayloadType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPayload(Payload):
    """One reason of an Error message. Unless V or SIGN comes with it, anyone may have written it.

    Wire: Next payload 8 | Error no 8 | Reserved 16.
    Keeps: `reserved` as received, so that the octets survive; it means nothing.
    Source: RFC 3830 section 6.12.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.ERR
    section: ClassVar[str] = "RFC 3830 section 6.12"

    error_no: ErrorNo
    reserved: int = 0

    @classmethod
    def decode(cls, reader: Reader) -> tuple[ErrorPayload, PayloadType]:
        """Read the payload."""
        next_payload = reader.code(PayloadType, "ERR Next payload")
        error_no = reader.code(ErrorNo, "ERR Error no")
        return cls(error_no=error_no, reserved=reader.u16("ERR Reserved")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        writer.u8(next_payload, "ERR Next payload")
        writer.u8(self.error_no, "ERR Error no")
        writer.u16(self.reserved, "ERR Reserved")
