"""What the schema's own description says of a place in the file, and reading the simple values that may stand there."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from msgspec import inspect

from mikey_sdp.scenario.parts import Part
from mikey_sdp.scenario.source import nearest
from mikey_sdp.scenario.tree import Mapping, Node, Scalar

_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NOTHING: Final = frozenset({"", "~", "null"})


class Misfit(Exception):
    """A node can't be read as a type; kept as an error or tried otherwise by whoever asked."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which words a mapping may hold, by their names in the file; `names` collects names of the file's own choice."""

    cls: type[Part]
    fields: dict[str, inspect.Field]
    required: frozenset[str]
    names: inspect.Field | None


@functools.cache
def shape(cls: type[Part]) -> Shape:
    """The shape of a mapping that is read as that structure."""
    kind = cast(inspect.StructType, inspect.type_info(cls))
    fixed = {field.encode_name: field for field in kind.fields if field.name != cls.names_in}
    return Shape(
        cls=cls,
        fields=fixed,
        required=frozenset(name for name, field in fixed.items() if field.required),
        names=next((field for field in kind.fields if field.name == cls.names_in), None),
    )


def entries(node: Node, of: Shape) -> tuple[tuple[Scalar, Node], ...]:
    """What a mapping holds; nothing at all stands for an empty one where nothing is required.

    Raises: Misfit for a node of another kind.
    """
    if isinstance(node, Mapping):
        return node.entries
    if isinstance(node, Scalar) and node.plain and node.text in _NOTHING and not of.required:
        return ()
    raise Misfit(f"expected a mapping with {listed(of.fields)}, not {say(node)}")


def plain(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """A type without its annotations, and what the schema adds to it for reading."""
    extra: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata):
        extra.update(kind.extra or {})
        kind = kind.type
    return kind, extra


def check(reads: Callable[[str], object], value: str) -> None:
    """Raises: Misfit where the reading function of the schema refuses the text."""
    try:
        reads(value)
    except ValueError as error:
        raise Misfit(str(error)) from None


def check_length(length: int, kind: Any, unit: str) -> None:
    """Raises: Misfit for a text or list that is shorter or longer than its type allows."""
    if kind.min_length is not None and length < kind.min_length:
        raise Misfit(f"expected at least {kind.min_length} {unit}, found {length}")
    if kind.max_length is not None and length > kind.max_length:
        raise Misfit(f"expected at most {kind.max_length} {unit}, found {length}")


def words(kind: inspect.Type) -> tuple[str, ...]:
    """The words that a type consists of, if it is a choice of words."""
    kind, _ = plain(kind)
    return tuple(str(value) for value in kind.values) if isinstance(kind, inspect.LiteralType) else ()


def listed(valid: Iterable[str]) -> str:
    """Words as a person would list them."""
    return ", ".join(valid)


def say(node: Node) -> str:
    """A node as an error names it."""
    if isinstance(node, Mapping):
        return "a mapping"
    if not isinstance(node, Scalar):
        return f"a list of {len(node.items)}"
    if node.plain and node.text in _NOTHING:
        return "nothing"
    return repr(node.text if len(node.text) <= 60 else node.text[:57] + "...")


_TYPES: Final[dict[type[inspect.Type], str]] = {
    inspect.StructType: "a mapping",
    inspect.DictType: "a mapping",
    inspect.VarTupleType: "a list",
    inspect.TupleType: "a list",
    inspect.StrType: "a text",
    inspect.IntType: "a whole number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "nothing",
}


def say_types(kinds: Iterable[inspect.Type]) -> str:
    """What may stand at a place, as an error names it."""
    said = [listed(words(kind)) or _TYPES[type(plain(kind)[0])] for kind in kinds]
    return " or ".join(dict.fromkeys(said))


def text(node: Node, kind: inspect.StrType) -> str:
    """A node as a text."""
    if not isinstance(node, Scalar) or (node.plain and node.text in _NOTHING):
        raise Misfit(f"expected a text, not {say(node)}")
    check_length(len(node.text), kind, "characters")
    return node.text


def whole(node: Node, kind: inspect.IntType) -> int:
    """A node as a whole number."""
    if not isinstance(node, Scalar) or not node.plain or _WHOLE.fullmatch(node.text) is None:
        raise Misfit(f"expected a whole number, not {say(node)}")
    value = int(node.text)
    if kind.ge is not None and value < kind.ge:
        raise Misfit(f"{value} is too small; at least {kind.ge}")
    if kind.le is not None and value > kind.le:
        raise Misfit(f"{value} is too large; at most {kind.le}")
    return value


def truth(node: Node) -> bool:
    """A node as true or false."""
    if not isinstance(node, Scalar) or not node.plain or node.text not in ("true", "false"):
        raise Misfit(f"expected true or false, not {say(node)}")
    return node.text == "true"


def word(node: Node, kind: inspect.LiteralType) -> str:
    """A node as one of several words."""
    valid = [str(value) for value in kind.values]
    if not isinstance(node, Scalar):
        raise Misfit(f"expected {listed(valid)}, not {say(node)}")
    if node.text not in valid:
        raise Misfit(f"expected {listed(valid)}, not {say(node)}", nearest(node.text, valid))
    return node.text


def nothing(node: Node) -> None:
    """A node that holds nothing, explicitly."""
    if not isinstance(node, Scalar) or not node.plain or node.text not in _NOTHING:
        raise Misfit(f"expected nothing, not {say(node)}")
