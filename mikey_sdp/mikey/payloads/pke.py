"""PKE: the envelope key, encrypted to the public key of the peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import CacheIndicator, PayloadType
from mikey_sdp.wire import Reader, Writer

_LENGTH_BITS: Final = 14
_LENGTH_MASK: Final = (1 << _LENGTH_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeKey(Payload):
    """The envelope key under which KEMAC was made, readable by one private key only.

    Wire: Next payload 8 | C 2 | Data len 14 | Data.
    Keeps: C of 3 as it came; it means no permission to cache. # [3830-6.3-5]
    Source: RFC 3830 section 6.3.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.PKE
    section: ClassVar[str] = "RFC 3830 section 6.3"

    cache: CacheIndicator
    data: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[EnvelopeKey, PayloadType]:
        """Read the payload as it was sent, still encrypted."""
        next_payload = reader.code(PayloadType, "PKE Next payload")
        cache_and_length = reader.u16("PKE C and Data len")
        data = reader.take(cache_and_length & _LENGTH_MASK, "PKE Data")
        return cls(cache=CacheIndicator.of(cache_and_length >> _LENGTH_BITS), data=data), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        if len(self.data) > _LENGTH_MASK:
            raise UsageError(f"PKE Data len: {len(self.data)} does not fit {_LENGTH_BITS} bits")
        writer.u8(next_payload, "PKE Next payload")
        writer.u16(self.cache << _LENGTH_BITS | len(self.data), "PKE C and Data len")
        writer.octets(self.data)
