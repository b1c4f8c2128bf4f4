"""SIGN: the signature over the message, always its last payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import PayloadType, SignType
from mikey_sdp.wire import Reader, Writer

_LENGTH_BITS: Final = 12
MAX_SIGNATURE_OCTETS: Final = (1 << _LENGTH_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Payload):
    """The signature of the sender over everything before it, its own type and length included.

    Wire: S type 4 | Signature len 12 | Signature. There is no Next payload field.
    Keeps: a type that nobody knows; its length is on the wire.
    Source: RFC 3830 section 6.5.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.SIGN
    section: ClassVar[str] = "RFC 3830 section 6.5"

    sign_type: SignType
    signature: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Signature, PayloadType]:
        """Read the payload; what follows is always LAST. # [3830-6.5-2]"""
        type_and_length = reader.u16("SIGN S type and Signature len")
        signature = reader.take(type_and_length & MAX_SIGNATURE_OCTETS, "SIGN Signature")
        return cls(sign_type=SignType.of(type_and_length >> _LENGTH_BITS), signature=signature), PayloadType.LAST

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload. A signature that is still to be made is given as zeros of its length."""
        if next_payload != PayloadType.LAST:
            raise UsageError(f"SIGN must be the last payload, {next_payload.label} can't follow it")
        if len(self.signature) > MAX_SIGNATURE_OCTETS:
            raise UsageError(f"SIGN Signature len: {len(self.signature)} does not fit {_LENGTH_BITS} bits")
        writer.u16(self.sign_type << _LENGTH_BITS | len(self.signature), "SIGN S type and Signature len")
        writer.octets(self.signature)
