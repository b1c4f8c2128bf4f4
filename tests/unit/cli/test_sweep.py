"""`mikey-sdp sweep`: a table, CSV, JSON, Parquet and a picture, and the exit status of every outcome."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from mikey_sdp.cli.sweep import exit_status
from tests.unit.cli.conftest import Program
from tests.unit.scenario.runs import CALL
from tests.unit.scenario.sweeps import row

HEAD = "name: A call\nshows: what a test needs\n"
WITHIN = f"{HEAD}{CALL}expect:\n  - call: {{from: alice, answered by: bob, within: 1s}}\n"
MODES = "parties.alice.offers=psk,dhhmac"
DELAYS = "network.delay.signalling=0ms,10ms"


@pytest.fixture
def file(tmp_path: Path) -> str:
    place = tmp_path / "a.call.yaml"
    place.write_text(WITHIN)
    return str(place)


def test_a_table_has_a_line_for_each_run_and_says_what_failed(program: Program, file: str) -> None:
    ran = program("sweep", file, "--set", MODES, "--set", DELAYS, "--jobs", "1")
    lines = ran.out.splitlines()
    assert ran.status == 1
    assert lines[0].split()[:4] == ["parties.alice.offers", "network.delay.signalling", "outcome", "mode"]
    assert lines[1].split() == ["psk", "0ms", "held", "PSK", "1000", "1000", "100", "100", "0", "165", "83"]
    assert lines[3] == "    call: from alice, answered by bob, within 1s"
    assert lines[-1] == "2 of 4 runs held"
    assert len({len(line.rstrip()) for line in lines[:3]}) == 1
    assert "\x1b" not in ran.out


def test_seeds_have_a_column_of_their_own(program: Program, file: str) -> None:
    ran = program("sweep", file, "--set", "network.delay.signalling=0ms", "--seeds", "2", "--jobs", "1")
    assert [line.split()[:2] for line in ran.out.splitlines()[:3]] == [
        ["network.delay.signalling", "seed"],
        ["0ms", "0"],
        ["0ms", "1"],
    ]
    assert ran.status == 0


def test_csv_on_standard_output_is_all_that_is_printed(program: Program, file: str) -> None:
    ran = program("sweep", file, "--set", MODES, "--set", DELAYS, "--jobs", "1", "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(one["parties.alice.offers"], one["outcome"]) for one in rows] == [
        ("psk", "held"),
        ("psk", "failed"),
        ("dhhmac", "held"),
        ("dhhmac", "failed"),
    ]
    assert ran.err == ""


def test_every_kind_of_file_is_written(program: Program, file: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("matplotlib")
    csv_file, parquet, plot = tmp_path / "r.csv", tmp_path / "r.parquet", tmp_path / "r.svg"
    named = ("--csv", str(csv_file), "--parquet", str(parquet), "--plot", str(plot))
    ran = program("sweep", file, "--set", MODES, "--set", DELAYS, "--jobs", "1", "--column", "offer_octets", *named)
    assert ran.status == 1
    assert len(csv_file.read_text().splitlines()) == 5
    assert parquet.read_bytes().startswith(b"PAR1")
    assert "<!-- offer octets -->" in plot.read_text()
    assert "<!-- a: 4 runs -->" in plot.read_text()


def test_json_holds_columns_and_rows(program: Program, file: str) -> None:
    found = json.loads(program("sweep", file, "--set", DELAYS, "--jobs", "1", "--json").out)
    assert found["columns"][:3] == ["network.delay.signalling", "seed", "outcome"]
    assert [one["setup_ms"] for one in found["rows"]] == [1000, 1020]
    assert found["rows"][1]["failed"] == ["call: from alice, answered by bob, within 1s"]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        (["held"], 0),
        (["held", "failed", "refused", "empty"], 1),
        (["held", "crashed"], 1),
        (["held", "refused", "empty"], 2),
        (["held", "empty"], 3),
        (["empty"], 3),
    ],
)
def test_the_exit_status_tells_the_outcome(outcomes: list[str], status: int) -> None:
    assert exit_status([row("x", outcome=outcome) for outcome in outcomes]) == status


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "parties.alcie.offers=psk"], "did you mean 'alice'?"),
        (["--set", "parties.alice.offers=pks"], "a.call.yaml:4: parties.alice.offers: expected"),
        (["--set", "parties.alice.offers"], "sets nothing"),
        (["--set", MODES, "--plot", "x.pdf"], "a picture is a .png or .svg file"),
        (["--set", MODES, "--plot", "x.svg", "--column", "setup"], "Did you mean 'setup_ms'?"),
        (["--set", MODES, "--plot", "x.svg", "--over", "parties.bob"], "doesn't change"),
        (["--set", DELAYS, "--jobs", "1", "--csv", "/nowhere/at/all.csv"], "can't be written: No such file"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_what_is_used_wrongly_is_told(program: Program, file: str, arguments: list[str], told: str) -> None:
    ran = program("sweep", file, *arguments)
    assert ran.status == 2
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("settings", [(), ("--set", "expect=[]")], ids=["in the file", "on the command line"])
def test_runs_of_which_nothing_is_expected_are_measured_and_end_with_three(
    program: Program, file: str, settings: tuple[str, ...]
) -> None:
    if not settings:
        Path(file).write_text(f"{HEAD}{CALL}")
    ran = program("sweep", file, "--jobs", "1", *settings)
    assert "1020" in ran.out.splitlines()[1].split()
    assert (ran.status, ran.out.splitlines()[-1]) == (3, "1 runs, of which nothing was expected")
