"""Several scenarios live at once: most of a live run is waiting, so that many run side by side in processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError, Lock
from typing import Final

from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.scenario.engine import RunEvent, RunFinished, RunRefused, RunSkipped, RunStarted
from mikey_sdp.scenario.live import ATTEMPTS, Live, VirtualOnly, run_on_sockets
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.narrow import Unfit, narrowed
from mikey_sdp.scenario.sweep_pool import cores
from mikey_sdp.trace import RunResult

RUNS_A_CORE: Final = 5
"""How many runs side by side leave a core enough time for each of them."""

_READY_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveJob:
    """One scenario file to be run live, its callers narrowed to a mode if one is named."""

    file: str
    mode: str | None = None
    live: Live = field(default_factory=Live)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOutcome:
    """What became of a job: a run, why it was left out, or why the file can't be used.

    Keeps: `attempts`, which one the run was; `tells_nothing`, whether it failed on a machine too busy to keep time.
    """

    result: RunResult | None = None
    attempts: int = 1
    tells_nothing: bool = False
    skipped: str = ""
    refused: str = ""


def run_job(job: LiveJob) -> LiveOutcome:
    """Run one scenario live. Everything here and in the outcome can go from one process to another."""
    try:
        loaded = load(job.file) if job.mode is None else narrowed(job.file, job.mode)
        run = run_on_sockets(loaded, live=job.live)
        return LiveOutcome(result=run.result, tells_nothing=run.tells_nothing)
    except (VirtualOnly, Unfit) as reason:
        return LiveOutcome(skipped=str(reason))
    except MikeySdpError as error:
        return LiveOutcome(refused=str(error))


def _wait_for_all(barrier: Barrier) -> None:
    """Run nothing before every process is ready: the start of the others would disturb the first runs."""
    with suppress(BrokenBarrierError):
        barrier.wait(_READY_S)


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A job in the pool, and who waits for its outcome."""

    job: LiveJob
    attempt: int = 1
    future: Future[LiveOutcome] = field(default_factory=Future)


class LivePool:
    """Processes for that many live runs: `jobs` of them, or as many as fit this machine.

    A run that tells nothing, because the machine was too busy, is repeated when all others are over, and on its own.
    """

    def __init__(self, runs: int, jobs: int | None = None) -> None:
        # New processes rather than forks: whoever calls may have threads, such as that of a progress bar.
        context = multiprocessing.get_context("spawn")
        processes = min(runs, jobs or RUNS_A_CORE * cores())
        self._pool: Final = ProcessPoolExecutor(
            processes, mp_context=context, initializer=_wait_for_all, initargs=(context.Barrier(processes),)
        )
        self._lock: Final = Lock()
        self._again: Final[deque[_Ticket]] = deque()
        self._going = 0

    def submit(self, job: LiveJob) -> Future[LiveOutcome]:
        """Run a scenario as soon as there is a process for it."""
        ticket = _Ticket(job)
        with self._lock:
            self._going += 1
        self._start(ticket)
        return ticket.future

    def close(self) -> None:
        """Start no more runs, and wait for those that go on."""
        self._pool.shutdown(cancel_futures=True)
        while self._again:
            self._again.popleft().future.cancel()

    def _start(self, ticket: _Ticket) -> None:
        try:
            run = self._pool.submit(run_job, ticket.job)
        except RuntimeError as error:  # the pool has been closed, or one of its processes has died
            ticket.future.set_exception(error)
        else:
            run.add_done_callback(partial(self._over, ticket))

    def _over(self, ticket: _Ticket, run: Future[LiveOutcome]) -> None:
        """A run is over: tell its outcome or repeat it later; called from a thread of the pool."""
        error = CancelledError() if run.cancelled() else run.exception()
        repeated = error is None and run.result().tells_nothing and ticket.attempt < ATTEMPTS
        with self._lock:
            self._going -= 1
            if repeated:
                self._again.append(replace(ticket, attempt=ticket.attempt + 1))
            following = self._again.popleft() if self._again and not self._going else None
            self._going += following is not None
        if error is not None:
            ticket.future.set_exception(error)
        elif not repeated:
            ticket.future.set_result(replace(run.result(), attempts=ticket.attempt))
        if following is not None:
            self._start(following)


def run_files_live(
    files: Iterable[str | Path], *, live: Live | None = None, jobs: int | None = None, witnessed: bool = False
) -> Iterator[RunEvent]:
    """Run several files live, `jobs` of them at once; told in the order of the files.

    Who wants a witness gets the runs one after the other, since secrets stay in the process that made them.
    """
    every = [LiveJob(file=str(file), live=live or Live()) for file in files]
    if witnessed or jobs == 1 or len(every) < 2:
        for number, job in enumerate(every, start=1):
            yield from _one_by_one(job, number, len(every), witnessed=witnessed)
        return
    pool = LivePool(len(every), jobs)
    try:
        futures = [pool.submit(job) for job in every]
        for number, (job, future) in enumerate(zip(every, futures, strict=True), start=1):
            yield from _awaited(job, future, number, len(every))
    finally:
        pool.close()


def _one_by_one(job: LiveJob, number: int, of: int, *, witnessed: bool) -> Iterator[RunEvent]:
    try:
        loaded = load(job.file)
        yield RunStarted(file=job.file, name=loaded.scenario.name, number=number, of=of)
        for attempt in range(1, ATTEMPTS + 1):
            run = run_on_sockets(loaded, live=job.live)
            if not run.tells_nothing or attempt == ATTEMPTS:
                yield RunFinished(result=run.result, witness=run.witness if witnessed else None, attempts=attempt)
                return
    except VirtualOnly as reason:
        yield RunSkipped(file=job.file, reason=str(reason))
    except MikeySdpError as error:
        yield RunRefused(file=job.file, error=error)


def _awaited(job: LiveJob, future: Future[LiveOutcome], number: int, of: int) -> Iterator[RunEvent]:
    try:
        loaded = load(job.file)
        yield RunStarted(file=job.file, name=loaded.scenario.name, number=number, of=of)
        outcome = future.result()
    except BrokenExecutor:
        outcome = LiveOutcome(refused="a process that ran scenarios has died")
    except MikeySdpError as error:
        yield RunRefused(file=job.file, error=error)
        return
    if outcome.result is not None:
        yield RunFinished(result=outcome.result, attempts=outcome.attempts)
    elif outcome.skipped:
        yield RunSkipped(file=job.file, reason=outcome.skipped)
    else:
        yield RunRefused(file=job.file, error=UsageError(outcome.refused))
