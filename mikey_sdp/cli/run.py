"""`mikey-sdp run`: scripted calls run in virtual time or on real sockets, shown as ladders and judged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from mikey_sdp.cli.common import FAILED, HELD, NOTHING_FOUND, USED_WRONGLY
from mikey_sdp.cli.reports import Wanted
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import ScenarioError
from mikey_sdp.report.page import page
from mikey_sdp.report.printable import printable
from mikey_sdp.report.streams import streams
from mikey_sdp.report.verdicts import summary, verdict_lines
from mikey_sdp.scenario.engine import RunEvent, RunFinished, RunRefused, RunSkipped, RunStarted, run_files
from mikey_sdp.scenario.files import find
from mikey_sdp.scenario.live import Live
from mikey_sdp.scenario.live_margin import MARGIN_US
from mikey_sdp.scenario.live_pool import run_files_live
from mikey_sdp.scenario.live_proxy import PROXIES
from mikey_sdp.scenario.units import say_us
from mikey_sdp.trace import RunResult


@click.command("run")
@click.argument("places", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON instead of text.")
@click.option("--ladder/--no-ladder", "ladder", default=None, help="Show ladders; by default for a single file.")
@click.option("--trace", "trace_file", metavar="FILE", help="Write the records of a single run as JSON.")
@click.option("--junit", "junit_file", metavar="FILE", help="Write the results as JUnit XML.")
@click.option("--html", "html_place", metavar="FILE.html|FOLDER", help="Write a page of each run, ladders and keys.")
@click.option("--mermaid", "mermaid_file", metavar="FILE", help="Write a single run as a Mermaid sequence diagram.")
@click.option("--pcap", "pcap_file", metavar="FILE", help="Write the SIP and SRTP of a single run as pcapng.")
@click.option("--plain-pcap", "plain_pcap_file", metavar="FILE", help="The same with RTP that the run's keys opened.")
@click.option(
    "--live",
    "is_live",
    is_flag=True,
    help=f"Run on loopback sockets, in real time; spans that are expected may be {say_us(MARGIN_US)} longer.",
)
@click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="How many files run live at the same time.")
@click.option("--proxy", type=click.Choice(list(PROXIES)), help="Who plays the servers of the calls that run live.")
@click.pass_context
def run(
    context: click.Context,
    places: tuple[str, ...],
    as_json: bool,
    ladder: bool | None,
    trace_file: str | None,
    junit_file: str | None,
    html_place: str | None,
    mermaid_file: str | None,
    pcap_file: str | None,
    plain_pcap_file: str | None,
    is_live: bool,
    jobs: int | None,
    proxy: str | None,
) -> None:
    """Run scenario files (*.call.yaml) in virtual time and tell whether what they expect came true.

    With --live they run on loopback sockets in real time; those that only virtual time can show are skipped. With
    --proxy too, their proxies, redirect servers and registrars are processes of that program, configured to do what
    the file says of them; what has no server, or one that does more than the program can, is skipped.

    For FILE, - is standard output; what is told of the runs then goes to standard error.

    Exits 0 if every expectation held, 1 if one failed, 2 if a file can't be used, 3 if nothing was run.
    """
    if jobs is not None and not is_live:
        raise click.UsageError("--jobs goes with --live; in virtual time files run one after the other")
    if proxy is not None and not is_live:
        raise click.UsageError("--proxy goes with --live; in virtual time there are no programs of others")
    files = _found(places)
    wanted = Wanted(
        trace=trace_file,
        junit=junit_file,
        html=html_place,
        mermaid=mermaid_file,
        pcap=pcap_file,
        plain_pcap=plain_pcap_file,
    )
    wanted.check(len(files))
    _check_owners(*wanted.on_standard_output, *(("--json",) if as_json else ()))
    teller = _Teller(
        as_json=as_json,
        ladder=len(files) == 1 if ladder is None else ladder,
        many=len(files) > 1,
        aside=bool(wanted.on_standard_output),
    )
    if is_live:
        played = f", servers played by {proxy}" if proxy else ""
        teller.announce(f"live on loopback sockets{played}; spans that are expected may be {say_us(MARGIN_US)} longer")
    witnessed = wanted.witnessed
    if is_live:
        live = Live(outside=PROXIES[proxy] if proxy else None)
        events = run_files_live(files, live=live, jobs=jobs, witnessed=witnessed)
    else:
        events = run_files(files, witnessed=witnessed)
    for event in teller.watched(events, len(files)):
        teller.tell(event)
    teller.conclude()
    wanted.write(teller.finished)
    context.exit(exit_status(teller.results, teller.refused))


def _found(places: tuple[str, ...]) -> list[Path]:
    try:
        return find(places)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None


def _check_owners(*owners: str) -> None:
    """Refuse that several options write to standard output."""
    if len(owners) > 1:
        raise click.UsageError(
            f"standard output can't hold the results of {' and '.join(owners)}; give one of them a file"
        )


def exit_status(results: Sequence[RunResult], refused: Sequence[RunRefused]) -> int:
    """What the command tells its caller: a failed check outweighs a file that can't be used."""
    if not all(result.held for result in results):
        return FAILED
    if refused:
        return USED_WRONGLY
    return HELD if results and all(result.shown for result in results) else NOTHING_FOUND


