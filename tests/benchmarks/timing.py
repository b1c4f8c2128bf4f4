"""Timing that a busy machine spoils little: CPU time of this thread, floor and measured in turn, medians of rounds."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

Work = Callable[[], object]
TRIES = 3
NEAR = 1.2
"""Up to so many times its target a figure may be missed by noise alone."""


@dataclass(frozen=True)
class Row:
    """One line of the table: what was timed against which floor, and how it compares with its target.

    Units: microseconds, a unit of work. `said` is the figure: a ratio, or in `unit`.
    Keeps: `target`, what the design asks for, None where it asks for nothing; `tolerated`, beyond which the benchmark
    fails. Where the code has not reached its target yet, the two differ, and the table says so: a figure can be missed,
    but can't get worse unseen.
    """

    what: str
    floor_us: float
    measured_us: float
    said: float
    target: float | None
    tolerated: float
    unit: str = "x"

    @property
    def held(self) -> bool:
        return self.target is None or self.said <= self.target

    @property
    def near(self) -> bool:
        """Whether noise alone may have made it miss its target."""
        return self.target is not None and self.said <= NEAR * self.target

    @property
    def verdict(self) -> str:
        if self.held:
            return "held" if self.target is not None else ""
        return "missed" if self.said <= self.tolerated else "FAILED"

    @property
    def figure(self) -> str:
        return f"{self.said:.2f} {self.unit}"


def cpu_us(work: Work, *, times: int = 1) -> float:
    """What one call of `work` costs, in microseconds of CPU, over so many calls on end."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        start = time.thread_time_ns()
        for _ in range(times):
            work()
        return (time.thread_time_ns() - start) / times / 1_000
    finally:
        if collecting:
            gc.enable()


def in_turn(works: Sequence[Work], *, rounds: int, times: int = 1) -> list[list[float]]:
    """The costs of several pieces of work, one list each: round by round, so that a slow moment meets all of them."""
    for work in works:
        work()
    costs = [[cpu_us(work, times=times) for work in works] for _ in range(rounds)]
    return [list(column) for column in zip(*costs, strict=True)]


def ratio_row(
    what: str,
    floor: Work,
    measured: Work,
    *,
    target: float | None,
    tolerated: float | None = None,
    rounds: int = 25,
    times: int = 20,
) -> Row:
    """Time `measured` against `floor`; the ratio is the median of the ratios of the rounds.

    Keeps: one of `target` and `tolerated` is given; without the second the target is the bound.
    """
    floors, costs = in_turn([floor, measured], rounds=rounds, times=times)
    ratio = median(cost / bare for bare, cost in zip(floors, costs, strict=True))
    bound = tolerated if tolerated is not None else target
    assert bound is not None
    return Row(what, median(floors), median(costs), ratio, target, bound)


def best_of(measure: Callable[[], Row], tries: int = TRIES) -> Row:
    """Measure again, some times at most, where noise may have decided: it only ever adds."""
    best = measure()
    for _ in range(tries - 1):
        if best.held or (best.said <= best.tolerated and not best.near):
            break
        best = min(best, measure(), key=lambda row: row.said)
    return best
