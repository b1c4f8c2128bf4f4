"""What one certificate by itself allows: when, for what, and whether it may issue others.

Source: RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.12 and 6.1; RFC 5922 section 7.1.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from mikey_sdp.clock import NTP_UNIX_OFFSET_S, NtpTime
from mikey_sdp.mikey.certificates.load import invalid, shown

RSA_BITS: Final = range(1024, 8193)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Certificates may run for longer than the 68 years either way within which two NTP times can be compared. The years
# 1968 to 2104 surround the wrap of 2036, and every `now` is taken to lie in them.
_PIVOT_UNIX_US: Final = ((1 << 32) - NTP_UNIX_OFFSET_S) * 1_000_000

_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        # Policies restrict a path only where someone asks for one, and nobody here does.
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)
# No extended usage was ever registered for MIKEY. These are the ones that a user of SIP is given.
_EXTENDED_USAGES: Final = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.20"),  # id-kp-sipDomain, RFC 5924
    }
)


class Purpose(StrEnum):
    """What a key is about to be used for."""

    SIGN = "digitalSignature"
    ENCRYPT = "keyEncipherment"
    AGREE = "keyAgreement"


_E = TypeVar("_E", bound=x509.ExtensionType)


def extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    """The extension of that kind, or None."""
    for found in certificate.extensions:
        value = found.value
        if value.__class__ is kind:  # they are of abstract classes, of which isinstance asks slowly
            return value
    return None


def unix_us(moment: NtpTime | datetime) -> int:
    """Microseconds since 1970, by which certificates and messages can be compared."""
    if isinstance(moment, NtpTime):
        return moment.unix_us(near_unix_us=_PIVOT_UNIX_US)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def check_itself(certificate: x509.Certificate, at_us: int) -> None:
    """Refuse a certificate out of its time, with a key that no one should handle, or with demands we can't meet.

    Units: `at_us` microseconds since 1970.
    Raises: PeerError (Invalid Cert).
    """
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at_us < unix_us(start):
        raise invalid(f"the certificate of {shown(certificate.subject)} is not yet valid; it starts {start}")
    if at_us > unix_us(end):
        raise invalid(f"the certificate of {shown(certificate.subject)} has expired; it ended {end}")
    for found in certificate.extensions:
        if found.critical and found.oid not in _UNDERSTOOD:
            raise invalid(
                f"the certificate of {shown(certificate.subject)} has the critical extension"
                f" {found.oid.dotted_string}, not understood here"
            )
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size not in RSA_BITS:
        raise invalid(
            f"the RSA key of {shown(certificate.subject)} has {key.key_size} bits;"
            f" {RSA_BITS.start} to {RSA_BITS.stop - 1} are accepted"
        )


def check_purpose(certificate: x509.Certificate, purpose: Purpose) -> None:
    """Refuse a certificate whose key usage, where it has one, leaves this purpose out.

    Raises: PeerError (Invalid Cert).
    """
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None and not _allowed(usage, purpose):
        raise invalid(f"the key usage of the certificate of {shown(certificate.subject)} does not include {purpose}")
    extended = extension(certificate, x509.ExtendedKeyUsage)
    if extended is not None and _EXTENDED_USAGES.isdisjoint(extended):
        raise invalid(
            f"the extended key usage of the certificate of {shown(certificate.subject)}"
            " includes nothing that a SIP user needs"
        )


def serves(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """Whether the key usage of a certificate leaves room for this purpose, so that of several it is the one to take."""
    usage = extension(certificate, x509.KeyUsage)
    return usage is None or _allowed(usage, purpose)


def check_issuer(issuer: x509.Certificate, authorities_below: int) -> None:
    """Refuse an issuer that is no authority, or not one for a path this long.

    Units: `authorities_below` counts the certificates between it and the leaf, self-issued ones left out.
    Raises: PeerError (Invalid Cert).
    """
    basic = extension(issuer, x509.BasicConstraints)
    if basic is None or not basic.ca:
        raise invalid(f"the issuer {shown(issuer.subject)} is no CA (its CA flag is not set)")
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise invalid(f"the key usage of the issuer {shown(issuer.subject)} does not include keyCertSign")
    if basic.path_length is not None and authorities_below > basic.path_length:
        raise invalid(
            f"the issuer {shown(issuer.subject)} has path length {basic.path_length};"
            f" {authorities_below} CAs are below it"
        )


def _allowed(usage: x509.KeyUsage, purpose: Purpose) -> bool:
    return {
        Purpose.SIGN: usage.digital_signature,
        Purpose.ENCRYPT: usage.key_encipherment,
        Purpose.AGREE: usage.key_agreement,
    }[purpose]
