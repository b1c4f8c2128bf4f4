from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Any

import pytest

from mikey_sdp.scenario import live_pool
from mikey_sdp.scenario.live_pool import LiveJob, LiveOutcome, LivePool
from mikey_sdp.trace import RunResult

_RESULT = RunResult(name="a call", shows="nothing", file="a", parties=(), records=(), verdicts=())
_HELD = LiveOutcome(result=_RESULT)
_SPOILED = LiveOutcome(result=_RESULT, tells_nothing=True)


class Processes:
    """Stands for a pool of processes: runs end when a test says so."""

    def __init__(self, *_given: Any, **_named: Any) -> None:
        self.started: list[tuple[str, Future[LiveOutcome]]] = []
        self.is_closed = False

    def submit(self, _run: object, job: LiveJob) -> Future[LiveOutcome]:
        if self.is_closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[LiveOutcome] = Future()
        self.started.append((job.file, future))
        return future

    def shutdown(self, *, cancel_futures: bool) -> None:
        assert cancel_futures
        self.is_closed = True
        for _, future in self.started:
            future.cancel()

    def end(self, file: str, outcome: LiveOutcome) -> None:
        next(future for name, future in self.started if name == file and not future.done()).set_result(outcome)

    @property
    def files(self) -> list[str]:
        return [file for file, _ in self.started]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> tuple[LivePool, Processes]:
    processes = Processes()
    monkeypatch.setattr(live_pool, "ProcessPoolExecutor", lambda *_, **__: processes)
    return LivePool(3), processes


def test_what_a_busy_machine_spoiled_is_run_again_when_all_others_are_over_and_alone(pool: tuple[LivePool, Processes]):
    runs, processes = pool
    first, second, third = (runs.submit(LiveJob(file=file)) for file in "abc")
    processes.end("a", _SPOILED)
    processes.end("b", _SPOILED)
    assert processes.files == ["a", "b", "c"]
    assert not first.done()
    processes.end("c", _HELD)
    assert third.result().attempts == 1
    assert processes.files == ["a", "b", "c", "a"]
    processes.end("a", _HELD)
    assert first.result().attempts == 2
    assert processes.files == ["a", "b", "c", "a", "b"]
    processes.end("b", _SPOILED)
    processes.end("b", _SPOILED)
    assert second.result().attempts == 3
    assert second.result().tells_nothing
    assert len(processes.started) == 6


def test_what_failed_on_a_punctual_machine_has_failed(pool: tuple[LivePool, Processes]):
    runs, processes = pool
    future = runs.submit(LiveJob(file="a"))
    processes.end("a", LiveOutcome(result=_RESULT))
    assert future.result() == _HELD
    assert len(processes.started) == 1


def test_a_process_that_dies_is_told_and_the_others_go_on(pool: tuple[LivePool, Processes]):
    runs, processes = pool
    first, second = (runs.submit(LiveJob(file=file)) for file in "ab")
    processes.started[0][1].set_exception(RuntimeError("it died"))
    processes.end("b", _HELD)
    assert str(first.exception()) == "it died"
    assert second.result() == _HELD


def test_closing_ends_the_wait_for_all_that_has_not_run(pool: tuple[LivePool, Processes]):
    runs, processes = pool
    spoiled, waiting = (runs.submit(LiveJob(file=file)) for file in "ab")
    processes.end("a", _SPOILED)
    runs.close()
    assert isinstance(waiting.exception(), CancelledError)
    assert spoiled.cancelled() or spoiled.exception() is not None


def test_a_file_that_is_no_scenario_is_refused_in_words():
    outcome = live_pool.run_job(LiveJob(file="/nowhere/a.call.yaml"))
    assert "the file can't be read" in outcome.refused
