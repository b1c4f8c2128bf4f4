"""Other values put into a scenario's tree, at places named as errors name them: parties.alice.offers, steps[0].at.

The schema says which words may stand where, so that a misspelt path is told with the nearest right word before
anything runs. Names of the file's own choice (parties, attackers) and entries of lists are never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec import inspect

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.shapes import listed, plain, say, shape
from mikey_sdp.scenario.source import Path, nearest, say_path
from mikey_sdp.scenario.tree import Mapping, Node, Scalar, Sequence

_PIECE: Final = re.compile(r"([^.\[\]]{1,64})((?:\[[0-9]{1,4}\])*)")
_NOTHING: Final = frozenset({"", "~", "null"})


def read_path(text: str, *, file: str) -> Path:
    """The path that a text names: the inverse of `say_path`.

    Raises: ScenarioError for a text of another form.
    """
    path: list[str | int] = []
    for piece in text.strip().split("."):
        match = _PIECE.fullmatch(piece)
        if match is None:
            raise ScenarioError(f"{text!r} is no path; write such as parties.alice.offers or steps[0].at", file=file)
        path += [match[1], *(int(number) for number in re.findall(r"[0-9]+", match[2]))]
    return tuple(path)


def put(root: Node, path: Path, value: Node, *, file: str) -> Node:
    """The tree with that value at that place; mappings on the way that the file leaves out are made.

    Raises: ScenarioError for a path that leads nowhere.
    """
    return _Placing(file, path, value).into(root, inspect.type_info(Scenario), 0)


class _Placing:
    """One value on its way down to its place."""

    def __init__(self, file: str, path: Path, value: Node) -> None:
        self._file = file
        self._path = path
        self._value = value
        self._line = 1

    def into(self, node: Node | None, kind: inspect.Type, depth: int) -> Node:
        """The node with the value below it, `depth` steps of the path being behind us."""
        self._line = node.line if node is not None and node.line else self._line
        if depth == len(self._path):
            return at_line(self._value, self._line)
        step = self._path[depth]
        if isinstance(step, int):
            return self._into_list(node, kind, depth, step)
        return self._into_mapping(node, kind, depth, step)

    def _into_list(self, node: Node | None, kind: inspect.Type, depth: int, at: int) -> Node:
        member = _member(kind, (inspect.VarTupleType, inspect.TupleType))
        if member is None:
            raise self._error(depth, "this is no list; leave the number out")
        if not isinstance(node, Sequence) or at >= len(node.items):
            there = len(node.items) if isinstance(node, Sequence) else 0
            raise self._error(depth + 1, f"the file has {there} entries here, counted from 0")
        of = member.item_type if isinstance(member, inspect.VarTupleType) else member.item_types[at]
        items = list(node.items)
        items[at] = self.into(items[at], of, depth + 1)
        return Sequence(line=node.line, items=tuple(items))

    def _into_mapping(self, node: Node | None, kind: inspect.Type, depth: int, word: str) -> Node:
        member = _member(kind, (inspect.StructType, inspect.DictType))
        if member is None:
            raise self._error(depth, f"nothing can be named below this; the path goes on with {word!r}")
        entries = self._entries(node, depth)
        keys = [key for key, _ in entries]
        of = self._kind_of(member, word, [key.text for key in keys], depth)
        old = next((value for key, value in entries if key.text == word), None)
        new = self.into(old, of, depth + 1)
        if old is None:
            return Mapping(line=self._line, entries=(*entries, (Scalar(line=self._line, text=word, plain=True), new)))
        return Mapping(
            line=self._line if node is None else node.line,
            entries=tuple((key, new if key.text == word else value) for key, value in entries),
        )

    def _entries(self, node: Node | None, depth: int) -> tuple[tuple[Scalar, Node], ...]:
        if isinstance(node, Mapping):
            return node.entries
        if node is None or (isinstance(node, Scalar) and node.plain and node.text in _NOTHING):
            return ()
        raise self._error(depth, f"the file has {say(node)} here; name this place itself, or write the long form there")

    def _kind_of(self, member: Any, word: str, there: Iterable[str], depth: int) -> inspect.Type:
        """What may stand under a word of a mapping."""
        if isinstance(member, inspect.StructType):
            words = shape(member.cls)
            if word in words.fields:
                return words.fields[word].type
            if words.names is None:
                reason = f"unknown word; expected one of {listed(words.fields)}"
                raise self._error(depth + 1, reason, nearest(word, words.fields))
            member = plain(words.names.type)[0]
        names = list(there)
        if word not in names:
            reason = f"nothing in the file is called {word!r} here; there are: {listed(names) or 'none'}"
            raise self._error(depth + 1, reason, nearest(word, names))
        of: inspect.Type = member.value_type
        return of

    def _error(self, depth: int, reason: str, hint: str | None = None) -> ScenarioError:
        path = say_path(self._path[:depth])
        return ScenarioError(reason, file=self._file, line=self._line, path=path, hint=hint)


def _member(kind: inspect.Type, wanted: tuple[type[inspect.Type], ...]) -> Any:
    """The alternative of a type that is of one of these kinds."""
    kind, _ = plain(kind)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((bare for bare in (plain(member)[0] for member in members) if isinstance(bare, wanted)), None)


def at_line(node: Node, line: int) -> Node:
    """The same value as if it stood in that line."""
    if isinstance(node, Scalar):
        return Scalar(line=line, text=node.text, plain=node.plain)
    if isinstance(node, Sequence):
        return Sequence(line=line, items=tuple(at_line(item, line) for item in node.items))
    entries = ((Scalar(line=line, text=key.text, plain=key.plain), at_line(value, line)) for key, value in node.entries)
    return Mapping(line=line, entries=tuple(entries))
