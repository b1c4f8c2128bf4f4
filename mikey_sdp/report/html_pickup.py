"""The costs of a group pickup as an HTML page: what the caller does for all answers, and how long it takes him.

Bars of one table have one scale, so that rows can be compared by eye; each says its figures in words too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.report.html_matrix_style import MATRIX_STYLE
from mikey_sdp.report.html_page import frame
from mikey_sdp.report.markup import Element, add, document

PAGE: Final = "pickup.html"
"""The name of the page, by which that of the matrix finds it."""
_TITLE: Final = "Group pickup, measured"
_SHOWS: Final = (
    "One INVITE, forked to all phones of a group, each of which answers in a provisional response before one of them "
    "takes the call (RFC 5197 section 5.2). Counted and timed is what the caller does."
)
_BAR: Final = 170
_BAR_HEIGHT: Final = 12
_STYLE: Final = (
    MATRIX_STYLE
    + """
main { max-width: 1320px; }
.tables.costs th, .tables.costs td { padding: 6px 7px; text-align: right; font-size: 13.5px; }
.tables.costs th[scope=row], .tables.costs th.corner { text-align: left; }
.tables.costs td.times, .tables.costs th:nth-last-child(3) { text-align: left; }
.tables.costs tr.further th, .tables.costs tr.further td { border-top-style: dotted; }
.times svg { display: block; } .times .floor { fill: var(--good); } .times .beyond { fill: var(--warn); }
.times span { white-space: nowrap; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 1.2em; height: .7em; border-radius: 3px; margin-right: 8px; }
.swatch.floor { background: var(--good); } .swatch.beyond { background: var(--warn); }
@media (max-width: 760px) { .tables.costs th, .tables.costs td { text-align: left; } }
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One row: a mode, so many phones, and what their answers cost the caller.

    Keeps: `counts`, how often it carried out each operation, in the order of the heads; `answers`, how many it worked
    on; `unused`, keys of phones that did not take the call; `works`, whether media was decrypted.
    Units: milliseconds of processor time: of MIKEY, of its operations alone, and of the rest of the call.
    """

    name: str
    phones: int
    answers: int
    counts: tuple[int, ...]
    unused: int
    mikey_ms: float
    floor_ms: float
    rest_ms: float
    works: bool


def html_pickup(
    parts: Sequence[tuple[str, Sequence[Cost]]],
    *,
    operations: Sequence[str],
    left_out: Sequence[tuple[str, str]],
    notes: str,
    matrix: str = "",
) -> str:
    """The page: a table for each way in which answers are treated, under the sentence that says which.

    `left_out` are modes without a row and why; `matrix` is the file of the matrix, if it lies beside.
    """
    page, main = frame(_TITLE, _STYLE)
    if matrix:
        add(add(main, "p", class_="back"), "a", "← RFC 5197, measured", href=matrix)
    head = add(main, "header")
    add(head, "h1", _TITLE)
    add(head, "p", _SHOWS, class_="shows")
    legend = add(main, "div", class_="keys-of-signs")
    for kind, text in (("floor", "floor: the operations alone"), ("beyond", "all else that MIKEY does for them")):
        line = add(legend, "span")
        add(line, "span", class_=f"swatch {kind}", aria_hidden="true")
        add(line, "span", text, class_="said")
    for said, rows in parts:
        add(main, "h2", said[:1].upper() + said[1:])
        _table(main, rows, operations)
    if left_out:
        add(main, "h2", "Modes without a row")
        listed = add(add(main, "div", class_="panel"), "ul", class_="differing")
        for name, why in left_out:
            item = add(listed, "li")
            add(item, "b", name)
            add(item, "p", why)
    add(main, "p", notes, class_="hint below")
    add(
        main,
        "footer",
        "Measured by mikey_sdp; docs/pickup.md of its sources derives the counts and discusses the times.",
    )
    return document(page)


def _table(main: Element, rows: Sequence[Cost], operations: Sequence[str]) -> None:
    table = add(add(main, "div", class_="panel padded scrolled"), "table", class_="tables costs")
    heads = ("phones", "answers used", *operations, "keys unused", "MIKEY, ms", "ratio", "rest, ms")
    line = add(add(table, "thead"), "tr")
    add(line, "th", class_="corner")
    for text in heads:
        add(line, "th", text, scope="col")
    body = add(table, "tbody")
    longest = max((row.mikey_ms for row in rows), default=0.0)
    before = ""
    for row in rows:
        line = add(body, "tr", class_="further" if row.name == before else "")
        add(line, "th", row.name, scope="row")
        before = row.name
        numbers = (row.phones, row.answers, *row.counts, row.unused)
        for label, number in zip(heads, numbers, strict=False):
            _cell(line, label, str(number) if number else "-")
        _times(add(line, "td", data_label="MIKEY, ms", class_="times"), row, longest)
        _cell(line, "ratio", f"{row.mikey_ms / row.floor_ms:.2f}" if row.floor_ms else "-")
        _cell(line, "rest, ms", f"{row.rest_ms:.1f}")
        if not row.works:
            add(line, "td", "media was not decrypted", class_="missing")


def _cell(line: Element, label: str, text: str) -> None:
    add(add(line, "td", data_label=label, class_="number"), "span", text)


def _times(cell: Element, row: Cost, longest: float) -> None:
    said = f"{row.mikey_ms:.2f}, floor {row.floor_ms:.2f}"
    picture = add(cell, "svg", width=_BAR, height=_BAR_HEIGHT, aria_hidden="true")
    scale = _BAR / longest if longest else 0.0
    floor = min(row.floor_ms, row.mikey_ms) * scale
    add(picture, "rect", x=0, y=0, width=floor, height=_BAR_HEIGHT, class_="floor")
    add(picture, "rect", x=floor, y=0, width=row.mikey_ms * scale - floor, height=_BAR_HEIGHT, class_="beyond")
    add(cell, "span", said)
