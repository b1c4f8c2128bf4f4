"""What one end believes of certificates before any arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509

from mikey_sdp.mikey.certificates.identity import covers
from mikey_sdp.mikey.certificates.usage import Purpose, serves

OcspSource = Callable[[x509.Certificate, x509.Certificate], bytes | None]
"""Given a certificate and its issuer's, the OCSP response in DER, or None when there is none."""

Resolver = Callable[[str], bytes]
"""Given an http URL, the DER certificate (application/pkix-cert) behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose certificates one end accepts, and how it learns of revocation.

    Keeps: `anchors`, the roots; `intermediates`, certificates that help to reach them and are believed no more than
    any that a peer sends; `pins`, SHA-256 fingerprints of certificates accepted as they are, self-signed ones, say;
    `known`, certificates of peers who may leave theirs out of a message, judged like any other; `crls`; `ocsp` and
    `resolve`, the caller's ways to the world; `require_revocation`, whether silence about revocation is a refusal;
    `accept_sha1`, whether a SHA-1 signature on a certificate counts. MD5 never does.
    Source: RFC 3830 sections 4.3.1 and 4.3.2.
    """

    anchors: tuple[x509.Certificate, ...] = ()
    intermediates: tuple[x509.Certificate, ...] = ()
    pins: frozenset[bytes] = frozenset()
    known: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsp: OcspSource | None = None
    require_revocation: bool = False
    resolve: Resolver | None = None
    accept_sha1: bool = False

    def certificate_of(self, identity: str, purpose: Purpose | None = None) -> x509.Certificate | None:
        """Among the certificates known beforehand, the first that names this user # [3830-3.2-13], of several the first
        whose key is for that purpose."""
        named = [certificate for certificate in self.known if covers(certificate, identity)]
        fallback = named[0] if named else None
        if purpose is None or len(named) < 2:
            return fallback
        return next((certificate for certificate in named if serves(certificate, purpose)), fallback)
