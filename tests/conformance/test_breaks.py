"""The table of the sabotage script stays usable: every break finds its text, and what it leaves still compiles."""

from __future__ import annotations

import pytest

from tests.conformance.breaks import BREAKS, Break
from tests.conformance.catalogue import load_catalogue
from tests.conformance.sabotage import ROOT

LEAST = 20


def test_twenty_different_requirements_are_broken() -> None:
    broken = {row.requirement for row in BREAKS}
    assert len(broken) >= LEAST
    assert broken <= set(load_catalogue())


@pytest.mark.parametrize("row", BREAKS, ids=lambda row: row.requirement)
def test_the_text_to_break_is_there_once_and_the_broken_file_compiles(row: Break) -> None:
    text = (ROOT / row.file).read_text(encoding="utf-8")
    assert text.count(row.old) == 1
    compile(text.replace(row.old, row.new), row.file, "exec")
