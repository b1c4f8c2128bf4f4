"""Every requirement id that a comment of the source names is in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.catalogue import load_catalogue

PACKAGE = Path(__file__).parents[2] / "mikey_sdp"
BRACKETS = re.compile(r"#\s*((?:\[\d{4}-[^\]\s]+\][,\s]*)+)")
IDENTIFIER = re.compile(r"\[(\d{4}-[^\]\s]+)\]")


def named_ids() -> Iterator[tuple[str, str]]:
    """Each id that a comment or docstring of the package names, with the file that names it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for run in BRACKETS.finditer(path.read_text(encoding="utf-8")):
            for match in IDENTIFIER.finditer(run.group(1)):
                yield match.group(1), str(path.relative_to(PACKAGE))


def test_every_id_named_in_the_source_is_in_the_catalogue() -> None:
    catalogue = load_catalogue()
    found = list(named_ids())
    assert found
    assert [(name, file) for name, file in found if name not in catalogue] == []
