"""Media inside a page: for each stream when it could be decrypted, and what became of its packets."""

from __future__ import annotations

from typing import Final

from mikey_sdp.report.canvas import UNICODE, fit
from mikey_sdp.report.html_axis import PLOT, TOP, WIDTH, Axis
from mikey_sdp.report.markup import Element, add, element
from mikey_sdp.report.streams import Stream, streams
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import RunResult

_COUNTS: Final = 230
_GUTTER: Final = 56
_ROW: Final = 40


def media_lanes(result: RunResult) -> Element | None:
    """For each stream when it could be decrypted and what became of its packets; None where no media was counted."""
    flowing = [stream for stream in streams(result.records) if stream.sent or stream.arrived]
    if not flowing:
        return None
    svg = element("svg", width=WIDTH, role="img", aria_label="media over time", class_="timeline")
    axis = Axis(result.records, PLOT - _COUNTS - _GUTTER)
    back = add(svg, "g")
    y = float(TOP)
    for stream in flowing:
        _stream(svg, axis, stream, y)
        y += _ROW
    axis.draw(back, y)
    add(back, "text", "what became of its packets", x=WIDTH - _COUNTS - 10, y=14, class_="dim")
    svg.set("height", f"{y + 4:.0f}")
    return svg


def _stream(svg: Element, axis: Axis, stream: Stream, y: float) -> None:
    way = f"{stream.sender} → {stream.receiver}"
    add(svg, "text", fit(way, 25, UNICODE), x=12, y=y + 13, class_="party")
    add(svg, "text", stream.kind, x=12, y=y + 29, class_="dim")
    start, end = axis.x(stream.first_us), axis.x(stream.until_us)
    clear = end if stream.decrypted_from_us is None else min(end, axis.x(stream.decrypted_from_us))
    waiting = add(svg, "rect", x=start, y=y + 4, width=max(0.0, clear - start), height=14, class_="fill-clipped")
    if stream.decrypted_from_us is None:
        waiting.set("class", "fill-bad")
        add(waiting, "title", "nothing was decrypted")
    else:
        span = say_time(stream.decrypted_from_us - stream.first_us)
        add(waiting, "title", f"on its way, or clipped, for {span}")
        bar = add(svg, "rect", x=clear, y=y + 4, width=max(2.0, end - clear), height=14, rx=2, class_="fill-good")
        add(
            bar, "title", f"decrypted from {say_time(stream.decrypted_from_us)}, counted at {say_time(stream.until_us)}"
        )
        told = f"first at {say_time(stream.decrypted_from_us)}"
        add(svg, "text", told, x=clear, y=y + 31, class_="dim")
    _shares(svg, stream, y)


def _shares(svg: Element, stream: Stream, y: float) -> None:
    """What became of the packets, as parts of a bar."""
    x = WIDTH - _COUNTS - 10.0
    total = max(stream.sent, stream.arrived, 1)
    lost = max(0, stream.sent - stream.arrived) if stream.counted else 0
    never = stream.undecryptable - stream.late
    parts = ((stream.decrypted, "good"), (stream.late, "clipped"), (never, "bad"), (lost, "lost"))
    add(svg, "rect", x=x, y=y + 4, width=_COUNTS, height=14, rx=3, class_="fill-empty")
    for count, kind in parts:
        width = _COUNTS * count / total
        if count:
            add(svg, "rect", x=x, y=y + 4, width=max(2.0, width), height=14, class_=f"fill-{kind}")
        x += width
    told = f"{stream.decrypted} of {stream.sent} decrypted"
    told += "".join(
        f", {count} {what}" for count, what in ((stream.late, "late"), (never, "never"), (lost, "lost")) if count
    )
    add(svg, "text", told, x=WIDTH - 10.0, y=y + 31, text_anchor="end", class_="dim")
