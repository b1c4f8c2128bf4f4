"""T: three types, two lengths."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Timestamp, UnknownCodePoint
from mikey_sdp.mikey.registry import ErrorNo, PayloadType, TsType
from tests.unit.mikey.golden import HEADER, check_golden, refuse


@pytest.mark.requirement("3830-6.6-1", "3830-6.6-2")
@pytest.mark.parametrize(
    ("ts_type", "payload_hex"),
    [
        (TsType.NTP_UTC, "00 00 c8e350ea00000000"),
        (TsType.NTP, "00 01 c8e350ea00000000"),
        (TsType.COUNTER, "00 02 00000005"),
        (TsType.NTP_UTC_32, "00 03 c8e350ea"),
    ],
)
def test_golden(ts_type: TsType, payload_hex: str) -> None:
    value = int.from_bytes(bytes.fromhex(payload_hex)[2:], "big")
    check_golden(Timestamp(ts_type=ts_type, value=value), payload_hex)


@pytest.mark.requirement("3830-6.6-2")
@pytest.mark.parametrize("number", [4, 9, 255])
def test_the_length_of_an_unknown_type_is_not_guessed(number: int) -> None:
    error = refuse(PayloadType.T, f"00 {number:02x} c8e350ea00000000")
    assert isinstance(error, UnknownCodePoint)
    assert (error.code_point, error.namespace, error.offset) == (number, TsType, 11)
    assert error.mikey_error == ErrorNo.INVALID_TS
    assert str(error) == f"at offset 11, T TS type: T TS type {number} is not supported [RFC 3830 section 6.6]"
    with pytest.raises(UsageError, match="not known"):
        Message.build(HEADER, [Timestamp(ts_type=TsType(number), value=0)])


@pytest.mark.requirement("3830-6.6-3")
def test_an_iv_takes_a_counter_with_leading_zeros() -> None:
    counter = Timestamp(ts_type=TsType.COUNTER, value=5)
    assert counter.iv_octets == bytes.fromhex("0000000000000005")
    assert counter.value_octets == bytes.fromhex("00000005")


def test_an_iv_takes_short_ntp_with_a_zero_fraction_and_the_long_one_as_it_is() -> None:
    assert Timestamp(ts_type=TsType.NTP_UTC_32, value=0xC8E350EA).iv_octets == bytes.fromhex("c8e350ea00000000")
    ntp = Timestamp(ts_type=TsType.NTP_UTC, value=0xC8E350EA00000001)
    assert ntp.iv_octets == ntp.value_octets == bytes.fromhex("c8e350ea00000001")


@pytest.mark.requirement("3830-4.2.8-3")
def test_without_a_choice_time_is_utc() -> None:
    moment = NtpTime.from_unix_us(1_072_915_200_000_000)
    assert Timestamp(value=moment.value) == Timestamp(ts_type=TsType.NTP_UTC, value=0xC39DE180_00000000)


@pytest.mark.parametrize(("ts_type", "value"), [(TsType.NTP, 1 << 64), (TsType.COUNTER, 1 << 32), (TsType.NTP, -1)])
def test_a_value_that_does_not_fit_is_not_cut(ts_type: TsType, value: int) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        Message.build(HEADER, [Timestamp(ts_type=ts_type, value=value)])
