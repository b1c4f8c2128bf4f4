"""Certificates that were taken back: CRLs and OCSP responses, fresh, stale and forged."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates import Purpose, Trust, fingerprint, verify_chain
from mikey_sdp.mikey.registry import ErrorNo
from tests.pki import MOMENT, Authority, at, ec_key, key_usage, legacy_crl, legacy_ocsp, rsa_key

ROOT = Authority.create("root")
IMPOSTOR = Authority.create("root", key=ec_key("impostor"))
ALICE = ROOT.issue("sip:alice@example.com")
BOB = ROOT.issue("sip:bob@example.com")
TRUST = Trust(anchors=(ROOT.certificate,))
STRICT = replace(TRUST, require_revocation=True)
LATER = MOMENT + timedelta(seconds=60)


def verified(trust: Trust, *chain: x509.Certificate, moment: datetime = MOMENT) -> x509.Certificate:
    return verify_chain(trust, chain or (ALICE.certificate,), now=at(moment), purpose=Purpose.SIGN)


def refused(trust: Trust, *chain: x509.Certificate, because: str, moment: datetime = MOMENT) -> None:
    with pytest.raises(PeerError, match=re.escape(because)) as caught:
        verified(trust, *chain, moment=moment)
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


def with_ocsp(trust: Trust, data: bytes | None) -> Trust:
    return replace(trust, ocsp=lambda _certificate, _issuer: data)


@pytest.mark.requirement("3830-4.3.1-3")
def test_policy_decides_whether_silence_about_revocation_is_a_refusal() -> None:
    assert verified(TRUST) is ALICE.certificate
    refused(STRICT, because="neither a CRL nor an OCSP response")


# CRLs


def test_a_crl_that_names_the_certificate_revokes_it() -> None:
    refused(replace(TRUST, crls=(ROOT.crl(ALICE.certificate),)), because="is revoked (CRL)")


def test_a_crl_that_names_others_vouches_for_it() -> None:
    assert verified(replace(STRICT, crls=(ROOT.crl(BOB.certificate),))) is ALICE.certificate


def test_a_stale_crl_vouches_for_nobody_but_revokes_still() -> None:
    stale = {"issued": MOMENT - timedelta(days=2), "superseded": MOMENT - timedelta(seconds=1)}
    refused(replace(STRICT, crls=(ROOT.crl(**stale),)), because="the CRL is stale")
    assert verified(replace(TRUST, crls=(ROOT.crl(**stale),))) is ALICE.certificate
    refused(replace(TRUST, crls=(ROOT.crl(ALICE.certificate, **stale),)), because="is revoked (CRL)")


def test_a_crl_of_tomorrow_vouches_for_nobody() -> None:
    refused(replace(STRICT, crls=(ROOT.crl(issued=LATER),)), because="from the future")


def test_a_forged_crl_tells_nothing() -> None:
    forged = IMPOSTOR.crl(ALICE.certificate)
    assert verified(replace(TRUST, crls=(forged,))) is ALICE.certificate
    refused(replace(STRICT, crls=(IMPOSTOR.crl(),)), because="the CRL has a bad signature")
    other_kind = Authority.create("root", key=rsa_key("impostor"))
    refused(replace(STRICT, crls=(other_kind.crl(),)), because="the CRL has a bad signature")


def test_a_crl_of_another_issuer_tells_nothing() -> None:
    refused(replace(STRICT, crls=(Authority.create("other").crl(),)), because="neither a CRL")


def test_a_crl_of_another_scope_tells_nothing() -> None:
    delta = ROOT.crl(extensions=[(x509.DeltaCRLIndicator(1), True)])
    refused(replace(STRICT, crls=(delta,)), because="critical extension")


def test_an_issuer_without_crlsign_makes_no_crl() -> None:
    plain = ROOT.authority("plain", extensions=[(key_usage("key_cert_sign"), True)])
    leaf = plain.issue("sip:carol@example.com").certificate
    trust = replace(STRICT, crls=(plain.crl(), ROOT.crl()))
    refused(trust, leaf, plain.certificate, because="cRLSign")


def test_a_revoked_authority_takes_its_users_along() -> None:
    middle = ROOT.authority("middle")
    leaf = middle.issue("sip:carol@example.com").certificate
    good = replace(STRICT, crls=(middle.crl(), ROOT.crl()))
    assert verified(good, leaf, middle.certificate) is leaf
    refused(
        replace(STRICT, crls=(middle.crl(), ROOT.crl(middle.certificate))),
        leaf,
        middle.certificate,
        because="the certificate of 'CN=middle' is revoked",
    )
    refused(replace(STRICT, crls=(middle.crl(),)), leaf, middle.certificate, because="'CN=middle' was revoked: neither")


# OCSP


@pytest.mark.requirement("4738-3.8-5")
def test_ocsp_speaks_for_a_good_certificate_and_against_a_revoked_one() -> None:
    assert verified(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate))) is ALICE.certificate
    refused(with_ocsp(TRUST, ROOT.ocsp(ALICE.certificate, revoked=True)), because="is revoked (OCSP)")


@pytest.mark.requirement("4738-3.8-6")
def test_next_update_ends_an_ocsp_response_and_without_it_a_day_does() -> None:
    minute = with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, superseded=LATER))
    assert verified(minute, moment=LATER) is ALICE.certificate
    refused(minute, moment=LATER + timedelta(seconds=1), because="the OCSP response is stale")
    endless = with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, superseded=None))
    assert verified(endless, moment=MOMENT + timedelta(days=1)) is ALICE.certificate
    refused(endless, moment=MOMENT + timedelta(days=1, seconds=1), because="the OCSP response is stale")


def test_a_stale_ocsp_response_revokes_still() -> None:
    old = ROOT.ocsp(ALICE.certificate, revoked=True, superseded=LATER)
    refused(with_ocsp(TRUST, old), moment=LATER + timedelta(days=1), because="is revoked (OCSP)")


def test_an_ocsp_response_from_the_future_vouches_for_nobody() -> None:
    refused(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, issued=LATER)), because="from the future")


def test_a_responder_that_does_not_know_vouches_for_nobody() -> None:
    unknown = ROOT.ocsp(ALICE.certificate, status=ocsp.OCSPCertStatus.UNKNOWN)
    refused(with_ocsp(STRICT, unknown), because="does not know")


def test_an_ocsp_response_about_another_certificate_tells_nothing() -> None:
    refused(with_ocsp(STRICT, ROOT.ocsp(BOB.certificate)), because="about other certificates")
    assert verified(with_ocsp(TRUST, ROOT.ocsp(BOB.certificate, revoked=True))) is ALICE.certificate


def test_an_ocsp_response_about_another_issuers_serial_number_tells_nothing() -> None:
    twin = IMPOSTOR.issue("sip:alice@example.com")
    assert twin.certificate.serial_number == ALICE.certificate.serial_number
    refused(with_ocsp(STRICT, IMPOSTOR.ocsp(twin.certificate)), because="about other certificates")


def test_a_forged_ocsp_response_tells_nothing() -> None:
    forged = bytearray(ROOT.ocsp(ALICE.certificate))
    forged[-1] ^= 1
    refused(with_ocsp(STRICT, bytes(forged)), because="bad signature")
    by_stranger = ROOT.ocsp(ALICE.certificate, revoked=True, responder=IMPOSTOR)
    assert verified(with_ocsp(TRUST, by_stranger)) is ALICE.certificate


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not readable"),
        (b"not OCSP", "not readable"),
        (bytes.fromhex("30030a0101"), "the OCSP responder answered MALFORMED_REQUEST"),
        (bytes.fromhex("30030a0106"), "the OCSP responder answered UNAUTHORIZED"),
        (bytes(70_000), "has 70000 octets"),
    ],
)
def test_what_is_no_successful_ocsp_response_tells_nothing(data: bytes, reason: str) -> None:
    assert verified(with_ocsp(TRUST, data)) is ALICE.certificate
    refused(with_ocsp(STRICT, data), because=reason)


def test_news_signed_with_sha1_tells_nothing_even_where_certificates_may_be() -> None:
    key = rsa_key("RSA root")
    root = Authority.create("RSA root", key=key)
    leaf = root.issue("sip:carol@example.com").certificate
    trust = Trust(anchors=(root.certificate,), require_revocation=True, accept_sha1=True)
    refused(replace(trust, crls=(legacy_crl(root.crl(), key),)), leaf, because="the CRL is signed with sha1")
    refused(with_ocsp(trust, legacy_ocsp(root.ocsp(leaf), key)), leaf, because="response is signed with sha1")


def test_no_ocsp_response_tells_nothing() -> None:
    assert verified(with_ocsp(TRUST, None)) is ALICE.certificate
    refused(with_ocsp(STRICT, None), because="neither a CRL nor an OCSP response")


def test_an_issuer_can_charge_a_responder() -> None:
    charged = ROOT.issue(subject="responder", extended_usage=[ExtendedKeyUsageOID.OCSP_SIGNING])
    assert verified(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, responder=charged))) is ALICE.certificate


def test_a_user_is_no_responder_nor_is_a_late_or_foreign_one() -> None:
    refused(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, responder=BOB)), because="bad signature")
    signing = [ExtendedKeyUsageOID.OCSP_SIGNING]
    late = ROOT.issue(subject="responder", extended_usage=signing, not_after=MOMENT - timedelta(days=1))
    refused(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, responder=late)), because="expired")
    foreign = IMPOSTOR.issue(subject="responder", extended_usage=signing)
    refused(with_ocsp(STRICT, ROOT.ocsp(ALICE.certificate, responder=foreign)), because="bad signature")


def test_an_rsa_issuer_answers_as_well() -> None:
    root = Authority.create("RSA root", key=rsa_key("RSA root"))
    leaf = root.issue("sip:carol@example.com").certificate
    trust = Trust(anchors=(root.certificate,), require_revocation=True)
    assert verified(with_ocsp(trust, root.ocsp(leaf)), leaf) is leaf
    assert verified(replace(trust, crls=(root.crl(),)), leaf) is leaf


def test_ocsp_is_asked_about_each_certificate_below_the_anchor_with_its_issuer() -> None:
    middle = ROOT.authority("middle")
    leaf = middle.issue("sip:carol@example.com").certificate
    asked = []

    def source(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes | None:
        asked.append((certificate, issuer))
        return None

    verified(replace(TRUST, ocsp=source), leaf, middle.certificate)
    assert asked == [(leaf, middle.certificate), (middle.certificate, ROOT.certificate)]


def test_a_crl_revokes_whatever_ocsp_says() -> None:
    trust = replace(with_ocsp(TRUST, ROOT.ocsp(ALICE.certificate)), crls=(ROOT.crl(ALICE.certificate),))
    refused(trust, because="is revoked (CRL)")


def test_a_pinned_certificate_asks_nobody() -> None:
    pinned = replace(STRICT, anchors=(), pins=frozenset({fingerprint(ALICE.certificate)}))
    assert verified(pinned) is ALICE.certificate
