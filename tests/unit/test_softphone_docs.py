"""The page on softphones names tests that are there, and calls live what runs live."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "softphones.md").read_text(encoding="utf-8")
HOW = ("live", "virtual", "unit", "counted", "not done")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


class Row(NamedTuple):
    """One feature: how it is shown, and the tests named for it."""

    feature: str
    how: str
    tests: tuple[tuple[str, str], ...]


def rows() -> list[Row]:
    """The rows of the tables of features."""
    found = []
    for table in re.findall(r"^\| feature \| how \| test \|\n.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        for line in table.splitlines():
            feature, how, test = (cell.strip() for cell in line.strip("|").split("|"))
            found.append(Row(feature, how, tuple(TEST.findall(test))))
    return found


@cache
def named_in(file: str) -> frozenset[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))


def test_each_of_the_three_parts_has_a_table() -> None:
    assert len(re.findall(r"^\| feature \| how \| test \|$", PAGE, re.MULTILINE)) == 3
    assert len(rows()) == len({row.feature for row in rows()}) > 80


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.feature)
def test_a_feature_has_a_test_of_that_kind_or_a_reason(row: Row) -> None:
    kind = next((word for word in HOW if row.how.startswith(word)), None)
    assert kind is not None, row.how
    assert [name for file, name in row.tests if name not in named_in(file)] == []
    if kind == "not done":
        assert row.how.startswith("not done: ")
    else:
        assert row.tests
        assert {file.startswith("tests/unit") for file, _ in row.tests} == {kind in ("virtual", "unit")}


def test_the_examples_of_the_plug_in_are_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in ROOT.glob("examples/pjsua2_*.py")}
    assert {"pjsua2_plain.py", "pjsua2_secure.py"} <= lengths.keys()
    assert max(lengths.values()) < 80


def test_every_test_that_the_text_names_is_there() -> None:
    assert [name for file, name in TEST.findall(PAGE) if name not in named_in(file)] == []