class _Teller:
    """Tells a person, or a program, what the runs came to; `aside`, where standard output is taken."""

    def __init__(self, *, as_json: bool, ladder: bool, many: bool, aside: bool = False) -> None:
        self.finished: list[RunFinished] = []
        self.refused: list[RunRefused] = []
        self.skipped: list[RunSkipped] = []
        self._as_json = as_json
        self._ladder = ladder
        self._many = many
        self._out = Screen(err=aside)
        self._err = Screen(err=True)

    @property
    def results(self) -> list[RunResult]:
        """The runs that came to an end."""
        return [event.result for event in self.finished]

    def announce(self, text: str) -> None:
        """What holds for all runs that follow."""
        self._err.show([text])

    def watched(self, events: Iterator[RunEvent], total: int) -> Iterator[RunEvent]:
        """The events, with a bar on a terminal while several files run."""
        if total < 2 or self._as_json or not self._err.console.is_terminal:
            yield from events
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._err.console, transient=True) as progress:
            task = progress.add_task("", total=total)
            for event in events:
                if isinstance(event, RunStarted):
                    progress.update(task, description=printable(event.name[:40]), completed=event.number - 1)
                yield event

    def tell(self, event: RunEvent) -> None:
        """One event of the engine."""
        if isinstance(event, RunRefused):
            self.refused.append(event)
            told = str(event.error) if isinstance(event.error, ScenarioError) else f"{event.file}: {event.error}"
            self._err.show(told.splitlines())
        elif isinstance(event, RunSkipped):
            self.skipped.append(event)
            self._err.show([f"{event.file} is skipped: {printable(event.reason)}"])
        elif isinstance(event, RunFinished):
            self.finished.append(event)
            if event.attempts > 1:
                busy = "the machine was too busy to keep time before"
                self._err.show([f"{event.result.file}: this is attempt {event.attempts}; {busy}"])
            if not self._as_json:
                self._show(event.result)

    def _show(self, result: RunResult) -> None:
        width, glyphs = self._out.width, self._out.glyphs
        if self._ladder:
            head = [Text(result.file, style="cyan")] if self._many else []
            tail = [Text("")] if self._many else []
            self._out.show([*head, *page(result, width=width, glyphs=glyphs), *tail])
            return
        self._out.show([Text.assemble(summary(result, glyphs=glyphs), f"  {result.file}: {printable(result.name)}")])
        if not result.held:
            failed = msgspec.structs.replace(result, verdicts=tuple(v for v in result.verdicts if not v.held))
            self._out.show(Text("  ") + line for line in verdict_lines(failed, width=width - 2, glyphs=glyphs)[:-1])

    def conclude(self) -> None:
        """The sum of several runs, or everything as JSON."""
        if self._as_json:
            found = [_as_object(result) for result in self.results]
            refused = [{"file": event.file, "error": str(event.error)} for event in self.refused]
            skipped = [{"file": event.file, "reason": event.reason} for event in self.skipped]
            document = msgspec.json.encode(
                {"runs": found, "refused": refused, **({"skipped": skipped} if skipped else {})}
            )
            sys.stdout.write(msgspec.json.format(document, indent=2).decode() + "\n")
        elif self._many:
            held = sum(result.held for result in self.results)
            said = f"{held} of {len(self.results)} runs held"
            said += f", {len(self.skipped)} files were skipped" if self.skipped else ""
            said += f", {len(self.refused)} files can't be used" if self.refused else ""
            good = held == len(self.results) and not self.refused
            gap = [] if self._ladder else [""]
            self._out.show([*gap, Text(said, style="bold green" if good else "bold red")])
        elif not self.results and not self.refused and not self.skipped:
            self._err.show(["no scenario file (*.call.yaml) is there"])


def _as_object(result: RunResult) -> dict[str, Any]:
    """A run for programs: what was expected and what the media came to; the records are in the trace."""
    return {
        "name": result.name,
        "shows": result.shows,
        "file": result.file,
        "parties": result.parties,
        "held": result.held,
        "verdicts": [msgspec.to_builtins(verdict) for verdict in result.verdicts],
        "streams": [
            {
                "from": stream.sender,
                "to": stream.receiver,
                "media": stream.media,
                "kind": stream.kind,
                "sent": stream.sent,
                "arrived": stream.arrived,
                "decrypted": stream.decrypted,
                "undecryptable": stream.undecryptable,
                "decrypted_late": stream.late,
            }
            for stream in streams(result.records)
        ],
        "records": len(result.records),
    }
