"""Key data, and the chain of sub-payloads inside KEMAC."""

from __future__ import annotations

import dataclasses

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.payloads import (
    Identity,
    IntervalValidity,
    KeyData,
    KeyValidity,
    NullValidity,
    Rand,
    SpiValidity,
    UnknownCodePoint,
    Verification,
    decode_key_data,
    encode_key_data,
)
from mikey_sdp.mikey.payloads.payload import MAX_PAYLOADS
from mikey_sdp.mikey.registry import IdType, KeyDataType, KvType, MacAlg, PayloadType
from mikey_sdp.secret import Secret
from tests.unit.mikey.golden import check_golden_inside

KEY = Secret(b"\x4b" * 16)
SALT = Secret(b"\x53" * 14)
KEY_HEX = "0010" + "4b" * 16
SALT_HEX = "000e" + "53" * 14
TGK = KeyData(key_type=KeyDataType.TGK, key=KEY)


@pytest.mark.requirement("3830-6.13-1", "3830-6.13-2", "3830-6.13-3", "3830-6.14-1")
@pytest.mark.parametrize(
    ("validity", "kv", "kv_hex"),
    [
        (NullValidity(), 0, ""),
        (SpiValidity(spi=b"\x00\x00\x00\x01"), 1, "04 00000001"),
        (IntervalValidity(valid_from=bytes(6), valid_to=b"\xff" * 6), 2, "06 000000000000 06 ffffffffffff"),
        (IntervalValidity(valid_from=b"", valid_to=b"\x01"), 2, "00 01 01"),
    ],
    ids=["null", "MKI", "interval", "odd interval"],
)
@pytest.mark.parametrize(
    ("key_type", "salted"),
    [
        (KeyDataType.TGK, False),
        (KeyDataType.TGK_SALT, True),
        (KeyDataType.TEK, False),
        (KeyDataType.TEK_SALT, True),
        (KeyDataType.GTGK, False),
        (KeyDataType.GTGK_SALT, True),
    ],
    ids=["TGK", "TGK+SALT", "TEK", "TEK+SALT", "GTGK", "GTGK+SALT"],
)
def test_golden(key_type: KeyDataType, salted: bool, validity: KeyValidity, kv: int, kv_hex: str) -> None:
    payload = KeyData(key_type=key_type, key=KEY, salt=SALT if salted else None, validity=validity)
    check_golden_inside(payload, f"00 {key_type.value:x}{kv:x} {KEY_HEX} {SALT_HEX if salted else ''} {kv_hex}")


@pytest.mark.requirement("3830-6.13-2")
@pytest.mark.parametrize("number", [0, 2])
def test_a_salt_behind_a_type_without_one_is_refused(number: int) -> None:
    with pytest.raises(DecodeError, match="surplus"):
        decode_key_data(bytes.fromhex(f"00 {number:x}0 {KEY_HEX} {SALT_HEX}"), first=PayloadType.KEY_DATA)


@pytest.mark.requirement("3830-6.13-2")
@pytest.mark.parametrize(("key_type", "salt"), [(KeyDataType.TGK, SALT), (KeyDataType.TEK_SALT, None)])
def test_a_salt_is_written_for_the_types_that_have_one_and_no_other(key_type: KeyDataType, salt: Secret | None) -> None:
    with pytest.raises(UsageError, match="Salt data"):
        encode_key_data([KeyData(key_type=key_type, key=KEY, salt=salt)])


@pytest.mark.requirement("3830-6.13-3")
@pytest.mark.parametrize("number", range(3, 16))
def test_a_kv_without_meaning_is_refused(number: int) -> None:
    with pytest.raises(UnknownCodePoint) as caught:
        decode_key_data(bytes.fromhex(f"00 0{number:x} {KEY_HEX}"), first=PayloadType.KEY_DATA)
    assert (caught.value.code_point, caught.value.namespace, caught.value.offset) == (number, KvType, 1)


@pytest.mark.parametrize("number", range(8, 16))
def test_the_layout_of_an_unknown_type_is_not_guessed(number: int) -> None:
    with pytest.raises(UnknownCodePoint) as caught:
        decode_key_data(bytes.fromhex(f"00 {number:x}0 {KEY_HEX}"), first=PayloadType.KEY_DATA)
    assert (caught.value.code_point, caught.value.namespace, caught.value.offset) == (number, KeyDataType, 1)


@pytest.mark.requirement("3830-10-2")
def test_a_type_of_five_bits_is_not_written() -> None:
    with pytest.raises(ValueError, match="16"):
        KeyDataType(16)
    with pytest.raises(ValueError, match="16"):
        KvType(16)
    with pytest.raises(UsageError, match="Key data Type"):
        encode_key_data([KeyData(key_type=16, key=KEY)])  # type: ignore[arg-type]


@pytest.mark.requirement("3830-6.2-4")
def test_a_chain_ends_with_next_payload_0_and_with_the_octets() -> None:
    mki = dataclasses.replace(TGK, validity=SpiValidity(spi=b"\x01"))
    octets = bytes.fromhex(f"14 00 {KEY_HEX} 00 01 {KEY_HEX} 01 01")
    assert encode_key_data([TGK, mki]) == octets
    assert decode_key_data(octets, first=PayloadType.KEY_DATA) == (TGK, mki)
    with pytest.raises(DecodeError) as caught:
        decode_key_data(bytes.fromhex(f"14 00 {KEY_HEX}"), first=PayloadType.KEY_DATA)
    assert caught.value.partial == (TGK,)
    with pytest.raises(DecodeError, match="surplus"):
        decode_key_data(octets + b"\x00", first=PayloadType.KEY_DATA)


