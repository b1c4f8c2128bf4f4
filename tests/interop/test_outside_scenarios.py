"""Scenario files in which other programs play parties, live on loopback sockets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import pytest

from mikey_sdp.report.page import plain_page
from mikey_sdp.scenario.files import find
from mikey_sdp.scenario.live import Live, VirtualOnly, run_on_sockets
from mikey_sdp.scenario.live_pool import LiveJob, LiveOutcome, LivePool
from mikey_sdp.scenario.live_proxy import PROXIES
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.sense_outside import outsiders_of
from mikey_sdp.trace import CallChanged, MediaCounted
from tests.interop.conftest import Need

FOLDER: Final = Path(__file__).parents[2] / "examples" / "outside"
FILES: Final = find([FOLDER])
LIMIT_S: Final = 60.0
PROGRAMS: Final = {"linphone": "linphonec"}


@pytest.fixture(scope="module")
def started() -> Iterator[dict[Path, Future[LiveOutcome]]]:
    pool = LivePool(len(FILES), 3)
    try:
        yield {file: pool.submit(LiveJob(file=str(file))) for file in FILES}
    finally:
        pool.close()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".call.yaml"))
def test_a_scenario_with_another_program_holds(file: Path, need: Need, started: dict[Path, Future[LiveOutcome]]):
    for party in outsiders_of(load(file).scenario).values():
        need(PROGRAMS.get(party.kind, party.kind))
    outcome = started[file].result(LIMIT_S)
    assert outcome.result is not None, outcome.refused or outcome.skipped
    assert outcome.result.held, plain_page(outcome.result, width=100)
    assert outcome.result.shown


def test_every_kind_of_program_is_among_them():
    kinds = {party.kind for file in FILES for party in outsiders_of(load(file).scenario).values()}
    assert kinds == {"pjsua2", "baresip", "linphone", "sipp"}


def test_what_pjsua2_says_of_its_calls_and_its_media_is_in_the_trace(
    need: Need, started: dict[Path, Future[LiveOutcome]]
):
    need("pjsua2")
    outcome = started[FOLDER / "pjsua2-calls-signed-dh.call.yaml"].result(LIMIT_S)
    assert outcome.result is not None, outcome.refused
    told = [record for record in outcome.result.records if record.party == "bob"]
    states = [record.state for record in told if isinstance(record, CallChanged)]
    assert states == ["calling", "ringing", "answered", "confirmed", "ended"]
    counted = {record.direction: record for record in told if isinstance(record, MediaCounted)}
    assert counted["received"].decrypted >= 40
    assert counted["sent"].peer == "alice"


def test_with_servers_played_too_nobody_would_see_what_passes_and_it_is_skipped():
    loaded = load(FOLDER / "pjsua2-in-a-fork.call.yaml")
    with pytest.raises(VirtualOnly, match="nobody sees what passes between mobile and the program"):
        run_on_sockets(loaded, live=Live(outside=PROXIES["kamailio"]))


def test_pytest_skips_them_in_virtual_time():
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", str(FOLDER)]
    ran = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert f"{len(FILES)} skipped" in ran.stdout
    assert "failed" not in ran.stdout
    assert "it runs live only" in ran.stdout
