"""A tree of styled lines, drawn with guides; long lines go on under themselves where a width is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

_UNICODE: Final = ("├── ", "└── ", "│   ", "    ")
_ASCII: Final = ("|-- ", "`-- ", "|   ", "    ")
_NARROWEST: Final = 24


@dataclass(slots=True)
class Node:
    """One line of a tree and what hangs below it. A label of several lines stays aligned."""

    label: Text
    children: list[Node] = field(default_factory=list)

    def add(self, label: Text | str) -> Node:
        """Hang one more line below this one; returns it, for its own children."""
        child = Node(Text(label) if isinstance(label, str) else label)
        self.children.append(child)
        return child


def draw(root: Node, *, width: int | None = None, ascii_only: bool = False) -> Iterator[Text]:
    """The lines of a tree.

    Units: `width` in columns; None never breaks a line.
    """
    yield from _lines(root.label, "", "", "", width)
    yield from _below(root, "", width, _ASCII if ascii_only else _UNICODE)


def _below(node: Node, guide: str, width: int | None, signs: tuple[str, str, str, str]) -> Iterator[Text]:
    between, last, beside, under = signs
    for child in node.children:
        is_last = child is node.children[-1]
        further = guide + (under if is_last else beside)
        # What did not fit its line goes on further in, beside the guide to the label's own children.
        hanging = further + (beside if child.children else under)
        yield from _lines(child.label, guide + (last if is_last else between), further, hanging, width)
        yield from _below(child, further, width, signs)


def _lines(label: Text, first: str, following: str, hanging: str, width: int | None) -> Iterator[Text]:
    room = None if width is None else max(width - len(hanging), _NARROWEST)
    prefix = first
    for line in label.split("\n"):
        for piece in _broken(line, room):
            yield Text.assemble((prefix, "dim"), piece)
            prefix = hanging
        prefix = following


def _broken(line: Text, room: int | None) -> list[Text]:
    """The line in pieces that fit, broken at spaces where there are any."""
    plain = line.plain
    if room is None or len(plain) <= room:
        return [line]
    breaks, start = [], 0
    while len(plain) - start > room:
        space = plain.rfind(" ", start + 1, start + room)
        start = space + 1 if space > start else start + room
        breaks.append(start)
    return list(line.divide(breaks))
