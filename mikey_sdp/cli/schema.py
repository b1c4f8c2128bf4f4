"""`mikey-sdp schema`: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

import sys

import click
import msgspec

from mikey_sdp.scenario.json_schema import json_schema


@click.command("schema")
@click.option("--json", "compact", is_flag=True, help="Print it on one line.")
def schema(compact: bool) -> None:
    """Print the JSON Schema of scenario files (*.call.yaml), for editors that complete and check YAML."""
    octets = msgspec.json.encode(json_schema())
    sys.stdout.write((octets if compact else msgspec.json.format(octets, indent=2)).decode() + "\n")
