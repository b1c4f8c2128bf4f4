"""RAND: the random octets that make all keys of a bundle fresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import PayloadType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rand(Payload):
    """The random value of the bundle, sent in clear with its first message.

    Wire: Next payload 8 | RAND len 8 | RAND.
    Source: RFC 3830 section 6.11.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.RAND
    section: ClassVar[str] = "RFC 3830 section 6.11"

    octets: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Rand, PayloadType]:
        """Read the payload; whether it is long enough is judged elsewhere."""
        next_payload = reader.code(PayloadType, "RAND Next payload")
        return cls(octets=reader.take(reader.u8("RAND RAND len"), "RAND RAND")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        writer.u8(next_payload, "RAND Next payload")
        writer.prefixed(self.octets, "RAND RAND", length_octets=1)
