"""The JSON Schema says what the loader takes: same words, same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.json_schema import json_schema
from mikey_sdp.scenario.network import Address, Proxy
from mikey_sdp.scenario.parts import Part
from mikey_sdp.scenario.steps import Command, Step

NAMED: Mapping[type[Part], type[Part]] = {Step: Command, Proxy: Address}
"""What stands under names of the file's own choice."""


def structures(part: type[Part] = Part) -> list[type[Part]]:
    return [found for child in part.__subclasses__() for found in (child, *structures(child))]


def test_every_structure_is_there_with_exactly_its_words() -> None:
    definitions = json_schema()["$defs"]
    for structure in structures():
        definition = definitions[structure.__name__]
        words = set(structure.__struct_encode_fields__) - {structure.names_in}
        assert set(definition.get("properties", {})) == words, structure
        extra = definition["additionalProperties"]
        named = NAMED.get(structure)
        assert extra is False if named is None else extra == {"$ref": f"#/$defs/{named.__name__}"}
        assert (named is None) is (structure.names_in is None)


def test_rules_on_words_that_stand_together_are_there() -> None:
    definitions = json_schema()["$defs"]
    assert {"required": ["hang up"]} in definitions["Command"]["oneOf"]
    assert {"required": ["clipped"]} in definitions["MediaExpected"]["anyOf"]
    assert definitions["Step"]["required"] == ["at"]


def test_the_top_is_a_scenario() -> None:
    schema = json_schema()
    assert schema["$ref"] == f"#/$defs/{Scenario.__name__}"
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_editors_get_a_description_of_every_structure() -> None:
    definitions: dict[str, Any] = json_schema()["$defs"]
    for name, definition in definitions.items():
        assert definition["description"].strip(), name
        assert "\n    " not in definition["description"]
