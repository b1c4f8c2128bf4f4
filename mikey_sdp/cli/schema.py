"""`mikey-sdp schema`: the JSON Schema of scenario files, for editors, and of the matrix, for programs."""

from __future__ import annotations

import sys
from typing import Final

import click
import msgspec

from mikey_sdp.scenario.json_schema import json_schema
from mikey_sdp.scenario.matrix_schema import matrix_schema

_SCHEMAS: Final = {"scenario": json_schema, "matrix": matrix_schema}


@click.command("schema")
@click.argument("what", default="scenario", type=click.Choice(list(_SCHEMAS)))
@click.option("--json", "compact", is_flag=True, help="Print it on one line.")
def schema(what: str, compact: bool) -> None:
    """Print the JSON Schema of scenario files (*.call.yaml), for editors that complete and check YAML, or that of
    `mikey-sdp matrix --json`."""
    octets = msgspec.json.encode(_SCHEMAS[what]())
    sys.stdout.write((octets if compact else msgspec.json.format(octets, indent=2)).decode() + "\n")
