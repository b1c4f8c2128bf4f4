"""`mikey-sdp schema`: what editors need."""

from __future__ import annotations

import json

from click.testing import CliRunner

from mikey_sdp.cli.schema import schema
from mikey_sdp.scenario.json_schema import json_schema
from mikey_sdp.scenario.matrix_words import BASELINE, CONDITIONS


def test_the_schema_is_printed() -> None:
    result = CliRunner().invoke(schema, [])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema()


def test_it_fits_on_one_line() -> None:
    result = CliRunner().invoke(schema, ["--json"])
    assert json.loads(result.stdout) == json_schema()
    assert result.stdout.count("\n") == 1


def test_the_schema_of_the_matrix_has_its_words_as_fixed_lists() -> None:
    found = json.loads(CliRunner().invoke(schema, ["matrix", "--json"]).stdout)
    assert found["conditions"] == {column: list(words) for column, words in CONDITIONS.items()}
    assert {words[0] for words in found["conditions"].values()} == {BASELINE}
    definitions = found["$defs"]
    condition = definitions["MatrixCondition"]["properties"]["condition"]["enum"]
    assert set(condition) == {word for words in CONDITIONS.values() for word in words}
    assert definitions["MatrixRow"]["properties"]["cells"]["propertyNames"]["enum"] == list(CONDITIONS)
    assert "RSA-R" in definitions["PropertyRow"]["properties"]["mode"]["enum"]
    assert {"manual-keys", "needs-pki", "pfs", "key-generation"} <= set(definitions["PropertyRow"]["properties"])
