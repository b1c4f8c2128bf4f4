from __future__ import annotations

import zlib

import pytest

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType
from mikey_sdp.mikey.saml import MAX_XML_OCTETS, decode_cert, deflate, inflate
from tests.unit.mikey.test_saml.samples import GOOD


def refused(data: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        inflate(data)
    assert caught.value.mikey_error == 8


def test_both_forms_carry_the_same() -> None:
    packed = deflate(GOOD)
    assert len(packed) < len(GOOD)
    assert inflate(packed) == GOOD
    assert decode_cert(Certificate(cert_type=CertType.SAML_XML, data=GOOD)) == GOOD
    assert decode_cert(Certificate(cert_type=CertType.SAML_DEFLATE, data=packed)) == GOOD


@pytest.mark.parametrize("cert_type", [CertType.X509V3, CertType.of(250)])
def test_other_types_carry_none(cert_type: CertType) -> None:
    with pytest.raises(PeerError, match="carries no SAML"):
        decode_cert(Certificate(cert_type=cert_type, data=GOOD))


def test_the_bound_is_hard() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    refused(packer.compress(bytes(50_000_000)) + packer.flush())
    assert inflate(deflate(bytes(MAX_XML_OCTETS))) == bytes(MAX_XML_OCTETS)
    with pytest.raises(UsageError):
        deflate(bytes(MAX_XML_OCTETS + 1))
    with pytest.raises(PeerError, match="more than"):
        decode_cert(Certificate(cert_type=CertType.SAML_XML, data=bytes(MAX_XML_OCTETS + 1)))


def test_every_cut_and_every_surplus_is_refused() -> None:
    packed = deflate(GOOD)
    for length in range(0, len(packed), 7):
        refused(packed[:length])
    refused(packed + b"\x00")
    refused(b"\xff" * 9)