def test_a_public_key_message_begins_with_an_identity() -> None:
    identity = Identity(id_type=IdType.NAI, data=b"a@b")
    check_golden_inside(identity, "00 00 0003 614062")
    assert encode_key_data([identity, TGK, TGK]) == bytes.fromhex(f"14 00 0003 614062 14 00 {KEY_HEX} 00 00 {KEY_HEX}")
    octets = bytes.fromhex(f"14 00 0003 614062 00 00 {KEY_HEX}")
    assert encode_key_data([identity, TGK]) == octets
    assert decode_key_data(octets, first=PayloadType.ID) == (identity, TGK)
    only = bytes.fromhex("00 00 0003 614062")
    assert decode_key_data(only, first=PayloadType.ID) == (identity,)
    with pytest.raises(DecodeError):
        decode_key_data(bytes.fromhex(f"00 01 {KEY_HEX} 01 01"), first=PayloadType.ID)


def test_no_octets_are_an_update_without_keys_but_no_identity() -> None:
    assert decode_key_data(b"", first=PayloadType.KEY_DATA) == ()
    assert encode_key_data([]) == b""
    with pytest.raises(DecodeError):
        decode_key_data(b"", first=PayloadType.ID)


@pytest.mark.parametrize("number", [PayloadType.V, PayloadType.KEMAC, PayloadType.SIGN, PayloadType(99)])
def test_nothing_else_stands_inside(number: PayloadType) -> None:
    octets = bytes.fromhex(f"{number.value:02x} 00 {KEY_HEX} 00 01 aa")
    with pytest.raises(UnknownCodePoint) as caught:
        decode_key_data(octets, first=PayloadType.KEY_DATA)
    assert (caught.value.code_point, caught.value.offset) == (number, 0)
    assert caught.value.partial == (TGK,)
    with pytest.raises(UnknownCodePoint) as caught:
        decode_key_data(octets, first=number)
    assert (caught.value.code_point, caught.value.offset, caught.value.partial) == (number, 0, ())
    with pytest.raises(UsageError, match="inside KEMAC"):
        encode_key_data([TGK, Verification(auth_alg=MacAlg.NULL, mac=b"")])


def test_a_rand_can_stand_inside() -> None:
    """That of the second round of DHSAML, alone or before a group's key."""
    chain = (Rand(octets=b"\xaa"), TGK)
    octets = bytes.fromhex(f"14 01 aa 00 00 {KEY_HEX}")
    assert encode_key_data(chain) == octets
    assert decode_key_data(octets, first=PayloadType.RAND) == chain


@pytest.mark.parametrize("length", ["000f", "0011", "ffff"])
def test_a_wrong_key_data_len_is_noticed(length: str) -> None:
    with pytest.raises(DecodeError):
        decode_key_data(bytes.fromhex(f"00 00 {length}" + "4b" * 16), first=PayloadType.KEY_DATA)


@pytest.mark.parametrize("length", ["000d", "000f", "ffff"])
def test_a_wrong_salt_len_is_noticed(length: str) -> None:
    with pytest.raises(DecodeError):
        decode_key_data(bytes.fromhex(f"00 10 {KEY_HEX} {length}" + "53" * 14), first=PayloadType.KEY_DATA)


@pytest.mark.parametrize("key_octets", range(1, 17))
def test_key_wrap_fills_its_last_block_with_zeros(key_octets: int) -> None:
    payload = KeyData(key_type=KeyDataType.TGK, key=Secret(b"\x4b" * key_octets))
    bare = encode_key_data([payload])
    filled = encode_key_data([payload], zero_fill=True)
    assert filled == bare + bytes(-len(bare) % 8)
    assert decode_key_data(filled, first=PayloadType.KEY_DATA, zero_fill=True) == (payload,)
    if filled != bare:
        with pytest.raises(DecodeError, match="surplus"):
            decode_key_data(filled, first=PayloadType.KEY_DATA)


@pytest.mark.parametrize("fill", ["01", "00000001", "00" * 8])
def test_a_fill_of_anything_else_is_refused(fill: str) -> None:
    octets = encode_key_data([TGK])
    with pytest.raises(DecodeError) as caught:
        decode_key_data(octets + bytes.fromhex(fill), first=PayloadType.KEY_DATA, zero_fill=True)
    assert caught.value.offset == len(octets)


def test_there_is_an_end_to_the_chain() -> None:
    short = bytes.fromhex("14 00 0000")
    last = bytes.fromhex("00 00 0000")
    assert len(decode_key_data(short * (MAX_PAYLOADS - 1) + last, first=PayloadType.KEY_DATA)) == MAX_PAYLOADS
    with pytest.raises(DecodeError, match=f"more than {MAX_PAYLOADS}"):
        decode_key_data(short * MAX_PAYLOADS + last, first=PayloadType.KEY_DATA)


def test_no_octet_of_key_or_salt_prints() -> None:
    payload = KeyData(key_type=KeyDataType.TGK_SALT, key=Secret(b"topsecret key"), salt=Secret(b"topsecret salt"))
    for text in (repr(payload), str(payload)):
        assert "topsecret" not in text
    assert "Secret(<13 octets>)" in repr(payload)
