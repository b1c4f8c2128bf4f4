"""Several runs on one HTML page: what each shows, what came of it, and a link to its own page."""

from __future__ import annotations

from collections.abc import Sequence

from mikey_sdp.report.html_page import frame, verdict_pill
from mikey_sdp.report.markup import add, document
from mikey_sdp.trace import RunResult


def html_index(runs: Sequence[tuple[str, RunResult]]) -> str:
    """The page of runs; each with the name of the file that holds its own page."""
    held = sum(result.held for _, result in runs)
    page, main = frame("Runs")
    add(main, "h1", f"{held} of {len(runs)} runs held")
    table = add(add(main, "div", class_="panel padded"), "table", class_="runs")
    head = add(table, "tr")
    for title in ("run", "what it shows", "outcome"):
        add(head, "th", title)
    for file, result in runs:
        row = add(table, "tr")
        add(add(row, "td"), "a", result.name, href=file)
        add(row, "td", result.shows)
        verdict_pill(add(row, "td"), result)
    return document(page)
