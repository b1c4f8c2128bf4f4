"""Runs in several processes come to the same rows in the same order; a process that dies costs no other rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from typing import Any

import pytest

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.scenario import sweep_pool
from mikey_sdp.scenario.sweep_pool import cores, rows_of
from tests.unit.scenario.sweeps import grid

SWEEP = grid("parties.alice.offers=psk,rsa", "network.delay.signalling=10ms,20ms", seeds=2)


def test_two_processes_give_the_rows_of_one() -> None:
    one = list(rows_of(SWEEP, jobs=1))
    assert [row.values for row in one] == [SWEEP.texts(point) for point in SWEEP.points()]
    assert [row.outcome for row in one] == ["held"] * 4 + ["refused"] * 4
    assert list(rows_of(SWEEP, jobs=2)) == one


def test_all_cores_are_used_and_no_more_than_there_are_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def pool(_sweep: object, points: list[object], jobs: int) -> Iterator[object]:
        asked.append(jobs)
        return iter(points)

    monkeypatch.setattr(sweep_pool, "_in_processes", pool)
    monkeypatch.setattr(sweep_pool, "cores", lambda: 5)
    list(rows_of(SWEEP))
    list(rows_of(SWEEP, jobs=3))
    list(rows_of(SWEEP, jobs=100))
    assert asked == [5, 3, 8]
    assert cores() >= 1


def test_a_process_that_dies_costs_the_rows_that_were_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying:
        def __init__(self, *_given: object, **_named: object) -> None:
            pass

        def __enter__(self) -> Dying:
            return self

        def __exit__(self, *_given: object) -> None:
            pass

        def map(self, function: Any, points: list[Any], **_named: object) -> Iterator[Any]:
            yield function(points[0])
            raise BrokenExecutor

    monkeypatch.setattr(sweep_pool, "ProcessPoolExecutor", Dying)
    rows = list(rows_of(SWEEP, jobs=2))
    assert [row.outcome for row in rows] == ["held"] + ["crashed"] * 7
    assert [row.values for row in rows] == [SWEEP.texts(point) for point in SWEEP.points()]
    assert "has died" in rows[1].error


def test_without_dask_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[dask\]"):
        list(rows_of(SWEEP, dask="tcp://192.0.2.1:8786"))
