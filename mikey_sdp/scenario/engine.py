"""Runs scenarios and tells what happens as events, which reporters consume: one way in for command line and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.scenario.build import build
from mikey_sdp.scenario.checks import judge, needs_witness
from mikey_sdp.scenario.load import Loaded, load
from mikey_sdp.scenario.reading import parties_of
from mikey_sdp.scenario.sense_outside import outsiders_of
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import AnyRecord, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A file was read, its run begins; `of` files are to be run, this is number `number` from 1."""

    file: str
    name: str
    number: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """A run is over and judged.

    Keeps: `witness`, who saw all that passed and all keys, where one was asked for; `attempts`, more than one where a
    busy machine spoiled a live run.
    """

    result: RunResult
    witness: Witness | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRefused:
    """A file can't be run: it is no scenario, or what it asks for is not to be had."""

    file: str
    error: MikeySdpError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSkipped:
    """A scenario that can't be shown in the way that was asked for, and why."""

    file: str
    reason: str


class LiveOnly(UsageError):
    """A scenario in which other programs take part can't be run in virtual time; the text is a reason to skip it."""


RunEvent = RunStarted | RunFinished | RunRefused | RunSkipped


def run(
    loaded: Loaded,
    *,
    watch: Callable[[AnyRecord], None] | None = None,
    capture: Capture | None = None,
    witness: Witness | None = None,
) -> RunResult:
    """Run one scenario in virtual time and judge it; `watch` sees every record when it is made, `capture` all that
    passes over the network, `witness` all secrets too, from whom expectations on secrecy can be judged afterwards.

    Raises: LiveOnly; ScenarioError, UsageError for what can't be carried out.
    """
    scenario = loaded.scenario
    if outsiders := outsiders_of(scenario):
        played = ", ".join(f"{party.kind} plays {name}" for name, party in outsiders.items())
        raise LiveOnly(f"it runs live only: {played}, and other programs know no virtual time")
    if witness is None and needs_witness(scenario):
        witness = Witness()
    if witness is not None:
        witness.capture = capture = capture or witness.capture
    records = tuple(simulate(build(loaded, witness=witness), watch=watch, capture=capture))
    return RunResult(
        name=scenario.name,
        shows=scenario.shows,
        file=loaded.source.file,
        parties=parties_of(scenario),
        records=records,
        verdicts=judge(loaded, records, witness=witness),
        commands=sum(len(step.commands) for step in scenario.steps),
    )


def run_files(files: Iterable[str | FilePath], *, witnessed: bool = False) -> Iterator[RunEvent]:
    """Run several files one after the other; one that can't be run doesn't keep the others from running."""
    every = list(files)
    for number, file in enumerate(every, start=1):
        try:
            loaded = load(file)
            yield RunStarted(file=str(file), name=loaded.scenario.name, number=number, of=len(every))
            witness = Witness() if witnessed else None
            yield RunFinished(result=run(loaded, witness=witness), witness=witness)
        except LiveOnly as reason:
            yield RunSkipped(file=str(file), reason=str(reason))
        except MikeySdpError as error:
            yield RunRefused(file=str(file), error=error)
