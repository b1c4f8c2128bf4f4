"""Certificates and keys out of text and octets."""

from __future__ import annotations

import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.certificates import (
    Purpose,
    Trust,
    certificates_from_pem,
    decode_der,
    identities,
    private_key_from_pem,
    verify_chain,
)
from mikey_sdp.mikey.certificates.load import MAX_DER_OCTETS
from mikey_sdp.mikey.registry import ErrorNo
from tests.pki import MOMENT, Authority, at, rsa_key, self_signed

ROOT = Authority.create("root")
ALICE = ROOT.issue("sip:alice@example.com", "mail:alice@example.com", usage=["digital_signature"])


def refused(data: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        decode_der(data)
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


def test_der_is_read() -> None:
    assert decode_der(ALICE.der) == ALICE.certificate


@pytest.mark.requirement("3830-6.7-4")
def test_pem_is_no_certificate_on_the_wire() -> None:
    refused(ALICE.pem.encode())


def test_every_proper_prefix_and_one_octet_more_are_refused() -> None:
    for length in range(len(ALICE.der)):
        refused(ALICE.der[:length])
    refused(ALICE.der + b"\x00")


def test_a_certificate_larger_than_a_payload_is_refused_unread() -> None:
    with pytest.raises(PeerError, match="has room for 65535"):
        decode_der(bytes(MAX_DER_OCTETS + 1))


def sequence(content: bytes) -> bytes:
    size = len(content)
    return b"\x30" + (bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")) + content


def without_version_and_extensions(der: bytes) -> bytes:
    """What is left of a version 3 certificate as version 1; its signature no longer holds, and nobody gets that far."""
    start, version = 8, bytes.fromhex("a003020102")
    end = start + int.from_bytes(der[6:start], "big")
    extensions = next(i for i in range(start, end) if der[i] == 0xA3 and i + 2 + der[i + 1] == end)
    assert der[start:].startswith(version)
    return sequence(sequence(der[start + len(version) : extensions]) + der[end:])


def test_version_1_is_refused() -> None:
    old = without_version_and_extensions(ALICE.der)
    assert x509.load_der_x509_certificate(old).version is x509.Version.v1
    refused(old)
    with pytest.raises(PeerError, match="is not of version 3"):
        decode_der(old)
    pem = x509.load_der_x509_certificate(old).public_bytes(Encoding.PEM)
    with pytest.raises(UsageError, match="is not of version 3; make it v3 with a subjectAltName"):
        certificates_from_pem(pem)


@pytest.mark.parametrize("name", ["alice.pem", "/etc/keys/alice", b"C:\\keys\\alice"])
def test_the_name_of_a_file_is_told_from_its_content(name: str | bytes) -> None:
    for read in (certificates_from_pem, private_key_from_pem):
        with pytest.raises(UsageError, match="looks like a file name; read the file") as caught:
            read(name)
        assert "alice" not in str(caught.value)
    with pytest.raises(UsageError, match="BEGIN CERTIFICATE and all"):
        certificates_from_pem("nonsense")


def test_a_repeated_extension_is_refused_at_once() -> None:
    basic, usage = bytes.fromhex("0603551d13"), bytes.fromhex("0603551d0f")
    assert ALICE.der.count(basic) == ALICE.der.count(usage) == 1
    refused(ALICE.der.replace(basic, usage))


def test_a_key_on_no_curve_is_refused_at_once() -> None:
    curve = bytes.fromhex("06082a8648ce3d030107")
    assert ALICE.der.count(curve) == 1
    refused(ALICE.der.replace(curve, bytes.fromhex("06082a8648ce3d03017f")))
    point = ALICE.der.index(bytes.fromhex("03420004"))
    refused(ALICE.der[: point + 4] + bytes(64) + ALICE.der[point + 68 :])


@pytest.mark.parametrize("serial", ["00" * 9, "ff" * 9, "80" + "00" * 8])
def test_a_serial_number_that_is_not_positive_is_refused_without_a_warning(serial: str) -> None:
    number = ALICE.certificate.serial_number.to_bytes(9)
    assert ALICE.der.count(b"\x02\x09" + number) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PeerError, match="serial number") as caught:
            decode_der(ALICE.der.replace(number, bytes.fromhex(serial)))
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


def test_a_key_that_is_bound_to_oaep_is_refused_by_that_name() -> None:
    holder = self_signed("sip:carol@example.com", key=rsa_key("carol"))
    kind = bytes.fromhex("300d06092a864886f70d0101010500")
    assert holder.der.count(kind) == 1
    with pytest.raises(PeerError, match="RSAES-OAEP") as caught:
        decode_der(holder.der.replace(kind, bytes.fromhex("300d06092a864886f70d0101070500")))
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


@given(st.binary(max_size=200))
def test_random_octets_are_no_certificate(data: bytes) -> None:
    refused(data)


@given(st.integers(0, len(ALICE.der) - 1), st.integers(0, 255))
def test_a_touched_certificate_is_refused_or_readable_to_its_end_but_never_believed(place: int, octet: int) -> None:
    data = bytearray(ALICE.der)
    if data[place] == octet:
        octet ^= 0xFF
    data[place] = octet
    try:
        certificate = decode_der(bytes(data))
    except PeerError:
        return
    identities(certificate)
    with pytest.raises(PeerError):
        verify_chain(Trust(anchors=(ROOT.certificate,)), [certificate], now=at(MOMENT), purpose=Purpose.SIGN)


def test_pem_gives_all_its_certificates_in_order() -> None:
    text = f"some words\n{ALICE.pem}\nmore words\n{ROOT.pem}"
    assert certificates_from_pem(text) == (ALICE.certificate, ROOT.certificate)
    assert certificates_from_pem(text.encode()) == (ALICE.certificate, ROOT.certificate)


@pytest.mark.parametrize(
    "text", ["", "nothing", ALICE.key_pem, ALICE.pem[:-40], ALICE.pem.replace("A", "B", 3), "\ud800"]
)
def test_text_without_a_certificate_is_the_callers_mistake(text: str) -> None:
    with pytest.raises(UsageError, match="no readable certificate"):
        certificates_from_pem(text)


def test_a_private_key_is_read() -> None:
    key = private_key_from_pem(ALICE.key_pem)
    assert key.public_key() == ALICE.certificate.public_key()


def test_an_encrypted_private_key_wants_its_password() -> None:
    locked = ALICE.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
    assert private_key_from_pem(locked, b"open sesame").public_key() == ALICE.certificate.public_key()
    with pytest.raises(UsageError, match="give its password"):
        private_key_from_pem(locked)
    with pytest.raises(UsageError, match="is the password right"):
        private_key_from_pem(locked, b"open barley")


@pytest.mark.parametrize("text", ["", "nothing", ALICE.pem, ALICE.key_pem[:-60]])
def test_text_without_a_private_key_is_the_callers_mistake_and_is_not_quoted(text: str) -> None:
    with pytest.raises(UsageError, match="no readable private key") as caught:
        private_key_from_pem(text)
    assert caught.value.__suppress_context__
    assert all(line not in str(caught.value) for line in text.splitlines() if line)
