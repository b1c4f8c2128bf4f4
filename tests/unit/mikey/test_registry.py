"""The registries: names, private ranges, and numbers without a name."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.registry import (
    ALL_REGISTRIES,
    ERROR_FOR,
    CertType,
    DataType,
    DhGroup,
    DhGroupDraft,
    ErrorNo,
    IdRole,
    KvType,
    MacAlg,
    MacAlgRfc4650,
    PayloadType,
    PrfConstant,
    PrfFunc,
    SignType,
    SrtpEncrAlg,
    TicketType,
    standing,
)
from mikey_sdp.mikey.registry.transport import KEY_MGMT_IDENTIFIER, MIKEY_PORT, TRANSPORT_NAMES, RtspStatus
from mikey_sdp.wire import OpenEnum


@pytest.mark.requirement("3830-10-1")
def test_241_to_255_are_private_in_spaces_of_eight_bits() -> None:
    for registry in (DataType, PayloadType, MacAlg, DhGroup, CertType, ErrorNo, SrtpEncrAlg):
        assert [number for number in range(256) if registry(number).is_private] == list(range(241, 256))


@pytest.mark.requirement("3830-10-2")
def test_other_spaces_have_their_own_width_and_private_range() -> None:
    assert [number for number in range(128) if PrfFunc(number).is_private] == list(range(112, 128))
    for registry in (SignType, KvType):
        assert not any(registry(number).is_private for number in range(16))
        with pytest.raises(ValueError, match="16"):
            registry(16)
    assert (IdRole(239).is_private, IdRole(240).is_private, IdRole(255).is_private) == (False, True, False)
    assert [number for number in (61439, 61440, 65534, 65535) if TicketType(number).is_private] == [61440, 65534]


@pytest.mark.requirement("3830-6.1-5", "4650-4.1-2")
def test_the_next_payload_values_are_those_of_the_rfc() -> None:
    expected = {
        "LAST": 0,
        "KEMAC": 1,
        "PKE": 2,
        "DH": 3,
        "SIGN": 4,
        "T": 5,
        "ID": 6,
        "CERT": 7,
        "CHASH": 8,
        "V": 9,
        "SP": 10,
        "RAND": 11,
        "ERR": 12,
        "KEY_DATA": 20,
        "GENERAL_EXT": 21,
    }
    assert {name: PayloadType[name].value for name in expected} == expected


@pytest.mark.requirement("3830-4.1.3-2", "3830-4.1.4-2", "3830-4.1.3-6")
def test_the_constants_of_the_labels_are_digits_of_e() -> None:
    e = "718281828459045235360287471352662497757247093699959574966"
    by_place = [PrfConstant(int(e[start : start + 9])).name for start in range(0, 54, 9)]
    assert by_place == [
        *("TEK_FROM_TGK", "AUTH_KEY_FROM_TGK", "ENCR_KEY_FROM_TGK"),
        *("ENCR_KEY_FROM_PSK", "AUTH_KEY_FROM_PSK", "SALT_FROM_PSK"),
    ]
    assert (PrfConstant.TEK_FROM_TGK, PrfConstant.AUTH_KEY_FROM_TGK) == (0x2AD01C64, 0x1B5C7973)
    assert (PrfConstant.ENCR_KEY_FROM_TGK, PrfConstant.SALT_FROM_TGK) == (0x15798CEF, 0x39A2C14B)
    assert (PrfConstant.ENCR_KEY_FROM_PSK, PrfConstant.AUTH_KEY_FROM_PSK) == (0x150533E1, 0x2D22AC75)
    assert PrfConstant.SALT_FROM_PSK == 0x29B88916


@pytest.mark.requirement("4650-4.2-9")
def test_the_numbers_of_rfc_4650_that_contradict_rfc_3830_are_kept_apart() -> None:
    assert (MacAlg.HMAC_SHA_1_160, MacAlg.NULL) == (1, 0)
    assert (MacAlgRfc4650.HMAC_SHA_1, MacAlgRfc4650.NULL) == (0, 1)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (DataType.PRE_SHARED, "standard"),
        (DhGroupDraft.P_256, "draft"),
        (DhGroup.MODP_2048, "experimental"),
        (SignType.ECDSA, "experimental"),
        (DataType.SAKKE_RESP, "unverified"),
        (DataType(250), "private use"),
        (DataType(100), "unassigned"),
        (SignType(13), "unassigned"),
    ],
)
def test_a_reader_learns_who_stands_behind_a_number(point: OpenEnum, expected: str) -> None:
    assert standing(point) == expected


@pytest.mark.requirement("3830-6.12-3")
def test_each_unsupported_number_has_its_error() -> None:
    expected = {
        "PRF func": 2,
        "MAC alg": 3,
        "KEMAC encr alg": 4,
        "Hash func (CHASH)": 5,
        "DH-Group": 6,
        "ECC curve": 6,
        "ID type": 7,
        "Cert type": 8,
        "SP prot type": 9,
        "SRTP SP param": 10,
        "data type": 11,
        "TS type": 1,
        "SRTP encr alg": 10,
        "SRTP auth alg": 10,
        "SRTP PRF": 10,
        "FEC order": 10,
    }
    assert {ALL_REGISTRIES[space]: ErrorNo(number) for space, number in expected.items()} == dict(ERROR_FOR)


def test_no_registry_has_two_names_for_one_number() -> None:
    for registry in ALL_REGISTRIES.values():
        assert len(registry.__members__) == len(list(registry))


def test_the_names_around_mikey() -> None:
    assert (MIKEY_PORT, KEY_MGMT_IDENTIFIER) == (2269, "mikey")
    assert [name.value for name in TRANSPORT_NAMES] == [
        *("2269/tcp,2269/udp", "mikey", "application/mikey", "463", "466"),
    ]
    assert RtspStatus(463) is RtspStatus.KEY_MANAGEMENT_FAILURE
