"""As much of JSON Schema as ours uses, to hold files against it as an editor would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Fault = tuple[tuple[str | int, ...], str]
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: Mapping[str, Any]) -> list[Fault]:
    """Where a value doesn't fit a whole schema, and what was wanted there."""
    return list(_faults(value, schema, schema["$defs"], ()))


def _faults(
    value: Any, schema: Mapping[str, Any], parts: Mapping[str, Any], at: tuple[str | int, ...]
) -> Iterator[Fault]:
    if "$ref" in schema:
        yield from _faults(value, parts[schema["$ref"].rpartition("/")[2]], parts, at)
    for word, right in (("anyOf", lambda fitting: fitting > 0), ("oneOf", lambda fitting: fitting == 1)):
        if word in schema and not right(sum(not [*_faults(value, one, parts, at)] for one in schema[word])):
            yield at, word
    yield from _own(value, schema, at)
    for step, child, below in _children(value, schema):
        yield from _faults(child, below, parts, (*at, step))


def _own(value: Any, schema: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterator[Fault]:
    """What a schema says of the value itself."""
    wanted = schema.get("type", [])
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield at, f"type {wanted}"
    if "enum" in schema and value not in schema["enum"]:
        yield at, f"one of {schema['enum']}"
    if isinstance(value, str) and re.search(schema.get("pattern", ""), value) is None:
        yield at, schema["pattern"]
    if isinstance(value, dict):
        yield from ((at, f"{word} is missing") for word in schema.get("required", ()) if word not in value)
        if schema.get("additionalProperties") is False:
            yield from ((at, f"{word} is unknown") for word in value if word not in schema["properties"])


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _children(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str | int, Any, Mapping[str, Any]]]:
    """What stands in a value, with its schema."""
    if isinstance(value, dict):
        more = schema.get("additionalProperties")
        for word, child in value.items():
            below = schema.get("properties", {}).get(word, more)
            if isinstance(below, dict):
                yield word, child, below
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        for at, child in enumerate(value):
            below = first[at] if at < len(first) else schema.get("items")
            if isinstance(below, dict):
                yield at, child, below
