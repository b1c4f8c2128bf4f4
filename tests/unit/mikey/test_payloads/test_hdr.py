"""HDR: the fixed part, the SRTP-ID map, and what may not follow."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Header, Rand, Signature, SrtpIdEntry, UnknownCodePoint
from mikey_sdp.mikey.registry import DataType, ErrorNo, MapType, PayloadType, PrfFunc, SignType, Version

RAND = Rand(octets=b"\xaa")
RAND_HEX = "0001aa"


def header_of(octets_hex: str) -> Header:
    return Message.decode(bytes.fromhex(octets_hex + RAND_HEX)).header


def refusal_of(octets_hex: str) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        Message.decode(bytes.fromhex(octets_hex + RAND_HEX))
    return caught.value


@pytest.mark.requirement("3830-6.1-2", "3830-6.1-3", "3830-1.3-1")
def test_the_fixed_part_has_ten_octets_most_significant_first() -> None:
    header = Header(data_type=DataType.ERROR, v=True, csb_id=0x01020304)
    octets = bytes.fromhex("01 06 0b 80 01020304 00 00" + RAND_HEX)
    built = Message.build(header, [RAND])
    assert built.octets == octets
    assert built.header_octets == 10
    assert Message.decode(octets) == built


@pytest.mark.requirement("3830-6.1-7", "3830-6.1-10")
@pytest.mark.parametrize(
    ("octet", "v", "prf_func"),
    [("00", False, 0), ("80", True, 0), ("01", False, 1), ("ff", True, 127), ("7f", False, 127)],
)
def test_the_v_flag_is_the_top_bit_and_the_prf_the_other_seven(octet: str, v: bool, prf_func: int) -> None:
    header = header_of(f"01 01 0b {octet} 00000000 00 00")
    assert (header.v, header.prf_func) == (v, prf_func)
    assert Message.build(header, [RAND]).octets[3] == int(octet, 16)


@pytest.mark.requirement("3830-6.1-10")
def test_mikey_1_is_prf_0_and_the_private_range_ends_with_seven_bits() -> None:
    assert PrfFunc.MIKEY_1 == 0
    assert [number for number in range(128) if PrfFunc(number).is_private] == list(range(112, 128))
    with pytest.raises(ValueError, match="128"):
        PrfFunc(128)
    with pytest.raises(UsageError, match="7 bits"):
        Message.build(Header(data_type=DataType.ERROR, csb_id=0, prf_func=128), [RAND])  # type: ignore[arg-type]


@pytest.mark.requirement("3830-6.1.1-1", "3830-6.1-17", "3830-6.1.1-7")
def test_the_map_has_nine_octets_a_session_and_the_place_is_the_cs_id() -> None:
    sessions = (
        SrtpIdEntry(policy_no=5, ssrc=0xAABBCCDD, roc=2),
        SrtpIdEntry(policy_no=6, ssrc=0x01020304, roc=0xFFFFFFFF),
    )
    header = Header(data_type=DataType.PRE_SHARED, csb_id=0xFFFFFFFF, sessions=sessions)
    octets = bytes.fromhex("01 00 0b 00 ffffffff 02 00" + "05 aabbccdd 00000002" + "06 01020304 ffffffff" + RAND_HEX)
    built = Message.build(header, [RAND])
    assert built.octets == octets
    assert built.header_octets == 28
    assert Message.decode(octets).header.sessions == sessions


@pytest.mark.requirement("3830-6.1-15")
@pytest.mark.parametrize("count", [0, 1, 255])
def test_any_number_of_sessions_fits_even_none(count: int) -> None:
    sessions = tuple(SrtpIdEntry(ssrc=number + 1) for number in range(count))
    built = Message.build(Header(data_type=DataType.PRE_SHARED, csb_id=1, sessions=sessions), [RAND])
    assert built.header_octets == 10 + 9 * count
    assert Message.decode(built.octets).header.sessions == sessions


def test_256_sessions_do_not_fit() -> None:
    header = Header(data_type=DataType.PRE_SHARED, csb_id=1, sessions=(SrtpIdEntry(),) * 256)
    with pytest.raises(UsageError, match="#CS"):
        Message.build(header, [RAND])


@pytest.mark.parametrize("entry", [{"policy_no": 256}, {"ssrc": 1 << 32}, {"roc": 1 << 32}, {"roc": -1}])
def test_a_value_that_does_not_fit_is_not_cut(entry: dict[str, int]) -> None:
    header = Header(data_type=DataType.PRE_SHARED, csb_id=1, sessions=(SrtpIdEntry(**entry),))
    with pytest.raises(UsageError, match="does not fit"):
        Message.build(header, [RAND])


def test_every_cut_in_the_header_is_named() -> None:
    octets = bytes.fromhex("01 00 0b 00 00000000 01 00 05 aabbccdd 00000002")
    for end in range(len(octets)):
        with pytest.raises(DecodeError) as caught:
            Message.decode(octets[:end])
        assert caught.value.field.startswith("HDR")
        assert caught.value.offset <= end
        assert caught.value.section == ("RFC 3830 section 6.1" if end < 10 else "RFC 3830 section 6.1.1")
        assert caught.value.partial == ()


@pytest.mark.requirement("3830-6.1-1", "3830-6.1-3")
@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_no_mikey_message(version: int) -> None:
    error = refusal_of(f"{version:02x} 00 0b 00 00000000 00 00")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (version, Version, 0)
    assert error.mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.requirement("3830-6.1-6")
@pytest.mark.parametrize("number", [PayloadType.LAST, PayloadType.SIGN])
def test_last_and_sign_can_not_follow_the_header(number: PayloadType) -> None:
    error = refusal_of(f"01 00 {number.value:02x} 00 00000000 00 00")
    assert (error.offset, error.field) == (2, "HDR next payload")
    signature = Signature(sign_type=SignType.RSA_PSS, signature=b"\x5a")
    with pytest.raises(UsageError, match="other than SIGN"):
        Message.build(Header(data_type=DataType.RSA_R_I_MSG, csb_id=1), [signature])


@pytest.mark.requirement("3830-6.1-16", "3830-4.2.9-4")
@pytest.mark.parametrize("number", [1, 2, 7, 200, 241])
def test_a_map_of_another_type_is_not_read_as_srtp_id(number: int) -> None:
    error = refusal_of(f"01 00 0b 80 cd177e50 01 {number:02x} 05 aabbccdd 00000002")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, MapType, 9)
    assert error.mikey_error == ErrorNo.UNSPECIFIED
    (header,) = error.partial
    assert header == Header(data_type=DataType.PRE_SHARED, v=True, csb_id=0xCD177E50, map_type=MapType(number))


def test_a_map_of_another_type_is_not_written() -> None:
    header = Header(data_type=DataType.PRE_SHARED, csb_id=1, map_type=MapType.EMPTY_MAP)
    with pytest.raises(UsageError, match="Empty map"):
        Message.build(header, [RAND])


@pytest.mark.requirement("3830-6.1-4", "4650-4.1-1", "4738-3.9.1-1")
def test_the_data_types_have_the_numbers_of_their_documents() -> None:
    names = (
        *("PRE_SHARED", "PSK_VER_MSG", "PUBLIC_KEY", "PK_VER_MSG", "DH_INIT", "DH_RESP", "ERROR"),
        *("DHHMAC_INIT", "DHHMAC_RESP", "RSA_R_I_MSG", "RSA_R_R_MSG"),
    )
    for number, name in enumerate(names):
        assert header_of(f"01 {number:02x} 0b 00 00000000 00 00").data_type is DataType[name]


def test_an_unknown_data_type_survives() -> None:
    header = header_of("01 c8 0b 00 00000000 00 00")
    assert not header.data_type.known
    assert Message.build(header, [RAND]).octets[1] == 200
