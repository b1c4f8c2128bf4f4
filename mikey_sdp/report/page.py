"""A whole run as a page for a terminal: what it shows, the ladder, and the verdicts."""

from __future__ import annotations

import textwrap

from rich.text import Text

from mikey_sdp.report.canvas import UNICODE, Glyphs
from mikey_sdp.report.ladder import ladder
from mikey_sdp.report.printable import printable
from mikey_sdp.report.verdicts import verdict_lines
from mikey_sdp.trace import RunResult


def page(result: RunResult, *, width: int = 80, glyphs: Glyphs = UNICODE, with_ladder: bool = True) -> list[Text]:
    """The lines of the page."""
    blank = Text("", end="")
    lines = [Text(line, style="bold", end="") for line in textwrap.wrap(printable(result.name), width)]
    lines += [Text(line, style="dim", end="") for line in textwrap.wrap(printable(result.shows), width)]
    if with_ladder:
        lines += [blank, *ladder(result, width=width, glyphs=glyphs)]
    return [*lines, blank, *verdict_lines(result, width=width, glyphs=glyphs)]


def plain_page(result: RunResult, *, width: int = 80) -> str:
    """The page without colours, for a file or a test report."""
    return "\n".join(line.plain for line in page(result, width=width))
