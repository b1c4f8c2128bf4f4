"""What a timestamp says in words: UTC, and how far it is from another moment. Reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from mikey_sdp.clock import NTP_UNIX_OFFSET_S, NtpTime
from mikey_sdp.mikey.payloads import Timestamp
from mikey_sdp.mikey.registry import TsType

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ERA_1_UNIX_US: Final = ((1 << 32) - NTP_UNIX_OFFSET_S) * 1_000_000
_UNITS: Final = ((365 * 86_400, "years"), (86_400, "days"), (3_600, "h"), (60, "min"))


def unix_us_of(timestamp: Timestamp, *, near_unix_us: int = _ERA_1_UNIX_US) -> int | None:
    """Microseconds since 1970, None for a COUNTER. The NTP era is the one nearest to the moment given; by default
    values with the first bit set lie before 2036 and the others after, as NTP has it."""
    if timestamp.ts_type in (TsType.NTP_UTC, TsType.NTP):
        return NtpTime(timestamp.value).unix_us(near_unix_us=near_unix_us)
    if timestamp.ts_type == TsType.NTP_UTC_32:
        return NtpTime(timestamp.value << 32).unix_us(near_unix_us=near_unix_us)
    return None


def utc_of(timestamp: Timestamp) -> str | None:
    """The moment as ISO 8601 text in UTC, None for a COUNTER."""
    unix_us = unix_us_of(timestamp)
    return None if unix_us is None else iso(unix_us)


def iso(unix_us: int) -> str:
    """A moment as ISO 8601 text in UTC, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=unix_us)).isoformat().replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """Microseconds since 1970 of ISO 8601 text; without a time zone it is UTC.

    Raises: ValueError.
    """
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)


def span_text(microseconds: int) -> str:
    """A span of time for people: `0.25 s`, `3 min`, `19 years`."""
    seconds = abs(microseconds) / 1_000_000
    for length, unit in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.3g} s"
