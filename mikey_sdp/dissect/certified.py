"""The certificates that a message brings, as an onlooker reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography import x509

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.identity import identity_of_certificate
from mikey_sdp.mikey.certificates.load import decode_der
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Certificate
from mikey_sdp.mikey.registry import CertType

_IN_PLACE: Final = (CertType.X509V3, CertType.X509V3_SIGN, CertType.X509V3_ENCR)


def certificates_in(message: Message) -> tuple[x509.Certificate, ...]:
    """The readable certificates that came with a message; those by URL are nowhere fetched."""
    return tuple(_readable(message))


def certified_identity(message: Message) -> bytes:
    """The identity that the first certificate of a message names, empty where there is none."""
    certificates = certificates_in(message)
    return (identity_of_certificate(certificates[0]) or "").encode() if certificates else b""


def _readable(message: Message) -> Iterator[x509.Certificate]:
    for payload in message.all(Certificate):
        if payload.cert_type in _IN_PLACE:
            try:
                yield decode_der(payload.data)
            except PeerError:
                continue
