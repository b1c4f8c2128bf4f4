"""The files that `mikey-sdp run` writes when it is asked to: pages, diagrams, captures, records, test results."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from mikey_sdp.report.html_index import html_index
from mikey_sdp.report.html_page import html_page
from mikey_sdp.report.junit import junit_xml
from mikey_sdp.report.mermaid import mermaid
from mikey_sdp.report.pcapng import pcapng
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.decoded import decode_run
from mikey_sdp.scenario.engine import RunFinished
from mikey_sdp.scenario.plain import decrypted
from mikey_sdp.trace import Passed, RunResult, trace_octets

STANDARD_OUTPUT: Final = "-"
_PAGE: Final = ".html"
_SCENARIO: Final = ".call.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where which report is to be written; None for those that nobody asked for.

    Keeps: `html` and `junit`, which tell of any number of runs; the others tell of one.
    """

    trace: str | None = None
    junit: str | None = None
    html: str | None = None
    mermaid: str | None = None
    pcap: str | None = None
    plain_pcap: str | None = None

    @property
    def witnessed(self) -> bool:
        """Whether somebody has to see all that passes in the runs."""
        return self.pcap is not None or self.plain_pcap is not None

    def check(self, runs: int) -> None:
        """Refuse, before anything is run, what that many runs can't be put into.

        Raises: click.UsageError.
        """
        for option, place in self._singles:
            if place is not None and runs != 1:
                raise click.UsageError(f"{option} takes the records of one run, not of {runs}")
        if self.html is not None and runs != 1 and self.html.endswith(_PAGE):
            raise click.UsageError(f"--html takes a folder for {runs} runs, not the file {self.html}")

    @property
    def on_standard_output(self) -> tuple[str, ...]:
        """The options that are to write there, so that nothing else may."""
        places = (("--junit", self.junit), *self._singles)
        return tuple(option for option, place in places if place == STANDARD_OUTPUT)

    @property
    def _singles(self) -> tuple[tuple[str, str | None], ...]:
        return (
            ("--trace", self.trace),
            ("--mermaid", self.mermaid),
            ("--pcap", self.pcap),
            ("--plain-pcap", self.plain_pcap),
        )

    def write(self, finished: Sequence[RunFinished]) -> None:
        """Write what is wanted of the runs that came to an end.

        Raises: click.UsageError for a place that can't be written to.
        """
        if self.junit is not None:
            _write_single(self.junit, junit_xml(event.result for event in finished))
        if self.html is not None:
            _write_pages(self.html, [event.result for event in finished])
        single: tuple[tuple[str | None, Callable[[RunFinished], bytes]], ...] = (
            (self.trace, lambda event: trace_octets(event.result)),
            (self.mermaid, lambda event: mermaid(event.result).encode()),
            (self.pcap, lambda event: _capture(event, event.witness.capture.passed if event.witness else ())),
            (self.plain_pcap, lambda event: _capture(event, decrypted(event.witness) if event.witness else ())),
        )
        for place, made in single:
            if place is not None and finished:
                _write_single(place, made(finished[0]))


def _capture(event: RunFinished, passed: Iterable[Passed]) -> bytes:
    return pcapng(passed, records=event.result.records, epoch_unix_us=EPOCH_UNIX_US)


def _write_pages(place: str, results: Sequence[RunResult]) -> None:
    if place.endswith(_PAGE):
        for result in results:
            write_file(Path(place), _page(result))
        return
    folder = made_folder(place)
    names: list[str] = []
    for result in results:
        names.append(_name(result, names))
        write_file(folder / names[-1], _page(result))
    write_file(folder / f"index{_PAGE}", html_index(list(zip(names, results, strict=True))).encode())


def _page(result: RunResult) -> bytes:
    return html_page(result, decode_run(result.records)).encode()


def _name(result: RunResult, taken: Sequence[str]) -> str:
    """A page's name after the scenario file, with a number where two files are called the same."""
    stem = Path(result.file).name.removesuffix(_SCENARIO)
    name, number = f"{stem}{_PAGE}", 1
    while name in (*taken, f"index{_PAGE}"):
        number += 1
        name = f"{stem}-{number}{_PAGE}"
    return name


def made_folder(place: str) -> Path:
    """A folder that is there afterwards.

    Raises: click.UsageError.
    """
    folder = Path(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{place} can't be made a folder: {error.strerror}") from None
    return folder


def _write_single(place: str, octets: bytes) -> None:
    if place == STANDARD_OUTPUT:
        sys.stdout.buffer.write(octets)
        sys.stdout.flush()
    else:
        write_file(Path(place), octets)


def write_file(file: Path, octets: bytes) -> None:
    """One of the files that were asked for.

    Raises: click.UsageError.
    """
    try:
        file.write_bytes(octets)
    except OSError as error:
        raise click.UsageError(f"{file} can't be written: {error.strerror}") from None
