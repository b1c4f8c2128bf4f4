"""The registries of the package and `codepoints.tsv` say the same, in both directions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mikey_sdp.mikey.registry import ALL_REGISTRIES, standing
from mikey_sdp.mikey.registry.transport import TRANSPORT_NAMES

WITHOUT_NAME = {"Private Use": "private use", "Unassigned": "unassigned"}


class Row(NamedTuple):
    """One line of the table."""

    namespace: str
    value: str
    name: str
    reference: str
    notes: str

    def numbers(self) -> range:
        """The code points that the line speaks of; none for what has no number."""
        if self.value == "(none)":
            return range(0)
        first, _, last = self.value.partition("-")
        return range(int(first, 0), int(last or first, 0) + 1)


def table() -> list[Row]:
    with (Path(__file__).parent / "codepoints.tsv").open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert tuple(header) == Row._fields
    return [Row(*row) for row in rows]


ROWS = table()
NUMBERED = [row for row in ROWS if row.namespace != "transport"]


def named_rows() -> Iterator[Row]:
    return (row for row in NUMBERED if row.name not in WITHOUT_NAME and row.numbers())


def test_the_table_and_the_package_have_the_same_name_spaces() -> None:
    assert list(ALL_REGISTRIES) == list(dict.fromkeys(row.namespace for row in NUMBERED))


@pytest.mark.parametrize("namespace", ALL_REGISTRIES)
def test_every_name_of_one_is_in_the_other(namespace: str) -> None:
    ours = {point.value: (point.label, point.reference) for point in ALL_REGISTRIES[namespace]}
    table = {row.numbers()[0]: (row.name, row.reference) for row in named_rows() if row.namespace == namespace}
    assert ours == table


def test_no_line_of_the_table_hides_another() -> None:
    seen = [(row.namespace, row.numbers()[0]) for row in named_rows()]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("row", [row for row in NUMBERED if row.name in WITHOUT_NAME], ids=lambda row: row[:3])
def test_private_and_unassigned_ranges_have_no_strangers(row: Row) -> None:
    registry = ALL_REGISTRIES[row.namespace]
    numbers = row.numbers()
    for number in {numbers[0], numbers[len(numbers) // 2], numbers[-1]}:
        point = registry(number)
        assert standing(point) in {WITHOUT_NAME[row.name], "experimental"}
        assert point.is_private == (row.name == "Private Use")
    if row.name == "Private Use":
        assert registry.private == range(numbers[0], numbers[-1] + 1)


def test_no_registry_has_a_private_range_that_the_table_lacks() -> None:
    told = {row.namespace for row in NUMBERED if row.name == "Private Use"}
    assert {namespace for namespace, registry in ALL_REGISTRIES.items() if registry.private} == told


def test_numbers_of_our_own_are_private_or_marked() -> None:
    ours = [point for registry in ALL_REGISTRIES.values() for point in registry if standing(point) == "experimental"]
    assert {point.name for point in ours if not point.is_private} == {"ECDSA", "ECGDSA"}
    assert len(ours) == sum(row.reference == "mikey_sdp private" for row in ROWS)


def test_the_names_around_mikey_are_those_of_the_table() -> None:
    table = [(row.value, row.name, row.reference) for row in ROWS if row.namespace == "transport"]
    assert sorted(table) == sorted(map(tuple, TRANSPORT_NAMES))
