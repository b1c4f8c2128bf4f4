"""`mikey-sdp run`: ladder or lines, JSON, trace and JUnit files, and the exit status of every outcome."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner, Result

from mikey_sdp.cli.run import exit_status, run
from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.trace import RunResult, trace_octets
from tests.unit.scenario.runs import BUSY, CALL, result

HEAD = "name: A call\nshows: what a test needs\n"
HELD = f"{HEAD}{CALL}expect:\n  - media: {{from: alice, to: bob, decrypted: all}}\n"
FAILED = f"{HEAD}{BUSY}expect:\n  - call: {{from: alice, rejected with: 486}}\n  - keys: {{agreed: [alice, bob]}}\n"
NOTHING_EXPECTED = f"{HEAD}{CALL}"
NOTHING_DONE = f"{HEAD}parties: {{alice: , bob: }}\nexpect:\n  - messages: {{from: alice, named: INVITE, sent: 0}}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in {
        "held": HELD,
        "failed": FAILED,
        "unexpecting": NOTHING_EXPECTED,
        "idle": NOTHING_DONE,
        "broken": "name: [",
    }.items():
        (tmp_path / f"{name}.call.yaml").write_text(text)
    return tmp_path


def call(files: Path, *arguments: str) -> Result:
    places = [str(files / f"{word}.call.yaml") if word.isalpha() else word for word in arguments]
    result = CliRunner().invoke(run, places, env={"COLUMNS": "80"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_one_file_is_shown_as_a_ladder_with_its_media_and_verdicts(files: Path) -> None:
    result = call(files, "held")
    assert result.exit_code == 0
    assert result.stdout.startswith("A call\nwhat a test needs\n\n")
    assert "─ INVITE sip:bob@example.com ─" in result.stdout
    assert "MIKEY PSK I_MESSAGE" in result.stdout
    assert "MIKEY PSK R_MESSAGE" in result.stdout
    assert "audio: 50 of 50 packets decrypted" in result.stdout
    assert result.stdout.endswith("✓ media: from alice, to bob, decrypted all\n✓ 1 of 1 expectations held\n")
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_several_files_are_shown_in_a_line_each_and_failures_in_full(files: Path) -> None:
    result = call(files, "held", "failed")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("✓ 1 of 1 expectations held  ")
    assert lines[1].startswith("✗ 1 of 2 expectations held  ")
    assert lines[2] == "  ✗ keys: agreed alice and bob  (line 11)"
    assert lines[-1] == "1 of 2 runs held"
    assert "INVITE sip:" not in "".join(lines[:2])


def test_ladders_can_be_asked_for_and_done_without(files: Path) -> None:
    assert call(files, "held", "failed", "--ladder").stdout.count("─ INVITE sip:bob@example.com ─") == 2
    assert "─ INVITE" not in call(files, "held", "--no-ladder").stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["held"], 0),
        (["held", "held"], 0),
        (["failed"], 1),
        (["failed", "broken"], 1),
        (["broken"], 2),
        (["held", "broken"], 2),
        ([], 2),
        (["/nowhere/at/all"], 2),
        (["held", "--frobnicate"], 2),
        (["unexpecting"], 3),
        (["held", "unexpecting"], 3),
        (["idle"], 3),
    ],
)
def test_the_exit_status_tells_the_outcome(files: Path, arguments: list[str], status: int) -> None:
    assert call(files, *arguments).exit_code == status


def test_a_folder_without_scenarios_runs_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(run, [str(tmp_path)])
    assert result.exit_code == 3
    assert "no scenario file" in result.stderr


def test_a_broken_file_is_told_on_standard_error_with_its_line(files: Path) -> None:
    result = call(files, "broken")
    assert "broken.call.yaml:1" in result.stderr
    assert result.stdout == ""


def test_json_says_what_held_and_what_the_media_came_to(files: Path) -> None:
    found = json.loads(call(files, "held", "failed", "broken", "--json").stdout)
    held, failed = found["runs"]
    assert (held["held"], failed["held"]) == (True, False)
    assert held["streams"][0] == {
        "from": "alice",
        "to": "bob",
        "media": 0,
        "kind": "audio",
        "sent": 50,
        "arrived": 50,
        "decrypted": 50,
        "undecryptable": 0,
        "decrypted_late": 0,
    }
    assert failed["verdicts"][1]["expectation"] == "keys: agreed alice and bob"
    assert failed["verdicts"][1]["line"] == 11
    assert found["refused"][0]["file"].endswith("broken.call.yaml")


def test_the_trace_is_written_and_can_be_read_back(files: Path) -> None:
    trace = files / "trace.json"
    assert call(files, "held", f"--trace={trace}").exit_code == 0
    result = msgspec.json.decode(trace.read_bytes(), type=RunResult)
    assert result.held
    assert trace_octets(result) == trace.read_bytes()


def test_a_trace_holds_one_run(files: Path) -> None:
    assert call(files, "held", "failed", f"--trace={files / 't'}").exit_code == 2
    assert not (files / "t").exists()


def test_junit_is_written_for_all_runs(files: Path) -> None:
    assert call(files, "held", "failed", f"--junit={files / 'j.xml'}").exit_code == 1
    assert [suite.get("failures") for suite in ElementTree.parse(files / "j.xml").getroot()] == ["0", "1"]


def test_a_file_that_cannot_be_written_is_used_wrongly(files: Path) -> None:
    result = call(files, "held", f"--junit={files}/no/such/folder.xml")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr


def test_no_key_is_shown_or_written(files: Path) -> None:
    key = bytes(range(32))
    (files / "key").write_text(key.hex())
    text = HELD.replace("alice: {credentials: psk}", "alice: {credentials: {psk: {key file: key}}}")
    text = text.replace("bob: {credentials: psk,", "bob: {credentials: {psk: {key file: key}},")
    (files / "held.call.yaml").write_text(text)
    result = call(files, "held", f"--trace={files / 't'}", f"--junit={files / 'j'}")
    assert result.exit_code == 0
    shown = result.output.encode() + (files / "t").read_bytes() + (files / "j").read_bytes()
    assert key.hex().encode() not in shown.lower()
    assert key not in shown


def test_standard_output_can_hold_the_trace(files: Path) -> None:
    result = call(files, "held", "--trace=-")
    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout, type=RunResult).held
    assert "expectations held" in result.stderr
    for other in ("--json", "--mermaid=-"):
        refused = call(files, "held", "--trace=-", other)
        assert refused.exit_code == 2
        assert "standard output can't hold" in refused.stderr


def test_a_library_that_is_missing_is_told_with_the_file_that_needs_it(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_loaded: object, **_how: object) -> None:
        raise BackendUnavailable("a library", install="pip install it")

    monkeypatch.setattr("mikey_sdp.scenario.engine.build", missing)
    result = call(files, "held", "broken")
    assert result.exit_code == 2
    told = result.stderr.splitlines()
    assert told[0] == f"{files / 'held.call.yaml'}: a library is not available; install it with: pip install it"
    assert told[1].startswith(str(files / "broken.call.yaml:1"))


def test_records_without_a_step_show_nothing() -> None:
    done = result(CALL, "keys: {agreed: [alice, bob]}")
    assert exit_status([done], []) == 0
    assert exit_status([msgspec.structs.replace(done, commands=0)], []) == 3
