"""From the texts of a line to values, and back: hex, base64, PEM. No error repeats what it complains about."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import UNSET, UnsetType

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.certificates import Trust, fingerprint, identity_of_certificate
from mikey_sdp.mikey.certificates.credential import PrivateKey
from mikey_sdp.mikey.certificates.load import certificates_from_pem, private_key_from_pem
from mikey_sdp.mikey.payloads import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import ProtType
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret

MAX_SECRET_OCTETS: Final = 4096
MAX_LABEL_OCTETS: Final = 1024
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)


def octets_of_hex(text: str, field: str, *, most: int = MAX_SECRET_OCTETS) -> bytes:
    """The octets that a field gives in hex.

    Raises: UsageError.
    """
    if not _HEX.fullmatch(text):
        raise UsageError(f"{field} takes hex: two digits an octet and nothing between them")
    if len(text) > 2 * most:
        raise UsageError(f"{field} has {len(text) // 2} octets; {most} are the most")
    return bytes.fromhex(text)


def secret_of_hex(text: str | UnsetType, field: str) -> Secret | None:
    """The secret that a field gives in hex, None where it is left out.

    Raises: UsageError.
    """
    if text is UNSET or isinstance(text, UnsetType):
        return None
    octets = octets_of_hex(text, field)
    if not octets:
        raise UsageError(f"{field} is empty; leave it out instead")
    return Secret(octets)


def octets_of_base64(text: str, field: str) -> bytes:
    """The octets that a field gives in base64.

    Raises: UsageError.
    """
    try:
        octets = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise UsageError(f"{field} takes base64, with its padding and without line ends") from None
    return octets


def to_base64(octets: bytes | None) -> str | None:
    """Octets as a message travels in a line; null for none."""
    return None if octets is None else base64.b64encode(octets).decode("ascii")


def certificates_of(texts: str | list[str] | UnsetType, field: str) -> tuple[x509.Certificate, ...]:
    """The certificates that a field gives in PEM, none where it is left out.

    Raises: UsageError.
    """
    if isinstance(texts, UnsetType):
        return ()
    found: list[x509.Certificate] = []
    for text in [texts] if isinstance(texts, str) else texts:
        try:
            found.extend(certificates_from_pem(text))
        except UsageError as error:
            raise UsageError(f"{field}: {error}") from None
    return tuple(found)


def key_of(text: str | UnsetType, field: str) -> PrivateKey | None:
    """The private key that a field gives in PEM, None where it is left out.

    Raises: UsageError.
    """
    if isinstance(text, UnsetType):
        return None
    try:
        key = private_key_from_pem(text)
    except UsageError as error:
        raise UsageError(f"{field}: {error}") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise UsageError(f"{field}: the private key is neither RSA nor elliptic curve")
    return key


def trust_of(given: tuple[x509.Certificate, ...], peers: tuple[x509.Certificate, ...]) -> Trust:
    """Whom an end trusts: authorities are anchors, other certificates are trusted as they are, and so are the peer's
    where nothing else is given."""
    anchors = tuple(one for one in given if _is_authority(one))
    as_they_are = tuple(one for one in given if one not in anchors) + (() if given else peers)
    return Trust(
        anchors=anchors,
        pins=frozenset(fingerprint(one) for one in as_they_are),
        known=tuple(dict.fromkeys((*peers, *as_they_are))),
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.subject == certificate.issuer and identity_of_certificate(certificate) is None


def parameters_of(number: int, params: Mapping[str, str]) -> SrtpParameters:
    """The SRTP policy of that number, from its parameters by the decimal number of their type, in hex.

    Raises: UsageError.
    """
    field = f"policies, no {number}"
    found = []
    for kind, text in params.items():
        if not kind.isascii() or not kind.isdecimal() or len(kind) > 3 or int(kind) > 255:
            raise UsageError(f"{field}: a parameter is named by the decimal number of its type, 0 to 255")
        found.append(PolicyParam(type=int(kind), value=octets_of_hex(text, field, most=255)))
    try:
        return SrtpParameters.from_payload(
            SecurityPolicy(policy_no=number, prot_type=ProtType.SRTP, params=tuple(found))
        )
    except PeerError as fault:
        raise UsageError(f"{field}: {fault.reason}") from None
