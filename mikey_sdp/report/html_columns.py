"""The columns of a page's ladder: how far apart they stand, and the names above them."""

from __future__ import annotations

from typing import Final

from mikey_sdp.report.canvas import UNICODE, fit
from mikey_sdp.report.entries import Arrow
from mikey_sdp.report.folding import Column, Folded, involved
from mikey_sdp.report.markup import Element, add

PAGE: Final = 1310
GUTTER: Final = 96
MARGIN: Final = 300
HEAD: Final = 54
SIGN: Final = 7.1
SMALL_SIGN: Final = 6.1

_SPANS: Final = (150, 250)
_MANY: Final = 8
_SPANS_OF_MANY: Final = (120, 190)
_WIDEST_SPAN: Final = 560
_ROOMY_SPAN: Final = 220


def span_of(folded: Folded) -> float:
    """How far apart columns stand: as the longest label between two asks for, within reason."""
    least, most = _SPANS_OF_MANY if len(folded.columns) > _MANY else _SPANS
    place = {party: at for at, column in enumerate(folded.columns) for party in column.parties}
    wanted = [max((len(column.title()) for column in folded.columns), default=0) * 7.6 + 40]
    for line in folded.lines:
        ends = involved(line.entry)
        steps = abs(place[ends[0]] - place[ends[-1]])
        if steps:
            label = line.entry.summary if isinstance(line.entry, Arrow) else "x" * 40
            notes = max((len(note) for note in getattr(line.entry, "notes", ())), default=0)
            wanted.append(max(len(label) * SIGN + 60, min(notes * SMALL_SIGN + 30, most)) / steps)
    filling = (PAGE - GUTTER - MARGIN - 60) / max(1, len(folded.columns) - 1)
    return min(filling, _WIDEST_SPAN) if filling >= _ROOMY_SPAN else min(most, max(least, *wanted))


def draw_head(svg: Element, column: Column, x: float, span: float, outside: bool) -> None:
    """The name of a column in a box, of several parties in a pile of boxes with their number."""
    name = fit(column.title(), int((span - 18) / 7.4), UNICODE)
    width = max(64.0, min(span - 12, len(name) * 7.8 + 24))
    group = add(svg, "g")
    add(group, "title", ", ".join(column.parties))
    kind = "outside" if outside else "inside"
    if column.count == 1:
        add(group, "rect", x=x - width / 2, y=12, width=width, height=30, rx=7, class_=kind)
        add(group, "text", name, x=x, y=32)
        return
    width = max(width, 150.0)
    for shift in (6, 3, 0):
        add(group, "rect", x=x - width / 2 + shift, y=8 - shift + 3, width=width, height=37, rx=7, class_=kind)
    add(group, "text", name, x=x, y=27)
    add(group, "text", f"{column.count} that do the same", x=x, y=41, class_="count")
