"""`mikey-sdp modes`: a call keyed in every mode, and what came of it, side by side."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from mikey_sdp.cli.common import FAILED, HELD, USED_WRONGLY, ModeChoice
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import BackendUnavailable, MikeySdpError, PolicyRefused
from mikey_sdp.report.printable import printable
from mikey_sdp.scenario.mode_cases import CASES, ModeCase
from mikey_sdp.scenario.mode_table import Measured, measure
from mikey_sdp.scenario.modes import MODES

_HEAD: Final = (
    ("mode", "I_MESSAGE", "R_MESSAGE", "Initiator", "Responder", "forward", "key made"),
    ("", "octets", "octets", "ms CPU", "ms CPU", "secrecy", "by"),
)
_NAME_WIDTH: Final = max(len(case.name) for case in CASES)
_WIDTHS: Final = (_NAME_WIDTH, 9, 9, 9, 9, 7, 9)
_NOTES: Final = (
    "ms CPU: processor time of one end from SDP to keys, the middle one of {calls} calls.",
    "RSA keys have 2048 bits; keys on curves, of certificates and of DHSAML, are on",
    "P-256; OAKLEY 5 has 1536 bits, modulo a prime. DHSAML: its first round alone.",
    "Forward secrecy: the recorded call stayed closed to somebody who was given all",
    "long-term secrets of both ends afterwards, and opened to him with a private",
    "value of that call. Key made by: the ends whose random octets, drawn otherwise,",
    "make another TGK.",
)
_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unmeasured:
    """A mode in which no call came about, and why."""

    case: ModeCase
    error: MikeySdpError


_Row = Measured | _Unmeasured


@click.command("modes")
@click.argument("wanted", metavar="[MODE]...", nargs=-1, type=ModeChoice(MODES))
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option(
    "--calls", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many calls are timed in each mode."
)
@click.pass_context
def modes(context: click.Context, wanted: tuple[str, ...], as_json: bool, calls: int) -> None:
    """Key a call in each mode, time both ends, and attack the recording of it.

    Message sizes, processor time, forward secrecy and who made the key are measured, on this machine and now. Without
    names, all modes are run; certificates are sent without their issuers.

    Exits 0 if media was decrypted in every mode, 1 if not, 2 if a library is missing.
    """
    cases = [case for case in CASES if not wanted or case.word in wanted]
    rows = list(_watched(cases, calls))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode([_as_object(row) for row in rows]), indent=2).decode())
        sys.stdout.write("\n")
    else:
        screen = Screen()
        screen.show(_table(rows, calls=calls, width=screen.width))
    context.exit(exit_status(rows))


def exit_status(rows: Sequence[_Row]) -> int:
    """What the command tells its caller: a call that failed outweighs a missing library."""
    faults = [row.error for row in rows if isinstance(row, _Unmeasured)]
    silent = any(isinstance(row, Measured) and not row.works for row in rows)
    if silent or not all(isinstance(fault, BackendUnavailable) for fault in faults):
        return FAILED
    return USED_WRONGLY if faults else HELD


def _watched(cases: Sequence[ModeCase], calls: int) -> Iterator[_Row]:
    """The rows, with a bar on a terminal while they are measured."""
    err = Screen(err=True)
    if not err.console.is_terminal:
        yield from (_row(case, calls) for case in cases)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err.console, transient=True) as progress:
        task = progress.add_task("", total=len(cases))
        for number, case in enumerate(cases):
            progress.update(task, description=f"{case.name:<{_NAME_WIDTH}}", completed=number)
            yield _row(case, calls)


def _row(case: ModeCase, calls: int) -> _Row:
    try:
        return measure(case, time.process_time_ns, calls=calls)
    except MikeySdpError as error:
        return _Unmeasured(case=case, error=error)


def _table(rows: Sequence[_Row], *, calls: int, width: int) -> Iterator[Text]:
    for head in _HEAD:
        yield Text(_line(head), style="bold")
    for row in rows:
        name = f"{row.case.name:<{_NAME_WIDTH}}  "
        if isinstance(row, _Unmeasured):
            yield from _said(name, row.error, width)
        else:
            yield Text.assemble((name, "cyan"), *_cells(row))
    yield Text("")
    yield from (Text(note.format(calls=calls), style="dim") for note in _NOTES)


def _said(name: str, error: MikeySdpError, width: int) -> Iterator[Text]:
    """Why a mode was not measured, beside its name, on as many lines as it takes."""
    reason = error.reason if isinstance(error, PolicyRefused) else str(error)
    lines = textwrap.wrap(f"not measured: {printable(reason)}", max(20, width - len(name)))
    for number, line in enumerate(lines):
        yield Text.assemble((" " * len(name) if number else name, "cyan"), (line, "yellow"))


def _line(cells: Sequence[str]) -> str:
    """Names and words to the left, numbers to the right."""
    placed = [
        f"{cell:<{width}}" if at in (0, 5, 6) else f"{cell:>{width}}"
        for at, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  ".join(placed).rstrip()


def _cells(row: Measured) -> Iterator[tuple[str, str]]:
    numbers = (
        str(row.i_message_octets),
        str(row.r_message_octets),
        f"{row.initiator_ns / _MS:.2f}",
        f"{row.responder_ns / _MS:.2f}",
    )
    yield "  ".join(f"{cell:>9}" for cell in numbers) + "  ", ""
    secret = {True: ("yes", "green"), False: ("no", "yellow"), None: ("?", "red")}[row.forward_secrecy]
    yield f"{secret[0]:<7}  ", secret[1]
    yield _makers(row.contributors), ""
    if not row.works:
        yield "  media was not decrypted", "bold red"


def _makers(contributors: tuple[str, ...] | None) -> str:
    if contributors is None:
        return "?"
    return "both ends" if len(contributors) > 1 else "".join(contributors) or "neither"


def _as_object(row: _Row) -> dict[str, Any]:
    if isinstance(row, _Unmeasured):
        return {"name": row.case.name, "mode": str(row.case.mode), "error": str(row.error)}
    return {
        "name": row.case.name,
        "mode": str(row.case.mode),
        "works": row.works,
        "i_message_octets": row.i_message_octets,
        "r_message_octets": row.r_message_octets,
        "initiator_us": row.initiator_ns / 1000,
        "responder_us": row.responder_ns / 1000,
        "forward_secrecy": row.forward_secrecy,
        "contributors": row.contributors,
    }
