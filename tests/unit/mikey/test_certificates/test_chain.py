"""Paths to a root: what is accepted, and every reason not to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.certificates import (
    Trust,
    decode_der,
    fingerprint,
)
from tests.pki import (
    MOMENT,
    NOT_AFTER,
    NOT_BEFORE,
    Authority,
    at,
    ec_key,
    legacy_signed,
    rsa_key,
)
from tests.unit.mikey.test_certificates.judging import ALICE, OTHER, ROOT, TRUST, refused, verified


def test_a_certificate_of_the_root_is_accepted() -> None:
    leaf = ROOT.issue(ALICE).certificate
    assert verified(leaf) is leaf


def test_the_anchor_may_come_along_in_the_chain() -> None:
    leaf = ROOT.issue(ALICE).certificate
    assert verified(leaf, ROOT.certificate) is leaf


def test_no_certificate_is_refused() -> None:
    refused(because="no certificate")


@pytest.mark.requirement("3830-4.3.2-1")
def test_an_authority_that_nobody_configured_is_refused_but_a_pin_will_do() -> None:
    leaf = OTHER.issue(ALICE).certificate
    refused(leaf, because="unknown issuer 'CN=other root'")
    refused(leaf, OTHER.certificate, because="unknown issuer 'CN=other root'")
    assert verified(leaf, trust=replace(TRUST, pins=frozenset({fingerprint(leaf)}))) is leaf


@pytest.mark.requirement("3830-4.3.2-2")
def test_an_intermediate_in_the_message_leads_to_the_root_and_its_absence_does_not() -> None:
    middle = ROOT.authority("middle")
    leaf = middle.issue(ALICE).certificate
    assert verified(leaf, middle.certificate) is leaf
    refused(leaf, because="unknown issuer 'CN=middle'")
    assert verified(leaf, trust=replace(TRUST, intermediates=(middle.certificate,))) is leaf


def test_an_intermediate_at_hand_is_no_anchor() -> None:
    middle = OTHER.authority("middle")
    leaf = middle.issue(ALICE).certificate
    refused(leaf, trust=replace(TRUST, intermediates=(middle.certificate,)), because="unknown issuer 'CN=other root'")


def test_the_order_of_the_rest_does_not_matter() -> None:
    first = ROOT.authority("first")
    second = first.authority("second")
    leaf = second.issue(ALICE).certificate
    assert verified(leaf, first.certificate, second.certificate) is leaf
    assert verified(leaf, second.certificate, OTHER.certificate, first.certificate) is leaf


# Time


@pytest.mark.parametrize("moment", [NOT_BEFORE, MOMENT, NOT_AFTER])
def test_both_ends_of_the_validity_belong_to_it(moment: datetime) -> None:
    leaf = ROOT.issue(ALICE).certificate
    assert verified(leaf, now=at(moment)) is leaf


def test_before_and_after_its_time_a_certificate_is_refused() -> None:
    leaf = ROOT.issue(ALICE, not_before=MOMENT, not_after=MOMENT + timedelta(days=1)).certificate
    refused(leaf, now=at(MOMENT - timedelta(seconds=1)), because="not yet valid")
    refused(leaf, now=at(MOMENT + timedelta(days=1, seconds=1)), because="has expired")


def test_an_authority_out_of_its_time_is_refused() -> None:
    late = ROOT.authority("late", not_after=MOMENT - timedelta(seconds=1))
    refused(late.issue(ALICE).certificate, late.certificate, because="the certificate of 'CN=late' has expired")
    old_root = Authority.create("old root", not_after=MOMENT - timedelta(days=1))
    refused(
        old_root.issue(ALICE).certificate,
        trust=Trust(anchors=(old_root.certificate,)),
        because="the certificate of 'CN=old root' has expired",
    )


def test_a_pin_stops_no_clock() -> None:
    leaf = OTHER.issue(ALICE).certificate
    trust = Trust(pins=frozenset({fingerprint(leaf)}))
    refused(leaf, trust=trust, now=at(NOT_AFTER + timedelta(seconds=1)), because="has expired")


def test_a_certificate_without_end_and_the_wrap_of_2036() -> None:
    ages = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    root = Authority.create("eternal", not_after=ages)
    leaf = root.issue(ALICE, not_after=ages).certificate
    trust = Trust(anchors=(root.certificate,))
    for moment in (MOMENT, datetime(2036, 2, 7, 6, 28, 17, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)):
        assert verified(leaf, trust=trust, now=at(moment)) is leaf
    refused(leaf, trust=trust, now=at(datetime(2025, 12, 31, tzinfo=UTC)), because="not yet valid")


# Signatures


def test_another_key_of_the_same_name_is_a_bad_signature() -> None:
    impostor = Authority.create("root", key=ec_key("impostor"))
    refused(impostor.issue(ALICE).certificate, because="bad signature")


def test_of_two_roots_of_one_name_the_right_one_is_found() -> None:
    renewed = Authority.create("root", key=ec_key("renewed"))
    leaf = renewed.issue(ALICE).certificate
    assert verified(leaf, trust=Trust(anchors=(ROOT.certificate, renewed.certificate))) is leaf


@pytest.mark.parametrize("octet", [-1, -20])
def test_a_touched_signature_is_bad(octet: int) -> None:
    der = bytearray(ROOT.issue(ALICE).der)
    der[octet] ^= 1
    refused(decode_der(bytes(der)), because="bad signature")


def test_a_touched_name_is_a_bad_signature() -> None:
    der = ROOT.issue(ALICE).der.replace(b"sip:alice@", b"sip:malic@")
    refused(decode_der(der), because="bad signature")


def test_an_issuer_with_another_kind_of_key_is_a_bad_signature() -> None:
    impostor = Authority.create("root", key=rsa_key("impostor"))
    refused(impostor.issue(ALICE).certificate, because="bad signature")


@pytest.mark.parametrize(
    "curve", [ec.SECP192R1(), ec.SECP224R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name
)
def test_every_curve_of_the_profile_can_certify(curve: ec.EllipticCurve) -> None:
    root = Authority.create("curved", key=ec_key("curved", curve))
    leaf = root.issue(ALICE, key=ec_key("leaf", curve)).certificate
    assert verified(leaf, trust=Trust(anchors=(root.certificate,))) is leaf


def test_sha1_certifies_only_where_it_is_asked_for_and_md5_never() -> None:
    key = rsa_key("legacy root")
    root = Authority.create("legacy root", key=key)
    issued = root.issue(ALICE).certificate
    trust = Trust(anchors=(root.certificate,))
    old = legacy_signed(issued, key, "SHA1")
    refused(old, trust=trust, because="signed with sha1")
    assert verified(old, trust=replace(trust, accept_sha1=True)) is old
    refused(legacy_signed(issued, key, "MD5"), trust=replace(trust, accept_sha1=True), because="signed with md5")


def test_where_sha1_is_accepted_a_wrong_sha1_signature_is_not() -> None:
    root = Authority.create("legacy root", key=rsa_key("legacy root"))
    forged = legacy_signed(root.issue(ALICE).certificate, rsa_key("impostor"), "SHA1")
    refused(forged, trust=Trust(anchors=(root.certificate,), accept_sha1=True), because="bad signature")


def test_the_hash_under_an_anchors_own_signature_does_not_matter() -> None:
    key = rsa_key("legacy root")
    root = Authority.create("legacy root", key=key)
    anchor = legacy_signed(root.certificate, key, "SHA1")
    leaf = root.issue(ALICE).certificate
    assert verified(leaf, trust=Trust(anchors=(anchor,))) is leaf
