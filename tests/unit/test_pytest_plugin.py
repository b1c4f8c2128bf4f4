"""The plug-in: scenario files become tests, failures show verdicts and ladder, nothing is imported too early."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    assert "Traceback" not in outcome.stdout


def test_a_file_that_cannot_be_used_is_told_with_its_line(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "broken.call.yaml:1: " in outcome.stdout


def test_a_run_that_expects_nothing_is_no_pass(outcome: subprocess.CompletedProcess[str]) -> None:
    assert "nothing was expected" in outcome.stdout


def test_loading_the_plug_in_loads_nothing_of_the_toolkit() -> None:
    code = "import sys, mikey_sdp.pytest_plugin; print([m for m in sys.modules if m.startswith('mikey_sdp.')])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "['mikey_sdp.pytest_plugin']"
