"""`mikey-sdp sweep`: one scenario with many values, as a table, as files and as a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from mikey_sdp.cli.common import FAILED, HELD, NOTHING_FOUND, USED_WRONGLY
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import UsageError
from mikey_sdp.report.printable import printable
from mikey_sdp.scenario.sweep import Row, Sweep, sweep_of
from mikey_sdp.scenario.sweep_plot import check_plot, write_plot
from mikey_sdp.scenario.sweep_pool import rows_of
from mikey_sdp.scenario.sweep_tables import csv_text, header, objects, write_parquet

_TOLD: Final = ("mode", "setup_ms", "first_audio_ms", "packets_sent", "packets_decrypted", "packets_clipped")
_TITLES: Final = ("mode", "setup ms", "audio ms", "sent", "decrypted", "clipped", "offer", "answer")
_SHOWN: Final = (*_TOLD, "offer_octets", "answer_octets")
_STYLES: Final = {"held": "green", "failed": "bold red", "crashed": "bold red", "refused": "yellow", "empty": "yellow"}


@click.command("sweep")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--set",
    "settings",
    metavar="PATH=VALUE,...",
    multiple=True,
    help="A place of the file and the values that take turns there, such as 'parties.alice.offers=psk,dhhmac'. Places "
    "joined with commas change together. Several --set make a grid.",
)
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1, 100_000), help="Runs a combination.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes at once; as many as there are cores if left out.")
@click.option("--dask", metavar="ADDRESS", help="Run on the workers of this Dask scheduler instead (extra: dask).")
@click.option("--csv", "csv_file", metavar="FILE", help="Write the rows as CSV; - for standard output.")
@click.option("--parquet", "parquet_file", metavar="FILE", help="Write the rows as Parquet (extra: parquet).")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option("--plot", "plot_file", metavar="FILE", help="Draw a picture, .png or .svg (extra: sweep).")
@click.option("--column", default="setup_ms", show_default=True, help="What the picture shows.")
@click.option("--over", metavar="PATH", help="Over which parameter; the first with numbers as values if left out.")
@click.pass_context
def sweep(
    context: click.Context,
    scenario: str,
    settings: tuple[str, ...],
    seeds: int,
    jobs: int | None,
    dask: str | None,
    csv_file: str | None,
    parquet_file: str | None,
    as_json: bool,
    plot_file: str | None,
    column: str,
    over: str | None,
) -> None:
    """Run a scenario with every combination of some values, and measure each run.

    A combination that makes no sense, such as a mode without a credential, is a row that says so. With --set
    'expect=[]' runs are measured without being judged.

    Exits 0 if every run held, 1 if one failed or crashed, 2 if one made no sense, 3 if one expected nothing.
    """
    grid = sweep_of(scenario, settings, seeds=seeds)
    if plot_file is not None:
        check_plot(grid, Path(plot_file), column=column, over=over)
    rows = list(_watched(rows_of(grid, jobs=jobs, dask=dask), len(list(grid.points()))))
    if as_json:
        document = msgspec.json.encode({"file": grid.file, "columns": header(grid), "rows": objects(grid, rows)})
        sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")
    elif csv_file != "-":
        _show(grid, rows)
    if csv_file == "-":
        sys.stdout.write(csv_text(grid, rows))
    elif csv_file is not None:
        text = csv_text(grid, rows).encode()
        _written(csv_file, lambda file: file.write_bytes(text))
    if parquet_file is not None:
        _written(parquet_file, lambda file: write_parquet(file, grid, rows))
    if plot_file is not None:
        title = f"{Path(scenario).name.partition('.')[0]}: {len(rows)} runs"
        _written(plot_file, lambda file: write_plot(grid, rows, file, column=column, over=over, title=title))
    context.exit(exit_status(rows))


def exit_status(rows: Sequence[Row]) -> int:
    """What the command tells its caller: a failed check outweighs a combination that makes no sense."""
    outcomes = {row.outcome for row in rows}
    if outcomes & {"failed", "crashed"}:
        return FAILED
    if "refused" in outcomes:
        return USED_WRONGLY
    return HELD if outcomes == {"held"} else NOTHING_FOUND


def _written(name: str, write: Callable[[Path], object]) -> None:
    try:
        write(Path(name))
    except OSError as error:
        raise UsageError(f"{name} can't be written: {error.strerror or error}") from None


def _watched(rows: Iterator[Row], total: int) -> Iterator[Row]:
    """The rows, with a bar on a terminal while they come in."""
    err = Screen(err=True)
    if not err.console.is_terminal:
        yield from rows
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err.console, transient=True) as progress:
        task = progress.add_task("runs", total=total)
        for row in rows:
            progress.advance(task)
            yield row


def _show(grid: Sweep, rows: Sequence[Row]) -> None:
    """The rows as a table, then how many held."""
    names = [parameter.name for parameter in grid.parameters]
    seeded = len(grid.seeds) > 1
    head = [*names, *(("seed",) if seeded else ()), "outcome", *_TITLES]
    words = len(head) - len(_TITLES) + 1  # up to the mode: words to the left, numbers to the right
    body = [_cells(row, seeded=seeded) for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    out = Screen()
    out.show([Text(_line(head, widths, words), style="bold")])
    for row, cells in zip(rows, body, strict=True):
        out.show([Text(_line(cells, widths, words), style="" if row.outcome == "held" else _STYLES[row.outcome])])
        out.show(Text(f"    {printable(said)}", style="dim") for said in (*row.failed, row.error) if said)
    held = sum(row.outcome == "held" for row in rows)
    judged = any(row.outcome != "empty" for row in rows)
    said = f"{held} of {len(rows)} runs held" if judged else f"{len(rows)} runs, of which nothing was expected"
    out.show(["", Text(said, style=_STYLES["held" if held == len(rows) else "failed" if judged else "empty"])])


def _line(cells: Sequence[str], widths: Sequence[int], words: int) -> str:
    """As many cells as are words to the left, numbers to the right."""
    placed = enumerate(zip(cells, widths, strict=True))
    return "  ".join(f"{cell:<{wide}}" if at < words else f"{cell:>{wide}}" for at, (cell, wide) in placed).rstrip()


def _cells(row: Row, *, seeded: bool) -> list[str]:
    seed = [str(row.seed)] if seeded else []
    return [*map(printable, row.values), *seed, row.outcome, *(_say(getattr(row.measures, name)) for name in _SHOWN)]


def _say(number: str | float | None) -> str:
    return "-" if number in (None, "") else f"{number:.6g}" if isinstance(number, float) else str(number)
