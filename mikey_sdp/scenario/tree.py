"""A YAML text as a small tree whose every node knows its line, within fixed bounds.

Only what a scenario needs is read: one document, mappings with plain words as keys, sequences and scalars. Tags are
refused, aliases share nodes instead of copying them, and size, depth and number of nodes are bounded, so that no file
costs more than a glance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from mikey_sdp.errors import ScenarioError
from mikey_sdp.report.printable import printable

MAX_OCTETS: Final = 256 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 20_000
MAX_LINE: Final = 8192
MAX_WORD: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A word, number or text of the file; `plain` when it stood without quotes."""

    line: int
    text: str
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list of the file."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Named values of the file, in its order; no name occurs twice."""

    line: int
    entries: tuple[tuple[Scalar, Node], ...]


Node = Scalar | Sequence | Mapping


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; `nodes` counts what it holds, aliases expanded."""

    mapping: bool
    line: int
    anchor: str | None
    key: Scalar | None = None
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    nodes: int = 1


def parse(octets: bytes, *, file: str) -> Node:
    """The one document of a file.

    Raises: ScenarioError for anything that is not a plain, small YAML document in UTF-8.
    """
    if len(octets) > MAX_OCTETS:
        raise ScenarioError(f"a scenario has at most {MAX_OCTETS} octets, this has {len(octets)}", file=file)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ScenarioError("the file is not UTF-8", file=file, line=line) from None
    for number, written in enumerate(text.splitlines(), start=1):
        if len(written) > MAX_LINE:  # the YAML scanner looks ahead within a line, at a cost that grows with its square
            raise ScenarioError(f"a line has at most {MAX_LINE} characters", file=file, line=number)
    builder = _Builder(file)
    for event in _events(text, file):
        builder.take(event)
    if builder.root is None:
        raise ScenarioError("the file is empty", file=file, line=1)
    return builder.root


def _events(text: str, file: str) -> Iterator[Event]:
    """The parser's events, its errors turned into ours."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not YAML"
        raise ScenarioError(printable(str(reason)), file=file, line=None if mark is None else mark.line + 1) from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # The reader refuses control characters with an error of its own; the others are the library's slips.
        raise ScenarioError(f"not YAML: {type(error).__name__}", file=file) from None


class _Builder:
    """Puts events together into a tree; every bound is checked before anything grows."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._documents = 0

    def take(self, event: Event) -> None:
        """One event of the parser."""
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            self._alias(str(event.anchor), line)
        elif isinstance(event, NodeEvent):
            self._begin(event, line)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._close()
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ScenarioError("a file holds one scenario, here a second one begins", file=self._file, line=line)

    def _begin(self, event: NodeEvent, line: int) -> None:
        if getattr(event, "ctag", None) is not None:
            raise ScenarioError(
                "tags (words that begin with '!') are not used in scenarios", file=self._file, line=line
            )
        anchor = None if event.anchor is None else str(event.anchor)
        if isinstance(event, ScalarEvent):
            text = str(event.value)
            if len(text) > MAX_WORD:
                raise ScenarioError(f"a text has at most {MAX_WORD} characters", file=self._file, line=line)
            self._add(Scalar(line=line, text=text, plain=bool(event.implicit[0])), 1, anchor)
            return
        if len(self._open) >= MAX_DEPTH:
            raise ScenarioError(f"nested deeper than {MAX_DEPTH} levels", file=self._file, line=line)
        if self._open and self._open[-1].mapping and self._open[-1].key is None:
            raise ScenarioError("a name must be a word, not a list or mapping", file=self._file, line=line)
        self._open.append(_Open(mapping=isinstance(event, MappingStartEvent), line=line, anchor=anchor))
        if not isinstance(event, MappingStartEvent | SequenceStartEvent):
            raise ScenarioError("not YAML that a scenario may hold", file=self._file, line=line)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            raise ScenarioError(f"nothing before this line is called &{anchor}", file=self._file, line=line)
        node, nodes = self._anchors[anchor]
        self._add(node, nodes, None)

    def _close(self) -> None:
        done = self._open.pop()
        node: Node
        if done.mapping:
            node = Mapping(line=done.line, entries=tuple(done.entries))
        else:
            node = Sequence(line=done.line, items=tuple(done.items))
        self._add(node, done.nodes, done.anchor)

    def _add(self, node: Node, nodes: int, anchor: str | None) -> None:
        """Hang a finished node, which counts for that many, into the list or mapping that is open."""
        if anchor is not None:
            self._anchors[anchor] = (node, nodes)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.nodes += nodes
        if parent.nodes > MAX_NODES:
            raise ScenarioError(f"more than {MAX_NODES} values", file=self._file, line=node.line)
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node, parent)
        else:
            parent.entries.append((parent.key, node))
            parent.key = None

    def _key(self, node: Node, parent: _Open) -> Scalar:
        if not isinstance(node, Scalar):
            raise ScenarioError("a name must be a word, not a list or mapping", file=self._file, line=node.line)
        if node.text in parent.words:
            raise ScenarioError(f"{node.text!r} stands here twice", file=self._file, line=node.line)
        parent.words.add(node.text)
        return node
