"""The plug-in: scenario files become tests, failures show verdicts and ladder, nothing is imported too early."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mikey_sdp.trace import RunResult
from tests.unit.cli.test_run import FAILED, HELD, NOTHING_EXPECTED

ROOT = Path(__file__).parents[2]
PLUGIN = ("-p", "mikey_sdp.pytest_plugin", "-p", "no:cacheprovider")


def pytest_on(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "--rootdir", str(folder), *arguments, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        # Where the package is installed, pytest would load the plug-in a second time, under its other name.
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run over files with every outcome."""
    folder = tmp_path_factory.mktemp("calls")
    for name, text in {
        "held": HELD,
        "failed": FAILED,
        "unexpecting": NOTHING_EXPECTED,
        "broken": "name: [",
    }.items():
        (folder / f"{name}.call.yaml").write_text(text)
    (folder / "other.yaml").write_text("not a scenario")
    return pytest_on(folder, "-v")


def test_every_scenario_file_is_a_test(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "held.call.yaml::held PASSED" in outcome.stdout
    assert "failed.call.yaml::failed FAILED" in outcome.stdout
    assert "1 passed" in outcome.stdout
    assert "3 failed" in outcome.stdout
    assert outcome.returncode == 1


def test_a_failure_shows_ladder_and_verdicts(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "─ INVITE sip:bob@example.com ─" in outcome.stdout
    assert "✗ keys: agreed alice and bob  (line 11)" in outcome.stdout
    assert "✗ step 1: alice calls bob; not as expected in line 11" in outcome.stdout
    assert "Traceback" not in outcome.stdout


def test_a_file_that_cannot_be_used_is_told_with_its_line(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "broken.call.yaml:1: " in outcome.stdout


def test_a_run_that_expects_nothing_is_no_pass(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "nothing was expected" in outcome.stdout


def test_loading_the_plug_in_loads_nothing_of_the_toolkit() -> None:
    code = "import sys, mikey_sdp.pytest_plugin; print([m for m in sys.modules if m.startswith('mikey_sdp.')])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "['mikey_sdp.pytest_plugin']"


BOTH = HELD.replace("psk", "[psk, certificate]")
MODES = ("--call-mode", "psk", "--call-mode", "rsa", "--call-mode", "ecies")
IN_PYTHON = '''
CALL = """
    parties:
      alice: {credentials: psk}
      bob: {credentials: psk}
    steps:
      - {at: 0s, alice: {call: bob}}
"""

def test_both_ends_agree(call):
    run = call(CALL)
    run.expect("keys: {agreed: [alice, bob]}")
    call(CALL, {"parties.alice.offers": "dhhmac"}).expect("mikey: {from: alice, in: INVITE, mode: dhhmac}")

def test_bob_is_busy(call):
    call(CALL).expect("call: {from: alice, rejected with: 486}")
'''


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One run in modes, with reports, another plug-in, and scenarios in Python."""
    folder = tmp_path_factory.mktemp("calls")
    (folder / "deep").mkdir()
    (folder / "deep" / "both.call.yaml").write_text(BOTH)
    (folder / "failed.call.yaml").write_text(FAILED)
    (folder / "test_calls.py").write_text(IN_PYTHON)
    (folder / "conftest.py").write_text(
        "def pytest_mikey_sdp_ran(result, place):\n    place.with_name(place.name + '.other').write_text(result.name)\n"
    )
    return folder, pytest_on(folder, "-v", "-rs", *MODES, "--call-report", str(folder / "reports"))


def test_each_mode_that_fits_is_a_test_and_the_others_say_why_not(
    reported: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, ran = reported
    assert "both.call.yaml::both[psk] PASSED" in ran.stdout
    assert "both.call.yaml::both[rsa] PASSED" in ran.stdout
    assert "both.call.yaml::both[ecies] SKIPPED" in ran.stdout
    assert "doesn't work with a certified rsa key" in ran.stdout
    assert "failed.call.yaml::failed[psk] FAILED" in ran.stdout
    assert "alice holds nothing that rsa works with" in ran.stdout


def test_the_mode_is_the_one_that_was_offered(reported: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = reported
    for mode in ("psk", "rsa"):
        ladder = (folder / "reports" / "deep" / f"both[{mode}].ladder.txt").read_text(encoding="utf-8")
        assert f"MIKEY {mode.upper()} I_MESSAGE" in ladder


def test_every_run_is_reported_held_or_not(reported: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    reports = reported[0] / "reports"
    runs = ["deep/both[psk]", "deep/both[rsa]", "failed[psk]"]
    runs += ["test_bob_is_busy-1", "test_both_ends_agree-1", "test_both_ends_agree-2"]
    found = {str(file.relative_to(reports)).partition(".")[0] for file in reports.rglob("*.trace.json")}
    assert sorted(found) == runs
    assert {str(file.relative_to(reports)) for file in reports.rglob("*.other")} == {f"{name}.other" for name in runs}
    failed = msgspec.json.decode((reports / "failed[psk].trace.json").read_bytes(), type=RunResult)
    assert not failed.held
    for ending in ("ladder.txt", "html"):
        assert "keys: agreed alice and bob" in (reports / f"failed[psk].{ending}").read_text(encoding="utf-8")


def test_a_call_in_python_is_run_and_asked(reported: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, ran = reported
    assert "test_calls.py::test_both_ends_agree PASSED" in ran.stdout
    assert "test_calls.py::test_bob_is_busy FAILED" in ran.stdout
    assert '>       call(CALL).expect("call: {from: alice, rejected with: 486}")' in ran.stdout.replace("    >", ">")
    assert "✗ call: from alice, rejected with 486" in ran.stdout
    assert "called.py" not in ran.stdout.replace("CallFailed", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--call-mode", "dhmac"), "'dhmac' is no mode; did you mean 'dhhmac'?"),
        (("--call-mode", "zrtp9999"), "is no mode; there are psk, "),
        (("--live-jobs", "many"), "invalid int value"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = pytest_on(tmp_path, *arguments)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert told in ran.stderr


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is missing")
def test_two_processes_of_xdist_find_what_one_finds(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"held-{number}.call.yaml").write_text(HELD)
    (tmp_path / "failed.call.yaml").write_text(FAILED)
    ran = pytest_on(tmp_path, "-p", "xdist", "-n", "2", "--call-report", str(tmp_path / "reports"), "-v")
    assert "4 passed" in ran.stdout
    assert "1 failed" in ran.stdout
    assert "✗ step 1: alice calls bob; not as expected in line 11" in ran.stdout
    assert {line.split()[0] for line in ran.stdout.splitlines() if line.startswith("[gw")} == {"[gw0]", "[gw1]"}
