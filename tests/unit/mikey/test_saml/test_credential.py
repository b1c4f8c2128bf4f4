"""The credential of SAML-assisted Diffie-Hellman: made from texts, and what it is refused for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import dh, ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto.groups import FiniteField, group_of
from mikey_sdp.mikey.registry import CertType, DhGroup
from mikey_sdp.mikey.saml import MAX_XML_OCTETS, SamlCredential
from tests.pki import rsa_key
from tests.unit.mikey.test_saml.samples import ALICE, ISSUER, NOW, THIRD, issued

pytestmark = pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
OAKLEY_5 = DhGroup.OAKLEY_5
SCALAR = 0x1234567890ABCDEF
PEM = ISSUER.certificate.public_bytes(Encoding.PEM)


def curve_pem(curve: ec.EllipticCurve, password: bytes | None = None) -> bytes:
    protection = NoEncryption() if password is None else BestAvailableEncryption(password)
    return ec.derive_private_key(SCALAR, curve).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def field_pem(prime: int, generator: int) -> bytes:
    numbers = dh.DHPublicNumbers(pow(generator, SCALAR, prime), dh.DHParameterNumbers(prime, generator))
    key = dh.DHPrivateNumbers(SCALAR, numbers).private_key()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public(group: DhGroup) -> bytes:
    return group_of(group).private(SCALAR.to_bytes(8, "big")).public


def prime() -> int:
    found = group_of(OAKLEY_5)
    assert isinstance(found, FiniteField)
    return found.prime


@pytest.mark.parametrize(
    ("group", "make"),
    [
        (DhGroup.ECP_P_256, lambda: curve_pem(ec.SECP256R1())),
        (DhGroup.ECP_P_521, lambda: curve_pem(ec.SECP521R1())),
        (OAKLEY_5, lambda: field_pem(prime(), 2)),
    ],
)
def test_from_texts(group: DhGroup, make: Callable[[], bytes]) -> None:
    pem = make()
    xml = issued(group=group, public=public(group))
    for given in (xml, xml.decode()):
        credential = SamlCredential.from_texts(given, pem.decode(), issuers=[PEM], peer="sip:bob@example.com")
        assert (credential.group, credential.key.public, credential.assertion) == (group, public(group), xml)
        assert (credential.issuers, credential.third_parties) == ((ISSUER.certificate,), None)
    assert credential.peer == "sip:bob@example.com"
    for compressed, kind in ((True, CertType.SAML_DEFLATE), (False, CertType.SAML_XML)):
        payload = credential.to_payload(compressed=compressed)
        assert payload.cert_type == kind
        assert credential.check(payload, now=NOW, subject=ALICE).public == public(group)


def test_a_password_and_third_parties() -> None:
    xml = issued(public=public(DhGroup.ECP_P_256))
    notary = THIRD.certificate.public_bytes(Encoding.PEM)
    credential = SamlCredential.from_texts(
        xml, curve_pem(ec.SECP256R1(), b"secret"), password=b"secret", issuers=[PEM], third_parties=[notary]
    )
    assert credential.third_parties == (THIRD.certificate,)
    with pytest.raises(PeerError, match="no third party"):
        credential.check(credential.to_payload(compressed=True), now=NOW, subject=None)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: rsa_key("x").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "neither"),
        (lambda: curve_pem(ec.SECP256K1()), "none of the groups"),
        (lambda: field_pem(prime(), 5), "none of the groups"),
        (lambda: b"no key", "no readable private key"),
        (lambda: curve_pem(ec.SECP384R1()), "another key"),
    ],
)
def test_keys_that_do_not_go_with_the_assertion(make: Callable[[], bytes], why: str) -> None:
    pem = make()
    xml = issued(public=public(DhGroup.ECP_P_256))
    with pytest.raises(UsageError, match=why):
        SamlCredential.from_texts(xml, pem, issuers=[PEM])


def test_what_is_too_long_for_a_message() -> None:
    key = group_of(DhGroup.ECP_P_256).private(b"\x01")
    with pytest.raises(UsageError, match="at most"):
        SamlCredential(assertion=bytes(MAX_XML_OCTETS + 1), group=DhGroup.ECP_P_256, key=key, issuers=())


def test_the_private_value_never_prints() -> None:
    xml = issued(public=public(DhGroup.ECP_P_256))
    credential = SamlCredential.from_texts(xml, curve_pem(ec.SECP256R1()), issuers=[PEM])
    assert "key=" not in repr(credential)
