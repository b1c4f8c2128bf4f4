"""ID and CERT: one layout, two payloads."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Certificate, Identity
from mikey_sdp.mikey.registry import CertType, IdType, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse


@pytest.mark.requirement("3830-6.7-1")
@pytest.mark.parametrize(
    ("payload", "payload_hex"),
    [
        (Identity(id_type=IdType.NAI, data=b"a@b.c"), "00 00 0005 6140622e63"),
        (Identity(id_type=IdType.URI, data=b"sip:a@b"), "00 01 0007 7369703a614062"),
        (Identity(id_type=IdType.BYTE_STRING, data=b"\x00"), "00 02 0001 00"),
        (Identity(id_type=IdType(9), data=b"x"), "00 09 0001 78"),
        (Certificate(cert_type=CertType.X509V3, data=b"\x30\x00"), "00 00 0002 3000"),
        (Certificate(cert_type=CertType.X509V3_URL, data=b"http://x"), "00 01 0008 687474703a2f2f78"),
        (Certificate(cert_type=CertType.X509V3_SIGN, data=b"\x30\x00"), "00 02 0002 3000"),
        (Certificate(cert_type=CertType.X509V3_ENCR, data=b"\x30\x00"), "00 03 0002 3000"),
        (Certificate(cert_type=CertType(241), data=b""), "00 f1 0000"),
    ],
    ids=lambda value: value.replace(" ", "") if isinstance(value, str) else type(value).__name__,
)
def test_golden(payload: Identity | Certificate, payload_hex: str) -> None:
    check_golden(payload, payload_hex)


@pytest.mark.requirement("3830-6.7-1")
def test_the_same_octets_are_one_or_the_other() -> None:
    assert type(read(PayloadType.ID, "00 00 0001 78")) is Identity
    assert type(read(PayloadType.CERT, "00 00 0001 78")) is Certificate


@pytest.mark.parametrize("number", [PayloadType.ID, PayloadType.CERT])
@pytest.mark.parametrize("length", ["0001", "0003", "ffff"])
def test_a_wrong_length_is_noticed(number: PayloadType, length: str) -> None:
    refuse(number, f"00 00 {length} 7878")


@pytest.mark.requirement("3830-6.7-6")
def test_an_empty_identity_is_refused_in_both_directions() -> None:
    error = refuse(PayloadType.ID, "00 00 0000")
    assert (error.field, error.offset) == ("ID ID len", 12)
    with pytest.raises(UsageError, match="at least one octet"):
        Message.build(HEADER, [Identity(id_type=IdType.NAI, data=b"")])


@pytest.mark.requirement("3830-6.7-5")
def test_a_chain_is_a_payload_for_each_certificate() -> None:
    chain = [Certificate(cert_type=CertType.X509V3, data=bytes([number])) for number in (1, 2, 3)]
    built = Message.build(HEADER, chain)
    assert built.octets[10:] == bytes.fromhex("07 00 0001 01" + "07 00 0001 02" + "00 00 0001 03")
    assert Message.decode(built.octets).all(Certificate) == tuple(chain)


@pytest.mark.parametrize("payload", [Identity(id_type=IdType.NAI, data=bytes(65536))])
def test_data_that_do_not_fit_are_not_cut(payload: Identity) -> None:
    with pytest.raises(UsageError, match="16 bits"):
        Message.build(HEADER, [payload])


def test_an_identity_is_legible_even_when_it_is_no_text() -> None:
    assert Identity(id_type=IdType.NAI, data="zoë@x".encode()).text == "zoë@x"
    assert Identity(id_type=IdType.NAI, data=b"a\xff").text == "a\\xff"
