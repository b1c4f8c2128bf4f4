"""`mikey-sdp schema`: what editors need."""

from __future__ import annotations

import json

from click.testing import CliRunner

from mikey_sdp.cli.schema import schema
from mikey_sdp.scenario.json_schema import json_schema


def test_the_schema_is_printed() -> None:
    result = CliRunner().invoke(schema, [])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema()


def test_it_fits_on_one_line() -> None:
    result = CliRunner().invoke(schema, ["--json"])
    assert json.loads(result.stdout) == json_schema()
    assert result.stdout.count("\n") == 1
