"""What a run of the matrix came to, as the tables count it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from mikey_sdp.report.matrix_run import MatrixRun
from mikey_sdp.trace import AnyRecord, RunResult, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run as the matrix counts it.

    Keeps: `chosen`, the mode of the call where the policy was free to choose it; `notes`, in words what did not work
    and who could read what; `runs`, all that there is to see of it, for whoever keeps that.
    """

    run: str
    works: bool
    secure: bool
    chosen: str = ""
    notes: tuple[str, ...] = ()
    runs: tuple[MatrixRun, ...] = field(default=(), repr=False, compare=False)


Keep = Callable[[str, MatrixRun], None]
"""Takes a run to show it later, and the name of the condition's run that it is part of."""


def forget(_name: str, _run: MatrixRun) -> None:
    """Keep nothing of a run but its outcome."""


def hand_over(outcome: Outcome, shows: str, keep: Keep) -> None:
    """Give the runs behind an outcome to whoever keeps them."""
    for run in outcome.runs:
        keep(outcome.run, replace(run, result=msgspec.structs.replace(run.result, shows=shows)))


def outcome_of(run: MatrixRun, *, use: Sequence[Verdict], secrecy: Sequence[Verdict], chosen: str = "") -> Outcome:
    """A run as it counts: all that makes a call of use must hold for works, all that keeps its keys for secure."""
    return Outcome(
        run=run.result.name,
        works=all(one.held for one in use),
        secure=all(one.held for one in secrecy),
        chosen=chosen,
        notes=tuple(one.came for one in (*use, *secrecy) if not one.held),
        runs=(run,),
    )


def verdicts_of(
    name: str, parties: Iterable[str], verdicts: Iterable[Verdict], records: Iterable[AnyRecord], commands: int
) -> RunResult:
    """A run of the matrix in the form of any other run."""
    return RunResult(
        name=name,
        shows="",
        file="",
        parties=tuple(parties),
        records=tuple(records),
        verdicts=tuple(verdicts),
        commands=commands,
    )


def checked(expectation: str, faults: Iterable[str]) -> Iterator[Verdict]:
    """One expectation, held, or as many failed ones as there are faults."""
    found = tuple(dict.fromkeys(faults))
    if not found:
        yield Verdict(expectation=expectation, held=True)
    yield from (Verdict(expectation=expectation, held=False, came=fault) for fault in found)


def merged(name: str, outcomes: Iterable[Outcome]) -> Outcome:
    """Several runs as one, which holds where all of them do."""
    every = tuple(outcomes)
    return Outcome(
        run=name,
        works=all(one.works for one in every),
        secure=all(one.secure for one in every),
        chosen=" or ".join(dict.fromkeys(one.chosen for one in every if one.chosen)),
        notes=tuple(f"{one.run.rpartition('/')[2]}: {note}" for one in every for note in one.notes),
        runs=tuple(run for one in every for run in one.runs),
    )
