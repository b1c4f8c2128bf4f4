"""Whom a certificate names, and whom it does not."""

from __future__ import annotations

import pytest
from cryptography import x509

from mikey_sdp.mikey.certificates import Trust, covers, identities, identity_of_certificate
from tests.pki import Authority

ROOT = Authority.create("root")


def named(*alternative_names: str) -> x509.Certificate:
    return ROOT.issue(*alternative_names, subject="CN=alice@example.com").certificate


def test_sip_uris_come_before_mail_addresses_whatever_the_order_in_the_certificate() -> None:
    certificate = named("mail:alice@example.com", "sip:alice@example.com", "sips:a@example.org", "mail:a@example.org")
    assert identities(certificate) == (
        "sip:alice@example.com",
        "sips:a@example.org",
        "alice@example.com",
        "a@example.org",
    )
    assert identity_of_certificate(certificate) == "sip:alice@example.com"
    assert identity_of_certificate(named("mail:alice@example.com")) == "alice@example.com"


@pytest.mark.parametrize(
    "name",
    [
        "sip:example.com",
        "dns:example.com",
        "http://alice@example.com/",
        "tel:+4912345",
        "mailto:alice@example.com",
        "xmpp:alice@example.com",
        "sip:alice@",
        "sip:@example.com",
        "sip:alice@*.example.com",
        "sip:alice@.example.com",
        "sip:alice@example.com\x00.evil.org",
        "sip:al\x00ice@example.com",
        "sip:alice@example.com ",
        " sip:alice@example.com",
        "sip:al ice@example.com",
        "sip:alice@example.com\n",
        "sip:alice@evil@example.com",
        "sip:alice@example.com;x=@evil.org",
        "sip:alice@example.com?subject=x",
        "sip:alice@example.com/x",
        "mail:example.com",
        "mail:sip:alice@example.com",
        "mail:alice@*.example.com",
        "mail:alice@example.com\x00",
    ],
)
def test_what_names_no_single_user_is_no_identity(name: str) -> None:
    certificate = named(name)
    assert identities(certificate) == ()
    assert identity_of_certificate(certificate) is None
    for identity in (name, "sip:alice@example.com", "alice@example.com"):
        assert not covers(certificate, identity)


def test_the_common_name_names_nobody() -> None:
    certificate = ROOT.issue(subject="sip:alice@example.com").certificate
    assert identities(certificate) == ()
    assert not covers(certificate, "sip:alice@example.com")


@pytest.mark.parametrize(
    ("name", "identity", "same"),
    [
        ("sip:alice@example.com", "sip:alice@example.com", True),
        ("sip:alice@example.com", "SIP:alice@Example.COM", True),
        ("SIP:alice@EXAMPLE.com", "sip:alice@example.com", True),
        ("sip:alice@example.com", "sip:Alice@example.com", False),
        ("sip:alice@example.com", "sips:alice@example.com", False),
        ("sips:alice@example.com", "sip:alice@example.com", False),
        ("sip:alice@example.com", "sip:alice@example.com:5060", False),
        ("sip:alice@example.com", "sip:alice@pbx.example.com", False),
        ("sip:alice@example.com", "sip:bob@example.com", False),
        ("sip:alice@example.com", "sip:malice@example.com", False),
        ("sip:alice@example.com", "sip:example.com", False),
        ("sip:alice@example.com", "alice@example.com", False),
        ("sip:alice@example.com", "sip:sip:alice@example.com", False),
        ("sip:alice@example.com", "", False),
        ("sip:alice@example.com", "*", False),
        ("sip:%61lice@example.com", "sip:alice@example.com", False),
        ("sip:+49123@example.com;user=phone", "sip:+49123@example.com;user=phone", True),
        ("sip:+49123@example.com;user=phone", "sip:+49123@example.com", False),
        ("sip:alice@[2001:db8::1]", "sip:alice@[2001:DB8::1]", True),
        ("sip:*@example.com", "sip:alice@example.com", False),
        ("mail:alice@example.com", "alice@example.com", True),
        ("mail:alice@EXAMPLE.com", "alice@example.COM", True),
        ("mail:alice@example.com", "Alice@example.com", False),
        ("mail:alice@example.com", "sip:alice@example.com", True),
        ("mail:alice@example.com", "SIP:alice@Example.com", True),
        ("mail:alice@example.com", "sips:alice@example.com", False),
        ("mail:alice@example.com", "sip:alice@example.org", False),
        ("mail:alice@example.com", "alice@pbx.example.com", False),
        ("dns:example.com", "sip:alice@example.com", False),
    ],
)
def test_who_is_covered(name: str, identity: str, same: bool) -> None:
    assert covers(named(name), identity) is same


def test_any_of_several_names_will_do() -> None:
    certificate = named("sip:alice@example.com", "sip:a@example.com", "mail:alice@example.org")
    for identity in ("sip:alice@example.com", "sip:a@example.com", "sip:alice@example.org"):
        assert covers(certificate, identity)


def test_a_known_peer_is_found_by_his_identity() -> None:
    alice, bob = named("sip:alice@example.com"), named("mail:bob@example.com")
    trust = Trust(known=(alice, bob), anchors=(named("sip:carol@example.com"),))
    assert trust.certificate_of("sip:Alice@example.com") is None
    assert trust.certificate_of("sip:alice@EXAMPLE.com") is alice
    assert trust.certificate_of("sip:bob@example.com") is bob
    assert trust.certificate_of("sip:carol@example.com") is None
