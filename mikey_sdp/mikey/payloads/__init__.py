"""The payloads of MIKEY, one file each, and the chain of sub-payloads inside KEMAC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.mikey.payloads.dh import DhValue
from mikey_sdp.mikey.payloads.eccpt import EccPoint
from mikey_sdp.mikey.payloads.err import ErrorPayload
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import Header, SrtpIdEntry
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.payload import MAX_PAYLOADS, Payload, UnknownCodePoint
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.sp import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.payloads.validity import IntervalValidity, KeyValidity, NullValidity, SpiValidity
from mikey_sdp.mikey.registry import PayloadType
from mikey_sdp.wire import Reader, Writer

PAYLOADS: Final[Mapping[PayloadType, type[Payload]]] = MappingProxyType(
    {
        kind.payload_type: kind
        for kind in (
            KeyDataTransport,
            EnvelopeKey,
            DhValue,
            Signature,
            Timestamp,
            Identity,
            Certificate,
            CertificateHash,
            Verification,
            SecurityPolicy,
            Rand,
            ErrorPayload,
            KeyData,
            GeneralExtension,
            EccPoint,
        )
    }
)
"""Who reads which Next payload value; a new payload is a new file and a row here. # [3830-6.1-5]"""

_INSIDE_KEMAC: Final[Mapping[PayloadType, type[Payload]]] = {
    PayloadType.ID: Identity,
    PayloadType.KEY_DATA: KeyData,
    PayloadType.RAND: Rand,
}
_WRAP_OCTETS: Final = 8


def decode_key_data(octets: bytes, *, first: PayloadType, zero_fill: bool = False) -> tuple[Payload, ...]:
    """The sub-payloads in the plain text of a KEMAC; `first` is what the mode says it begins with.

    No octets are no sub-payloads where the mode begins with Key data (an update without keys). `zero_fill` allows the
    zeros that AES key wrap needs to fill its last block.
    Units: the offsets of errors count from the start of the plain text.
    Raises: DecodeError.
    """
    reader = Reader(octets, section=KeyData.section)
    payloads: list[Payload] = []
    upcoming = first if octets or first != PayloadType.KEY_DATA else PayloadType.LAST
    named_at = 0
    try:
        while upcoming != PayloadType.LAST:
            kind = _INSIDE_KEMAC.get(upcoming)
            if kind is None:
                raise UnknownCodePoint(upcoming, offset=named_at, field="Next payload", section=reader.section)
            if len(payloads) == MAX_PAYLOADS:
                raise reader.fail(f"more than {MAX_PAYLOADS} sub-payloads", "Next payload", offset=named_at)
            named_at = reader.offset
            reader.at_section(kind.section)
            payload, upcoming = kind.decode(reader)
            payloads.append(payload)
        end = reader.offset
        if zero_fill and reader.left < _WRAP_OCTETS and any(reader.rest()):
            raise reader.fail("the fill is not zero", "KEMAC Encr data", offset=end)
        reader.expect_end("KEMAC Encr data")  # [3830-6.2-4]
    except DecodeError as error:
        error.partial = tuple(payloads)
        raise
    return tuple(payloads)


def encode_key_data(payloads: Iterable[Payload], *, zero_fill: bool = False) -> bytes:
    """The plain text of a KEMAC; with `zero_fill` filled to whole blocks for AES key wrap.

    Raises: UsageError for a payload that has no place there.
    """
    chain = tuple(payloads)
    writer = Writer()
    for position, payload in enumerate(chain):
        if payload.payload_type not in _INSIDE_KEMAC:
            raise UsageError(f"{payload.payload_type.label} can't stand inside KEMAC")
        last = position + 1 == len(chain)
        payload.encode(writer, PayloadType.LAST if last else chain[position + 1].payload_type)
    if zero_fill:
        writer.octets(bytes(-len(writer) % _WRAP_OCTETS))
    return writer.getvalue()


__all__ = [
    "PAYLOADS",
    "Certificate",
    "CertificateHash",
    "DhValue",
    "EccPoint",
    "EnvelopeKey",
    "ErrorPayload",
    "GeneralExtension",
    "Header",
    "Identity",
    "IntervalValidity",
    "KeyData",
    "KeyDataTransport",
    "KeyValidity",
    "NullValidity",
    "Payload",
    "PolicyParam",
    "Rand",
    "SecurityPolicy",
    "Signature",
    "SpiValidity",
    "SrtpIdEntry",
    "Timestamp",
    "UnknownCodePoint",
    "Verification",
    "decode_key_data",
    "encode_key_data",
]
