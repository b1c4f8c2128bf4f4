"""DH: the length follows from the group, the validity from KV."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import DhValue, IntervalValidity, NullValidity, SpiValidity, UnknownCodePoint
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, KvType, PayloadType
from tests.unit.mikey.golden import HEADER, check_golden, read, refuse

VALUE_96 = bytes(95) + b"\x02"


@pytest.mark.requirement("3830-6.4-1", "3830-6.4-2")
@pytest.mark.parametrize(
    ("group", "number", "octets"), [(DhGroup.OAKLEY_5, 0, 192), (DhGroup.OAKLEY_1, 1, 96), (DhGroup.OAKLEY_2, 2, 128)]
)
def test_golden_of_each_group(group: DhGroup, number: int, octets: int) -> None:
    value = b"\xdd" * octets
    check_golden(DhValue(group=group, value=value), f"00 {number:02x} {value.hex()} 00")
    assert Message.build(HEADER, [DhValue(group=group, value=value)]).spans[0].octets == 3 + octets


@pytest.mark.parametrize(
    ("number", "octets"), [(241, 49), (242, 57), (243, 65), (244, 97), (245, 133), (246, 256), (247, 384)]
)
def test_golden_of_each_private_group(number: int, octets: int) -> None:
    value = b"\x04" + b"\xdd" * (octets - 1)
    check_golden(DhValue(group=DhGroup(number), value=value), f"00 {number:02x} {value.hex()} 00")


@pytest.mark.requirement("3830-6.4-1", "3830-6.14-1")
@pytest.mark.parametrize(
    ("validity", "tail_hex"),
    [
        (SpiValidity(spi=b"\x01"), "01 01 01"),
        (SpiValidity(spi=b""), "01 00"),
        (IntervalValidity(valid_from=bytes(6), valid_to=b"\xff" * 6), "02 06 000000000000 06 ffffffffffff"),
    ],
    ids=["MKI", "empty SPI", "interval"],
)
def test_golden_of_each_validity(validity: SpiValidity | IntervalValidity, tail_hex: str) -> None:
    check_golden(
        DhValue(group=DhGroup.OAKLEY_1, value=VALUE_96, validity=validity), f"00 01 {VALUE_96.hex()} {tail_hex}"
    )


def test_reserved_bits_mean_nothing_but_survive() -> None:
    payload = read(PayloadType.DH, f"00 01 {VALUE_96.hex()} f0")
    assert payload == DhValue(group=DhGroup.OAKLEY_1, value=VALUE_96, reserved=15, validity=NullValidity())
    check_golden(payload, f"00 01 {VALUE_96.hex()} f0")


@pytest.mark.requirement("3830-6.4-5")
@pytest.mark.parametrize("octets", [0, 191, 193])
def test_a_value_without_its_leading_zeros_is_not_written(octets: int) -> None:
    with pytest.raises(UsageError, match="192"):
        Message.build(HEADER, [DhValue(group=DhGroup.OAKLEY_5, value=bytes(octets))])


@pytest.mark.requirement("3830-4.2.9-2", "3830-6.4-2")
@pytest.mark.parametrize("number", [3, 9, 248, 255])
def test_the_length_of_an_unknown_group_is_not_guessed(number: int) -> None:
    error = refuse(PayloadType.DH, f"00 {number:02x} {VALUE_96.hex()} 00")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, DhGroup, 11)
    assert error.mikey_error == ErrorNo.INVALID_DH
    with pytest.raises(UsageError, match="not known"):
        Message.build(HEADER, [DhValue(group=DhGroup(number), value=VALUE_96)])


@pytest.mark.requirement("3830-6.13-3")
@pytest.mark.parametrize("kv", range(3, 16))
def test_a_kv_without_meaning_is_refused(kv: int) -> None:
    error = refuse(PayloadType.DH, f"00 01 {VALUE_96.hex()} {kv:02x}")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (kv, KvType, 10 + 2 + 96)


@pytest.mark.parametrize("tail", ["01 02 01", "01 00 01", "02 01 00 02 00", "02 00 01 00 00"])
def test_a_wrong_length_in_the_validity_is_noticed(tail: str) -> None:
    error = refuse(PayloadType.DH, f"00 01 {VALUE_96.hex()} {tail}")
    assert error.section == "RFC 3830 section 6.14" or error.field == "message"


def test_reserved_bits_that_do_not_fit_are_not_cut() -> None:
    with pytest.raises(UsageError, match="DH Reserved"):
        Message.build(HEADER, [DhValue(group=DhGroup.OAKLEY_1, value=VALUE_96, reserved=16)])
