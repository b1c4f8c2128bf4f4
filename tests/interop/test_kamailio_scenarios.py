"""Scenario files on real sockets with Kamailio in the place of their proxy: what they expect must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.drivers.kamailio_outside import kamailios
from mikey_sdp.scenario.live import Live, run_on_sockets
from mikey_sdp.scenario.load import load
from tests.interop.conftest import Need

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("fork-late-branch", "redirect-signed-dh", "retarget-by-recursion", "fork-with-a-wrong-clock")


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_expects_holds_through_kamailio(need: Need, name: str):
    need("kamailio")
    loaded = load(SCENARIOS / f"{name}.call.yaml")
    live = Live(outside=lambda plan, ports: kamailios(plan.nodes, ports))
    for _ in range(3):
        ran = run_on_sockets(loaded, live=live)
        if not ran.tells_nothing:
            break
    assert [verdict for verdict in ran.result.verdicts if not verdict.held] == []
