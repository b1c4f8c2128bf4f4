"""What a SIP domain does to vouch for a user's Diffie-Hellman key.

Source: RFC 5197 section 3.6; SAML 2.0 core sections 2.3 to 2.5.
"""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

from cryptography import x509

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml.assertion import (
    DS,
    ENDORSEMENT_NAME,
    ENTITY_FORMAT,
    HOLDER_OF_KEY,
    SAML,
    KeyEndorsement,
    domain_of_issuer,
    domain_of_subject,
    instant_text,
    unix_us,
)
from mikey_sdp.mikey.saml.backend import IssuerKey, sign
from mikey_sdp.mikey.saml.key_value import base64_text, check_key, key_xml

_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,127}", re.ASCII)


def issue(
    *,
    issuer: str,
    issuer_key: IssuerKey,
    issuer_certificate: x509.Certificate,
    subject: str,
    group: DhGroup,
    public: bytes,
    not_before: NtpTime,
    not_on_or_after: NtpTime,
    assertion_id: str,
    issue_instant: NtpTime,
    third_party: KeyEndorsement | None = None,
) -> bytes:
    """The XML of a signed assertion, in canonical form; the same arguments give the same octets.

    Units: times are cut to whole seconds.
    Raises: UsageError for a user of another domain, a key that does not fit, an identifier that XML does not allow.
    """
    _check_arguments(issuer, issuer_key, issuer_certificate, subject, assertion_id)
    if unix_us(not_before) >= unix_us(not_on_or_after):
        raise UsageError("an assertion ends after it begins")
    try:
        check_key(group, public)
    except PeerError as error:
        raise UsageError(f"no assertion is issued for this key: {error.reason}") from None
    xml = (
        f'<saml:Assertion xmlns:saml="{SAML}" ID="{assertion_id}" IssueInstant="{instant_text(issue_instant)}"'
        f' Version="2.0"><saml:Issuer>{escape(issuer)}</saml:Issuer>'
        f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'
        f'<saml:Subject><saml:NameID Format="{ENTITY_FORMAT}">{escape(subject)}</saml:NameID>'
        f'<saml:SubjectConfirmation Method="{HOLDER_OF_KEY}"><saml:SubjectConfirmationData>'
        f'<ds:KeyInfo xmlns:ds="{DS}"><ds:KeyValue>{key_xml(group, public)}</ds:KeyValue></ds:KeyInfo>'
        f"</saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{instant_text(not_before)}" NotOnOrAfter="{instant_text(not_on_or_after)}"/>'
        f"{'' if third_party is None else _endorsement_xml(third_party)}</saml:Assertion>"
    )
    return sign(xml, key=issuer_key, certificate=issuer_certificate, assertion_id=assertion_id)


def _check_arguments(
    issuer: str, issuer_key: IssuerKey, certificate: x509.Certificate, subject: str, assertion_id: str
) -> None:
    domain = domain_of_issuer(issuer)
    if domain is None or domain != domain_of_subject(subject):
        raise UsageError("a domain vouches for its own users: issuer sip:DOMAIN, subject sip:USER@DOMAIN")
    if issuer_key.public_key() != certificate.public_key():
        raise UsageError("the issuer's key is not the one in its certificate; hand in the pair")
    if not _ID.fullmatch(assertion_id):
        raise UsageError("an assertion's identifier is a letter or _ and then letters, digits, dots, _ and -")


def _endorsement_xml(endorsement: KeyEndorsement) -> str:
    values = "".join(
        f"<saml:AttributeValue>{base64_text(octets)}</saml:AttributeValue>"
        for octets in (endorsement.fingerprint, endorsement.signature)
    )
    return (
        f'<saml:AttributeStatement><saml:Attribute Name="{ENDORSEMENT_NAME}">{values}</saml:Attribute>'
        f"</saml:AttributeStatement>"
    )
