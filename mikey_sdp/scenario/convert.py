"""A tree of nodes read against the structures of the schema: values out, every error kept with its place.

The schema's own description of itself (`msgspec.inspect`) says what may stand where, so that the reader, the JSON
Schema and the values can't differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from msgspec import inspect

from mikey_sdp.scenario import shapes
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.shapes import Misfit, Shape, listed, plain, say
from mikey_sdp.scenario.source import Path, Source, nearest
from mikey_sdp.scenario.tree import Mapping, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that names a party or an attacker, to be looked up once all are known."""

    path: Path
    name: str
    kind: str


@dataclass(slots=True)
class Converter:
    """Reads one file; afterwards `source` holds lines and errors, `references` the names used."""

    source: Source
    references: list[Reference] = field(default_factory=list)

    def scenario(self, node: Node) -> Scenario | None:
        """The whole file as a value, or None where `source` holds errors."""
        return cast("Scenario | None", self._value(node, inspect.type_info(Scenario), ()))

    def _value(self, node: Node, kind: inspect.Type, path: Path) -> Any:
        """The value of a node, or None after an error was kept."""
        self.source.lines.setdefault(path, node.line)
        try:
            return self._read(node, kind, path)
        except Misfit as misfit:
            self.source.note(path, misfit.reason, misfit.hint)
            return None

    def _read(self, node: Node, kind: inspect.Type, path: Path) -> Any:
        kind, extra = plain(kind)
        value = _READERS[type(kind)](self, node, kind, path)
        if "reads" in extra:
            shapes.check(extra["reads"], value)
        if "refers" in extra:
            self.references.append(Reference(path, value, extra["refers"]))
        return value

    def _struct(self, node: Node, kind: inspect.StructType, path: Path) -> Any:
        shape = shapes.shape(kind.cls)
        given: dict[str, Any] = {}
        named: dict[str, Any] = {}
        known: set[str] = set()
        misspelt = False
        for key, child in shapes.entries(node, shape):
            where = (*path, key.text)
            self.source.lines[where] = key.line
            if key.text in shape.fields:
                known.add(key.text)
                given[shape.fields[key.text].name] = self._value(child, shape.fields[key.text].type, where)
            elif shape.names is not None:
                named[key.text] = self._named(key, child, shape.names, where)
            else:
                misspelt = True
                hint = nearest(key.text, shape.fields)
                self.source.note(where, f"unknown word; expected one of {listed(shape.fields)}", hint)
        if shape.names is not None:
            given[shape.names.name] = named
        if not misspelt:
            self._complete(shape, known, path)
        # Once anything is wrong the values serve only to find more errors.
        return None if self.source.errors else kind.cls(**given)

    def _named(self, key: Scalar, child: Node, names: inspect.Field, where: Path) -> Any:
        """One entry under a name of the file's own choice."""
        mapping = cast(inspect.DictType, plain(names.type)[0])
        self._value(key, mapping.key_type, where)
        return self._value(child, mapping.value_type, where)

    def _complete(self, shape: Shape, known: set[str], path: Path) -> None:
        """Keep an error for each rule on which words must stand together that the mapping breaks."""
        for word in sorted(shape.required - known):
            self.source.note(path, f"{word!r} is missing")
        chosen = known & shape.cls.one_of
        if shape.cls.one_of and len(chosen) != 1:
            found = f", not {' and '.join(sorted(chosen))}" if chosen else ""
            self.source.note(path, f"expected exactly one of {listed(sorted(shape.cls.one_of))}{found}")
        if shape.cls.some_of and not known & shape.cls.some_of:
            self.source.note(path, f"nothing is asked; expected at least one of {listed(sorted(shape.cls.some_of))}")

    def _dict(self, node: Node, kind: inspect.DictType, path: Path) -> Any:
        if not isinstance(node, Mapping):
            raise Misfit(f"expected names with values, not {say(node)}")
        shapes.check_length(len(node.entries), kind, "entries")
        value: dict[str, Any] = {}
        for key, child in node.entries:
            where = (*path, key.text)
            self.source.lines[where] = key.line
            self._value(key, kind.key_type, where)
            value[key.text] = self._value(child, kind.value_type, where)
        return value

    def _list(self, node: Node, kind: inspect.VarTupleType, path: Path) -> Any:
        if not isinstance(node, Sequence):
            raise Misfit(f"expected a list, not {say(node)}")
        shapes.check_length(len(node.items), kind, "entries")
        return tuple(self._value(item, kind.item_type, (*path, at)) for at, item in enumerate(node.items))

    def _tuple(self, node: Node, kind: inspect.TupleType, path: Path) -> Any:
        if not isinstance(node, Sequence) or len(node.items) != len(kind.item_types):
            raise Misfit(f"expected a list of {len(kind.item_types)}, not {say(node)}")
        pairs = zip(node.items, kind.item_types, strict=True)
        return tuple(self._value(item, of, (*path, at)) for at, (item, of) in enumerate(pairs))

    def _union(self, node: Node, kind: inspect.UnionType, path: Path) -> Any:
        """The first alternative of the node's shape that takes it; numbers and fixed words come before free texts."""
        members = sorted(kind.types, key=lambda member: isinstance(plain(member)[0], inspect.StrType))
        fitting = [member for member in members if isinstance(node, _SHAPES[type(plain(member)[0])])]
        misfits = []
        for member in fitting:
            try:
                return self._read(node, member, path)
            except Misfit as misfit:
                misfits.append((member, misfit))
        told = [misfit for member, misfit in misfits if not isinstance(plain(member)[0], inspect.NoneType)]
        if len(told) == 1:
            raise told[0]
        words = [word for member in fitting for word in shapes.words(member)]
        hint = nearest(node.text, words) if isinstance(node, Scalar) else None
        raise Misfit(f"expected {shapes.say_types(members)}, not {say(node)}", hint)


_READERS: Final[dict[type[inspect.Type], Callable[[Converter, Node, Any, Path], Any]]] = {
    inspect.StructType: Converter._struct,
    inspect.DictType: Converter._dict,
    inspect.VarTupleType: Converter._list,
    inspect.TupleType: Converter._tuple,
    inspect.UnionType: Converter._union,
    inspect.StrType: lambda _converter, node, kind, _path: shapes.text(node, kind),
    inspect.IntType: lambda _converter, node, kind, _path: shapes.whole(node, kind),
    inspect.BoolType: lambda _converter, node, _kind, _path: shapes.truth(node),
    inspect.LiteralType: lambda _converter, node, kind, _path: shapes.word(node, kind),
    inspect.NoneType: lambda _converter, node, _kind, _path: shapes.nothing(node),
}
_SHAPES: Final[dict[type[inspect.Type], type]] = {
    inspect.StructType: Mapping,
    inspect.DictType: Mapping,
    inspect.VarTupleType: Sequence,
    inspect.TupleType: Sequence,
    inspect.StrType: Scalar,
    inspect.IntType: Scalar,
    inspect.BoolType: Scalar,
    inspect.LiteralType: Scalar,
    inspect.NoneType: Scalar,
}
