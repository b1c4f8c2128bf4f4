"""The folder that `mikey-sdp matrix --html` writes: the tables, and a page of each run behind them."""

from __future__ import annotations

from typing import Final

from mikey_sdp.cli.reports import made_folder, write_file
from mikey_sdp.report.html_matrix import html_matrix
from mikey_sdp.report.html_matrix_run import INDEX, html_matrix_run
from mikey_sdp.report.html_matrix_words import file_of
from mikey_sdp.report.html_pickup import PAGE
from mikey_sdp.report.matrix_run import MatrixRun
from mikey_sdp.scenario.decoded import decode_run
from mikey_sdp.scenario.matrix_words import MEANINGS
from mikey_sdp.trace import Matrix

_WHOLE: Final = "the run"


class MatrixPages:
    """Writes the page of each run as soon as the run is over, so that none has to be kept.

    Raises: click.UsageError, from each method too, for a place that can't be written to.
    """

    def __init__(self, place: str) -> None:
        self._folder = made_folder(place)
        self._pages: dict[str, list[tuple[str, str]]] = {}

    def keep(self, name: str, run: MatrixRun) -> None:
        """One more run of that condition is over."""
        file = file_of(run.result.name)
        write_file(self._folder / file, html_matrix_run(run, decode_run(run.result.records)).encode())
        part = run.result.name.removeprefix(name).strip("/") or _WHOLE
        self._pages.setdefault(name, []).append((part, file))

    def finish(self, measured: Matrix) -> None:
        """Everything is measured: the page of the tables, which leads to all others."""
        beside = [("What a call to a whole group costs", PAGE)] if (self._folder / PAGE).is_file() else []
        write_file(self._folder / INDEX, html_matrix(measured, self._pages, MEANINGS, beside=beside).encode())
