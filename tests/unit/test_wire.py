"""The cursor, the writer and open enums."""

from __future__ import annotations

import copy
import pickle

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.wire import OpenEnum, Reader, Writer


class Fruit(OpenEnum):
    """Eight bits, private from 241."""

    APPLE = 1, "apple", "RFC 1"
    PEAR = 2, "pear", "RFC 2"


class Nibble(OpenEnum, bits=4):
    """Four bits, nothing private."""

    ZERO = 0, "zero", "RFC 3"


class Seven(OpenEnum, bits=7, private=range(112, 128)):
    """Seven bits with a private range of its own."""

    ONE = 1, "one", "RFC 4"


class NothingPrivate(OpenEnum, private=range(0)):
    """Eight bits of which none are private."""

    ONE = 1, "one", "RFC 4"


def reader(octets_hex: str) -> Reader:
    return Reader(bytes.fromhex(octets_hex), section="section 1")


@pytest.mark.requirement("3830-1.3-1")
def test_integers_are_read_most_significant_octet_first() -> None:
    cursor = reader("01 0203 04050607 08090a0b0c0d0e0f")
    assert (cursor.u8("a"), cursor.u16("b"), cursor.u32("c")) == (1, 0x0203, 0x04050607)
    assert cursor.u64("d") == 0x08090A0B0C0D0E0F
    assert (cursor.offset, cursor.left) == (15, 0)
    cursor.expect_end("end")


def test_a_code_point_is_read_as_a_member_of_its_registry() -> None:
    cursor = reader("02 09")
    assert cursor.code(Fruit, "fruit") is Fruit.PEAR
    other = cursor.code(Fruit, "fruit")
    assert (other, other.known, cursor.left) == (Fruit(9), False, 0)
    with pytest.raises(DecodeError) as caught:
        cursor.code(Fruit, "fruit")
    assert (caught.value.offset, caught.value.field, caught.value.wanted) == (2, "fruit", 1)


@pytest.mark.parametrize(("method", "size"), [("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8)])
def test_an_integer_cut_short_is_an_error_that_says_where(method: str, size: int) -> None:
    for left in range(size):
        cursor = Reader(bytes(3 + left), section="section 1", start=3)
        with pytest.raises(DecodeError) as caught:
            getattr(cursor, method)("speed")
        error = caught.value
        assert (error.offset, error.field, error.section) == (3, "speed", "section 1")
        assert (error.wanted, error.left) == (size, left)
        assert cursor.offset == 3


def test_exactly_what_was_asked_for_or_nothing() -> None:
    cursor = reader("aabbcc")
    assert cursor.take(2, "two") == b"\xaa\xbb"
    assert cursor.take(0, "none") == b""
    with pytest.raises(DecodeError, match="too soon"):
        cursor.take(2, "two more")
    assert cursor.rest() == b"\xcc"
    assert cursor.rest() == b""


def test_a_sub_reader_sees_its_stretch_only_and_counts_from_the_start() -> None:
    outer = reader("aabbccddee")
    outer.u8("first")
    inner = outer.sub(2, "stretch")
    assert (inner.offset, inner.left, outer.offset) == (1, 2, 3)
    assert inner.u8("x") == 0xBB
    with pytest.raises(DecodeError, match="1 surplus octets") as caught:
        inner.expect_end("stretch")
    assert (caught.value.offset, caught.value.left) == (2, 1)
    with pytest.raises(DecodeError) as caught:
        inner.u16("y")
    assert (caught.value.offset, caught.value.wanted, caught.value.left) == (2, 2, 1)
    assert outer.u16("rest") == 0xDDEE
    with pytest.raises(DecodeError):
        outer.sub(1, "stretch")


def test_an_error_points_to_the_section_being_read() -> None:
    cursor = reader("aa")
    cursor.at_section("section 2")
    assert cursor.section == "section 2"
    cursor.u8("x")
    assert str(cursor.fail("no good", "x", offset=0)) == "at offset 0, x: no good [section 2]"
    assert cursor.fail("no good", "x").offset == 1


@pytest.mark.requirement("3830-1.3-1")
def test_integers_are_written_most_significant_octet_first() -> None:
    writer = Writer()
    writer.u8(1, "a")
    writer.u16(0x0203, "b")
    writer.u32(0x04050607, "c")
    writer.u64(0x08090A0B0C0D0E0F, "d")
    writer.octets(b"\xaa")
    writer.prefixed(b"\xbb\xcc", "e", length_octets=2)
    assert writer.getvalue() == bytes.fromhex("01 0203 04050607 08090a0b0c0d0e0f aa 0002 bbcc")
    assert len(writer) == 20


@pytest.mark.parametrize(("method", "bits"), [("u8", 8), ("u16", 16), ("u32", 32), ("u64", 64)])
def test_what_does_not_fit_raises_and_leaves_nothing(method: str, bits: int) -> None:
    for value in (1 << bits, -1):
        writer = Writer()
        with pytest.raises(UsageError, match=f"speed: {value} does not fit {bits} bits"):
            getattr(writer, method)(value, "speed")
        assert writer.getvalue() == b""
    writer = Writer()
    getattr(writer, method)((1 << bits) - 1, "speed")
    assert writer.getvalue() == b"\xff" * (bits // 8)


def test_a_length_that_does_not_fit_raises() -> None:
    writer = Writer()
    writer.prefixed(bytes(255), "name", length_octets=1)
    with pytest.raises(UsageError, match="name length: 256 does not fit 8 bits"):
        writer.prefixed(bytes(256), "name", length_octets=1)
    assert len(writer) == 256


def test_a_known_number_is_its_member() -> None:
    assert Fruit(1) is Fruit.APPLE
    assert Fruit.of(1) is Fruit.APPLE
    assert Fruit.APPLE.known
    assert (Fruit.APPLE.label, Fruit.APPLE.reference, str(Fruit.APPLE)) == ("apple", "RFC 1", "apple (1)")


@pytest.mark.parametrize("make", [Fruit, Fruit.of])
def test_an_unknown_number_is_a_member_too(make: type[Fruit]) -> None:
    fruit = make(7)
    assert isinstance(fruit, Fruit)
    assert not fruit.known
    assert fruit == make(7) == 7
    assert hash(fruit) == hash(make(7))
    assert {fruit: "x"}[Fruit(7)] == "x"
    assert (fruit.name, fruit.label, fruit.reference) == ("UNKNOWN_7", "unassigned 7", "")
    assert copy.copy(fruit) == pickle.loads(pickle.dumps(fruit)) == fruit
    assert 7 not in list(Fruit)


@pytest.mark.parametrize("make", [Fruit, Fruit.of])
@pytest.mark.parametrize("value", [-1, 256, "apple", None])
def test_what_the_field_can_not_hold_is_no_member(make: type[Fruit], value: object) -> None:
    with pytest.raises(ValueError, match="Fruit"):
        make(value)


@pytest.mark.requirement("3830-10-1")
def test_the_private_range_is_told() -> None:
    assert [number for number in range(256) if Fruit(number).is_private] == list(range(241, 256))
    assert Fruit(250).label == "private use 250"
    assert not any(Nibble(number).is_private for number in range(16))
    assert [number for number in range(128) if Seven(number).is_private] == list(range(112, 128))
    assert not any(NothingPrivate(number).is_private for number in range(256))


def test_a_width_of_its_own_bounds_the_numbers() -> None:
    assert Nibble(15) == 15
    with pytest.raises(ValueError, match="16"):
        Nibble(16)
    with pytest.raises(ValueError, match="128"):
        Seven(128)
