"""A run's ladder as a drawing inside a page: a column a party, time downwards, each message a link to its octets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mikey_sdp.report.canvas import UNICODE, fit_summary, wrap_parts
from mikey_sdp.report.entries import Arrow, Flow, Remark, entries
from mikey_sdp.report.folding import Folded, Line, fold, involved
from mikey_sdp.report.html_columns import GUTTER, HEAD, MARGIN, PAGE, SIGN, SMALL_SIGN, draw_head, span_of
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import RunResult

_LONG: Final = 1300
_TIP: Final = 8
_ROW: Final = 34
_NOTE: Final = 15
_NARROWEST_NOTE: Final = 300
_STATUS: Final = re.compile(r"([1-6])\d\d ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The drawing: its heads, which stay in sight, and what is below them.

    Keeps: `shared`, for the first of several messages that share a line the numbers of the others;
    `is_wide`, whether it is wider than the page.
    """

    heads: Element
    body: Element
    folded: Folded
    shared: Mapping[int, tuple[int, ...]]
    is_wide: bool


def draw_ladder(result: RunResult) -> Ladder:
    """The ladder of a run."""
    found = entries(result.records, result.verdicts)
    inside = tuple(dict.fromkeys((*result.parties, *(record.party for record in result.records))))
    outside = tuple(dict.fromkeys(party for entry in found for party in involved(entry) if party not in inside))
    folded = fold((*inside, *outside), found)
    drawing = _Drawing(folded, frozenset(outside))
    return Ladder(
        heads=drawing.heads(),
        body=drawing.body(),
        folded=folded,
        shared=_shared(folded),
        is_wide=drawing.width > PAGE,
    )


def _shared(folded: Folded) -> dict[int, tuple[int, ...]]:
    shared = {}
    for line in folded.lines:
        numbers = [entry.number for entry in line.entries if isinstance(entry, Arrow)]
        if len(numbers) > 1:
            shared[numbers[0]] = tuple(numbers[1:])
    return shared


