"""CERT: one certificate of a party, or where it can be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import CertType, PayloadType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Payload):
    """One certificate; a chain is one payload after the other, the party's own first.

    Wire: Next payload 8 | Cert type 8 | Cert len 16 | Cert data (DER, or the octets of a URL).
    Keeps: a type that nobody knows; its length is on the wire. Whether the data are a certificate is judged elsewhere.
    Source: RFC 3830 section 6.7.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.CERT
    section: ClassVar[str] = "RFC 3830 section 6.7"

    cert_type: CertType
    data: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Certificate, PayloadType]:
        """Read the payload."""
        next_payload = reader.code(PayloadType, "CERT Next payload")
        cert_type = reader.code(CertType, "CERT Cert type")
        data = reader.take(reader.u16("CERT Cert len"), "CERT Cert data")
        return cls(cert_type=cert_type, data=data), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        writer.u8(next_payload, "CERT Next payload")
        writer.u8(self.cert_type, "CERT Cert type")
        writer.prefixed(self.data, "CERT Cert data", length_octets=2)
