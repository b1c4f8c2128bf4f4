"""`mikey-sdp pickup`: a call to a whole group, and what it costs the caller that all phones answer at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from mikey_sdp.cli.common import FAILED, HELD, ModeChoice
from mikey_sdp.cli.reports import made_folder, write_file
from mikey_sdp.cli.screen import Screen
from mikey_sdp.report.html_matrix_run import INDEX
from mikey_sdp.report.html_pickup import PAGE, Cost, html_pickup
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.scenario.pickup import Pickup, measure
from mikey_sdp.scenario.pickup_cast import LEFT_OUT, MAX_TARGETS, PICKUP_CASES
from mikey_sdp.scenario.pickup_counts import Operation
from mikey_sdp.scenario.pickup_scene import Way

_COLUMNS: Final = (
    (("signat.", "checks"), Operation.SIGNATURE_CHECK),
    (("chain", "checks"), Operation.CHAIN_CHECK),
    (("expo-", "nent."), Operation.POWER),
    (("point", "mult."), Operation.MULTIPLE),
    (("MQV", "sums"), Operation.POINT_SUM),
    (("RSA", "decr."), Operation.DECRYPTION),
)
_HEADS: Final = (
    ("targets", "answers", *(head[0] for head, _ in _COLUMNS), "keys", "MIKEY", "floor", "ratio", "rest"),
    ("", "used", *(head[1] for head, _ in _COLUMNS), "unused", "ms", "ms", "", "ms"),
)
_WIDTH: Final = 7
_SAID: Final = {
    Way.PRECONDITIONS: "with security preconditions: every answer is worked on before a phone rings",
    Way.ON_MEDIA: "without: an answer is worked on when media comes from there, or the call is taken",
}
_NOTES: Final = (
    "Counted at the caller, over the whole call. Chain checks are signatures on",
    "certificates; point multiplications include the one that makes the own key.",
    "Keys unused: TGKs of phones that did not take the call. MIKEY: the caller's",
    "processor time from the message to the keys of all answers that were used;",
    "floor: the same public key operations, HMACs and ciphers with nothing around",
    "them; rest: SIP, SDP and media of the caller. The middle one of 3 calls, each",
    "with certificates that nobody has met before. In RSA and ECIES all phones have",
    "the certificate of the group.",
)
_MS: Final = 1_000_000
_WORDS: Final = tuple(dict.fromkeys(case.word for case in PICKUP_CASES))


class _Targets(click.ParamType[tuple[int, ...]]):
    """Numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers, in the order in which they came."""
        if isinstance(value, tuple):
            return value
        wanted = []
        for word in str(value).split(","):
            if not word.strip().isdecimal() or not 1 <= int(word) <= MAX_TARGETS:
                self.fail(f"{word.strip()!r} is no number of phones from 1 to {MAX_TARGETS}", param, ctx)
            wanted.append(int(word))
        return tuple(dict.fromkeys(wanted))


@click.command("pickup")
@click.option(
    "--targets",
    type=_Targets(),
    default="30",
    show_default=True,
    metavar="N[,N]...",
    help="How many phones the group has; several numbers show how the cost grows.",
)
@click.option(
    "--mode", "modes", multiple=True, type=ModeChoice(dict.fromkeys(_WORDS)), help="Only this mode; may be repeated."
)
@click.option(
    "--preconditions/--no-preconditions",
    "preconditions",
    default=None,
    help="Only with security preconditions (RFC 5027), where all answers have to be worked on, or only without, where "
    "an answer waits until it is needed. Both if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option(
    "--html",
    "html_folder",
    metavar="FOLDER",
    help=f"Write the tables as a page, {PAGE}; `mikey-sdp matrix --html` of the same folder leads to it afterwards.",
)
@click.pass_context
def pickup(
    context: click.Context,
    targets: tuple[int, ...],
    modes: tuple[str, ...],
    preconditions: bool | None,
    as_json: bool,
    html_folder: str | None,
) -> None:
    """Call a group whose phones all answer in provisional responses, and count what that costs the caller.

    A proxy forks one INVITE to all of them; one phone then takes the call (RFC 5197 section 5.2). Everything is real
    but the network and the clock of the call.

    Exits 0 if media was decrypted in every call, 1 if not.
    """
    ways = [way for way in Way if preconditions in (None, way is Way.PRECONDITIONS)]
    cases = [case for case in PICKUP_CASES if not modes or case.word in modes]
    wanted = [(case, way, number) for way in ways for case in cases for number in targets]
    folder = None if html_folder is None else made_folder(html_folder)
    rows = list(_watched(wanted))
    if folder is not None:
        matrix = INDEX if (folder / INDEX).is_file() else ""
        write_file(folder / PAGE, _page(rows, ways, matrix).encode())
    if as_json:
        document = msgspec.json.encode([_as_object(row) for row in rows])
        sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")
    else:
        Screen().show(_table(rows, ways))
    context.exit(HELD if all(row.works for row in rows) else FAILED)


def _watched(wanted: Sequence[tuple[ModeCase, Way, int]]) -> Iterator[Pickup]:
    """The rows, with a bar on a terminal while they are measured."""
    err = Screen(err=True)
    if not err.console.is_terminal:
        yield from (measure(case, number, way, time.thread_time_ns) for case, way, number in wanted)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err.console, transient=True) as progress:
        task = progress.add_task("", total=len(wanted))
        for case, way, number in wanted:
            progress.update(task, description=f"{case.name}, {number} phones")
            yield measure(case, number, way, time.thread_time_ns)
            progress.advance(task)


def _page(rows: Sequence[Pickup], ways: Sequence[Way], matrix: str) -> str:
    return html_pickup(
        [(_SAID[way], [_cost(row) for row in rows if row.way is way]) for way in ways],
        operations=[str(operation) for _, operation in _COLUMNS],
        left_out=[(str(mode), why) for mode, why in LEFT_OUT.items()],
        notes=" ".join(_NOTES),
        matrix=matrix,
    )


def _cost(row: Pickup) -> Cost:
    return Cost(
        name=row.case.name,
        phones=row.targets,
        answers=row.answers,
        counts=tuple(row.counts[operation] for _, operation in _COLUMNS),
        unused=row.discarded,
        mikey_ms=row.mikey_ns / _MS,
        floor_ms=row.floor_ns / _MS,
        rest_ms=row.beside_ns / _MS,
        works=row.works,
    )


def _table(rows: Sequence[Pickup], ways: Sequence[Way]) -> Iterator[Text]:
    name_width = max(len(row.case.name) for row in rows)
    for way in ways:
        yield Text(_SAID[way], style="bold cyan")
        yield from (Text(" " * name_width + _line(head), style="bold") for head in _HEADS)
        before = None
        for row in (row for row in rows if row.way is way):
            name = "" if row.case is before else row.case.name
            before = row.case
            yield Text.assemble((f"{name:<{name_width}}", "cyan"), _line(_cells(row)), *_complaint(row))
        yield Text("")
    yield from (Text(note, style="dim") for note in _NOTES)
    yield from (Text(f"Without a row: {mode}. {why}", style="dim") for mode, why in LEFT_OUT.items())


def _line(cells: Sequence[str]) -> str:
    return "".join(f"{cell:>{_WIDTH + 1}}" for cell in cells)


def _cells(row: Pickup) -> tuple[str, ...]:
    counts = (str(row.counts[operation] or "-") for _, operation in _COLUMNS)
    times = (f"{row.mikey_ns / _MS:.2f}", f"{row.floor_ns / _MS:.2f}", f"{row.ratio:.2f}", f"{row.beside_ns / _MS:.1f}")
    return str(row.targets), str(row.answers), *counts, str(row.discarded), *times


def _complaint(row: Pickup) -> list[tuple[str, str]]:
    return [] if row.works else [("  media was not decrypted", "bold red")]


def _as_object(row: Pickup) -> dict[str, Any]:
    return {
        "name": row.case.name,
        "mode": str(row.case.mode),
        "variant": row.case.variant,
        "targets": row.targets,
        "preconditions": row.way is Way.PRECONDITIONS,
        "works": row.works,
        "answers": row.answers,
        "counts": {operation.name.lower(): times for operation, times in row.counts.items()},
        "tgks": row.tgks,
        "tgks_discarded": row.discarded,
        "mikey_us": row.mikey_ns / 1000,
        "floor_us": row.floor_ns / 1000,
        "ratio": row.ratio,
        "rest_us": row.beside_ns / 1000,
    }
