"""The axis of time that the bands of a page share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.report.markup import Element, add
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import AnyRecord

LABELS: Final = 180
PLOT: Final = 1050
WIDTH: Final = LABELS + PLOT + 40
TOP: Final = 26

_TICKS: Final = (1, 2, 5)
_MOST_TICKS: Final = 9


class Axis:
    """Times to places."""

    def __init__(self, records: Sequence[AnyRecord], width: float) -> None:
        self.end_us = max((record.at_us for record in records), default=0) or 1
        self._scale = width / self.end_us

    def x(self, at_us: int) -> float:
        """The place of a time."""
        return LABELS + at_us * self._scale

    def draw(self, svg: Element, height: float) -> None:
        """Ticks with their times, and thin lines down."""
        step = next(
            count * 10**power
            for power in range(3, 12)
            for count in _TICKS
            if self.end_us // (count * 10**power) <= _MOST_TICKS
        )
        for at_us in range(0, self.end_us + 1, step):
            add(svg, "line", x1=self.x(at_us), x2=self.x(at_us), y1=TOP - 4, y2=height, class_="axis")
            add(svg, "text", say_time(at_us), x=self.x(at_us), y=14, text_anchor="middle", class_="dim")
