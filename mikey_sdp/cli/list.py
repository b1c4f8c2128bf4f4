"""`mikey-sdp list`: which scenarios there are, what each shows, and who takes part."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click
import msgspec
from rich.text import Text

from mikey_sdp.cli.common import HELD, NOTHING_FOUND, USED_WRONGLY
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import ScenarioError
from mikey_sdp.report.printable import printable
from mikey_sdp.scenario.files import find
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.reading import parties_of


@click.command("list")
@click.argument("places", metavar="[FILE|FOLDER...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def list_(context: click.Context, places: tuple[str, ...], as_json: bool) -> None:
    """List scenario files (*.call.yaml), by default those under ./scenarios.

    Exits 0 if all of them can be used, 2 if one can't, 3 if there are none.
    """
    try:
        files = find(places or ("scenarios",))
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    found, broken = _read(files)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        _show(found)
    err = Screen(err=True)
    for fault in broken:
        err.show(str(fault).splitlines())
    if not files:
        err.show(["no scenario file (*.call.yaml) is there"])
    context.exit(USED_WRONGLY if broken else HELD if found else NOTHING_FOUND)


def _read(files: list[Path]) -> tuple[list[dict[str, object]], list[ScenarioError]]:
    found: list[dict[str, object]] = []
    broken = []
    for file in files:
        try:
            scenario = load(file).scenario
        except ScenarioError as error:
            broken.append(error)
            continue
        found.append(
            {
                "file": str(file),
                "name": scenario.name,
                "shows": scenario.shows,
                "parties": parties_of(scenario),
                "expectations": len(scenario.expect),
            }
        )
    return found, broken


def _show(found: list[dict[str, object]]) -> None:
    out = Screen()
    for entry in found:
        parties = entry["parties"]
        names = ", ".join(parties) if isinstance(parties, tuple) else ""
        out.show([Text.assemble((str(entry["file"]), "cyan"), f"  ({names})")])
        out.show([Text(printable(f"  {entry['name']}"), style="bold")])
        wrapped = textwrap.wrap(printable(str(entry["shows"])), max(20, out.width - 2))
        out.show(Text(f"  {line}", style="dim") for line in wrapped)
