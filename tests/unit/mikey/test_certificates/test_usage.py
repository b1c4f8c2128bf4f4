"""What a certificate is for, and which names an authority may give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates import (
    Purpose,
    Trust,
    fingerprint,
)
from tests.pki import (
    NOT_AFTER,
    Authority,
    at,
    ec_key,
    names,
    self_signed,
)
from tests.unit.mikey.test_certificates.judging import ALICE, OTHER, ROOT, refused, verified

# What a certificate is for


PURPOSES = [
    (Purpose.SIGN, "digital_signature"),
    (Purpose.ENCRYPT, "key_encipherment"),
    (Purpose.AGREE, "key_agreement"),
]


@pytest.mark.parametrize(("purpose", "usage"), PURPOSES)
def test_key_usage_counts_where_there_is_one(purpose: Purpose, usage: str) -> None:
    key = ec_key("used")
    without = ROOT.issue(ALICE, key=key).certificate
    right = ROOT.issue(ALICE, key=key, usage=[usage]).certificate
    wrong = ROOT.issue(ALICE, key=key, usage=[other for _, other in PURPOSES if other != usage]).certificate
    assert verified(without, purpose=purpose) is without
    assert verified(right, purpose=purpose) is right
    refused(wrong, purpose=purpose, because=f"does not include {purpose.value}")


def test_key_usage_counts_for_a_pinned_certificate_too() -> None:
    own = self_signed(ALICE, usage=["key_encipherment"]).certificate
    trust = Trust(pins=frozenset({fingerprint(own)}))
    refused(own, trust=trust, because="does not include digitalSignature")
    assert verified(own, trust=trust, purpose=Purpose.ENCRYPT) is own


@pytest.mark.parametrize(
    ("extended", "good"),
    [
        ([ExtendedKeyUsageOID.EMAIL_PROTECTION], True),
        ([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.CLIENT_AUTH], True),
        ([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.20")], True),
        ([ExtendedKeyUsageOID.OCSP_SIGNING], False),
        ([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING], False),
    ],
)
def test_extended_key_usage_counts_where_there_is_one(extended: Sequence[x509.ObjectIdentifier], good: bool) -> None:
    leaf = ROOT.issue(ALICE, extended_usage=extended).certificate
    if good:
        assert verified(leaf) is leaf
    else:
        refused(leaf, because="extended key usage")


@pytest.mark.parametrize(("bits", "good"), [(1023, False), (1024, True), (8192, True), (8200, False)])
def test_rsa_keys_too_short_or_too_long_to_handle_are_refused(bits: int, good: bool) -> None:
    modulus = (1 << (bits - 1)) | 1  # no product of two primes, but nobody looks
    leaf = ROOT.issue(ALICE, public_key=rsa.RSAPublicNumbers(65537, modulus).public_key()).certificate
    if good:
        assert verified(leaf) is leaf
    else:
        refused(leaf, because=f"has {bits} bits")


def test_a_critical_extension_that_nobody_understands_is_refused_and_an_optional_one_is_not() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    refused(ROOT.issue(ALICE, extensions=[(strange, True)]).certificate, because="1.3.6.1.4.1.99999.1")
    leaf = ROOT.issue(ALICE, extensions=[(strange, False)]).certificate
    assert verified(leaf) is leaf
    middle = ROOT.authority("strange", extensions=[(strange, True)])
    refused(middle.issue(ALICE).certificate, middle.certificate, because="critical extension")


# Name constraints


def below(permitted: Sequence[str] = (), excluded: Sequence[str] = ()) -> Authority:
    limits = x509.NameConstraints(names(*permitted) or None, names(*excluded) or None)
    return ROOT.authority("limited", extensions=[(limits, True)])


@pytest.mark.parametrize(
    ("permitted", "excluded", "name", "good"),
    [
        (["example.com"], [], ALICE, True),
        (["example.com"], [], "sip:alice@EXAMPLE.com", True),
        (["example.com"], [], "sip:alice@pbx.example.com", False),
        ([".example.com"], [], "sip:alice@pbx.example.com", True),
        ([".example.com"], [], "sip:alice@badexample.com", False),
        (["example.com"], [], "sip:example.com/x@victim.org", False),
        (["example.com"], [], "sip:example.com;x@victim.org", False),
        (["example.com"], [], "sip:example.com:pw@victim.org", False),
        (["example.com"], [], "sip:alice@example.com:5070", True),
        ([], ["example.com"], ALICE, False),
        ([], ["example.com"], "mail:alice@example.com", True),
        (["mail:example.com"], [], "mail:alice@example.com", True),
        (["mail:example.com"], [], "mail:alice@example.org", False),
        (["mail:alice@example.com"], [], "mail:alice@example.com", True),
        (["mail:alice@example.com"], [], "mail:Alice@example.com", False),
        (["mail:example.com"], [], "sip:alice@example.org", True),
        (["dns:example.com"], [], "dns:pbx.example.com", True),
        (["dns:example.com"], [], "dns:badexample.com", False),
        (["example.com"], [], "http://example.com/x", True),
        (["example.com"], [], "http://example.org/@example.com", False),
    ],
)
def test_name_constraints(permitted: Sequence[str], excluded: Sequence[str], name: str, good: bool) -> None:
    authority = below(permitted, excluded)
    leaf = authority.issue(name).certificate
    if good:
        assert verified(leaf, authority.certificate) is leaf
    else:
        refused(leaf, authority.certificate, because="name constraints")


def test_name_constraints_of_another_kind_are_refused_unread() -> None:
    limits = x509.NameConstraints([x509.DirectoryName(ROOT.certificate.subject)], None)
    authority = ROOT.authority("limited", extensions=[(limits, True)])
    refused(authority.issue(ALICE).certificate, authority.certificate, because="not understood")


def test_the_reason_shows_no_control_characters_of_a_peers_name() -> None:
    with pytest.raises(PeerError) as caught:
        verified(OTHER.issue(subject="evil\x1b[2J\r\n" + "x" * 50).certificate, now=at(NOT_AFTER + timedelta(days=2)))
    assert str(caught.value).isprintable()


def test_a_fingerprint_is_the_sha256_of_the_der() -> None:
    import hashlib

    assert fingerprint(ROOT.certificate) == hashlib.sha256(ROOT.certificate.public_bytes(Encoding.DER)).digest()
