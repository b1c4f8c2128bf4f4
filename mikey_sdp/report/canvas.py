"""A row of a ladder: the parties' life lines, with text and arrows put over them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from mikey_sdp.report.printable import printable

TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The signs that a ladder is drawn with."""

    life: str
    shaft: str
    crossing: str
    media: str
    right: str
    left: str
    lost: str
    key: str
    bad: str
    good: str
    warning: str
    state: str
    more: str
    times: str


UNICODE: Final = Glyphs(
    life="│",
    shaft="─",
    crossing="┼",
    media="═",
    right="▶",
    left="◀",
    lost="✗",
    key="◆",
    bad="✗",
    good="✓",
    warning="!",
    state="●",
    more="…",
    times=TIMES,
)
ASCII: Final = Glyphs(
    life="|",
    shaft="-",
    crossing="+",
    media="=",
    right=">",
    left="<",
    lost="X",
    key="*",
    bad="x",
    good="+",
    warning="!",
    state="o",
    more="~",
    times="x",
)


def fit(text: str, width: int, glyphs: Glyphs) -> str:
    """A text cut to a width, the cut marked."""
    return text if len(text) <= width else text[: max(0, width - 1)] + glyphs.more


def wrap_parts(text: str, width: int) -> list[str]:
    """A text in lines, broken behind commas where it can be, between words where it must."""
    lines = [""]
    for part in printable(text).split(", "):
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(longer) < width or not lines[-1]:
            lines[-1] = longer
        else:
            lines[-1] += ","
            lines.append(part)
    return [short for line in lines for short in textwrap.wrap(line, width) or [""]]


def fit_summary(text: str, width: int, glyphs: Glyphs) -> str:
    """A message's summary in little room: without the method that it answers, without the host, at last cut."""
    for shorter in (
        text,
        text.partition(" (")[0],
        text.partition("@")[0].replace(" sip:", " "),
        text.partition(" ")[0],
    ):
        if len(shorter) <= width:
            return shorter
    return fit(text, width, glyphs)


class Row:
    """One line of the ladder, a character and a style a column; later puts cover earlier ones."""

    def __init__(self, width: int, lives: Iterable[int], glyphs: Glyphs) -> None:
        self._signs = [" "] * width
        self._styles = [""] * width
        for column in lives:
            self.put(column, glyphs.life, "dim")

    def put(self, column: int, text: str, style: str = "") -> None:
        """Write from that column on; what reaches over the right edge is cut."""
        for offset, sign in enumerate(printable(text)):
            if 0 <= column + offset < len(self._signs):
                self._signs[column + offset] = sign
                self._styles[column + offset] = style

    def text(self) -> Text:
        """The row as text, without blanks at its end."""
        text = Text(no_wrap=True, end="")
        start = 0
        length = len("".join(self._signs).rstrip())
        for column in range(1, length + 1):
            if column == length or self._styles[column] != self._styles[start]:
                text.append("".join(self._signs[start:column]), self._styles[start])
                start = column
        return text


def spread(count: int, first: int, last: int) -> tuple[int, ...]:
    """The columns of that many life lines, evenly from the first to the last."""
    if count == 1:
        return (first,)
    return tuple(first + (last - first) * at // (count - 1) for at in range(count))


def between(columns: Sequence[int], left: int, right: int) -> list[int]:
    """The life lines that lie strictly between two columns."""
    return [column for column in columns if left < column < right]
