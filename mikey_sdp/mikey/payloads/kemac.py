"""KEMAC: the encrypted keys, and the MAC over the message or over this payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.registry import EncrAlg, MacAlg, PayloadType
from mikey_sdp.wire import Reader, Writer

MAC_OCTETS: Final[Mapping[int, int]] = MappingProxyType(
    {MacAlg.NULL: 0, MacAlg.HMAC_SHA_1_160: 20, MacAlg.HMAC_SHA_256_256: 32}
)
"""How long the MAC of each algorithm is; KEMAC and V have no length field for it. # [3830-6.2-3]"""

MAX_KEMAC_OCTETS: Final = 1 << 16
_FIXED_OCTETS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDataTransport(Payload):
    """The keys of the bundle on their way to the Responder, or an empty carrier of a MAC.

    Wire: Next payload 8 | Encr alg 8 | Encr data len 16 | Encr data | Mac alg 8 | MAC, as long as Mac alg says.
    Keeps: `encr_data` as transported; under Encr alg NULL these are keys in clear, so they never print.
    Source: RFC 3830 section 6.2.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.KEMAC
    section: ClassVar[str] = "RFC 3830 section 6.2"

    encr_alg: EncrAlg
    encr_data: bytes
    mac_alg: MacAlg
    mac: bytes

    def __repr__(self) -> str:
        return (
            f"KeyDataTransport(encr_alg={self.encr_alg!r}, encr_data=<{len(self.encr_data)} octets>, "
            f"mac_alg={self.mac_alg!r}, mac=<{len(self.mac)} octets>)"
        )

    @classmethod
    def decode(cls, reader: Reader) -> tuple[KeyDataTransport, PayloadType]:
        """Read the payload as it was sent, still encrypted."""
        start = reader.offset
        next_payload = reader.code(PayloadType, "KEMAC Next payload")
        encr_alg = reader.code(EncrAlg, "KEMAC Encr alg")
        encr_data = reader.take(reader.u16("KEMAC Encr data len"), "KEMAC Encr data")
        mac_alg = reader.code(MacAlg, "KEMAC Mac alg")
        mac_octets = MAC_OCTETS.get(mac_alg)
        if mac_octets is None:
            raise unknown(mac_alg, reader, "KEMAC Mac alg")
        mac = reader.take(mac_octets, "KEMAC MAC")
        if reader.offset - start > MAX_KEMAC_OCTETS:
            raise reader.fail("more than 2^16 octets", "KEMAC Encr data len", offset=start + 2)
        return cls(encr_alg=encr_alg, encr_data=encr_data, mac_alg=mac_alg, mac=mac), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload. A MAC that is still to be computed is given as zeros of its length."""
        check_mac(self.mac_alg, self.mac, "KEMAC MAC")
        size = _FIXED_OCTETS + len(self.encr_data) + len(self.mac)
        if size > MAX_KEMAC_OCTETS:  # [3830-6.13-7]
            raise UsageError(f"KEMAC would have {size} octets; all keys of one message must fit 2^16")
        writer.u8(next_payload, "KEMAC Next payload")
        writer.u8(self.encr_alg, "KEMAC Encr alg")
        writer.prefixed(self.encr_data, "KEMAC Encr data", length_octets=2)
        writer.u8(self.mac_alg, "KEMAC Mac alg")
        writer.octets(self.mac)


def check_mac(mac_alg: MacAlg, mac: bytes, field: str) -> None:
    """Refuse to write a MAC whose length is not that of its algorithm.

    Raises: UsageError.
    """
    octets = MAC_OCTETS.get(mac_alg)
    if octets is None:
        raise UsageError(f"{field}: the length of algorithm {mac_alg} is not known")
    if len(mac) != octets:
        raise UsageError(f"{field}: {len(mac)} octets given, {mac_alg} has {octets}")
