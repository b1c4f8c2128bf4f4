"""Where commands write for people: the terminal's width, colours and signs, or plain text into a pipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

from mikey_sdp.report.canvas import ASCII, UNICODE, Glyphs

_WIDEST: Final = 120


class Screen:
    """Standard output, or standard error with `err`."""

    def __init__(self, *, err: bool = False) -> None:
        self.console: Final = Console(stderr=err, highlight=False, markup=False, emoji=False)

    @property
    def width(self) -> int:
        """How many columns a line may take."""
        return min(_WIDEST, self.console.width)

    @property
    def glyphs(self) -> Glyphs:
        """The signs that the output's encoding can show."""
        return UNICODE if self.console.encoding.lower().startswith("utf") else ASCII

    def show(self, lines: Iterable[Text | str]) -> None:
        """Print lines as they are, never wrapped or cut."""
        for line in lines:
            self.console.print(line, no_wrap=True, overflow="ignore", crop=False)
