"""The structures of a scenario file as JSON Schema, for editors that complete and check YAML."""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.parts import Part
from mikey_sdp.scenario.units import NUMBERS_TOO

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of `*.call.yaml` files."""
    (top,), parts = msgspec.json.schema_components([Scenario])
    structures = {structure.__name__: structure for structure in _parts(Part)}
    for name, part in parts.items():
        part["description"] = inspect.cleandoc(part.get("description", ""))
        if not part.get("required"):
            part.pop("required", None)
        _add_rules(part, structures[name])
    schema = {"$schema": _DIALECT, "title": "mikey_sdp call scenario", **top, "$defs": parts}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    _admit_numbers(plain)
    return plain


def _admit_numbers(node: Any) -> None:
    """A text such as 0.5 is a number to whoever reads YAML by the book, which our loader does not."""
    if isinstance(node, dict) and node.pop(NUMBERS_TOO, False):
        node["type"] = ["string", "number"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _admit_numbers(child)


def _parts(structure: type[Part]) -> list[type[Part]]:
    return [found for child in structure.__subclasses__() for found in (child, *_parts(child))]


def _add_rules(part: dict[str, Any], structure: type[Part]) -> None:
    """What the structure says of words that stand together, and of names of the file's own choice."""
    if structure.one_of:
        part["oneOf"] = [{"required": [word]} for word in sorted(structure.one_of)]
    if structure.some_of:
        part["anyOf"] = [{"required": [word]} for word in sorted(structure.some_of)]
    if structure.names_in is not None:
        names = part["properties"].pop(structure.names_in)
        part["required"].remove(structure.names_in)
        part["additionalProperties"] = names["additionalProperties"]
