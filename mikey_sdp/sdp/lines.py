"""A session description as ordered lines that come out as they went in, but for what was changed by name.

Text is held as `str`. Octets are read as UTF-8, octets that aren't UTF-8 as surrogate escapes (PEP 383), so that every
octet comes out again and any value can be compared with an ordinary string. Line ends, their mixture, a missing last
one and empty lines at the end are kept. Every value here is immutable: the `with_...` methods return a changed copy.

Source: RFC 4566 section 5, RFC 3264 section 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.reading import MAX_LINES, MAX_MEDIA, MAX_OCTETS, Line, fault, new_line, read_lines, read_text

Level = int | None
"""Where a line stands: None in the session part, otherwise the index of its m= line, counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The session part of a description, or one m= line with all that belongs to it.

    Keeps: `memo`, what was read from the lines alone, which never change; edits of other sections keep it.
    """

    level: Level
    lines: tuple[Line, ...]
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __str__(self) -> str:
        text: str | None = self.memo.get("text")
        if text is None:
            text = self.memo["text"] = "".join(map(str, self.lines))
        return text

    def value(self, kind: str) -> str | None:
        """The value of the first line of that type, None if there is no such line."""
        return next((line.value for line in self.lines if line.kind == kind), None)

    def attribute(self, name: str) -> str | None:
        """What the first attribute of that name says: nothing ("") if it has no colon, None if it is absent."""
        found = self.attributes_at.get(name)
        return None if found is None else self.lines[found[0]].argument

    def attributes(self, name: str) -> tuple[str, ...]:
        """What all attributes of that name say, in order."""
        return tuple([self.lines[at].argument for at in self.attributes_at.get(name, ())])

    def positions(self, kind: str, name: str = "") -> tuple[int, ...]:
        """Where in `lines` those of a type stand; given `name`, only the attributes of that name."""
        if name:
            return tuple(self.attributes_at.get(name, ())) if kind == "a" else ()
        return tuple([at for at, line in enumerate(self.lines) if line.kind == kind])

    @property
    def attributes_at(self) -> Mapping[str, Sequence[int]]:
        """Where in `lines` the attributes stand, by name."""
        places: dict[str, list[int]] | None = self.memo.get("attributes")
        if places is None:
            places = self.memo["attributes"] = {}
            for at, line in enumerate(self.lines):
                if line.kind == "a":
                    places.setdefault(line.name, []).append(at)
        return places


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SessionDescription:
    """A whole description: the session part, then one section a media stream.

    Keeps: `cut`, whether the last line came without its line end; `tail`, the empty lines after the last line;
    `from_octets`, whether octets or text came in, for the offsets of errors; `memo`, what was read from the lines,
    which never change, so that nobody reads them twice.
    Source: RFC 4566 section 5.
    """

    session: Section
    media: tuple[Section, ...]
    cut: bool = False
    tail: str = ""
    from_octets: bool = field(default=False, compare=False)
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    @classmethod
    def parse(cls, source: str | bytes) -> Self:
        """Read a description; `str()` or `.octets` gives exactly `source` again.

        Raises: DecodeError, its offset in octets if octets came in and in characters if text did.
        """
        text, from_octets = read_text(source)
        lines, cut, tail = read_lines(text, from_octets)
        starts = [at for at, line in enumerate(lines) if line.kind == "m"]
        if len(starts) > MAX_MEDIA:
            at = sum(len(str(line)) for line in lines[: starts[MAX_MEDIA]])
            raise fault(f"more than {MAX_MEDIA} m= lines", text, at, from_octets, field="m")
        bounds = [*starts, len(lines)]
        media = (
            Section(level=level, lines=tuple(lines[start:end])) for level, (start, end) in enumerate(pairwise(bounds))
        )
        session = Section(level=None, lines=tuple(lines[: bounds[0]]))
        return cls(session=session, media=tuple(media), cut=cut, tail=tail, from_octets=from_octets)

    def __str__(self) -> str:
        text = "".join(map(str, self.sections()))
        return text.removesuffix("\n").removesuffix("\r") if self.cut else text + self.tail

    def __repr__(self) -> str:
        lines = sum(len(section.lines) for section in self.sections())
        return f"SessionDescription(<{lines} lines, {len(self.media)} media>)"

    @property
    def octets(self) -> bytes:
        """The description as it goes into a message body."""
        return str(self).encode("utf-8", "surrogateescape")

    def sections(self) -> Iterator[Section]:
        """The session part, then every media section in order."""
        yield self.session
        yield from self.media

    def section(self, level: Level) -> Section:
        """The session part (None) or that media section.

        Raises: UsageError if there is no such m= line.
        """
        if level is None:
            return self.session
        if not 0 <= level < len(self.media):
            raise UsageError(f"there is no m= line {level}, the description has {len(self.media)}")
        return self.media[level]

    def fault(
        self, reason: str, level: Level, position: int, *, column: int = 0, field: str, section: str
    ) -> DecodeError:
        """The error to raise for what a line says: `column` characters behind its start, at most at its end."""
        earlier = [] if level is None else [self.session, *self.media[:level]]
        parts = [*earlier, *self.section(level).lines[:position]]
        line = self.section(level).lines[position]
        text = "".join(map(str, parts)) + f"{line.kind}={line.value}"[:column]
        return fault(reason, text, len(text), self.from_octets, field=field, section=section)

    def placed(self, error: DecodeError, level: Level, position: int, *, column: int) -> DecodeError:
        """The same error, its offset no longer counted from `column` of that line but in the whole description."""
        column += error.offset
        return self.fault(error.reason, level, position, column=column, field=error.field, section=error.section)

    def with_value(self, level: Level, position: int, value: str) -> Self:
        """A copy in which one line has another value; all else stays octet for octet.

        Raises: UsageError, as all methods that change do, for what can't be a line or passes the limits.
        """
        lines = list(self.section(level).lines)
        if not 0 <= position < len(lines):
            raise UsageError(f"there is no line {position}, the section has {len(lines)}")
        lines[position] = new_line(lines[position].kind, value, lines[position].ending)
        return self._with(level, lines)

    def with_lines(self, level: Level, position: int, rows: Sequence[tuple[str, str]]) -> Self:
        """A copy with more lines (type letter and value) from `position` on, with the line end of the one before."""
        lines = list(self.section(level).lines)
        if not 1 <= position <= len(lines):
            raise UsageError(f"a line can be inserted at 1 to {len(lines)}, not at {position}")
        if any(kind in ("m", "v") for kind, _ in rows):
            raise UsageError("an m= or v= line would open another section")
        ending = lines[position - 1].ending
        lines[position:position] = [new_line(kind, value, ending) for kind, value in rows]
        return self._with(level, lines)

    def with_attributes(self, level: Level, attributes: Sequence[str], *, first: bool = False) -> Self:
        """A copy with a= lines (`attributes` without the "a=") at the end of a section, or before its others.

        `first` puts them behind the section's last line that is no attribute: in a description in the order of RFC
        4566 that is behind all of i=, c=, b=, t= and k=.
        """
        lines = self.section(level).lines
        at = 1 + max(at for at, line in enumerate(lines) if line.kind != "a") if first else len(lines)
        return self.with_lines(level, at, [("a", attribute) for attribute in attributes])

    def without_lines(self, level: Level, positions: Collection[int]) -> Self:
        """A copy that lacks those lines of a section; the v= or m= line that opens it stays."""
        lines = self.section(level).lines
        gone = set(positions)
        if not gone:
            return self
        if not all(1 <= position < len(lines) for position in gone):
            raise UsageError(f"the lines that can be removed are 1 to {len(lines) - 1}")
        return self._with(level, [line for at, line in enumerate(lines) if at not in gone])

    def without_attributes(self, level: Level, name: str) -> Self:
        """A copy in which a section has no attribute of that name."""
        return self.without_lines(level, self.section(level).positions("a", name))

    def with_media(self, text: str) -> Self:
        """A copy with one more media section at the end: `text` is its lines from m= on, whatever their line ends."""
        rows = [row.removesuffix("\r") for row in text.removesuffix("\n").split("\n")]
        if not rows[0].startswith("m=") or any(row[1:2] != "=" for row in rows):
            raise UsageError("a media section starts with its m= line and has lines of the form x=value")
        ending = [*self.sections()][-1].lines[-1].ending
        opening = Section(level=len(self.media), lines=(new_line("m", rows[0][2:], ending),))
        grown = replace(self, media=(*self.media, opening))
        return grown.with_lines(opening.level, 1, [(row[0], row[2:]) for row in rows[1:]])

    def _with(self, level: Level, lines: Sequence[Line]) -> Self:
        changed, session, media = Section(level=level, lines=tuple(lines)), self.session, self.media
        if level is None:
            session = changed
        else:
            media = (*media[:level], changed, *media[level + 1 :])
        whole = type(self)(session=session, media=media, cut=self.cut, tail=self.tail, from_octets=self.from_octets)
        count = sum([len(section.lines) for section in whole.sections()])
        if len(whole.octets) > MAX_OCTETS or count > MAX_LINES or len(whole.media) > MAX_MEDIA:
            raise UsageError(f"the limits are {MAX_OCTETS} octets, {MAX_LINES} lines and {MAX_MEDIA} m= lines")
        return whole
