"""Certificates into CERT payloads and back."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey import payloads
from mikey_sdp.mikey.certificates import (
    CertificateStyle,
    Purpose,
    Trust,
    chain_of,
    payloads_of,
    url_of,
    verify_chain,
)
from mikey_sdp.mikey.registry import CertType, ErrorNo
from tests.pki import MOMENT, Authority, at, ec_key

ROOT = Authority.create("root")
UPPER = ROOT.authority("upper")
LOWER = UPPER.authority("lower")
ALICE = LOWER.issue("sip:alice@example.com")
URL = "http://certs.example.com/alice@example.com.cer"
NOBODY = Trust()
TRUST = Trust(anchors=(ROOT.certificate,))


def cert(data: bytes, cert_type: CertType = CertType.X509V3) -> payloads.Certificate:
    return payloads.Certificate(cert_type=cert_type, data=data)


def refused(*sent: payloads.Certificate, because: str, trust: Trust = NOBODY, purpose: Purpose = Purpose.SIGN) -> None:
    with pytest.raises(PeerError, match=because) as caught:
        chain_of(sent, trust, 8, purpose)
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


# Sending


@pytest.mark.requirement("3830-6.7-5")
def test_a_chain_is_one_payload_each_leaf_first() -> None:
    own = (ALICE.certificate, LOWER.certificate, UPPER.certificate)
    sent = payloads_of(own, CertificateStyle.CHAIN)
    assert sent == (cert(ALICE.der), cert(LOWER.der), cert(UPPER.der))


def test_a_leaf_alone_and_nothing_at_all() -> None:
    own = (ALICE.certificate, LOWER.certificate)
    assert payloads_of(own, CertificateStyle.LEAF) == (cert(ALICE.der),)
    assert payloads_of(own, CertificateStyle.NONE) == ()
    assert payloads_of((), CertificateStyle.NONE) == ()


def test_a_url_goes_as_plain_ascii() -> None:
    assert payloads_of((), CertificateStyle.URL, URL) == (cert(URL.encode(), CertType.X509V3_URL),)


@pytest.mark.parametrize(
    "url",
    [None, "", "ftp://example.com/a.cer", "https://example.com/a.cer", "http://", "http://e/\xe4", "http://e/a b"],
)
def test_a_url_that_no_peer_can_use_is_the_callers_mistake(url: str | None) -> None:
    with pytest.raises(UsageError, match="http URL"):
        payloads_of((ALICE.certificate,), CertificateStyle.URL, url)


@pytest.mark.parametrize("style", [CertificateStyle.LEAF, CertificateStyle.CHAIN])
def test_no_certificate_to_send_is_the_callers_mistake(style: CertificateStyle) -> None:
    with pytest.raises(UsageError, match="there is none"):
        payloads_of((), style)


@pytest.mark.requirement("4738-3.8-7")
@pytest.mark.parametrize("root", ["http://example.com/certs", "http://example.com/certs/"])
def test_a_url_below_a_provisioned_root(root: str) -> None:
    assert url_of(root, "alice@example.com") == "http://example.com/certs/alice@example.com.cer"


# Receiving


def test_a_chain_comes_back_as_it_went() -> None:
    own = (ALICE.certificate, LOWER.certificate, UPPER.certificate)
    assert chain_of(payloads_of(own, CertificateStyle.CHAIN), NOBODY, 8) == own


def test_after_the_leaf_the_issuers_are_put_in_order_and_strangers_last() -> None:
    other = Authority.create("other")
    sent = (cert(ALICE.der), cert(other.der), cert(UPPER.der), cert(LOWER.der), cert(ROOT.der))
    assert chain_of(sent, NOBODY, 8) == (
        ALICE.certificate,
        LOWER.certificate,
        UPPER.certificate,
        ROOT.certificate,
        other.certificate,
    )


def test_a_loop_of_issuers_ends() -> None:
    one, two = Authority.create("one"), Authority.create("two")
    crossed = (two.authority("one", key=one.key), one.authority("two", key=two.key))
    leaf = one.issue("sip:alice@example.com")
    chain = chain_of([cert(leaf.der), *(cert(each.der) for each in crossed), cert(leaf.der)], NOBODY, 8)
    assert chain == (leaf.certificate, crossed[0].certificate, crossed[1].certificate, leaf.certificate)


def test_a_message_without_certificates_has_no_chain() -> None:
    assert chain_of((), NOBODY, 8) == ()


def test_more_certificates_than_the_limit_are_refused_unread() -> None:
    with pytest.raises(PeerError, match="3 CERT payloads; 2 are accepted"):
        chain_of([cert(b"")] * 3, NOBODY, 2)


@pytest.mark.requirement("3830-6.7-3")
@pytest.mark.parametrize("cert_type", [CertType.of(7), CertType.SAML_XML])
def test_a_type_that_is_no_x509_is_refused(cert_type: CertType) -> None:
    refused(cert(ALICE.der, cert_type), because="is no X.509 certificate")


@pytest.mark.requirement("3830-6.7-3")
def test_a_certificate_kept_for_encryption_signs_nothing_and_the_other_way_round() -> None:
    signing = LOWER.issue("sip:alice@example.com", key=ec_key("signing"))
    encrypting = LOWER.issue("sip:alice@example.com", key=ec_key("encrypting"))
    sign, encrypt = cert(signing.der, CertType.X509V3_SIGN), cert(encrypting.der, CertType.X509V3_ENCR)
    refused(encrypt, because="another purpose than digitalSignature")
    refused(sign, because="another purpose than keyEncipherment", purpose=Purpose.ENCRYPT)
    refused(sign, because="another purpose than keyAgreement", purpose=Purpose.AGREE)
    assert chain_of((encrypt, sign), NOBODY, 8)[0] == signing.certificate
    assert chain_of((sign, encrypt), NOBODY, 8, Purpose.ENCRYPT)[0] == encrypting.certificate
    assert chain_of((sign, encrypt), NOBODY, 8, Purpose.AGREE)[0] == encrypting.certificate


def test_octets_that_are_no_certificate_are_refused_wherever_they_stand() -> None:
    refused(cert(b"nothing"), because="not a readable")
    refused(cert(ALICE.der), cert(b"nothing"), because="not a readable")


# By URL


def resolver(answers: dict[str, bytes]) -> Trust:
    def resolve(url: str) -> bytes:
        return answers[url]

    return Trust(anchors=(ROOT.certificate,), intermediates=(LOWER.certificate, UPPER.certificate), resolve=resolve)


@pytest.mark.requirement("4738-3.8-2")
@pytest.mark.requirement("4738-3.8-4")
def test_a_url_is_followed_to_a_der_certificate() -> None:
    trust = resolver({URL: ALICE.der})
    chain = chain_of([cert(URL.encode(), CertType.X509V3_URL)], trust, 8)
    assert chain == (ALICE.certificate,)
    assert verify_chain(trust, chain, now=at(MOMENT), purpose=Purpose.SIGN) == ALICE.certificate


@pytest.mark.requirement("4738-3.8-3")
def test_http_urls_are_asked_for_as_they_are_and_no_others() -> None:
    asked: list[str] = []

    def resolve(url: str) -> bytes:
        asked.append(url)
        return ALICE.der

    trust = Trust(resolve=resolve)
    chain_of([cert(b"HTTP://Example.com/A.cer", CertType.X509V3_URL)], trust, 8)
    for url in (
        b"ftp://example.com/a.cer",
        b"https://e/a",
        b"file:///etc/x",
        b"http://e/a\r\nHost: b",
        b"http://e/\xff",
    ):
        refused(cert(url, CertType.X509V3_URL), trust=trust, because="is no http URL")
    assert asked == ["HTTP://Example.com/A.cer"]


def test_a_url_longer_than_any_server_reads_is_refused() -> None:
    refused(cert(b"http://" + b"a" * 2041, CertType.X509V3_URL), trust=resolver({}), because="is no http URL")


def test_without_a_resolver_a_url_is_no_certificate() -> None:
    refused(cert(URL.encode(), CertType.X509V3_URL), because="nothing here fetches one")


def test_a_server_that_fails_is_no_certificate() -> None:
    def resolve(_url: str) -> bytes:
        raise TimeoutError("no answer")

    refused(cert(URL.encode(), CertType.X509V3_URL), trust=Trust(resolve=resolve), because="could not be fetched")


@pytest.mark.parametrize("answer", [b"", b"<html>404</html>", ALICE.pem.encode(), bytes(70_000)])
def test_an_answer_that_is_no_der_certificate_is_refused(answer: bytes) -> None:
    refused(cert(URL.encode(), CertType.X509V3_URL), trust=resolver({URL: answer}), because="certificate")


def test_the_keys_of_a_chain_survive() -> None:
    key = chain_of([cert(ALICE.der)], TRUST, 8)[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key == ALICE.key.public_key()
