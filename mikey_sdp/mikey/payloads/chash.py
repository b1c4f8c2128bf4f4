"""CHASH: which of the Responder's certificates the envelope key was encrypted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import Payload, unknown
from mikey_sdp.mikey.registry import HashFunc, PayloadType
from mikey_sdp.wire import Reader, Writer

HASH_OCTETS: Final[Mapping[int, int]] = MappingProxyType({HashFunc.SHA_1: 20, HashFunc.MD5: 16, HashFunc.SHA_256: 32})
"""How long the hash of each function is; the payload has no length field for it. # [3830-6.8-2]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHash(Payload):
    """The hash of the certificate whose public key was used.

    Wire: Next payload 8 | Hash func 8 | Hash, as long as Hash func says.
    Source: RFC 3830 section 6.8.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.CHASH
    section: ClassVar[str] = "RFC 3830 section 6.8"

    hash_func: HashFunc
    digest: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[CertificateHash, PayloadType]:
        """Read the payload. A function of unknown length can't be passed over."""
        next_payload = reader.code(PayloadType, "CHASH Next payload")
        hash_func = reader.code(HashFunc, "CHASH Hash func")
        octets = HASH_OCTETS.get(hash_func)
        if octets is None:
            raise unknown(hash_func, reader, "CHASH Hash func")
        return cls(hash_func=hash_func, digest=reader.take(octets, "CHASH Hash")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        octets = HASH_OCTETS.get(self.hash_func)
        if octets is None:
            raise UsageError(f"CHASH Hash: the length of function {self.hash_func} is not known")
        if len(self.digest) != octets:
            raise UsageError(f"CHASH Hash: {len(self.digest)} octets given, {self.hash_func} has {octets}")
        writer.u8(next_payload, "CHASH Next payload")
        writer.u8(self.hash_func, "CHASH Hash func")
        writer.octets(self.digest)
