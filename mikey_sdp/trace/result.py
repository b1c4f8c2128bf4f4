"""A whole run: its records, and the verdicts on what was expected of it."""

from __future__ import annotations

import msgspec

from mikey_sdp.trace.records import AnyRecord


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a step of the scenario: which step, counted from 1, when, and what which party did then."""

    number: int
    at_us: int
    party: str
    text: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether one expectation of a scenario held, and if not, what came instead.

    Keeps: `nearest`, the closest thing that did happen, with its time; `line` of the scenario file; `step`, the one
    that did not lead to what was expected.
    """

    expectation: str
    held: bool
    line: int | None = None
    expected: str = ""
    came: str = ""
    nearest: str = ""
    step: StepTaken | None = None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: its name, parties in the order of the file, records and verdicts.

    Keeps: `commands`, how many the steps of the scenario gave.
    """

    name: str
    shows: str
    file: str
    parties: tuple[str, ...]
    records: tuple[AnyRecord, ...]
    verdicts: tuple[Verdict, ...]
    commands: int = 0

    @property
    def shown(self) -> bool:
        """Whether the run can show anything: somebody did something, and something was expected of it."""
        return bool(self.commands and self.records and self.verdicts)

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(verdict.held for verdict in self.verdicts)


def trace_octets(result: RunResult) -> bytes:
    """A run as JSON, keys in a fixed order: two runs of one scenario compare equal octet by octet."""
    return msgspec.json.encode(result)
