"""What an assertion says, and the names and forms that its XML uses.

Source: SAML 2.0 core sections 2.3 to 2.5; XML Signature 1.1 section 4.5.2.3.1; XML Encryption 1.1 section 5.6.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.registry import DhGroup, ErrorNo

SECTION: Final = "RFC 5197 section 3.6"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
ENTITY_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
HOLDER_OF_KEY: Final = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
ENDORSEMENT_NAME: Final = "urn:x-mikey-sdp:third-party-key-signature"
ENTITY_OCTETS: Final = 1024
"""SAML 2.0 core section 8.3.6: the longest entity identifier."""

# The era of NTP time that is meant lies around its wrap in 2036, so moments from 1968 to 2104 are told apart.
_PIVOT_US: Final = ((1 << 32) - 2_208_988_800) * 1_000_000
_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?"
_DOMAIN_URI: Final = re.compile(rf"sips?:({_HOST})", re.ASCII)
_USER_URI: Final = re.compile(rf"sips?:[!-?A-~]+@({_HOST})", re.ASCII)
_INSTANT: Final = re.compile(r"(19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEndorsement:
    """A third party's word that a Diffie-Hellman key is the user's, which the SIP domain itself can't give.

    Keeps: `fingerprint`, the SHA-256 of the third party's certificate, and its `signature` over user, group and key.
    """

    fingerprint: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A SIP domain's signed statement that a user holds the private part of a Diffie-Hellman key.

    Units: the two times are whole seconds; the statement is good from the first until just before the second.
    Keeps: `public` as a DH payload carries it, and the third party's signature over it, if there is one.
    Source: RFC 5197 section 3.6.
    """

    assertion_id: str
    issuer: str
    subject: str
    not_before: NtpTime
    not_on_or_after: NtpTime
    group: DhGroup
    public: bytes
    third_party: KeyEndorsement | None = None


def refused(reason: str) -> PeerError:
    """The one way in which an assertion is turned down."""
    return PeerError(reason, mikey_error=ErrorNo.INVALID_CERT, section=SECTION)


def domain_of_issuer(issuer: str) -> str | None:
    """The domain that issues, in lower case, or None for what is no URI of a SIP domain."""
    found = _DOMAIN_URI.fullmatch(issuer)
    return found[1].lower() if found else None


def domain_of_subject(subject: str) -> str | None:
    """The domain of an address of record, in lower case, or None for what is none."""
    found = _USER_URI.fullmatch(subject) if len(subject) <= ENTITY_OCTETS else None
    return found[1].lower() if found else None


def moment(time: NtpTime) -> datetime:
    """The date of an NTP time, in the era around 2036."""
    seconds, micros = divmod(time.unix_us(near_unix_us=_PIVOT_US), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


def unix_us(time: NtpTime) -> int:
    """Microseconds since 1970, in the era around 2036."""
    return time.unix_us(near_unix_us=_PIVOT_US)


def instant_text(time: NtpTime) -> str:
    """The time as the XML writes it, to the second."""
    return moment(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> NtpTime:
    """The time that the XML writes: UTC, whole seconds, 1970 to 2099.

    Raises: PeerError with Invalid Cert (8).
    """
    if not _INSTANT.fullmatch(text):
        raise refused("malformed assertion: a time that is not in UTC to the second")
    try:
        date = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise refused("malformed assertion: a date that does not exist") from None
    return NtpTime.from_unix_us(int(date.timestamp()) * 1_000_000)
