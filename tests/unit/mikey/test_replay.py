"""Freshness: timestamps that differ, the clock's skew, and a cache that is honest when it is full."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.payloads import Timestamp
from mikey_sdp.mikey.registry import ErrorNo, TsType
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource, capacity_of

S = 1_000_000
START = 1_700_000_000 * S
SKEW = 60 * S


def at(unix_us: int) -> NtpTime:
    return NtpTime.from_unix_us(unix_us)


def stamp(unix_us: int) -> Timestamp:
    return Timestamp(value=at(unix_us).value)


def cache(capacity: int = 3) -> ReplayCache:
    return ReplayCache(capacity=capacity, skew_us=SKEW)


def refused(call: object, *arguments: object) -> str:
    with pytest.raises(PeerError) as caught:
        call(*arguments)  # type: ignore[operator]
    assert caught.value.mikey_error == ErrorNo.INVALID_TS
    return caught.value.reason


@pytest.mark.requirement("3830-5.2-6", "3830-4.5-4")
def test_ten_thousand_messages_under_a_clock_that_stands_still() -> None:
    source = TimestampSource()
    values = [source.stamp(at(START)).value for _ in range(10_000)]
    assert all(value == values[0] + place for place, value in enumerate(values))
    assert source.stamp(at(START - 5 * S)).value == values[-1] + 1
    assert source.stamp(at(START + S)).value == at(START + S).value


@pytest.mark.requirement("3830-4.2.8-3", "5197-3-11")
def test_time_goes_out_as_ntp_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    stamped = TimestampSource().stamp(at(1_072_915_200 * S))
    assert (stamped.ts_type, stamped.value) == (TsType.NTP_UTC, 0xC39DE180 << 32)


@pytest.mark.requirement("3830-5.3-2", "3830-5.4-4")
def test_the_skew_is_the_same_both_ways() -> None:
    made = cache()
    for distance in (-SKEW, 0, SKEW):
        made.check_fresh(stamp(START + distance), at(START))
    assert "behind" in refused(made.check_fresh, stamp(START - SKEW - S), at(START))
    assert "ahead of" in refused(made.check_fresh, stamp(START + SKEW + S), at(START))


@pytest.mark.requirement("3830-4.2.8-2")
def test_the_wrap_of_2036_is_a_moment_like_any_other() -> None:
    wrap = ((1 << 32) - 2_208_988_800) * S
    assert at(wrap).value == 0
    cache().check_fresh(stamp(wrap - S), at(wrap + S))
    cache().check_fresh(stamp(wrap + S), at(wrap - S))
    assert "62.0 s behind" in refused(cache().check_fresh, stamp(wrap - 61 * S), at(wrap + S))


def test_the_wrap_inside_the_cache() -> None:
    wrap = ((1 << 32) - 2_208_988_800) * S
    made = cache(capacity=2)
    for number, moment in enumerate((wrap - S, wrap, wrap + S)):
        made.remember(b"%d" % number, stamp(moment), at(wrap + S))
    refused(made.check_fresh, stamp(wrap - S), at(wrap + S))
    made.check_fresh(stamp(wrap + 2 * S), at(wrap + S))
    refused(made.check_new, b"2")


@pytest.mark.requirement("3830-5.3-3", "3830-5.3-6")
def test_what_was_authenticated_can_not_come_again() -> None:
    made = cache()
    made.check_new(b"message")
    made.check_new(b"message")
    made.remember(b"message", stamp(START), at(START))
    assert "replay" in refused(made.check_new, b"message")
    made.check_new(b"messagf")


@pytest.mark.requirement("3830-5.4-3")
def test_what_the_skew_refuses_is_not_kept() -> None:
    made = cache(capacity=100)
    for second in range(50):
        made.remember(b"%d" % second, stamp(START + second * S), at(START + second * S))
    assert len(made) == 50
    made.remember(b"later", stamp(START + 200 * S), at(START + 200 * S))
    assert len(made) == 1


@pytest.mark.requirement("3830-5.4-7")
def test_a_full_cache_narrows_its_window_and_never_takes_a_replay() -> None:
    made = cache(capacity=3)
    times = [START + second * S for second in range(6)]
    for number, moment in enumerate(times):
        made.check_fresh(stamp(moment), at(moment))
        made.remember(b"%d" % number, stamp(moment), at(moment))
    assert len(made) == 3

    def taken(number: int) -> None:
        made.check_fresh(stamp(times[number]), at(times[-1]))
        made.check_new(b"%d" % number)

    for number in range(6):
        refused(taken, number)
    made.check_new(b"0")  # what is refused for its age takes no memory
    assert "can still vouch for" in refused(made.check_fresh, stamp(times[2]), at(times[-1]))
    made.check_fresh(stamp(times[-1] + S), at(times[-1]))


@pytest.mark.requirement("3830-5.4-7")
def test_the_window_opens_again_when_time_has_passed() -> None:
    made = cache(capacity=1)
    made.remember(b"1", stamp(START), at(START))
    made.remember(b"2", stamp(START + S), at(START + S))
    refused(made.check_fresh, stamp(START - S), at(START + S))
    later = START + 100 * S
    made.remember(b"3", stamp(later), at(later))
    made.check_fresh(stamp(later - SKEW), at(later))


def test_a_clock_that_is_set_back_brings_no_replay() -> None:
    made = cache(capacity=100)
    made.remember(b"old", stamp(START), at(START))
    made.remember(b"new", stamp(START + 100 * S), at(START + 100 * S))
    assert len(made) == 1
    assert "can still vouch for" in refused(made.check_fresh, stamp(START), at(START))
    made.check_fresh(stamp(START + S), at(START + S))


@pytest.mark.requirement("3830-5.4-5")
def test_who_lost_track_refuses_everything_for_one_skew() -> None:
    made = cache()
    made.remember(b"known", stamp(START), at(START))
    made.lost_track(at(START))
    assert len(made) == 0
    made.check_new(b"known")
    for now in (START, START + SKEW // 2, START + SKEW):
        refused(made.check_fresh, stamp(now), at(now))
    refused(made.check_fresh, stamp(START + SKEW), at(START))
    made.check_fresh(stamp(START + SKEW + S), at(START + SKEW + S))


@pytest.mark.requirement("3830-5.4-8")
def test_the_sizing_example_of_the_standard() -> None:
    assert capacity_of(6144) == 204


@pytest.mark.requirement("3830-6.6-2", "5197-3-11")
@pytest.mark.parametrize("ts_type", [TsType.COUNTER, TsType.NTP_UTC_32])
def test_timestamps_without_a_skew_are_refused(ts_type: TsType) -> None:
    """Contested: a counter is a timestamp of RFC 3830 too, and only where clocks are compared it has to be NTP."""
    assert "not supported" in refused(cache().check_fresh, Timestamp(ts_type=ts_type, value=5), at(START))


def test_ntp_and_ntp_utc_are_one() -> None:
    cache().check_fresh(Timestamp(ts_type=TsType.NTP, value=at(START).value), at(START))


@pytest.mark.parametrize(("capacity", "skew"), [(0, 1), (1, -1)])
def test_a_cache_of_no_use_is_refused(capacity: int, skew: int) -> None:
    with pytest.raises(UsageError):
        ReplayCache(capacity=capacity, skew_us=skew)


def test_who_fills_his_share_narrows_his_own_window_only() -> None:
    made = ReplayCache(capacity=100, skew_us=SKEW, share=3)
    made.remember(b"quiet", stamp(START), at(START), "bob")
    for number in range(10):
        made.remember(b"%d" % number, stamp(START + number * S), at(START), "mallory")
    assert len(made) == 4
    assert "can still vouch for" in refused(made.check_share, stamp(START + 6 * S), "mallory")
    made.check_share(stamp(START + 7 * S + 1), "mallory")
    for number in (7, 8, 9):
        refused(made.check_new, b"%d" % number)
    made.check_fresh(stamp(START), at(START))
    made.check_share(stamp(START), "bob")
    refused(made.check_new, b"quiet")


def test_timestamps_ahead_of_our_clock_lock_out_nobody_else() -> None:
    made = ReplayCache(capacity=8, skew_us=SKEW, share=2)
    for number in range(50):
        made.remember(b"%d" % number, stamp(START + SKEW - number), at(START), "mallory")
        made.check_fresh(stamp(START), at(START))
    made.check_share(stamp(START), "bob")
    refused(made.check_share, stamp(START), "mallory")


def test_a_share_takes_no_replay_however_it_was_filled() -> None:
    """Any order of timestamps, equal ones too, and a cache that is full beside the share."""
    for capacity, share in ((5, 2), (6, 5), (3, 3), (40, 4)):
        made = ReplayCache(capacity=capacity, skew_us=SKEW, share=share)
        taken: list[tuple[bytes, int, str]] = []
        for number in range(60):
            moment = START + (number * 7 % 5) * S
            peer = ("bob", "mallory", "mallory", "carol")[number % 4]
            message = b"%d" % number
            try:
                made.check_fresh(stamp(moment), at(START))
                made.check_share(stamp(moment), peer)
            except PeerError:
                continue
            made.remember(message, stamp(moment), at(START), peer)
            taken.append((message, moment, peer))
            assert len(made) <= capacity

        def again(message: bytes, moment: int, peer: str, cache: ReplayCache = made) -> None:
            cache.check_fresh(stamp(moment), at(START))
            cache.check_share(stamp(moment), peer)
            cache.check_new(message)

        assert taken
        for one in taken:
            refused(again, *one)


def test_what_left_through_a_share_takes_no_memory_for_long() -> None:
    made = ReplayCache(capacity=10, skew_us=SKEW, share=2)
    made.remember(b"oldest", stamp(START), at(START), "bob")
    for number in range(1000):
        made.remember(b"%d" % number, stamp(START + number), at(START), "mallory")
    assert len(made._order) <= 21
    assert len(made) == 3
    refused(made.check_new, b"oldest")
