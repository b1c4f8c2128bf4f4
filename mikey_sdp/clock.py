"""The two times of the toolkit, kept apart: microseconds for timers, NTP time for MIKEY.

Nothing here reads a clock; drivers do, and hand the time in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NewType

Micros = NewType("Micros", int)
"""Microseconds on the time line of one run: starts at 0, never steps back."""

NTP_UNIX_OFFSET_S: Final = 2_208_988_800
_ERA: Final = 1 << 64
_HALF_ERA: Final = 1 << 63


@dataclass(frozen=True, slots=True, order=False)
class NtpTime:
    """A moment as MIKEY writes it: 32.32 bit fixed point seconds since 1900, modulo 2^64.

    Comparisons go through `since`, which looks the short way round, so that the wrap of February 2036 is one step like
    any other. # [3830-4.2.8-2]
    Units: `value` counts units of 2^-32 s.
    Source: RFC 3830 section 4.2.8, RFC 1305.
    """

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value < _ERA:
            raise ValueError("an NTP time has 64 bits")

    @classmethod
    def from_unix_us(cls, unix_us: int) -> NtpTime:
        """The NTP time of `unix_us` microseconds since 1970-01-01T00:00:00Z."""
        return cls((((unix_us + NTP_UNIX_OFFSET_S * 1_000_000) << 32) // 1_000_000) % _ERA)

    def unix_us(self, *, near_unix_us: int) -> int:
        """Microseconds since 1970, in the NTP era that lies closest to `near_unix_us`."""
        return near_unix_us + self.since_us(NtpTime.from_unix_us(near_unix_us))

    def since(self, earlier: NtpTime) -> int:
        """How much later than `earlier` this is, in units of 2^-32 s; negative when it is earlier."""
        difference = (self.value - earlier.value) % _ERA
        return difference - _ERA if difference >= _HALF_ERA else difference

    def since_us(self, earlier: NtpTime) -> int:
        """`since` in microseconds, rounded to the nearest."""
        return (self.since(earlier) * 1_000_000 + (1 << 31)) >> 32

    def next(self) -> NtpTime:
        """The moment 2^-32 s later."""
        return NtpTime((self.value + 1) % _ERA)


Clock = Callable[[], NtpTime]
"""Tells the time of day. In production the system's, in a run the driver's."""
