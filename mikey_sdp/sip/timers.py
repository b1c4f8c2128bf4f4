"""The times that SIP's transactions wait, by the letters of the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_TIMER_D_LEAST_US: Final = 32_000_000
TRYING_AFTER_US: Final = 200_000
"""How long an INVITE may go unanswered before its server transaction says 100 by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """The three estimates from which every timer follows.

    Units: microseconds. T1 is the round trip, T2 the longest gap between repetitions, T4 the life of a message on the
    way.
    Source: RFC 3261 section 17 and table 4, RFC 6026 section 8.11.
    """

    t1_us: int = 500_000
    t2_us: int = 4_000_000
    t4_us: int = 5_000_000

    @property
    def transaction_us(self) -> int:
        """64*T1: timers B, F, H, J, L and M, after which a transaction gives up or forgets."""
        return 64 * self.t1_us

    @property
    def d_us(self) -> int:
        """Timer D: how long the caller repeats his ACK of a refusal over UDP."""
        return max(_TIMER_D_LEAST_US, self.transaction_us)

    def doubled(self, interval_us: int) -> int:
        """The next gap between repetitions: twice as long, T2 at most."""
        return min(2 * interval_us, self.t2_us)
