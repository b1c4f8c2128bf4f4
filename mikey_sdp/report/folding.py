"""Ladders made narrow: parties that do the same become one column, and what they do one line with a count.

Thirty phones that ring at one call say the same thirty times. What differs between them only in keys, identifiers,
addresses and sizes counts as the same; a phone that answers differently keeps a column of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.report.canvas import TIMES
from mikey_sdp.report.entries import Arrow, Entry, Flow, Remark

FOLD_FROM: Final = 4
"""How many parties have to do the same before they share a column."""

_OF_ONE_BRANCH: Final = re.compile(r"\b[0-9a-f]{6,}\b|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b\d+(?= octets)")
_WORDS: Final = re.compile(r"(\s+|,)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a ladder: a party, or several that do the same."""

    parties: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many parties share it."""
        return len(self.parties)

    def title(self, dots: str = "…") -> str:
        """The name above the column."""
        return self.parties[0] if self.count == 1 else f"{self.parties[0]} {dots} {self.parties[-1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a ladder: an entry, or several alike told as one.

    Keeps: `entry`, what to draw, words that differ between the several left out; `entries`, all of them in order.
    """

    entry: Entry
    entries: tuple[Entry, ...]

    @property
    def count(self) -> int:
        """How many entries it stands for."""
        return len(self.entries)

    def times(self, sign: str = TIMES) -> str:
        """The count behind its sign, nothing for a line that stands for one entry."""
        return f" {sign}{self.count}" if self.count > 1 else ""

    @property
    def until_us(self) -> int:
        """When the last of them happened."""
        return self.entries[-1].at_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A ladder's columns from left to right and its lines from top to bottom."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


def fold(parties: Sequence[str], found: Sequence[Entry]) -> Folded:
    """Fold the branches that are alike; with fewer than four alike, every party and every entry stands for itself."""
    groups = _groups(parties, found)
    columns = _columns(parties, groups)
    member = {party: column for column in columns for party in column.parties if column.count > 1}
    if not member:
        return Folded(columns=columns, lines=tuple(Line(entry=entry, entries=(entry,)) for entry in found))
    heaps = _repeated_between(_by_place(found, member), member)
    return Folded(columns=columns, lines=tuple(_line(heap) for heap in heaps))


def involved(entry: Entry) -> tuple[str, ...]:
    """The parties whose life lines an entry touches."""
    if isinstance(entry, Remark):
        return (entry.party,)
    if isinstance(entry, Flow):
        return (entry.stream.sender, entry.stream.receiver)
    return (entry.sender, entry.taken_by or entry.to)


def _groups(parties: Sequence[str], found: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """For each party all that do as it does, itself among them; of those who do nothing none."""
    own: dict[str, list[Entry]] = {party: [] for party in parties}
    for entry in found:
        for party in dict.fromkeys(involved(entry)):
            if party in own:
                own[party].append(entry)
    alike: dict[tuple[object, ...], list[str]] = {}
    for party, entries in own.items():
        if entries:
            alike.setdefault(tuple(_shape(entry, (party,)) for entry in entries), []).append(party)
    return {party: tuple(group) for group in alike.values() for party in group}


def _columns(parties: Sequence[str], groups: dict[str, tuple[str, ...]]) -> tuple[Column, ...]:
    columns = []
    for party in parties:
        group = groups.get(party, (party,))
        if len(group) < FOLD_FROM:
            columns.append(Column(parties=(party,)))
        elif group[0] == party:
            columns.append(Column(parties=group))
    return tuple(columns)


def _shape(entry: Entry, branch: Iterable[str]) -> tuple[object, ...]:
    """What an entry looks like once all that belongs to one branch only is taken out of it."""
    names = tuple(branch)

    def plain(text: str) -> str:
        return _OF_ONE_BRANCH.sub("#", _without(names, text))

    def role(party: str | None) -> str | None:
        return "*" if party in names else party

    if isinstance(entry, Remark):
        return "remark", role(entry.party), plain(entry.text), entry.tone
    if isinstance(entry, Flow):
        stream = entry.stream
        return "flow", role(stream.sender), role(stream.receiver), stream.kind, str(stream)
    notes = tuple(map(plain, entry.said))
    ends = (role(entry.sender), role(entry.to), role(entry.taken_by))
    return "arrow", *ends, plain(entry.summary), notes, entry.lost, plain(entry.attack)


def _without(names: Sequence[str], text: str) -> str:
    for name in names:
        if name in text:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "*", text)
    return text


def _by_place(found: Sequence[Entry], member: dict[str, Column]) -> list[list[Entry]]:
    """The n-th entry of one branch joins the n-th of the branches like it."""
    seen: Counter[str] = Counter()
    heaps: dict[object, list[Entry]] = {}
    for at, entry in enumerate(found):
        places = []
        for party in dict.fromkeys(involved(entry)):
            if party in member:
                places.append((member[party].parties[0], seen[party]))
                seen[party] += 1
        heaps.setdefault(tuple(places) or at, []).append(entry)
    return list(heaps.values())


def _repeated_between(heaps: list[list[Entry]], member: dict[str, Column]) -> list[list[Entry]]:
    """What the others do once a branch, such as passing on its answer, is told once as well.

    Only within stretches of nothing but such repetitions, so that no line moves past one of another kind.
    """
    shapes = [_shape(heap[0], member) if len(heap) == 1 else None for heap in heaps]
    often = {shape for shape, count in Counter(shapes).items() if shape is not None and count >= FOLD_FROM}
    joined: list[list[Entry]] = []
    stretch: dict[object, list[Entry]] = {}
    for heap, shape in zip(heaps, shapes, strict=True):
        if shape in stretch:
            stretch[shape].extend(heap)
            continue
        joined.append(heap)
        if shape in often:
            stretch[shape] = heap
        elif shape is not None:
            stretch = {}
    return joined


def _line(heap: list[Entry]) -> Line:
    first = heap[0]
    told: Entry = first
    if isinstance(first, Arrow):
        arrows = [entry for entry in heap if isinstance(entry, Arrow)]
        notes = tuple(map(common, zip(*(arrow.notes for arrow in arrows if arrow.notes), strict=False)))
        told = replace(first, summary=common(arrow.summary for arrow in arrows), notes=notes)
    elif isinstance(first, Remark):
        told = replace(first, text=common(entry.text for entry in heap if isinstance(entry, Remark)))
    return Line(entry=told, entries=tuple(heap))


def common(texts: Iterable[str]) -> str:
    """What several texts have in common, word by word, dots for what differs; a text alone stays as it is."""
    every = list(dict.fromkeys(texts))
    words = [_WORDS.split(text) for text in every]
    if len(every) == 1 or len({len(each) for each in words}) > 1:
        return every[0]
    return "".join(each[0] if len(set(each)) == 1 else "…" for each in zip(*words, strict=True))
