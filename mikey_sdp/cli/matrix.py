"""`mikey-sdp matrix`: the tables of RFC 5197 section 5.5 as they come out when situations are run and attacked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from mikey_sdp.cli.common import HELD, USED_WRONGLY, ModeChoice
from mikey_sdp.cli.matrix_pages import MatrixPages
from mikey_sdp.cli.screen import Screen
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.report.html_matrix_words import outcome_word
from mikey_sdp.report.printable import printable
from mikey_sdp.scenario.matrix import MATRIX_CASES, measure_matrix, variant_of
from mikey_sdp.scenario.matrix_outcome import Keep, forget
from mikey_sdp.scenario.matrix_words import CONDITIONS
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.trace import CriteriaRow, Matrix, MatrixCell, MatrixRow, PolicyChoice, PropertyRow

_NAME: Final = 13
_CELL: Final = 14
_STYLES: Final = {"yes": "green", "open": "yellow", "no": "dim"}
_LEGEND: Final = (
    "yes: the call was set up, every packet that counts was decrypted when it arrived, and",
    "nobody but its members could derive its keys. open: it worked, and others could. no:",
    "it did not work. After a stroke, what RFC 5197 prints where that is something else.",
)


@click.command("matrix")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=ModeChoice(str(mode) for mode in Mode),
    help="Only this mode; may be given several times.",
)
@click.option("--conditions", is_flag=True, help="Print every condition of every cell.")
@click.option("--calls", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many calls are timed.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
@click.option("--html", "html_folder", metavar="FOLDER", help="Write the tables as a page, and a page of every run.")
@click.pass_context
def matrix(
    context: click.Context, modes: tuple[str, ...], conditions: bool, calls: int, as_json: bool, html_folder: str | None
) -> None:
    """Measure RFC 5197's tables: which mode fits which situation, in runs with an attacker at every place.

    Exits 0 when all was measured, 2 if a library is missing.
    """
    cases = [case for case in MATRIX_CASES if not modes or str(case.mode) in modes]
    pages = None if html_folder is None else MatrixPages(html_folder)
    measured = _watched(cases, calls, forget if pages is None else pages.keep)
    if pages is not None:
        pages.finish(measured)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(measured), indent=2).decode() + "\n")
    else:
        Screen().show(_tables(measured, conditions=conditions))
    context.exit(USED_WRONGLY if any(row.error for row in measured.table1) else HELD)


def _watched(cases: Sequence[ModeCase], calls: int, keep: Keep) -> Matrix:
    """The tables, with a bar on a terminal while they are measured."""
    err = Screen(err=True)
    if not err.console.is_terminal:
        return measure_matrix(cases, time.process_time_ns, timed=calls, keep=keep)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err.console, transient=True) as progress:
        task = progress.add_task("", total=len(cases))

        def watch(case: ModeCase) -> None:
            progress.update(task, description=f"{_name(str(case.mode), variant_of(case)):<{_NAME}}")
            progress.advance(task, 0 if case is cases[0] else 1)

        return measure_matrix(cases, time.process_time_ns, timed=calls, watch=watch, keep=keep)


def _tables(measured: Matrix, *, conditions: bool) -> Iterator[Text | str]:
    yield from _first(measured.table1)
    if conditions:
        yield ""
        yield from _every_condition(measured.table1)
    yield ""
    yield from _second(measured.table2)
    yield ""
    yield from _third(measured.table3)
    yield ""
    yield from _policy(measured.policy)
    differing = tuple(_differing(measured.table1))
    if differing:
        yield ""
        yield Text("Where that is not what RFC 5197 prints", style="bold")
        yield from differing


def _first(rows: Sequence[MatrixRow]) -> Iterator[Text | str]:
    yield Text(_line("", *(column.replace("shared-key-", "") for column in CONDITIONS)), style="bold")
    for row in rows:
        text = Text(f"{_name(row.mode, row.variant):<{_NAME}}  ", style="cyan")
        if row.error:
            text.append(f"not measured: {printable(row.error)}", style="yellow")
        for cell in row.cells.values():
            text.append(*_measured(cell))
        yield text
    yield from (Text(line, style="dim") for line in _LEGEND)


def _measured(cell: MatrixCell) -> tuple[str, str]:
    word, style = _word(works=cell.works, secure=cell.secure)
    if cell.agrees is False:
        word, style = f"{word} / {cell.printed or 'blank'}", "bold magenta"
    return f"{word:<{_CELL}}  ", style


def _word(*, works: bool, secure: bool) -> tuple[str, str]:
    word = outcome_word(works=works, secure=secure)
    return word, _STYLES[word]


def _every_condition(rows: Sequence[MatrixRow]) -> Iterator[Text | str]:
    for row in rows:
        for cell in row.cells.values():
            for one in cell.conditions:
                word, style = _word(works=one.works, secure=one.secure)
                chosen = f", by {one.chosen}" if one.chosen else ""
                yield Text.assemble((f"{one.run:<55}  ", "cyan"), (f"{word}{chosen}", style))
                yield from (Text(f"    {printable(note)}", style="dim") for note in one.notes)
        if row.error:
            yield Text(f"{row.mode}: {printable(row.error)}", style="yellow")


def _differing(rows: Sequence[MatrixRow]) -> Iterator[Text | str]:
    for row in rows:
        for column, cell in row.cells.items():
            if cell.agrees is False:
                word = _word(works=cell.works, secure=cell.secure)[0]
                printed = repr(cell.printed) if cell.printed else "blank"
                yield f"  {_name(row.mode, row.variant)}, {column}: measured {word}, printed {printed}"


def _second(rows: Sequence[PropertyRow]) -> Iterator[Text | str]:
    yield Text(_line("", "manual keys", "needs PKI", "PFS", "keys made by", "opened by"), style="bold")
    for row in rows:
        pfs = "?" if row.pfs is None else _yes(row.pfs)
        cells = (_yes(row.manual_keys), _yes(row.needs_pki), pfs, row.key_generation)
        text = Text(f"{_name(row.mode, row.variant):<{_NAME}}  ", style="cyan")
        for name, cell in zip(("manual-keys", "needs-pki", "pfs", "key-generation"), cells, strict=True):
            differs = row.agrees.get(name) is False and row.printed is not None
            shown = f"{cell} / {row.printed[name]}" if differs and row.printed else cell
            text.append(f"{shown:<{_CELL}}  ", style="bold magenta" if differs else "")
        text.append(" and ".join(row.opened_by) or "nobody")
        yield text
    yield Text("Opened by: the ends whose long-term secrets, stolen later, open a recording.", style="dim")
    for row in rows:
        if row.without_rand is not None:
            yield Text(
                f"Where the Initiator of {row.mode} sends no RAND: keys made by {row.without_rand}.", style="dim"
            )


def _third(rows: Sequence[CriteriaRow]) -> Iterator[Text | str]:
    yield Text(_line("", "mandatory", "beforehand", "group keying", "messages", "octets", "us CPU"), style="bold")
    for row in rows:
        cells = (
            row.mandatory or "-",
            f"{row.objects}{' + peers' if row.peer_beforehand and not row.keys_per_pair else ''}",
            _yes(row.group_keying),
            str(row.messages),
            f"{row.i_message_octets} + {row.r_message_octets}",
            f"{row.initiator_us:.0f} + {row.responder_us:.0f}",
        )
        yield Text.assemble((f"{_name(row.mode, row.variant):<{_NAME}}  ", "cyan"), _line(*cells, indented=False))
    yield Text("Beforehand: keys and certificates that ten users need to call each other.", style="dim")


def _policy(choices: Sequence[PolicyChoice]) -> Iterator[Text | str]:
    """What the policy made of each situation; a choice that another mode would have beaten stands out."""
    yield Text("What the policy chooses with a pre-shared key and certificates at hand", style="bold")
    for one in choices:
        word, style = _word(works=one.works, secure=one.secure)
        text = Text.assemble(
            (f"  {one.run.removeprefix('policy/'):<46}  ", "cyan"), (f"{one.chosen:<8}", ""), (word, style)
        )
        if one.better:
            text.append(f"; better: {', '.join(one.better)}", style="bold magenta")
        yield text


def _line(*cells: str, indented: bool = True) -> str:
    first, rest = (f"{cells[0]:<{_NAME}}  ", cells[1:]) if indented else ("", cells)
    return (first + "  ".join(f"{cell:<{_CELL}}" for cell in rest)).rstrip()


def _name(mode: str, variant: str) -> str:
    return f"{mode} {variant}".strip()


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
