"""A run as a ladder on a terminal: a column a party, time downwards, the key management beside each arrow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from rich.text import Text

from mikey_sdp.report.canvas import UNICODE, Glyphs, Row, between, fit, fit_summary, spread, wrap_parts
from mikey_sdp.report.entries import Arrow, Flow, Remark, entries
from mikey_sdp.report.folding import Column, Line, fold
from mikey_sdp.report.printable import printable
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import AnyRecord, MessageSent, RunResult

_TIME_WIDTH: Final = 10
_NARROWEST: Final = 60
_NARROWEST_SPAN: Final = 18
_WIDEST_SPAN: Final = 76
_TONES: Final = {"key": "magenta", "bad": "bold red", "warning": "yellow", "state": "blue"}


def ladder(result: RunResult, *, width: int = 80, glyphs: Glyphs = UNICODE) -> list[Text]:
    """The lines of the ladder, none longer than `width` columns (40 at least).

    Parties that do the same share a column. Columns that don't fit side by side make it a list of the same lines, one
    below the other.
    """
    width = max(40, width)
    parties = dict.fromkeys((*result.parties, *(record.party for record in result.records)))
    folded = fold(tuple(parties), entries(result.records, result.verdicts))
    drawing = _Drawing(folded.columns, width, glyphs)
    lines = drawing.head(transports(result.records)) if drawing.fits else []
    for line in folded.lines:
        lines += drawing.line(line) if drawing.fits else _listed(line, width, glyphs)
    return lines


def transports(records: Iterable[AnyRecord]) -> str:
    """What carries the signalling of a run: UDP, TCP or TLS, or several of them."""
    return "/".join(sorted({record.transport for record in records if isinstance(record, MessageSent)}))


class _Drawing:
    """The geometry of one ladder, and the lines that it makes of each entry."""

    def __init__(self, folded: Sequence[Column], width: int, glyphs: Glyphs) -> None:
        names = [_name(column, glyphs) for column in folded]
        first = _TIME_WIDTH + (len(names[0]) + 1) // 2 + 1 if names else _TIME_WIDTH
        room = width - 1 - first - (len(names[-1]) // 2 if names else 0)
        spans = max(1, len(names) - 1)
        last = first + min(room, spans * _WIDEST_SPAN)
        self.fits = bool(names) and width >= _NARROWEST and (last - first) // spans >= _NARROWEST_SPAN
        columns = spread(len(names), first, last) if names else ()
        self._columns = {party: at for column, at in zip(folded, columns, strict=True) for party in column.parties}
        self._names = dict(zip(columns, names, strict=True))
        self._width = width
        self._glyphs = glyphs
        self._last_time: int | None = None

    def head(self, transport: str) -> list[Text]:
        """The parties' names above their life lines, and what carries the signalling."""
        names = Row(self._width, (), self._glyphs)
        for column, name in self._names.items():
            names.put(column - len(name) // 2, name, "bold")
        row = self._row()
        row.put(0, transport.rjust(_TIME_WIDTH - 2), "dim")
        return [names.text(), row.text()]

    def line(self, line: Line) -> list[Text]:
        """The rows of one line."""
        entry = line.entry
        times = line.times(self._glyphs.times)
        if isinstance(entry, Arrow):
            rows = self._arrow(entry, times)
        elif isinstance(entry, Flow):
            rows = self._flow(entry, times)
        else:
            rows = self._remark(entry, times)
        if entry.at_us != self._last_time:
            rows[0].put(0, say_time(entry.at_us).rjust(_TIME_WIDTH - 2), "cyan")
            self._last_time = entry.at_us
        return [row.text() for row in rows]

    def _row(self) -> Row:
        return Row(self._width, self._names, self._glyphs)

    def _column(self, party: str, other: str) -> int:
        """The column of a party; whoever is outside the run stands where the neighbour of the other one does."""
        if party in self._columns:
            return self._columns[party]
        start = self._columns.get(other, _TIME_WIDTH)
        others = [column for column in self._columns.values() if column != start]
        return min(others, key=lambda column: abs(column - start)) if others else min(self._width - 1, start + 20)

    def _arrow(self, arrow: Arrow, times: str) -> list[Row]:
        style = "red" if arrow.attack else ""
        start = self._column(arrow.sender, arrow.to)
        end = self._column(arrow.taken_by or arrow.to, arrow.sender)
        summary = fit_summary(arrow.summary, abs(end - start) - 6 - len(times), self._glyphs) + times
        row = self._shaft(start, end, summary, shaft=self._glyphs.shaft, style=style, bold=True)
        if arrow.lost:
            self._break(row, start, end)
        rows = [row]
        left, right = min(start, end), max(start, end)
        if arrow.attack:
            rows += self._beside(left, right, arrow.attack, "red")
        for note in arrow.notes:
            rows += self._beside(left, right, note, "green")
        return rows

    def _shaft(self, start: int, end: int, label: str, *, shaft: str, style: str, bold: bool = False) -> Row:
        """An arrow from one column to another, its label near the end that it comes from."""
        row = self._row()
        glyphs = self._glyphs
        left, right = min(start, end), max(start, end)
        row.put(left + 1, shaft * (right - left - 1), style)
        for column in between(tuple(self._names), left, right):
            row.put(column, glyphs.crossing if shaft == glyphs.shaft else shaft, style)
        row.put(right - 1 if end > start else left + 1, glyphs.right if end > start else glyphs.left, style)
        column = left + 2 if end > start else right - len(label) - 3
        row.put(column, f" {label} ", f"bold {style}".strip() if bold else style)
        return row

    def _break(self, row: Row, start: int, end: int) -> None:
        """Mark an arrow that reaches nobody."""
        mark = f" {self._glyphs.lost} lost "
        if end > start:
            row.put(end - len(mark), mark, "bold red")
            row.put(end, self._glyphs.life, "dim")
        else:
            row.put(end + 1, mark, "bold red")

    def _beside(self, left: int, right: int, text: str, style: str) -> list[Row]:
        """Lines under an arrow; they may run over life lines to its right rather than be cut into crumbs."""
        room = max(right - left - 3, min(44, self._width - left - 3))
        rows = []
        for line in wrap_parts(text, room):
            row = self._row()
            row.put(left + 3, line, style)
            rows.append(row)
        return rows

    def _flow(self, flow: Flow, times: str) -> list[Row]:
        stream = flow.stream
        start = self._column(stream.sender, stream.receiver)
        end = self._column(stream.receiver, stream.sender)
        style = "green" if stream.whole else "yellow" if stream.decrypted else "red"
        whole = f"{stream.kind}: {stream}{times}"
        label = fit(whole, abs(end - start) - 6, self._glyphs)
        rows = [self._shaft(start, end, label, shaft=self._glyphs.media, style=style)]
        if label != whole:
            rows = [self._shaft(start, end, stream.kind + times, shaft=self._glyphs.media, style=style)]
            rows += self._beside(min(start, end), max(start, end), str(stream), style)
        return rows

    def _remark(self, remark: Remark, times: str) -> list[Row]:
        """A remark beside its party's life line: to the right of it, or to the left where there is more room."""
        column = self._column(remark.party, remark.party)
        sign = {
            "key": self._glyphs.key,
            "bad": self._glyphs.bad,
            "warning": self._glyphs.warning,
            "state": self._glyphs.state,
        }[remark.tone]
        first = min(self._columns.values())
        to_right = self._width - column >= column - first
        room = min(60, (self._width - column - 4) if to_right else (column - first - 5))
        lines = textwrap.wrap(printable(remark.text) + times, max(20, room)) or [""]
        start = column + 4 if to_right else column - 3 - max(map(len, lines))
        rows = [self._row() for _ in lines]
        for row, line in zip(rows, lines, strict=True):
            row.put(start - 1, f" {line} ", _TONES[remark.tone])
        rows[0].put(column + 2 if to_right else column - 2, sign, _TONES[remark.tone])
        return rows


def _listed(line: Line, width: int, glyphs: Glyphs) -> list[Text]:
    """A line of the ladder as lines of a list, for runs too wide for a ladder."""
    entry, times = line.entry, line.times(glyphs.times)
    time = say_time(entry.at_us).rjust(_TIME_WIDTH - 2)
    if isinstance(entry, Arrow):
        style = "red" if entry.lost or entry.attack else ""
        text = f"{entry.sender} {glyphs.right} {arrow_target(entry)}  {entry.summary}"
        notes = [
            *([f"{glyphs.lost} lost"] if entry.lost else []),
            *([entry.attack] if entry.attack else []),
            *entry.notes,
        ]
    elif isinstance(entry, Flow):
        stream = entry.stream
        style = "green" if stream.whole else "yellow"
        text, notes = f"{stream.sender} {glyphs.right} {stream.receiver}  {stream.kind}: {stream}", []
    else:
        style, text, notes = _TONES[entry.tone], f"{entry.party}  {entry.text}", []
    start = _TIME_WIDTH + 4
    told = [(piece, style) for piece in wrap_parts(text + times, width - start)]
    told += [(piece, "green") for note in notes for piece in wrap_parts(note, width - start)]
    lines = [Text.assemble((time, "cyan"), "  ", told[0], no_wrap=True, end="")]
    lines += [Text(" " * start + piece, style=said_style, no_wrap=True, end="") for piece, said_style in told[1:]]
    return lines


def _name(column: Column, glyphs: Glyphs) -> str:
    """What stands above a column."""
    return column.parties[0] if column.count == 1 else f"{column.parties[0]} {glyphs.times}{column.count}"


def arrow_target(arrow: Arrow) -> str:
    """Where an arrow leads, in words."""
    return arrow.to if arrow.taken_by is None else f"{arrow.to} (taken by {arrow.taken_by})"
