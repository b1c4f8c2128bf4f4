"""V: the Responder's proof that it had the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, check_mac
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.registry import MacAlg, PayloadType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Payload):
    """The MAC by which a Responder answers a message made with a shared key or an envelope key.

    Wire: Next payload 8 | Auth alg 8 | Ver data, as long as Auth alg says.
    Source: RFC 3830 section 6.9.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.V
    section: ClassVar[str] = "RFC 3830 section 6.9"

    auth_alg: MacAlg
    mac: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Verification, PayloadType]:
        """Read the payload. An algorithm of unknown length can't be passed over."""
        next_payload = reader.code(PayloadType, "V Next payload")
        auth_alg = reader.code(MacAlg, "V Auth alg")
        octets = MAC_OCTETS.get(auth_alg)
        if octets is None:
            raise unknown(auth_alg, reader, "V Auth alg")
        return cls(auth_alg=auth_alg, mac=reader.take(octets, "V Ver data")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload. A MAC that is still to be computed is given as zeros of its length."""
        check_mac(self.auth_alg, self.mac, "V Ver data")
        writer.u8(next_payload, "V Next payload")
        writer.u8(self.auth_alg, "V Auth alg")
        writer.octets(self.mac)
