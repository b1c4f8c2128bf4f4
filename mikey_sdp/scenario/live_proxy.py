"""Live runs whose proxies, redirect servers and registrars are played by somebody else's program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mikey_sdp.drivers.kamailio_outside import kamailios
from mikey_sdp.drivers.kamailio_plan import NotExpressible
from mikey_sdp.drivers.outside import Outside
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import NetworkPlan
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.live import OutsideOf, VirtualOnly


def by_kamailio(scenario: Scenario, plan: NetworkPlan, ports: Ports) -> Mapping[str, Outside]:
    """A Kamailio process for each server of a plan, configured to do what that server does.

    Raises: VirtualOnly for a scenario without a server, and for one of which Kamailio can't show what it is about.
    """
    for name, party in scenario.parties.items():
        if party.clock_from_registrar:
            raise VirtualOnly(f"{name} sets its clock by the registrar, and Kamailio's Date is the machine's own")
    try:
        played = kamailios(plan.nodes, ports)
    except NotExpressible as reason:
        raise VirtualOnly(str(reason)) from None
    if not played:
        raise VirtualOnly("there is no server in it for Kamailio to play")
    return played


PROXIES: Final[Mapping[str, OutsideOf]] = {"kamailio": by_kamailio}
"""The programs that can play the servers of a live run, by their names on command lines."""
