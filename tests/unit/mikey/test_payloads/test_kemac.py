"""KEMAC: all algorithms, the size limit, and that the keys in it never print."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import KeyDataTransport, UnknownCodePoint
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse

MAC = bytes(range(20))
MAC_HEX = MAC.hex()


def kemac(encr_data: bytes, *, mac_alg: MacAlg = MacAlg.HMAC_SHA_1_160, mac: bytes = MAC) -> KeyDataTransport:
    return KeyDataTransport(encr_alg=EncrAlg.AES_CM_128, encr_data=encr_data, mac_alg=mac_alg, mac=mac)


@pytest.mark.requirement("3830-6.2-1", "3830-6.2-2", "3830-6.2-3")
@pytest.mark.parametrize(
    ("payload", "payload_hex"),
    [
        (kemac(b"\xe1\xe2\xe3"), "00 01 0003 e1e2e3 01" + MAC_HEX),
        (
            KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"", mac_alg=MacAlg.HMAC_SHA_1_160, mac=MAC),
            "00 00 0000 01" + MAC_HEX,
        ),
        (
            KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"\xff\xee", mac_alg=MacAlg.NULL, mac=b""),
            "00 00 0002 ffee 00",
        ),
        (
            KeyDataTransport(encr_alg=EncrAlg.AES_KW_128, encr_data=bytes(24), mac_alg=MacAlg.NULL, mac=b""),
            "00 02 0018" + "00" * 24 + "00",
        ),
        (kemac(b"\x01", mac_alg=MacAlg.HMAC_SHA_256_256, mac=bytes(32)), "00 01 0001 01 02" + "00" * 32),
    ],
    ids=["AES-CM", "empty", "NULL", "AES-KW", "SHA-256"],
)
def test_golden(payload: KeyDataTransport, payload_hex: str) -> None:
    check_golden(payload, payload_hex)


@pytest.mark.requirement("3830-6.2-2")
def test_an_unknown_cipher_is_kept_for_the_responder_to_judge() -> None:
    payload = read(PayloadType.KEMAC, "00 07 0001 ff 01" + MAC_HEX)
    assert isinstance(payload, KeyDataTransport)
    assert payload.encr_alg == 7
    assert not payload.encr_alg.known


@pytest.mark.requirement("3830-6.2-3")
def test_an_unknown_mac_has_no_length_to_go_by() -> None:
    error = refuse(PayloadType.KEMAC, "00 01 0001 ff 09" + MAC_HEX)
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (9, MacAlg, 15)
    assert error.mikey_error == ErrorNo.INVALID_MAC


@pytest.mark.parametrize("length", ["0002", "0004", "ffff"])
def test_a_wrong_encr_data_len_is_noticed(length: str) -> None:
    refuse(PayloadType.KEMAC, f"00 01 {length} e1e2e3 01" + MAC_HEX)


@pytest.mark.requirement("3830-6.13-7")
def test_kemac_may_have_two_to_the_sixteenth_octets_and_no_more() -> None:
    largest = Message.build(HEADER, [kemac(bytes(65511))])
    assert largest.spans[0].octets == 65536
    assert Message.decode(largest.octets) == largest
    with pytest.raises(UsageError, match="65537"):
        Message.build(HEADER, [kemac(bytes(65512))])


def test_a_larger_kemac_is_not_read_either() -> None:
    error = refuse(PayloadType.KEMAC, "00 01 ffe8" + "00" * 65512 + "01" + MAC_HEX)
    assert (error.field, error.offset) == ("KEMAC Encr data len", 12)


@pytest.mark.parametrize(("mac_alg", "mac"), [(MacAlg.NULL, b"\x00"), (MacAlg.HMAC_SHA_1_160, bytes(19))])
def test_a_mac_of_the_wrong_length_is_not_written(mac_alg: MacAlg, mac: bytes) -> None:
    with pytest.raises(UsageError, match="KEMAC MAC"):
        Message.build(HEADER, [kemac(b"", mac_alg=mac_alg, mac=mac)])


def test_a_mac_of_unknown_length_is_not_written() -> None:
    with pytest.raises(UsageError, match="not known"):
        Message.build(HEADER, [kemac(b"", mac_alg=MacAlg(9), mac=b"")])


def test_what_it_carries_never_prints() -> None:
    payload = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"topsecret", mac_alg=MacAlg.NULL, mac=b"")
    message = Message.build(HEADER, [payload])
    for text in (repr(payload), str(payload), repr(message), str(message), f"{message}"):
        assert "topsecret" not in text
        assert b"topsecret".hex() not in text
    assert "<9 octets>" in repr(payload)
