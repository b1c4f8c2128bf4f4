"""What is remembered of certificates seen before: that a signature holds, and nothing that time or trust decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates import Purpose, Trust
from mikey_sdp.mikey.certificates.load import REMEMBERED, decode_der
from tests.pki import MOMENT, NOT_AFTER, Authority, at, ec_key, legacy_signed, rsa_key
from tests.unit.mikey.test_certificates.judging import ALICE, OTHER, ROOT, TRUST, refused, verified
from tests.watching import watched

SIGNATURE_CHECK = "Certificate.verify_directly_issued_by"
PARSE = "load_der_x509_certificate"


def checks_of(leaf: x509.Certificate, trust: Trust = TRUST) -> Counter[str]:
    with watched() as calls:
        verified(leaf, trust=trust)
    return calls


def test_a_signature_that_held_is_not_checked_again() -> None:
    leaf = ROOT.issue(ALICE, key=ec_key("remembered")).certificate
    assert checks_of(leaf)[SIGNATURE_CHECK] == 1
    assert checks_of(leaf)[SIGNATURE_CHECK] == 0
    again = x509.load_der_x509_certificate(ROOT.issue(ALICE, key=ec_key("another")).der)
    assert checks_of(again)[SIGNATURE_CHECK] == 1


def test_a_signature_that_does_not_hold_stays_refused() -> None:
    holder = ROOT.issue(ALICE, key=ec_key("forged"))
    verified(holder.certificate)
    octets = bytearray(holder.der)
    octets[-1] ^= 1
    for _ in range(2):
        refused(decode_der(bytes(octets)), because="bad signature")
    verified(holder.certificate)


def test_time_purpose_and_trust_are_judged_every_time() -> None:
    leaf = ROOT.issue(ALICE, key=ec_key("judged"), usage=["digital_signature"]).certificate
    verified(leaf)
    refused(leaf, because="has expired", now=at(NOT_AFTER + timedelta(seconds=1)))
    refused(leaf, because="does not include keyEncipherment", purpose=Purpose.ENCRYPT)
    refused(leaf, because="unknown issuer", trust=Trust(anchors=(OTHER.certificate,)))
    verified(leaf)


def test_a_certificate_taken_back_is_refused_however_often_it_was_accepted() -> None:
    leaf = ROOT.issue(ALICE, key=ec_key("taken back")).certificate
    verified(leaf)
    refused(leaf, because="is revoked (CRL)", trust=replace(TRUST, crls=(ROOT.crl(leaf),)))
    revoked = ROOT.ocsp(leaf, revoked=True)
    refused(leaf, because="is revoked (OCSP)", trust=replace(TRUST, ocsp=lambda _leaf, _issuer: revoked))


def test_a_sha_1_signature_that_one_end_accepts_is_no_precedent_for_another() -> None:
    key = rsa_key("old authority")
    old = Authority.create("old authority", key=key)
    leaf = legacy_signed(old.issue(ALICE).certificate, key, "SHA1")
    lenient = Trust(anchors=(old.certificate,), accept_sha1=True)
    verified(leaf, trust=lenient)
    refused(leaf, because="is signed with sha1", trust=replace(lenient, accept_sha1=False))


def test_an_expired_issuer_is_refused_though_his_signature_held() -> None:
    brief = Authority.create("brief root", not_after=MOMENT + timedelta(days=1))
    leaf = brief.issue(ALICE, key=ec_key("brief")).certificate
    trust = Trust(anchors=(brief.certificate,))
    verified(leaf, trust=trust)
    refused(leaf, because="has expired", trust=trust, now=at(MOMENT + timedelta(days=2)))


def test_octets_are_read_once_and_rubbish_is_refused_every_time() -> None:
    octets = ROOT.issue(ALICE, key=ec_key("read once")).der
    with watched() as calls:
        first, second = decode_der(octets), decode_der(bytes(bytearray(octets)))
    assert first == second
    assert calls[PARSE] == 1
    for _ in range(2):
        with pytest.raises(PeerError):
            decode_der(octets[:-1])


def test_only_so_many_are_remembered() -> None:
    key = ec_key("many")
    leaves = [ROOT.issue(f"sip:user{number}@example.com", key=key).certificate for number in range(REMEMBERED + 1)]
    for leaf in leaves:
        verified(leaf)
    assert checks_of(leaves[-1])[SIGNATURE_CHECK] == 0
    assert checks_of(leaves[0])[SIGNATURE_CHECK] == 1
