"""The JSON Schema says what the loader takes: same words, same rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.json_schema import json_schema
from mikey_sdp.scenario.network import Address, Proxy
from mikey_sdp.scenario.parts import Part
from mikey_sdp.scenario.steps import Command, Step
from tests.unit.scenario.given import GOOD, changed
from tests.unit.scenario.schema_reader import faults

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


def test_a_preference_may_be_written_as_a_number() -> None:
    preference = json_schema()["$defs"]["Destination"]["properties"]["q"]
    assert preference["type"] == ["string", "number"]
    assert "x-numbers-too" not in str(json_schema())


def test_the_top_is_a_scenario() -> None:
    schema = json_schema()
    assert schema["$ref"] == f"#/$defs/{Scenario.__name__}"
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_editors_get_a_description_of_every_structure() -> None:
    definitions: dict[str, Any] = json_schema()["$defs"]
    for name, definition in definitions.items():
        assert definition["description"].strip(), name
        assert "\n    " not in definition["description"]


SCENARIOS = sorted((Path(__file__).parents[3] / "scenarios").glob("*.call.yaml"))


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.name)
def test_editors_take_every_scenario(file: Path) -> None:
    assert faults(read(file.read_text(encoding="utf-8")), json_schema()) == []


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("call: bob", "calll: bob", ("steps", 0, "alice")),
        ("credentials: psk}", "credentials: spk}", ("parties", "alice", "credentials")),
        ("within: 3s", "within: 3", ("expect", 0, "call", "within")),
        ("replay: {after: 2s}", "replay: {after: 2s}, strip: mikey", ("network", "attackers", "mallory")),
    ],
)
def test_editors_find_what_the_loader_finds(before: str, after: str, where: tuple[str | int, ...]) -> None:
    assert faults(read(GOOD), json_schema()) == []
    assert where in [at for at, _ in faults(read(changed(before, after)), json_schema())]
