"""`mikey-sdp pickup`: the table for people, for programs, and what is asked for wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mikey_sdp.cli import pickup as module
from mikey_sdp.cli.matrix_pages import MatrixPages
from mikey_sdp.report.html_matrix_run import INDEX
from mikey_sdp.report.html_pickup import PAGE
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.scenario.pickup import Pickup
from mikey_sdp.scenario.pickup_cast import PICKUP_CASES
from mikey_sdp.scenario.pickup_counts import Operation
from mikey_sdp.scenario.pickup_scene import Way
from mikey_sdp.trace import Matrix
from tests.unit.cli.conftest import Program


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, Way]]:
    """What is measured, with rows that are made up; a group of 13 hears nothing."""
    seen: list[tuple[str, int, Way]] = []

    def measure(case: ModeCase, targets: int, way: Way, _clock: object) -> Pickup:
        seen.append((case.name, targets, way))
        answers = targets if way is Way.PRECONDITIONS else 1
        counts = dict.fromkeys(Operation, 0) | {Operation.SIGNATURE_CHECK: answers, Operation.POWER: answers + 1}
        return Pickup(
            case=case,
            targets=targets,
            way=way,
            works=targets != 13,
            answers=answers,
            counts=counts,
            tgks=answers,
            mikey_ns=13_000_000.0,
            floor_ns=10_000_000.0,
            beside_ns=45_600_000.0,
        )

    monkeypatch.setattr(module, "measure", measure)
    return seen


def test_a_pickup_is_really_run(program: Program) -> None:
    shown = program("pickup", "--targets", "2", "--mode", "dhsign", "--json")
    assert shown.status == 0
    rows = json.loads(shown.out)
    assert [(row["variant"], row["preconditions"], row["answers"]) for row in rows] == [
        ("OAKLEY 5", True, 2),
        ("P-256", True, 2),
        ("OAKLEY 5", False, 1),
        ("P-256", False, 1),
    ]
    assert rows[0]["counts"]["power"] == 3
    assert rows[1]["counts"]["multiple"] == 3
    assert all(row["works"] and row["mikey_us"] > 0 and row["floor_us"] > 0 and row["rest_us"] > 0 for row in rows)
    assert [row["counts"]["signature_check"] for row in rows] == [2, 2, 1, 1]
    assert [row["tgks_discarded"] for row in rows] == [1, 1, 0, 0]


def test_thirty_phones_in_every_mode_are_the_default(program: Program, asked: list[tuple[str, int, Way]]) -> None:
    assert program("pickup").status == 0
    assert asked == [(case.name, 30, way) for way in Way for case in PICKUP_CASES]


def test_a_row_shows_counts_and_times_below_their_heads(program: Program, asked: list[tuple[str, int, Way]]) -> None:
    shown = program("pickup", "--targets", "30,300", "--mode", "rsa-r", "--preconditions")
    said, head, units, first, second, *_ = shown.out.splitlines()
    assert "every answer" in said
    assert head.split()[:3] == ["targets", "answers", "signat."]
    assert units.split()[0] == "used"
    assert first.split() == [
        "RSA-R",
        "30",
        "30",
        "30",
        "-",
        "31",
        "-",
        "-",
        "-",
        "29",
        "13.00",
        "10.00",
        "1.30",
        "45.6",
    ]
    assert second.split()[:3] == ["300", "300", "300"]
    assert len(first) == len(second) == len(head)
    assert max(map(len, shown.out.splitlines())) <= 120
    assert {way for *_, way in asked} == {Way.PRECONDITIONS}
    assert not shown.err


def test_only_one_answer_is_used_without_preconditions(program: Program, asked: list[tuple[str, int, Way]]) -> None:
    shown = program("pickup", "--no-preconditions", "--mode", "psk", "--mode", "DHSIGN")
    assert {way for *_, way in asked} == {Way.ON_MEDIA}
    assert [name for name, *_ in asked] == ["PSK", "DHSIGN, OAKLEY 5", "DHSIGN, P-256"]
    assert shown.out.splitlines()[3].split()[1:3] == ["30", "1"]


def test_a_group_that_hears_nothing_fails(program: Program, asked: list[tuple[str, int, Way]]) -> None:
    shown = program("pickup", "--targets", "13", "--mode", "psk")
    assert shown.status == 1
    assert "media was not decrypted" in shown.out


@pytest.mark.parametrize("wrong", ["0", "501", "x", "3,", "-1", "²"])
def test_other_numbers_are_refused(wrong: str, program: Program) -> None:
    shown = program("pickup", "--targets", wrong)
    assert shown.status == 2
    assert "from 1 to 500" in shown.err


def test_the_page_has_a_row_for_each_measurement(
    program: Program, asked: list[tuple[str, int, Way]], tmp_path: Path
) -> None:
    shown = program("pickup", "--targets", "30", "--mode", "psk", "--mode", "dhhmac", "--html", str(tmp_path / "new"))
    assert shown.status == 0
    written = (tmp_path / "new" / PAGE).read_text()
    assert written.count('<th scope="row">') == len(asked) == 6
    assert written.count("13.00, floor 10.00") == 6
    assert all(f"<b>{mode}</b>" in written for mode in ("NULL", "DHSAML"))
    assert INDEX not in written


def test_the_page_and_the_matrix_of_one_folder_lead_to_each_other(
    program: Program, asked: list[tuple[str, int, Way]], tmp_path: Path
) -> None:
    tables = Matrix(table1=(), table2=(), table3=(), policy=())
    MatrixPages(str(tmp_path)).finish(tables)
    assert PAGE not in (tmp_path / INDEX).read_text()
    assert program("pickup", "--mode", "psk", "--html", str(tmp_path)).status == 0
    assert f'href="{INDEX}"' in (tmp_path / PAGE).read_text()
    MatrixPages(str(tmp_path)).finish(tables)
    assert f'href="{PAGE}"' in (tmp_path / INDEX).read_text()


def test_a_place_that_can_not_be_written_to_is_refused_before_anything_is_measured(
    program: Program, asked: list[tuple[str, int, Way]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    shown = program("pickup", "--html", str(tmp_path / "file"))
    assert shown.status == 2
    assert not asked


def test_a_mode_that_is_not_among_them_is_refused(program: Program) -> None:
    shown = program("pickup", "--mode", "dhsaml")
    assert shown.status == 2
    assert "dhsign" in shown.err
