"""What a user agent does before it believes an assertion.

Source: RFC 5197 section 3.6; SAML 2.0 core section 5.4; XML Signature Best Practices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml.assertion import (
    DS,
    ENDORSEMENT_NAME,
    ENTITY_FORMAT,
    HOLDER_OF_KEY,
    SAML,
    Assertion,
    KeyEndorsement,
    domain_of_issuer,
    domain_of_subject,
    instant,
    moment,
    refused,
    unix_us,
)
from mikey_sdp.mikey.saml.backend import EXCLUSIVE, method_uri, parse, verify
from mikey_sdp.mikey.saml.endorsement import check_endorsement
from mikey_sdp.mikey.saml.key_value import octets_of, read_key
from mikey_sdp.mikey.saml.shape import Element, children, leaf_text, only_attributes

ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_SIGNATURE: Final = f"{{{DS}}}Signature"
_ROOT_ATTRIBUTES: Final = ("ID", "IssueInstant", "Version")


def check(
    xml: bytes,
    *,
    issuers: Sequence[x509.Certificate],
    now: NtpTime,
    skew_us: int,
    subject: str | None,
    third_party: Sequence[x509.Certificate] | None = None,
) -> Assertion:
    """What the assertion says, once everything in it has proved right.

    Whoever issues is one of `issuers`, named in its certificate by DNS name or SIP URI, and vouches for users of its
    own domain only. `subject`, if given, is the user that the assertion must be about. With `third_party`, one of them
    must have signed the key as well.
    Raises: PeerError with Invalid Cert (8), for any octets.
    """
    root = parse(xml)
    identifier = _check_root(root)
    certificate = _signer(root, identifier, issuers)
    if not certificate.not_valid_before_utc <= moment(now) <= certificate.not_valid_after_utc:
        raise refused("expired: the issuer's certificate is not valid now")
    signed = verify(xml, certificate=certificate, now=moment(now))
    if _check_root(signed) != identifier:
        raise refused("wrapped assertion: something else than the assertion was signed")
    assertion = _read(signed, identifier)
    _check_names(assertion, certificate, subject)
    _check_time(assertion, now, skew_us)
    if third_party is not None:
        check_endorsement(assertion, third_party, now)
    return assertion


def _check_root(root: Element) -> str:
    if root.tag != f"{{{SAML}}}Assertion":
        raise refused("wrapped assertion: the root is no saml:Assertion")
    identifier, issued, version = only_attributes(root, *_ROOT_ATTRIBUTES)
    if not identifier or version != "2.0":
        raise refused("malformed assertion: no identifier, or another version than 2.0")
    instant(issued)
    return identifier


def _signer(root: Element, identifier: str, issuers: Sequence[x509.Certificate]) -> x509.Certificate:
    """The trusted certificate that claims to have signed; the signature must have the one form of the profile."""
    found = tuple(root)
    if [element.tag for element in found].count(_SIGNATURE) != 1 or found[1:2] == () or found[1].tag != _SIGNATURE:
        raise refused("forged assertion: not signed, or not in the place for it")
    only_attributes(found[1])
    info, value, key_info = children(
        found[1], *(f"{{{DS}}}{name}" for name in ("SignedInfo", "SignatureValue", "KeyInfo"))
    )
    octets_of("".join(leaf_text(value).split()))
    only_attributes(key_info)
    (data,) = children(key_info, f"{{{DS}}}X509Data")
    only_attributes(data)
    (named,) = children(data, f"{{{DS}}}X509Certificate")
    der = octets_of("".join(leaf_text(named).split()))
    for certificate in issuers:
        if certificate.public_bytes(Encoding.DER) == der:
            _check_signed_info(info, identifier, method_uri(certificate))
            return certificate
    raise refused("forged assertion: signed by nobody who is trusted")


def _check_signed_info(info: Element, identifier: str, method: str) -> None:
    only_attributes(info)
    names = ("CanonicalizationMethod", "SignatureMethod", "Reference")
    canonicalization, signature, reference = children(info, *(f"{{{DS}}}{name}" for name in names))
    _check_algorithm(canonicalization, EXCLUSIVE)
    _check_algorithm(signature, method)
    if only_attributes(reference, "URI") != (f"#{identifier}",):
        raise refused("wrapped assertion: the signature is over something else than the root")
    names = ("Transforms", "DigestMethod", "DigestValue")
    transforms, digest, digest_value = children(reference, *(f"{{{DS}}}{name}" for name in names))
    only_attributes(transforms)
    for transform, expected in zip(
        children(transforms, f"{{{DS}}}Transform", f"{{{DS}}}Transform"), (ENVELOPED, EXCLUSIVE), strict=True
    ):
        _check_algorithm(transform, expected)
    _check_algorithm(digest, SHA256)
    octets_of(leaf_text(digest_value))


def _check_algorithm(element: Element, expected: str) -> None:
    children(element)
    if only_attributes(element, "Algorithm") != (expected,):
        raise refused("forged assertion: another algorithm than the profile's and the issuer key's")


def _read(root: Element, identifier: str) -> Assertion:
    names = ["Issuer", "Subject", "Conditions"]
    if len(tuple(root)) > len(names):
        names.append("AttributeStatement")
    issuer, about, conditions, *statements = children(root, *(f"{{{SAML}}}{name}" for name in names))
    only_attributes(about)
    name, confirmation = children(about, f"{{{SAML}}}NameID", f"{{{SAML}}}SubjectConfirmation")
    if only_attributes(name, "Format") != (ENTITY_FORMAT,) or tuple(name) or not name.text:
        raise refused("malformed assertion: the NameID is no entity's")
    children(conditions)
    begin, end = only_attributes(conditions, "NotBefore", "NotOnOrAfter")
    key = _read_confirmation(confirmation)
    return Assertion(
        assertion_id=identifier,
        issuer=leaf_text(issuer),
        subject=name.text,
        not_before=instant(begin),
        not_on_or_after=instant(end),
        group=key[0],
        public=key[1],
        third_party=_read_endorsement(statements[0]) if statements else None,
    )


def _read_confirmation(element: Element) -> tuple[DhGroup, bytes]:
    if only_attributes(element, "Method") != (HOLDER_OF_KEY,):
        raise refused("malformed assertion: the subject is not confirmed by holding a key")
    for name in (f"{{{SAML}}}SubjectConfirmationData", f"{{{DS}}}KeyInfo", f"{{{DS}}}KeyValue"):
        (element,) = children(element, name)
        only_attributes(element)
    found = tuple(element)
    if len(found) != 1 or element.text or found[0].tail:
        raise refused("bad key: not exactly one")
    return read_key(found[0])


def _read_endorsement(statement: Element) -> KeyEndorsement:
    only_attributes(statement)
    (attribute,) = children(statement, f"{{{SAML}}}Attribute")
    if only_attributes(attribute, "Name") != (ENDORSEMENT_NAME,):
        raise refused("malformed assertion: an attribute that is not known")
    fingerprint, signature = children(attribute, *(f"{{{SAML}}}AttributeValue",) * 2)
    return KeyEndorsement(fingerprint=octets_of(leaf_text(fingerprint)), signature=octets_of(leaf_text(signature)))


def _check_names(assertion: Assertion, certificate: x509.Certificate, subject: str | None) -> None:
    domain = domain_of_issuer(assertion.issuer)
    if domain is None or domain not in _domains(certificate):
        raise refused("wrong issuer domain: the issuer's certificate does not name it")
    if domain != domain_of_subject(assertion.subject):
        raise refused("wrong issuer domain: the subject belongs to another")
    if subject is not None and canonical_identity(subject) != canonical_identity(assertion.subject):
        raise refused("wrong subject: the assertion is about another user")


def _domains(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return set()
    uris = (domain_of_issuer(uri) for uri in names.get_values_for_type(x509.UniformResourceIdentifier))
    return {name.lower() for name in names.get_values_for_type(x509.DNSName)} | {uri for uri in uris if uri}


def _check_time(assertion: Assertion, now: NtpTime, skew_us: int) -> None:
    begin, end, moment_us = unix_us(assertion.not_before), unix_us(assertion.not_on_or_after), unix_us(now)
    if begin >= end or moment_us >= end + skew_us:
        raise refused("expired: the assertion's time is over")
    if moment_us < begin - skew_us:
        raise refused("expired: the assertion's time has not come")


def read_unverified(xml: bytes) -> Assertion:
    """What an assertion says, for an onlooker who trusts nobody; whoever acts on it calls `check` instead.

    Raises: PeerError with Invalid Cert (8), for any octets.
    """
    root = parse(xml)
    identifier = _check_root(root)
    for element in tuple(root):
        if element.tag == _SIGNATURE:
            root.remove(element)
    return _read(root, identifier)
