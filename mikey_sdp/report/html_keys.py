"""Keys inside a page: a band a party that shows which key it held when, and a table of who holds which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.report.canvas import UNICODE, fit
from mikey_sdp.report.folding import Column
from mikey_sdp.report.holdings import Holding, holdings
from mikey_sdp.report.html_axis import PLOT, TOP, WIDTH, Axis
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.report.streams import media_kinds
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import CallChanged, RunResult

_LANE: Final = 18
_THIN_LANE: Final = 7
_THINNEST_LANE: Final = 4
_LABELLED_LANES: Final = 8
_MANY_LANES: Final = 24
_MARKS: Final = 18
_GAP: Final = 12
_SIGN: Final = 6.3
_FAILED: Final = frozenset({"rejected", "cancelled"})
_MARKED: Final = ("calling", "ringing", "early", "answered", "held", "resumed", "rekeyed", "ended", *sorted(_FAILED))
_FINGERPRINT: Final = 8
_FIRST_FILLS: Final = ("#3d6fc4", "#b5651d", "#8250b8", "#1f8a8a", "#b54784", "#7a7a22", "#5560d0", "#4c7f95")


class Colours:
    """A colour for each key, by its fingerprint, the same all over the page; none of the first looks good or bad."""

    def __init__(self, held: Sequence[Holding]) -> None:
        order = dict.fromkeys(holding.key.fingerprint for holding in held)
        self._numbers = {fingerprint: at for at, fingerprint in enumerate(order)}

    def of(self, fingerprint: str) -> str:
        """As an SVG fill."""
        number = self._numbers[fingerprint]
        return _FIRST_FILLS[number] if number < len(_FIRST_FILLS) else f"hsl({number * 137.5 % 360:.0f},45%,46%)"


def key_lanes(result: RunResult, columns: Sequence[Column], colours: Colours) -> Element:
    """For each party a lane for every key it held; of parties that do the same the first stands for all."""
    svg = element("svg", width=WIDTH, role="img", aria_label="keys held over time", class_="timeline")
    axis = Axis(result.records, PLOT)
    back = add(svg, "g")
    held = holdings(result.records)
    y = float(TOP)
    for column in columns:
        own = [holding for holding in held if holding.key.party == column.parties[0]]
        states = [
            record
            for record in result.records
            if isinstance(record, CallChanged) and record.party == column.parties[0] and record.state in _MARKED
        ]
        if own or states:
            y = _party(svg, axis, column, own, states, colours, y)
    axis.draw(back, y)
    svg.set("height", f"{y + 6:.0f}")
    return svg


def _party(
    svg: Element,
    axis: Axis,
    column: Column,
    own: Sequence[Holding],
    states: Sequence[CallChanged],
    colours: Colours,
    y: float,
) -> float:
    top = y
    name = add(svg, "text", fit(column.title(), 24, UNICODE), x=12, y=y + 14, class_="party")
    add(name, "title", ", ".join(column.parties))
    if column.count > 1:
        add(svg, "text", f"the first of {column.count}", x=12, y=y + 30, class_="dim")
    _states(svg, axis, states, y)
    y += _MARKS
    lanes = _lanes(own)
    tall = _LANE if len(lanes) <= _LABELLED_LANES else _THIN_LANE if len(lanes) <= _MANY_LANES else _THINNEST_LANE
    for lane in lanes:
        for holding in lane:
            _bar(svg, axis, holding, colours, y, tall)
        y += tall + (2 if tall == _LANE else 1)
    y = max(y, top + (36 if column.count > 1 else 20)) + _GAP
    add(svg, "line", x1=0, x2=WIDTH, y1=y - _GAP / 2, y2=y - _GAP / 2, class_="lane")
    return y


def _lanes(own: Sequence[Holding]) -> list[list[Holding]]:
    """Keys that follow one another for the same use share a lane."""
    lanes: dict[tuple[object, ...], list[Holding]] = {}
    for holding in own:
        key = holding.key
        lanes.setdefault((key.call_id, key.peer, key.media, key.direction), []).append(holding)
    return list(lanes.values())


def _bar(svg: Element, axis: Axis, holding: Holding, colours: Colours, y: float, tall: int) -> None:
    key = holding.key
    x, end = axis.x(key.at_us), axis.x(holding.until_us)
    shape = add(
        svg,
        "rect",
        x=x,
        y=y,
        width=max(2.0, end - x),
        height=tall,
        rx=min(4, tall / 2),
        fill=colours.of(key.fingerprint),
        class_="bar",
        data_key=key.fingerprint,
    )
    way = "sends to" if key.direction == "send" else "receives from"
    span = f"{say_time(key.at_us)} to {say_time(holding.until_us)}"
    add(shape, "title", f"{key.party} {way} {key.peer}\nkey {key.fingerprint}, {key.mode}, CS {key.cs_id}\n{span}")
    label = f"{key.fingerprint[:_FINGERPRINT]} {'to' if key.direction == 'send' else 'from'} {key.peer}"
    room = int((end - x - 10) / _SIGN)
    if tall == _LANE and room >= _FINGERPRINT:
        add(svg, "text", fit(label, room, UNICODE), x=x + 6, y=y + 13, class_="badge", pointer_events="none")


def _states(svg: Element, axis: Axis, states: Sequence[CallChanged], y: float) -> None:
    """Marks where the party's view of its calls changes; names where there is room."""
    places = [axis.x(change.at_us) for change in states]
    for change, x, following in zip(states, places, [*places, float(WIDTH)][1:], strict=True):
        kind = "failed" if change.state in _FAILED else "over" if change.state == "ended" else "going"
        mark = add(svg, "line", x1=x, x2=x, y1=y + 2, y2=y + 15, class_=f"state-mark {kind}")
        status = f" {change.status}" if change.status else ""
        add(mark, "title", f"{change.party}: {change.state}{status}, {change.peer}, at {say_time(change.at_us)}")
        if x + len(change.state) * 6.0 + 8 <= following:
            add(svg, "text", change.state, x=x + 4, y=y + 13, class_="state-name")


def key_table(result: RunResult, colours: Colours) -> Element:
    """Each key, what it is for, and who holds it."""
    table = element("table", class_="keys")
    head = add(table, "tr")
    for title in ("key", "made by", "protects", "held by"):
        add(head, "th", title)
    kinds = media_kinds(result.records)
    held: dict[str, list[Holding]] = {}
    for holding in holdings(result.records):
        held.setdefault(holding.key.fingerprint, []).append(holding)
    for fingerprint, users in held.items():
        row = add(table, "tr")
        name = add(row, "td", class_="mono")
        swatch = add(name, "svg", class_="swatch", viewBox="0 0 10 10")
        add(swatch, "rect", width=10, height=10, rx=3, fill=colours.of(fingerprint))
        add(name, "span", fingerprint)
        add(row, "td", ", ".join(dict.fromkeys(user.key.mode for user in users)))
        lines = sorted({user.key.media for user in users})
        add(row, "td", ", ".join(kinds.get(line, f"media {line}") for line in lines))
        cell = add(row, "td")
        for user in users:
            _holder(cell, user)
    return table


def _holder(cell: Element, user: Holding) -> None:
    key = user.key
    chip = add(cell, "span", class_="chip")
    add(chip, "b", key.party)
    way = "to send" if key.direction == "send" else "to receive"
    add(chip, "span", f" {way}, {say_time(key.at_us)} to {say_time(user.until_us)}")
