"""Certificates in MIKEY messages: CERT payloads out of certificates, and back.

Source: RFC 3830 section 6.7, RFC 4738 section 3.8.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from cryptography import x509

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey import payloads
from mikey_sdp.mikey.certificates.load import decode_der, der_of, invalid
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.certificates.usage import Purpose
from mikey_sdp.mikey.registry import CertType

_HTTP: Final = re.compile(r"http://[!-~]{1,2040}", re.IGNORECASE | re.ASCII)

# Whose leaf a typed certificate can't be. As a link of the chain any type serves.
_OTHER_PURPOSE: Final = {
    Purpose.SIGN: CertType.X509V3_ENCR,
    Purpose.ENCRYPT: CertType.X509V3_SIGN,
    Purpose.AGREE: CertType.X509V3_SIGN,
}


class CertificateStyle(StrEnum):
    """What of one's own certificates goes into a message; the choice is mostly one of size.

    NONE sends nothing, for peers who know the certificate; LEAF one's own; CHAIN all that were given; URL the address
    of one's own.
    """

    NONE = "none"
    LEAF = "leaf"
    CHAIN = "chain"
    URL = "url"


def payloads_of(
    certificates: Sequence[x509.Certificate], style: CertificateStyle, url: str | None = None
) -> tuple[payloads.Certificate, ...]:
    """The CERT payloads of one's own certificates, leaf first, one each. # [3830-6.7-5]

    Raises: UsageError when there is no certificate to send, or a URL that no peer can use.
    """
    if style is CertificateStyle.NONE:
        return ()
    if style is CertificateStyle.URL:
        if url is None or not _HTTP.fullmatch(url):
            raise UsageError(f"a certificate by URL needs an http URL in ASCII, not {url!r}")
        return (payloads.Certificate(cert_type=CertType.X509V3_URL, data=url.encode("ascii")),)  # [4738-3.8-2]
    if not certificates:
        raise UsageError(f"style {style} sends a certificate, and there is none; give one or choose 'none'")
    sent = certificates[:1] if style is CertificateStyle.LEAF else certificates
    return tuple(payloads.Certificate(cert_type=CertType.X509V3, data=der_of(certificate)) for certificate in sent)


def payloads_of_two(
    certificates: Sequence[x509.Certificate], encryption: x509.Certificate, style: CertificateStyle
) -> tuple[payloads.Certificate, ...]:
    """The CERT payloads of whoever has a key to sign and another to encrypt to, each with its type. # [3830-6.7-3]

    Raises: UsageError for the style URL, since there is one URL only.
    """
    if style is CertificateStyle.NONE:
        return ()
    if style is CertificateStyle.URL:
        raise UsageError("two certificates can't be sent by one URL; send them as they are")
    signing, *issuers = payloads_of(certificates, style)
    other = payloads.Certificate(cert_type=CertType.X509V3_ENCR, data=der_of(encryption))
    return (replace(signing, cert_type=CertType.X509V3_SIGN), other, *issuers)


def chain_of(
    message_certificates: Sequence[payloads.Certificate],
    trust: Trust,
    limit: int,
    purpose: Purpose = Purpose.SIGN,
) -> tuple[x509.Certificate, ...]:
    """The certificates of a message, the leaf for this purpose first, then its issuers as they follow each other.

    The leaf is the first that is sent without being kept for another purpose. # [3830-6.7-3]
    Keeps: what leads nowhere, at the end, in the order sent.
    Raises: PeerError (Invalid Cert) for more than `limit`, for types that are no X.509, for octets that are no
    certificate, and for a URL that can't be followed.
    """
    if len(message_certificates) > limit:
        raise invalid(f"{len(message_certificates)} CERT payloads; {limit} are accepted")
    read = [_read(payload, trust) for payload in message_certificates]
    foreign = _OTHER_PURPOSE[purpose]
    place = next((at for at, payload in enumerate(message_certificates) if payload.cert_type is not foreign), None)
    if place is None:
        if read:
            raise invalid(f"every certificate of the message is kept for another purpose than {purpose}")
        return ()
    chain = [read.pop(place)]
    while True:
        issuer = next((at for at, candidate in enumerate(read) if candidate.subject == chain[-1].issuer), None)
        if issuer is None:
            return (*chain, *read)
        chain.append(read.pop(issuer))


def url_of(root: str, identity: str) -> str:
    """Where a peer's certificate lies below a provisioned root path: his identity and `.cer`. # [4738-3.8-7]"""
    return f"{root.rstrip('/')}/{identity}.cer"


def _read(payload: payloads.Certificate, trust: Trust) -> x509.Certificate:
    if payload.cert_type is CertType.X509V3_URL:
        return decode_der(_fetched(payload.data, trust))  # [4738-3.8-4]
    if payload.cert_type not in (CertType.X509V3, CertType.X509V3_SIGN, CertType.X509V3_ENCR):
        raise invalid(f"Cert type {payload.cert_type} is no X.509 certificate")  # [3830-6.7-3]
    return decode_der(payload.data)


def _fetched(data: bytes, trust: Trust) -> bytes:
    url = data.decode("ascii", "replace")
    if not _HTTP.fullmatch(url):  # [4738-3.8-3]
        raise invalid(f"the certificate's URL {url[:80]!r} is no http URL")
    if trust.resolve is None:
        raise invalid("a certificate by URL, and nothing here fetches one")
    try:
        return trust.resolve(url)  # [4738-3.8-2]
    except OSError as error:
        raise invalid(f"the certificate at {url[:80]!r} could not be fetched") from error
