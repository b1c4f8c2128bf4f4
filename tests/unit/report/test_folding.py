"""Branches that do the same share a column, whatever their keys; one that differs keeps its own."""

from __future__ import annotations

import pytest

from mikey_sdp.report.entries import Arrow, Remark, entries
from mikey_sdp.report.folding import Folded, common, fold
from mikey_sdp.report.ladder import ladder
from mikey_sdp.trace import RunResult
from tests.unit.report.forked import Fork, phones
from tests.unit.report.given import CALL, result, sent


def folded(run: RunResult) -> Folded:
    return fold(run.parties, entries(run.records))


def test_thirty_phones_become_one_column_but_for_the_one_that_answers() -> None:
    columns = folded(Fork().run()).columns
    assert [column.count for column in columns] == [1, 1, 29, 1]
    assert columns[2].title() == "phone-01 … phone-30"
    assert columns[3].parties == ("phone-17",)


def test_every_entry_is_told_in_one_line_and_none_twice() -> None:
    run = Fork().run()
    found = entries(run.records)
    told = [id(entry) for line in fold(run.parties, found).lines for entry in line.entries]
    assert sorted(told) == sorted(map(id, found))


def test_a_folded_line_says_how_many_and_when_the_last_was() -> None:
    lines = folded(Fork().run()).lines
    (rings,) = [
        line
        for line in lines
        if isinstance(line.entry, Arrow) and line.count == 29 and line.entry.summary.startswith("183")
    ]
    assert (rings.entry.at_us, rings.until_us) == (120_000, 323_000)
    assert rings.entry.notes == ("MIKEY RSA-R R_MESSAGE, … octets, CSB …",)  # type: ignore[union-attr]
    assert rings.times() == " \N{MULTIPLICATION SIGN}29"
    assert rings.times("x") == " x29"


def test_what_passes_between_others_once_a_branch_is_folded_too() -> None:
    lines = folded(Fork().run()).lines
    passed_on = [line for line in lines if isinstance(line.entry, Arrow) and line.entry.to == "alice"]
    assert len(passed_on) < 10
    assert sum(line.count for line in passed_on) == 31
    keys = [line for line in lines if isinstance(line.entry, Remark) and line.entry.party == "alice"]
    assert len(keys) < 6
    assert sum(line.count for line in keys) == 30


def test_lines_stay_in_the_order_of_their_first_entries() -> None:
    starts = [line.entry.at_us for line in folded(Fork().run()).lines]
    assert starts == sorted(starts)


def test_three_alike_are_not_folded() -> None:
    assert [column.count for column in folded(Fork(4, winner=1).run()).columns] == [1, 1, 1, 1, 1, 1]
    assert [column.count for column in folded(Fork(5, winner=1).run()).columns] == [1, 1, 1, 4]


@pytest.mark.parametrize(
    ("odd", "alike"),
    [
        ("180 Ringing (INVITE)", "183 Session Progress (INVITE)"),
        ("488 Not Acceptable Here (INVITE)", "486 Busy Here (INVITE)"),
    ],
)
def test_another_status_is_another_behaviour(odd: str, alike: str) -> None:
    names = phones(6)
    records = tuple(sent(at, at, name, "alice", odd if at == 3 else alike) for at, name in enumerate(names))
    columns = folded(result(records, ("alice", *names))).columns
    assert [column.parties for column in columns if column.count == 1] == [("alice",), (names[3],)]


def test_a_mikey_error_of_its_own_is_another_behaviour() -> None:
    names = phones(6)
    notes = [f"MIKEY Error message: {'Authentication failure (0)' if at else 'Invalid TS (1)'}" for at in range(6)]
    records = tuple(sent(at, at, name, "alice", "488", notes[at]) for at, name in enumerate(names))
    assert folded(result(records, ("alice", *names))).columns[1].parties == (names[0],)


def test_a_note_that_is_told_once_only_makes_no_other_behaviour() -> None:
    names = phones(6)
    records = tuple(sent(at, at, name, "alice", "183 x", "the same note") for at, name in enumerate(names))
    folded_run = folded(result(records, ("alice", *names)))
    assert [column.count for column in folded_run.columns] == [1, 6]
    assert folded_run.lines[0].entry.notes == ("the same note",)  # type: ignore[union-attr]


def test_idle_parties_are_no_branches() -> None:
    assert all(column.count == 1 for column in folded(result(CALL, ("alice", "bob", *phones(9)))).columns)


def test_without_branches_repeated_messages_stay_apart() -> None:
    records = tuple(sent(at, at, "alice", "bob", "INVITE sip:bob@example.com") for at in range(7))
    assert [line.count for line in folded(result(records)).lines] == [1] * 7


def test_what_texts_have_in_common() -> None:
    assert common(["a 1, b", "a 2, b"]) == "a …, b"
    assert common(["a", "a"]) == "a"
    assert common(["a b", "a b c"]) == "a b"


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_terminal_shows_thirty_branches_as_columns(width: int) -> None:
    drawn = [line.plain for line in ladder(Fork().run(), width=width)]
    assert max(map(len, drawn)) <= width
    assert "phone-01 \N{MULTIPLICATION SIGN}29" in drawn[0]
    assert "phone-17" in drawn[0]
    assert len(drawn) < 50
    assert any("INVITE" in line and "\N{MULTIPLICATION SIGN}29" in line for line in drawn)
