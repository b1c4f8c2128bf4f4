"""From text and octets to certificates and keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.registry import ErrorNo

MAX_DER_OCTETS: Final = 0xFFFF
"""What a CERT payload can carry; a certificate from a URL may be no longer."""

REMEMBERED: Final = 128
"""How many certificates are kept as they were read, so that those of a peer who calls again cost little."""

_SHOWN_CHARACTERS: Final = 80
_LONGEST_PATH_OCTETS: Final = 4096
_VERSION_3: Final = bytes.fromhex("a003020102")

RSAES_OAEP: Final = x509.ObjectIdentifier("1.2.840.113549.1.1.7")
"""The kind of an RSA key that its certificate binds to one scheme of encryption. The library reads none."""


def fingerprint(certificate: x509.Certificate) -> bytes:
    """The SHA-256 by which two people compare a certificate, and by which one is pinned."""
    return certificate.fingerprint(hashes.SHA256())


@lru_cache(maxsize=REMEMBERED)
def der_of(certificate: x509.Certificate) -> bytes:
    """The octets of a certificate, as it travels and as it is hashed."""
    return certificate.public_bytes(Encoding.DER)


def certificates_from_pem(pem: str | bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, in its order.

    Raises: UsageError when the text holds no certificate, a broken one, or one that no message may carry.
    """
    octets = _octets(pem)
    try:
        found = tuple(x509.load_pem_x509_certificates(octets))
        for certificate in found:
            _read_through(certificate)
    except _Unfit as error:
        raise UsageError(f"a certificate in this text {error}") from error
    except Exception as error:
        hint = _file_name_hint(octets) or "give PEM, BEGIN CERTIFICATE and all"
        raise UsageError(f"no readable certificate in this text; {hint}") from error
    return found


def private_key_from_pem(pem: str | bytes, password: bytes | None = None) -> PrivateKeyTypes:
    """The private key of a PEM text.

    Raises: UsageError when it holds none, or when the password is missing, wrong or not called for. Its text says
    nothing of the key, and the library's own words are cut off, since no one knows what they quote.
    """
    octets = _octets(pem)
    try:
        return load_pem_private_key(octets, password=password)
    except Exception:
        hint = "is the password right?" if password is not None else "if it is encrypted, give its password"
        hint = _file_name_hint(octets) or hint
        raise UsageError(f"no readable private key in this PEM text; {hint}") from None


def decode_der(data: bytes) -> x509.Certificate:
    """The X.509v3 certificate that these octets are, read to its end. # [3830-6.7-4]

    The library reads a certificate as it is asked for its parts; here it is asked for all that anything later uses, so
    that no surprise is left for a place that expects none. The same octets, read lately, give the same value, of which
    nothing has been judged.
    Raises: PeerError (Invalid Cert) for whatever is no certificate, PEM text included.
    """
    if len(data) > MAX_DER_OCTETS:
        raise invalid(f"a certificate of {len(data)} octets; a CERT payload has room for {MAX_DER_OCTETS}")
    try:
        return _read_whole(bytes(data))
    except PeerError:
        raise
    except _Unfit as error:
        raise invalid(f"the certificate {error}") from error
    except Exception as error:
        raise invalid("not a readable X.509 certificate in DER") from error


def invalid(reason: str) -> PeerError:
    """The refusal of a certificate."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_CERT, section="RFC 3830 section 6.7")


def shown(name: x509.Name) -> str:
    """A name for a reason's text: short, and with all that could play tricks on a terminal escaped."""
    text = name.rfc4514_string()
    return repr(text[:_SHOWN_CHARACTERS]) if text else "(no name)"


class _Unfit(ValueError):
    """A certificate that can be read and not be used; the text goes on from "the certificate"."""


def _file_name_hint(octets: bytes) -> str:
    """What to say where the name of a file was given for its content; empty where it was not. It quotes nothing."""
    is_short = len(octets.splitlines()) == 1 and len(octets) <= _LONGEST_PATH_OCTETS
    is_name = is_short and (b"/" in octets or b"." in octets or b"\\" in octets)
    return "this looks like a file name; read the file and give what is in it" if is_name else ""


def _octets(pem: str | bytes) -> bytes:
    return pem.encode("utf-8", "replace") if isinstance(pem, str) else pem


@lru_cache(maxsize=REMEMBERED)
def _read_whole(data: bytes) -> x509.Certificate:
    if _serial_is_not_positive(data):
        raise invalid("the certificate's serial number is not positive, against RFC 5280")
    certificate = x509.load_der_x509_certificate(data)
    try:
        _read_through(certificate)
    except UnsupportedAlgorithm as error:
        kind = certificate.public_key_algorithm_oid
        what = "bound to RSAES-OAEP" if kind == RSAES_OAEP else kind.dotted_string
        raise invalid(f"the certified key is of a kind that can't be used here ({what})") from error
    return certificate


def _serial_is_not_positive(data: bytes) -> bool:
    """Whether these octets begin as a version 3 certificate does whose serial number is zero or negative; the library
    only warns of it, and each time. Whether they are a certificate at all is not asked."""
    place = _after_header(data, _after_header(data, 0))
    if data[place : place + len(_VERSION_3)] != _VERSION_3:
        return False
    place += len(_VERSION_3) + 1
    size = int.from_bytes(data[place : place + 1])
    return int.from_bytes(data[place + 1 : place + 1 + size], signed=True) <= 0


def _after_header(data: bytes, place: int) -> int:
    """Where the content begins of the element that begins there."""
    first = int.from_bytes(data[place + 1 : place + 2])
    return place + 2 + (first & 0x7F if first & 0x80 else 0)


def _read_through(certificate: x509.Certificate) -> tuple[object, ...]:
    """Everything that is asked of a certificate later. Of its signature only what judges it knows the algorithm."""
    if certificate.version is not x509.Version.v3:
        raise _Unfit("is not of version 3; make it v3 with a subjectAltName")
    if certificate.serial_number <= 0:
        raise _Unfit("has a serial number that is not positive, against RFC 5280")
    return (
        certificate.subject,
        certificate.issuer,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.signature,
        certificate.signature_algorithm_oid,
        [(extension.oid, extension.value) for extension in certificate.extensions],
        certificate.public_key(),
    )
