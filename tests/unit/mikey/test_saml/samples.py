"""Assertions of one domain about one user, sound and unsound."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from lxml import etree

from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import Assertion, check, issue
from mikey_sdp.mikey.saml.backend import sign
from tests.pki import MOMENT, Authority, Holder, at, rsa_key

CA: Final = Authority.create("ca")
ISSUER: Final = CA.issue("dns:example.com")
RSA_ISSUER: Final = CA.issue("dns:example.com", key=rsa_key("saml"))
OTHER: Final = CA.issue("dns:example.net")
THIRD: Final = CA.issue("sip:notary@example.org")
ALICE: Final = "sip:alice@example.com"
NOW: Final = at(MOMENT)
LATER: Final = at(MOMENT + timedelta(hours=1))
SKEW_US: Final = 60_000_000
PLACEHOLDER: Final = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>'
SIGNATURE: Final = re.compile(rb"<ds:Signature .*?</ds:Signature>", re.DOTALL)


def public_of(group: DhGroup) -> bytes:
    """A DH-value of the group."""
    return group_of(group).private(bytes(range(1, 24))).public


def issued(holder: Holder = ISSUER, *, group: DhGroup = DhGroup.ECP_P_256, **changed: Any) -> bytes:
    """An assertion about Alice, good for an hour from NOW."""
    given: dict[str, Any] = {
        "issuer": "sip:example.com",
        "issuer_key": holder.key,
        "issuer_certificate": holder.certificate,
        "subject": ALICE,
        "group": group,
        "public": public_of(group),
        "not_before": NOW,
        "not_on_or_after": LATER,
        "assertion_id": "_a1",
        "issue_instant": NOW,
    }
    return issue(**(given | changed))


def resigned(old: bytes, new: bytes, xml: bytes | None = None) -> bytes:
    """An assertion in which the issuer itself wrote something else and signed it."""
    bare = SIGNATURE.sub(PLACEHOLDER.encode(), xml or issued())
    changed = bare.replace(old, new)
    if changed == bare:
        raise ValueError(f"{old!r} is not in the assertion")
    return sign(changed.decode(), key=ISSUER.key, certificate=ISSUER.certificate, assertion_id="_a1")


def checked(xml: bytes, **changed: Any) -> Assertion:
    """The assertion as Bob checks it."""
    given: dict[str, Any] = {
        "issuers": [OTHER.certificate, ISSUER.certificate, RSA_ISSUER.certificate],
        "now": NOW,
        "skew_us": SKEW_US,
        "subject": ALICE,
    }
    return check(xml, **(given | changed))


EC_KEY: Final = re.compile(rb"<dsig11:ECKeyValue.*?</dsig11:ECKeyValue>", re.DOTALL)


def _swapped(xml: bytes, old: bytes, new: bytes) -> bytes:
    if old not in xml:
        raise ValueError(f"{old!r} is not in the assertion")
    return xml.replace(old, new, 1)


GOOD: Final = issued()
FIELD: Final = issued(group=DhGroup.OAKLEY_1)
KEY: Final = EC_KEY.findall(GOOD)[0]
SIGNED: Final = SIGNATURE.findall(GOOD)[0]
EVIL: Final = _swapped(SIGNATURE.sub(b"", GOOD), b"alice", b"mallo").replace(b'"_a1"', b'"_evil"')
BEGIN: Final = b'NotBefore="2026-07-01'

# What the issuer signed itself and may not say.
MALFORMED: Final = {
    "two-keys": resigned(KEY, KEY + KEY),
    "key-kind": resigned(KEY, b"<saml:X></saml:X>"),
    "key-compressed": resigned(b"PublicKey>B", b"PublicKey>A"),
    "key-off-curve": resigned(KEY[-80:-60], b"A" * 20),
    "key-curve": resigned(b"10045.3.1.7", b"10045.3.1.9"),
    "key-base64": resigned(b"PublicKey>B", b"PublicKey>*"),
    "field-generator": resigned(b"Generator>Ag==", b"Generator>BQ==", FIELD),
    "field-prime": resigned(b"<xenc:P>/", b"<xenc:P>A", FIELD),
    "field-range": resigned(b"<xenc:Public>", b"<xenc:Public>////", FIELD),
    "version": resigned(b'"2.0"', b'"1.1"'),
    "time-form": resigned(BEGIN, b'NotBefore="2026-7-1'),
    "time-date": resigned(BEGIN, b'NotBefore="2026-02-30'),
    "name-format": resigned(b"nameid-format:entity", b"nameid-format:other"),
    "bearer": resigned(b"holder-of-key", b"bearer"),
    "text-between": resigned(b"<saml:Conditions", b"x<saml:Conditions"),
    "attribute": resigned(b'Version="2.0"', b'Version="2.0" X="y"'),
    "no-subject-text": resigned(ALICE.encode(), b""),
    "empty-issuer": resigned(b">sip:example.com<", b"><"),
    "surplus-element": resigned(b"</saml:Assertion>", b"<saml:Advice></saml:Advice></saml:Assertion>"),
    "unknown-attribute": resigned(
        b"</saml:Assertion>",
        b'<saml:AttributeStatement><saml:Attribute Name="x"></saml:Attribute></saml:AttributeStatement>'
        b"</saml:Assertion>",
    ),
    "foreign-subject": resigned(b"alice@example.com", b"alice@example.net"),
    "foreign-issuer": resigned(b">sip:example.com<", b">sip:example.net<"),
}
FORGED: Final = {
    "unsigned": SIGNATURE.sub(b"", GOOD),
    "signature-only": GOOD[: GOOD.index(b"<saml:Issuer>")] + SIGNED + b"</saml:Assertion>",
    "other-signer": issued(CA.issue("dns:example.com", subject="another")),
    "sha1": _swapped(GOOD, b"xmlenc#sha256", b"xmldsig#sha1"),
    "rsa-method": _swapped(GOOD, b"ecdsa-sha256", b"rsa-sha256"),
    "digest": _swapped(GOOD, b"<saml:Issuer>sip:", b"<saml:Issuer>sips:"),
    "doctype": b'<!DOCTYPE a [<!ENTITY x "y">]>' + GOOD,
    "entity": _swapped(GOOD, b"sip:alice", b"&x;sip:alice"),
    "comment": _swapped(GOOD, b"sip:alice", b"sip:alice<!-- -->"),
    "not-canonical": _swapped(GOOD, b'Version="2.0">', b'Version="2.0" >'),
    "deep": b"<a>" * 20 + b"</a>" * 20,
    "many": b"<a>" + b"<b></b>" * 100 + b"</a>",
    "long": b"<a>" + b"x" * 20_000 + b"</a>",
}
# The signed assertion is still there and still verifies, but is not what stands in the place of the assertion.
_WRAPPED: Final = {
    "within-another-root": b"<a>" + GOOD + b"</a>",
    "root-swapped-original-in-object": _swapped(
        EVIL,
        b"</saml:Issuer>",
        b"</saml:Issuer>"
        + _swapped(SIGNED, b"</ds:Signature>", b"<ds:Object>")
        + SIGNATURE.sub(b"", GOOD)
        + b"</ds:Object></ds:Signature>",
    ),
    "root-swapped-original-as-sibling": _swapped(
        EVIL, b"</saml:Issuer>", b"</saml:Issuer>" + SIGNED + SIGNATURE.sub(b"", GOOD)
    ),
    "original-as-child": _swapped(EVIL, b"<saml:Subject>", GOOD + b"<saml:Subject>"),
    "same-identifier-twice": _swapped(
        EVIL.replace(b"_evil", b"_a1"), b"</saml:Issuer>", b"</saml:Issuer>" + SIGNED + SIGNATURE.sub(b"", GOOD)
    ),
    "whole-document": _swapped(GOOD, b'URI="#_a1"', b'URI=""'),
}
# In canonical form, so that the form is not what they are refused for.
WRAPPED: Final = {
    name: etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True) for name, xml in _WRAPPED.items()
}
