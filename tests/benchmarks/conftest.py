"""Collects the rows of the benchmarks and prints them as one table at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.benchmarks.timing import Row, best_of

_ROWS = pytest.StashKey[list[Row]]()
_HEAD = ("what", "floor us", "measured us", "per second", "figure", "target", "")


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[Callable[[], Row]], None]:
    """Measure, put the row into the table, and fail if it is beyond what is tolerated."""

    def shown(measure: Callable[[], Row]) -> None:
        row = best_of(measure)
        request.config.stash.setdefault(_ROWS, []).append(row)
        assert row.said <= row.tolerated, f"{row.what}: {row.figure}, target {_target(row)}"

    return shown


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table."""
    rows = config.stash.get(_ROWS, [])
    if not rows:
        return
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    terminalreporter.section("benchmarks, CPU time")
    for line in cells:
        first, *rest = zip(line, widths, strict=True)
        terminalreporter.write_line(
            "  ".join([f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in rest)])
        )


def _cells(row: Row) -> tuple[str, ...]:
    per_second = f"{1e6 / row.measured_us:,.0f}" if row.unit == "x" else ""
    return (
        row.what,
        f"{row.floor_us:.1f}",
        f"{row.measured_us:.1f}",
        per_second,
        row.figure,
        _target(row),
        row.verdict,
    )


def _target(row: Row) -> str:
    return "none" if row.target is None else f"{row.target:g}"
