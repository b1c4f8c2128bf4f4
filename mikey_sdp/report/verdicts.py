"""What was expected of a run and what came, as lines for a terminal or a test report."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from mikey_sdp.report.canvas import UNICODE, Glyphs
from mikey_sdp.report.printable import printable
from mikey_sdp.trace import RunResult, Verdict


def verdict_lines(result: RunResult, *, width: int = 80, glyphs: Glyphs = UNICODE) -> list[Text]:
    """One line for an expectation that held, a small paragraph for one that failed, and the sum."""
    lines = [line for verdict in result.verdicts for line in _lines(verdict, width, glyphs)]
    return [*lines, summary(result, glyphs=glyphs)]


def summary(result: RunResult, *, glyphs: Glyphs = UNICODE) -> Text:
    """The whole run in a line: how many expectations held."""
    held = sum(verdict.held for verdict in result.verdicts)
    total = len(result.verdicts)
    good = held == total and total > 0
    sign, style = (glyphs.good, "bold green") if good else (glyphs.bad, "bold red")
    text = f"{sign} {held} of {total} expectations held" if total else f"{glyphs.warning} nothing was expected"
    return Text(text, style=style if total else "bold yellow", end="")


def _lines(verdict: Verdict, width: int, glyphs: Glyphs) -> Iterator[Text]:
    sign, style = (glyphs.good, "green") if verdict.held else (glyphs.bad, "bold red")
    place = f"  (line {verdict.line})" if verdict.line is not None and not verdict.held else ""
    for at, line in enumerate(textwrap.wrap(printable(verdict.expectation) + place, max(20, width - 2)) or [""]):
        yield Text.assemble((f"{sign} " if at == 0 else "  ", style), (line, "" if verdict.held else "bold"), end="")
    if verdict.held:
        return
    for label, text in (("expected", verdict.expected), ("came", verdict.came), ("nearest", verdict.nearest)):
        for at, line in enumerate(textwrap.wrap(printable(text), max(20, width - 15))):
            yield Text.assemble((f"    {label if at == 0 else '':<9}  ", "dim"), line, end="")
