"""T: when the Initiator made the message; the freshness of the whole exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.registry import PayloadType, TsType
from mikey_sdp.wire import Reader, Writer

TS_OCTETS: Final[Mapping[int, int]] = MappingProxyType(
    {TsType.NTP_UTC: 8, TsType.NTP: 8, TsType.COUNTER: 4, TsType.NTP_UTC_32: 4}
)
"""How long a value of each type is; the payload has no length field for it. # [3830-6.6-2]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp(Payload):
    """The Initiator's timestamp, repeated unchanged by the Responder.

    Wire: Next payload 8 | TS type 8 | TS value, 64 bits or for COUNTER 32.
    Units: `value` of an NTP type counts 2^-32 s since 1900 (`clock.NtpTime`), of NTP-UTC-32 whole seconds.
    Source: RFC 3830 section 6.6.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.T
    section: ClassVar[str] = "RFC 3830 section 6.6"

    ts_type: TsType = TsType.NTP_UTC
    value: int

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Timestamp, PayloadType]:
        """Read the payload. A type of unknown length can't be passed over."""
        next_payload = reader.code(PayloadType, "T Next payload")
        ts_type = reader.code(TsType, "T TS type")
        octets = TS_OCTETS.get(ts_type)
        if octets is None:
            raise unknown(ts_type, reader, "T TS type")
        return cls(ts_type=ts_type, value=int.from_bytes(reader.take(octets, "T TS value"), "big")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        value = self.value_octets
        writer.u8(next_payload, "T Next payload")
        writer.u8(self.ts_type, "T TS type")
        writer.octets(value)

    @property
    def value_octets(self) -> bytes:
        """The TS value as transported, the form in which V and SIGNr cover it."""
        octets = TS_OCTETS.get(self.ts_type)
        if octets is None:
            raise UsageError(f"T TS value: the length of type {self.ts_type} is not known")
        try:
            return self.value.to_bytes(octets, "big")
        except OverflowError:
            raise UsageError(f"T TS value: {self.value} does not fit {8 * octets} bits") from None

    @property
    def iv_octets(self) -> bytes:
        """The TS value as 64 bits, the form in which an IV takes it: COUNTER gets leading zeros. # [3830-6.6-3]"""
        value = self.value_octets
        if self.ts_type == TsType.NTP_UTC_32:
            return value.ljust(8, b"\x00")
        return value.rjust(8, b"\x00")