class _Drawing:
    """The geometry of one ladder and the shapes made of each line."""

    def __init__(self, folded: Folded, outside: frozenset[str]) -> None:
        self._folded = folded
        self._outside = outside
        span = span_of(folded)
        first = GUTTER + max((len(column.title()) for column in folded.columns[:1]), default=0) * SIGN / 2 + 14
        self._columns = {
            party: first + at * span for at, column in enumerate(folded.columns) for party in column.parties
        }
        self._last = first + (len(folded.columns) - 1) * span
        self.width = max(PAGE, self._last + MARGIN)
        self._span = span
        self._time = ""
        self._times = element("svg", width=GUTTER, role="img", aria_label="times", class_="times-of-lines")

    def heads(self) -> Element:
        """The parties' names in boxes."""
        svg = element("svg", width=self.width, height=HEAD, role="img", aria_label="parties")
        for column in self._folded.columns:
            draw_head(svg, column, self._columns[column.parties[0]], self._span, column.parties[0] in self._outside)
        return svg

    def body(self) -> Element:
        """Life lines and everything that happened; the times beside it stay in sight when it is moved sideways."""
        rows = element("div", class_="rows")
        rows.append(self._times)
        svg = add(rows, "svg", width=self.width, role="img", aria_label="ladder of the run", class_="body")
        lives = add(svg, "g")
        y = 10.0
        for line in self._folded.lines:
            y = self._line(svg, line, y)
        height = y + 14
        for drawn in (svg, self._times):
            drawn.set("height", f"{height:.0f}")
        for column in self._folded.columns:
            x = self._columns[column.parties[0]]
            add(lives, "line", x1=x, x2=x, y1=0, y2=height, class_="life many" if column.count > 1 else "life")
        return rows

    def _line(self, svg: Element, line: Line, y: float) -> float:
        entry = line.entry
        time = say_time(entry.at_us)
        if time != self._time:
            add(svg, "line", x1=0, x2=self.width, y1=y, y2=y, class_="moment")
        if isinstance(entry, Arrow):
            bottom = self._arrow(svg, entry, line, y)
        elif isinstance(entry, Flow):
            bottom = self._flow(svg, entry, line, y)
        else:
            bottom = self._remark(svg, entry, line, y)
        until = say_time(line.until_us)
        if time != self._time or until != time:
            self._say_time(time, y + 19)
        if until != time:
            self._say_time(f"to {until}", y + 33)
            bottom = max(bottom, y + 40)
        self._time = time
        return bottom

    def _say_time(self, text: str, y: float) -> None:
        add(self._times, "text", text, x=GUTTER - 14, y=y, text_anchor="end", class_="time")

    def _arrow(self, svg: Element, arrow: Arrow, line: Line, y: float) -> float:
        start, end = self._columns[arrow.sender], self._columns[arrow.taken_by or arrow.to]
        if start == end:
            end = start + self._span / 2
        left, right = min(start, end), max(start, end)
        notes = [(piece, "note bad") for piece in self._wrapped(arrow.attack, left, right)]
        notes += [(piece, "note") for note in arrow.notes for piece in self._wrapped(note, left, right)]
        height = _ROW + _NOTE * len(notes) + (4 if notes else 0)
        row = add(svg, "a", href=f"#m{arrow.number}", class_=f"row arrow{_kinds(arrow)}")
        add(row, "title", _hint(arrow, line))
        add(row, "rect", x=0, y=y, width=self.width, height=height, class_="hit")
        self._label(row, arrow.summary, line, start, end, y + 16)
        self._shaft(row, start, end, y + 23, lost=arrow.lost)
        for at, (text, kind) in enumerate(notes):
            add(row, "text", text, x=left + 12, y=y + 38 + at * _NOTE, class_=f"{kind} halo")
        return y + height

    def _label(self, row: Element, text: str, line: Line, start: float, end: float, y: float) -> None:
        room = max(12, int((abs(end - start) - 20) / SIGN))
        shown = fit_summary(text, room - len(line.times()), UNICODE)
        if end > start:
            label = add(row, "text", shown, x=start + 12, y=y, class_="what halo")
        else:
            label = add(row, "text", shown, x=start - 12, y=y, text_anchor="end", class_="what halo")
        if line.count > 1:
            add(label, "tspan", line.times(), class_="times")
        if abs(end - start) > _LONG:
            place = {"x": end - 14, "text_anchor": "end"} if end > start else {"x": end + 14}
            add(row, "text", shown, y=y, class_="what halo", **place)

    def _shaft(self, row: Element, start: float, end: float, y: float, *, lost: bool = False, thick: int = 0) -> None:
        way = 1 if end > start else -1
        stop = end - way * (abs(end - start) * 0.18 if lost else _TIP)
        add(row, "line", x1=start, x2=stop, y1=y, y2=y, class_="shaft")
        if lost:
            for slope in (-5, 5):
                add(row, "line", x1=stop - 5, x2=stop + 5, y1=y - slope, y2=y + slope, class_="cross")
            return
        tall = 5 + thick
        back = end - way * (_TIP + 2 + thick)
        add(row, "path", d=f"M{end:.1f} {y:.1f}L{back:.1f} {y - tall:.1f}V{y + tall:.1f}Z", class_="tip")

    def _flow(self, svg: Element, flow: Flow, line: Line, y: float) -> float:
        stream = flow.stream
        start, end = self._columns[stream.sender], self._columns[stream.receiver]
        kind = "whole" if stream.whole else "partial" if stream.decrypted else "none"
        row = add(svg, "g", class_=f"row flow {kind}")
        add(row, "rect", x=0, y=y, width=self.width, height=_ROW + 4, class_="hit")
        self._shaft(row, start, end, y + 25, thick=3)
        whole = f"{stream.kind}: {stream}"
        fits = len(whole) * SIGN < abs(end - start) - 20
        self._label(row, whole if fits else stream.kind, line, start, end, y + 16)
        if fits:
            return y + _ROW + 4
        add(row, "text", str(stream), x=min(start, end) + 12, y=y + 42, class_="note halo")
        return y + _ROW + 4 + _NOTE

    def _remark(self, svg: Element, remark: Remark, line: Line, y: float) -> float:
        x = self._columns[remark.party]
        width = max(_NARROWEST_NOTE, min(self.width - x - 24, 1.6 * self._span))
        pieces = wrap_parts(remark.text, int(width / 6.6))
        height = 24 + 15 * (len(pieces) - 1)
        row = add(svg, "g", class_=f"row remark {remark.tone}")
        add(row, "rect", x=0, y=y, width=self.width, height=height, class_="hit")
        middle = y + 13
        shape = f"M{x:.1f} {middle - 6:.1f}l6 6l-6 6l-6 -6Z" if remark.tone == "key" else _dot(x, middle)
        add(row, "path", d=shape, class_="mark")
        for at, piece in enumerate(pieces):
            text = add(row, "text", piece, x=x + 13, y=y + 17 + at * 15, class_="halo")
            if at == len(pieces) - 1 and line.count > 1:
                add(text, "tspan", line.times(), class_="times")
        return y + height

    def _wrapped(self, text: str, left: float, right: float) -> list[str]:
        if not text:
            return []
        return wrap_parts(text, int(max(_NARROWEST_NOTE, right - left - 24) / SMALL_SIGN))


def _kinds(arrow: Arrow) -> str:
    status = _STATUS.match(arrow.summary)
    said = ""
    if status:
        said += " response" + (" refusal" if status[1] in "456" else "")
    return said + (" lost" if arrow.lost else "") + (" attack" if arrow.attack else "")


def _hint(arrow: Arrow, line: Line) -> str:
    way = f"{arrow.sender} to {arrow.to}" + (f", taken by {arrow.taken_by}" if arrow.taken_by else "")
    arrival = f", arrived at {say_time(arrow.arrived_us)}" if arrow.arrived_us is not None else ""
    more = f"; and {line.count - 1} more like it" if line.count > 1 else ""
    return f"{arrow.summary}\n{way}\nsent at {say_time(arrow.at_us)}{arrival}{more}"


def _dot(x: float, y: float) -> str:
    return f"M{x - 5:.1f} {y:.1f}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z"
