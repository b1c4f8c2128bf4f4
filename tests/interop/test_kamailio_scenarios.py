"""Scenario files on real sockets with Kamailio in the place of their servers: what they expect must hold."""

from __future__ import annotations

import shutil
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
from mikey_sdp.scenario.live import Live
from mikey_sdp.scenario.live_pool import LiveJob, LiveOutcome, LivePool
from mikey_sdp.scenario.live_proxy import PROXIES
from tests.interop.conftest import Need

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
LIMIT_S: Final = 120.0
SIDE_BY_SIDE: Final = 8

KINDS: Final = {
    "parallel forks": (
        "fork-to-thirty",
        "fork-shared-psk",
        "fork-rsa-r-three-phones",
        "fork-to-different-users",
        "fork-plain-phone",
        "fork-declined-for-all",
        "fork-given-up",
    ),
    "serial forks": ("fork-serial",),
    "staggered forks": ("fork-by-preference",),
    "late branches": ("fork-late-branch",),
    "registration": ("phones-come-and-go",),
    "redirection": ("redirect-signed-dh", "redirect-twice", "redirect-past-a-stranger", "redirections-in-a-circle"),
    "recursion": ("retarget-by-recursion",),
    "retargeting": ("retarget-rsa", "retarget-dhhmac-in-a-group", "retarget-strict-identity"),
    "early media": ("early-media-at-two-branches", "fork-impostor-answers-early", "group-pickup"),
    "several answers": ("two-answers-signed-dh",),
    "a transfer": ("transfer-to-a-fork",),
    "an attack on a leg": ("fork-tampered-leg", "several-messages-attacked"),
}
"""Scenarios that differ in what servers and phones do, by what they are of, the longest first."""
NAMES: Final = tuple(name for names in KINDS.values() for name in names)


@pytest.fixture(scope="module")
def started(need: Need) -> Iterator[dict[str, Future[LiveOutcome]]]:
    need("kamailio")
    live = Live(outside=PROXIES["kamailio"])
    pool = LivePool(len(NAMES), SIDE_BY_SIDE)
    try:
        jobs = {name: LiveJob(file=str(SCENARIOS / f"{name}.call.yaml"), live=live) for name in NAMES}
        yield {name: pool.submit(job) for name, job in jobs.items()}
    finally:
        pool.close()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_expects_holds_through_kamailio(name: str, started: dict[str, Future[LiveOutcome]]):
    outcome = started[name].result(LIMIT_S)
    assert outcome.result is not None, outcome.refused or outcome.skipped
    assert outcome.result.held, plain_page(outcome.result, width=100)
    assert outcome.result.shown


def test_at_least_twenty_of_every_kind_passed_through_kamailio(started: dict[str, Future[LiveOutcome]]):
    passed = {name for name, future in started.items() if (ran := future.result(LIMIT_S).result) and ran.held}
    assert len(passed) >= 20
    assert [kind for kind, names in KINDS.items() if not passed & set(names)] == []


def test_the_command_says_who_plays_the_servers_and_skips_what_has_none(need: Need):
    need("kamailio")
    files = [str(SCENARIOS / f"{name}.call.yaml") for name in ("fork-declined-for-all", "rsa")]
    ran = CliRunner().invoke(run, ["--live", "--proxy", "kamailio", "--jobs", "1", *files])
    assert ran.exit_code == 0, ran.output
    assert "servers played by kamailio" in ran.stderr
    assert "rsa.call.yaml is skipped: there is no server in it for Kamailio to play" in ran.output
    assert "1 of 1 runs held, 1 files were skipped" in ran.output


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("rsa", "there is no server in it for Kamailio to play"),
        ("clock-from-registrar", "bob sets its clock by the registrar, and Kamailio's Date is the machine's own"),
        ("redirect-unprotected", "Kamailio is run over UDP and TCP, not over TLS"),
    ],
)
def test_where_kamailio_can_show_nothing_the_command_says_why_and_exits_with_3(name: str, reason: str):
    ran = CliRunner().invoke(run, ["--live", "--proxy", "kamailio", str(SCENARIOS / f"{name}.call.yaml")])
    assert ran.exit_code == 3
    assert reason in " ".join(ran.output.split())


def test_where_kamailio_is_missing_the_command_says_what_brings_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    file = str(SCENARIOS / "fork-declined-for-all.call.yaml")
    ran = CliRunner().invoke(run, ["--live", "--proxy", "kamailio", file])
    assert ran.exit_code == 2
    assert "apt-get install kamailio" in " ".join(ran.output.split())


def test_a_proxy_without_live_is_refused_and_so_is_one_that_nobody_knows():
    file = str(SCENARIOS / "rsa.call.yaml")
    ran = CliRunner().invoke(run, ["--proxy", "kamailio", file])
    assert (ran.exit_code, "--proxy goes with --live" in ran.output) == (2, True)
    assert CliRunner().invoke(run, ["--live", "--proxy", "asterisk", file]).exit_code == 2


def _pytest(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *options, str(folder)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return ran.stdout + ran.stderr


def test_pytest_runs_files_through_kamailio(need: Need, tmp_path: Path):
    need("kamailio")
    for name in ("fork-declined-for-all", "rsa"):
        (tmp_path / f"{name}.call.yaml").write_bytes((SCENARIOS / f"{name}.call.yaml").read_bytes())
    told = _pytest(tmp_path, "--live", "--live-proxy", "kamailio")
    assert "live on loopback sockets with servers played by kamailio" in told
    assert "1 passed, 1 skipped" in told
    assert "there is no server in it for Kamailio to play" in told


def test_pytest_refuses_a_proxy_without_live_and_one_that_nobody_knows(tmp_path: Path):
    assert "--live-proxy goes with --live" in _pytest(tmp_path, "--live-proxy", "kamailio")
    assert "'asterisk' plays no servers; there is kamailio" in _pytest(tmp_path, "--live", "--live-proxy", "asterisk")
