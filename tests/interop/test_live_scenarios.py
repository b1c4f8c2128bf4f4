"""Every scenario file, live on loopback sockets: as many side by side as the machine takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from mikey_sdp.cli.run import run
from mikey_sdp.report.page import plain_page
from mikey_sdp.scenario.files import find
from mikey_sdp.scenario.live import LONGEST_US, rehearsed_us
from mikey_sdp.scenario.live_pool import LiveJob, LiveOutcome, LivePool
from mikey_sdp.scenario.load import load

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
FILES: Final = find([SCENARIOS])
LIMIT_S: Final = 180.0

_SLOW: Final = """
name: a slow call
shows: nothing
parties:
  alice: {credentials: psk}
  bob: {credentials: psk, answers: {answer: 25s}}
steps:
  - {at: 0s, alice: {call: bob}}
expect:
  - call: {from: alice, answered by: bob}
"""


@pytest.fixture(scope="module")
def started() -> Iterator[dict[Path, Future[LiveOutcome]]]:
    pool = LivePool(len(FILES))
    try:
        yield {file: pool.submit(LiveJob(file=str(file))) for file in FILES}
    finally:
        pool.close()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".call.yaml"))
def test_a_scenario_holds_on_real_sockets(file: Path, started: dict[Path, Future[LiveOutcome]]):
    outcome = started[file].result(LIMIT_S)
    if outcome.skipped:
        # What only virtual time can show is no gap in what is installed here; that it takes so long is all that counts.
        assert rehearsed_us(load(file)) > LONGEST_US, outcome.skipped
        return
    assert outcome.result is not None, outcome.refused
    assert outcome.result.held, plain_page(outcome.result, width=100)
    assert outcome.result.shown


def test_nearly_all_scenarios_run_live(started: dict[Path, Future[LiveOutcome]]):
    ran = [file for file, future in started.items() if future.result(LIMIT_S).result is not None]
    assert len(ran) >= 0.9 * len(FILES)


def test_pytest_runs_files_live_and_skips_what_takes_too_long(tmp_path: Path):
    for name in ("callee-without-key", "expired-certificates"):
        file = SCENARIOS / f"{name}.call.yaml"
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "slow.call.yaml").write_text(_SLOW)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "--live", str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert "live on loopback sockets, spans that are expected may be 500 ms longer" in ran.stdout
    assert "2 passed, 1 skipped" in ran.stdout
    assert "of real time, more than 20 s" in ran.stdout


def test_the_command_runs_files_side_by_side_and_tells_the_margin_in_its_help():
    runner = CliRunner()
    files = [str(SCENARIOS / name) for name in ("callee-without-key.call.yaml", "basic-call.call.yaml")]
    ran = runner.invoke(run, ["--live", "--jobs", "2", *files])
    assert ran.exit_code == 0, ran.output
    assert "2 of 2 runs held" in ran.output
    assert "live on loopback sockets; spans that are expected may be 500 ms longer" in ran.stderr
    assert "500 ms longer" in runner.invoke(run, ["--help"]).output


def test_where_nothing_could_run_the_command_says_why_and_exits_with_3(tmp_path: Path):
    slow = tmp_path / "slow.call.yaml"
    slow.write_text(_SLOW)
    ran = CliRunner().invoke(run, ["--live", str(slow)])
    assert ran.exit_code == 3
    assert "is skipped: it takes 26." in ran.output
    told = CliRunner().invoke(run, ["--live", "--json", str(slow)])
    assert json.loads(told.stdout)["skipped"][0]["file"] == str(slow)


def test_a_capture_of_a_live_run_is_written(tmp_path: Path):
    capture = tmp_path / "run.pcapng"
    file = SCENARIOS / "callee-without-key.call.yaml"
    ran = CliRunner().invoke(run, ["--live", "--pcap", str(capture), str(file)])
    assert ran.exit_code == 0, ran.output
    assert capture.read_bytes().startswith(b"\x0a\x0d\x0d\x0a")


def test_jobs_without_live_are_refused():
    ran = CliRunner().invoke(run, ["--jobs", "2", str(FILES[0])])
    assert ran.exit_code == 2
    assert "--jobs goes with --live" in ran.output
