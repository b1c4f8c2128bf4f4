"""NTP time: its epoch, its fraction, and the wrap of 2036."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NTP_UNIX_OFFSET_S, NtpTime

SECOND = 1 << 32
WRAP_UNIX_US = ((1 << 32) - NTP_UNIX_OFFSET_S) * 1_000_000


@pytest.mark.requirement("3830-4.2.8-1")
def test_seconds_since_1900_stand_in_the_upper_word() -> None:
    assert NtpTime.from_unix_us(1_072_915_200_000_000).value == 0xC39DE180_00000000
    assert NtpTime.from_unix_us(0).value == NTP_UNIX_OFFSET_S << 32 == 2_208_988_800 << 32
    assert NtpTime.from_unix_us(500_000).value & 0xFFFFFFFF == 0x80000000


@pytest.mark.requirement("3830-4.2.8-2")
def test_the_wrap_of_2036_is_a_step_like_any_other() -> None:
    before = NtpTime.from_unix_us(WRAP_UNIX_US - 1_000_000)
    after = NtpTime.from_unix_us(WRAP_UNIX_US + 1_000_000)
    assert (before.value >> 32, after.value >> 32) == (0xFFFFFFFF, 1)
    assert (after.since(before), before.since(after)) == (2 * SECOND, -2 * SECOND)
    assert (after.since_us(before), before.since_us(after)) == (2_000_000, -2_000_000)
    assert NtpTime((1 << 64) - 1).next() == NtpTime(0)


@pytest.mark.requirement("3830-4.2.8-2")
@pytest.mark.parametrize("unix_us", [0, 1_700_000_000_123_456, WRAP_UNIX_US - 1, WRAP_UNIX_US, WRAP_UNIX_US + 1])
def test_a_moment_comes_back_in_the_nearest_era(unix_us: int) -> None:
    moment = NtpTime.from_unix_us(unix_us)
    for distance_us in (0, 1, -3, 3_600_000_000, -3_600_000_000, 60 * 365 * 86_400_000_000):
        assert moment.unix_us(near_unix_us=unix_us + distance_us) == unix_us


def test_a_step_of_the_smallest_unit_is_later() -> None:
    moment = NtpTime(5)
    assert moment.next().since(moment) == 1
    assert moment.since(moment) == 0
    assert moment.next().since_us(moment) == 0


def test_microseconds_are_rounded_to_the_nearest() -> None:
    half_us = SECOND // 2_000_000
    assert (NtpTime(half_us).since_us(NtpTime(0)), NtpTime(half_us + 1).since_us(NtpTime(0))) == (0, 1)
    assert NtpTime.from_unix_us(7).since_us(NtpTime.from_unix_us(0)) == 7


@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_an_ntp_time_has_64_bits(value: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        NtpTime(value)
