"""From text and octets to certificates and keys."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.registry import ErrorNo

MAX_DER_OCTETS: Final = 0xFFFF
"""What a CERT payload can carry; a certificate from a URL may be no longer."""

_SHOWN_CHARACTERS: Final = 80


def fingerprint(certificate: x509.Certificate) -> bytes:
    """The SHA-256 by which two people compare a certificate, and by which one is pinned."""
    return certificate.fingerprint(hashes.SHA256())


def certificates_from_pem(pem: str | bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, in its order.

    Raises: UsageError when the text holds no certificate or a broken one.
    """
    try:
        found = tuple(x509.load_pem_x509_certificates(_octets(pem)))
        for certificate in found:
            _read_through(certificate)
    except Exception as error:
        raise UsageError("no readable certificate in this text; give PEM, BEGIN CERTIFICATE and all") from error
    return found


def private_key_from_pem(pem: str | bytes, password: bytes | None = None) -> PrivateKeyTypes:
    """The private key of a PEM text.

    Raises: UsageError when it holds none, or when the password is missing, wrong or not called for. Its text says
    nothing of the key, and the library's own words are cut off, since no one knows what they quote.
    """
    try:
        return load_pem_private_key(_octets(pem), password=password)
    except Exception:
        hint = "is the password right?" if password is not None else "if it is encrypted, give its password"
        raise UsageError(f"no readable private key in this PEM text; {hint}") from None


def decode_der(data: bytes) -> x509.Certificate:
    """The X.509v3 certificate that these octets are, read to its end. # [3830-6.7-4]

    The library reads a certificate as it is asked for its parts; here it is asked for all that anything later uses, so
    that no surprise is left for a place that expects none.
    Raises: PeerError (Invalid Cert) for whatever is no certificate, PEM text included.
    """
    if len(data) > MAX_DER_OCTETS:
        raise invalid(f"a certificate of {len(data)} octets; a CERT payload has room for {MAX_DER_OCTETS}")
    try:
        certificate = x509.load_der_x509_certificate(bytes(data))
        _read_through(certificate)
    except Exception as error:
        raise invalid("not a readable X.509 certificate in DER") from error
    return certificate


def invalid(reason: str) -> PeerError:
    """The refusal of a certificate."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_CERT, section="RFC 3830 section 6.7")


def shown(name: x509.Name) -> str:
    """A name for a reason's text: short, and with all that could play tricks on a terminal escaped."""
    text = name.rfc4514_string()
    return repr(text[:_SHOWN_CHARACTERS]) if text else "(no name)"


def _octets(pem: str | bytes) -> bytes:
    return pem.encode("utf-8", "replace") if isinstance(pem, str) else pem


def _read_through(certificate: x509.Certificate) -> tuple[object, ...]:
    """Everything that is asked of a certificate later. Of its signature only what judges it knows the algorithm."""
    if certificate.version is not x509.Version.v3:
        raise ValueError("not version 3")
    return (
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.serial_number,
        certificate.signature,
        certificate.signature_algorithm_oid,
        [(extension.oid, extension.value) for extension in certificate.extensions],
        certificate.public_key(),
    )
