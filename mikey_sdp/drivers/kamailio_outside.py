"""Kamailio in the place of every server of a live run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mikey_sdp.drivers.kamailio import Kamailio
from mikey_sdp.drivers.kamailio_plan import ProxyPlan, plan_of
from mikey_sdp.drivers.outside import Onlooker
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Node
from mikey_sdp.sip import Uri


class KamailioServer:
    """One server of a live run, played by a Kamailio of its own in a folder that is gone afterwards."""

    def __init__(self, plan: ProxyPlan, ports: Ports) -> None:
        self._plan: Final = plan
        self._ports: Final = ports
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kamailio: Kamailio | None = None

    async def start(self, _run: Onlooker) -> None:
        """Start it; back when it takes SIP. What passes between it and the parties is recorded where they are."""
        self._folder = tempfile.TemporaryDirectory(prefix="kamailio-")
        self._kamailio = Kamailio(self._plan, Path(self._folder.name), ports=self._ports)
        await self._kamailio.start()

    def give(self, command: object) -> None:
        """Nothing can be told to a server."""
        raise UsageError(f"{self._plan.name} takes no commands, least of all {type(command).__name__}")

    async def stop(self) -> None:
        """End it."""
        if self._kamailio is not None:
            await self._kamailio.stop()
        if self._folder is not None:
            self._folder.cleanup()


def kamailios(nodes: Iterable[Node], ports: Ports) -> dict[str, KamailioServer]:
    """By its name for each proxy and redirect server among the nodes the one that plays it.

    Of two servers one behind the other only the first is played: what passes between two programs of others is seen by
    nobody, and no link's delay and loss lie on it. The Date of a registrar's answers is the machine's own time,
    whatever the run's clock shows.
    Raises: NotExpressible where Kamailio can't do what one of them does; its text is a reason to skip the run.
    """
    plans = [plan for node in nodes if (plan := plan_of(node)) is not None]
    played: list[ProxyPlan] = []
    for plan in sorted(plans, key=lambda one: one.redirects):
        if not any(_leads_to(plan, other) or _leads_to(other, plan) for other in played):
            played.append(plan)
    return {plan.name: KamailioServer(plan, ports) for plan in played}


def _leads_to(plan: ProxyPlan, other: ProxyPlan) -> bool:
    """Whether a call that one server has may go to the other one next."""
    places = (Uri.parse(place.uri) for meant in plan.resolved() for place in meant.service.destinations)
    return any((place.host.strip("[]"), place.port) == tuple(other.address) for place in places)
