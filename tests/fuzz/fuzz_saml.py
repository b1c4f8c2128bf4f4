"""Fuzz the checking of SAML assertions: `python -m tests.fuzz.fuzz_saml CORPUS_DIR -max_total_time=60`.

Beyond "an assertion or Invalid Cert" it checks that what is inflated stays within its bound and that a believed
assertion is about a user of the one domain that is trusted.
"""

from __future__ import annotations

from cryptography import x509

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType
from mikey_sdp.mikey.saml import MAX_XML_OCTETS, check, decode_cert, deflate, inflate
from mikey_sdp.mikey.saml.check import read_unverified
from mikey_sdp.mikey.saml.key_value import key_xml
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/mikey/saml/check.py",
    "mikey_sdp/mikey/saml/key_value.py",
    "mikey_sdp/mikey/saml/packing.py",
    "mikey_sdp/mikey/saml/shape.py",
]
ISSUER = x509.load_pem_x509_certificate(
    b"""-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAghGUXbrKDpaLTAKBggqhkjOPQQDAjANMQswCQYDVQQDDAJj
YTAeFw0yNjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBaMBoxGDAWBgNVBAMMD2Ru
czpleGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP2Mj62isRRd
FDVHy3G9NlPIAORq09y4L4IAj8LlLTKGgL9FU3qB/N6nQmpgBQau4wuCnWLTTjcL
QURPTeP+P5OjKDAmMAwGA1UdEwEB/wQCMAAwFgYDVR0RBA8wDYILZXhhbXBsZS5j
b20wCgYIKoZIzj0EAwIDRwAwRAIgGnhcH3ulr6N8Lc7QkbJtJG1H9bnp427D26ng
NI+yMO0CIBsvc+7/7WopeZPmJS7IRFodHXIuZ19QWkyq9E0wxBgN
-----END CERTIFICATE-----
"""
)
NOW = NtpTime.from_unix_us(1_782_864_000_000_000)  # 2026-07-01T00:00:00Z


def one_input(data: bytes) -> None:
    """Take `data` as each kind of CERT payload, and check what it carries."""
    for cert_type in (CertType.SAML_XML, CertType.SAML_DEFLATE, CertType.X509V3):
        try:
            xml = decode_cert(Certificate(cert_type=cert_type, data=data))
        except PeerError as error:
            _is_invalid_cert(error)
            continue
        assert len(xml) <= MAX_XML_OCTETS
        assert inflate(deflate(xml)) == xml
        _read(xml)
        for trusted in ((), (ISSUER,)):
            _check(xml, trusted)


def _is_invalid_cert(error: PeerError) -> None:
    assert error.mikey_error == 8


def _read(xml: bytes) -> None:
    """As an onlooker reads it, who trusts nobody."""
    try:
        read_unverified(xml)
    except PeerError as error:
        _is_invalid_cert(error)


def _check(xml: bytes, trusted: tuple[x509.Certificate, ...]) -> None:
    for subject, third_party in ((None, None), ("sip:alice@example.com", None), ("sip:b@example.com", trusted)):
        try:
            found = check(xml, issuers=trusted, now=NOW, skew_us=0, subject=subject, third_party=third_party)
        except PeerError as error:
            _is_invalid_cert(error)
            continue
        assert trusted
        assert found.subject.endswith("@example.com")
        assert key_xml(found.group, found.public)


if __name__ == "__main__":
    under_atheris(one_input)
