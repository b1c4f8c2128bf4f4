"""The runs of a sweep, one after the other, on all cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import partial
from typing import Any, Final

from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.scenario.sweep import Point, Row, Sweep, crashed, run_point

_MOST_AT_ONCE: Final = 16
_PATIENCE_S: Final = 10


def cores() -> int:
    """How many runs this machine can work on at the same time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rows_of(sweep: Sweep, *, jobs: int | None = None, dask: str | None = None) -> Iterator[Row]:
    """A row for every point of the sweep, in the order of the points, each as soon as it and all before it are done.

    Without `jobs` every core gets a process; with `dask`, the address of a scheduler, its workers do the runs.
    Raises: BackendUnavailable, UsageError where there is no such cluster.
    """
    points = list(sweep.points())
    jobs = min(jobs or cores(), len(points))
    if dask is not None:
        yield from _on_cluster(sweep, points, dask)
    elif jobs <= 1:
        yield from (run_point(sweep, point) for point in points)
    else:
        yield from _in_processes(sweep, points, jobs)


def _in_processes(sweep: Sweep, points: Sequence[Point], jobs: int) -> Iterator[Row]:
    """New processes rather than forks: whoever calls may have threads, such as that of a progress bar."""
    done = 0
    chunk = max(1, min(_MOST_AT_ONCE, len(points) // (4 * jobs)))
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            for row in pool.map(partial(run_point, sweep), points, chunksize=chunk):
                yield row
                done += 1
        except BrokenExecutor:
            yield from (crashed(sweep, point, "a process that worked on the runs has died") for point in points[done:])


def _on_cluster(sweep: Sweep, points: Sequence[Point], address: str) -> Iterator[Row]:
    try:
        from distributed import Client
    except ImportError:
        raise BackendUnavailable("Dask", install="pip install 'mikey_sdp[dask]'") from None
    try:
        client: Any = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:  # a scheduler that does not answer in time is an OSError too
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        shared = client.scatter(sweep, broadcast=True)
        futures = client.map(run_point, [shared] * len(points), points, pure=False)
        for point, future in zip(points, futures, strict=True):
            try:
                yield future.result()
            except Exception as error:  # whatever befell a worker, the other runs still count
                yield crashed(sweep, point, f"{type(error).__name__}: {error}")
