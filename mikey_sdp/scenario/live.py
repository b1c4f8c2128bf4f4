"""Runs a scenario on loopback sockets, in real time, and judges it by what it expects of a run in virtual time.

How long it takes is found out by a rehearsal in virtual time. What is expected within a span has a margin more
(`live_margin`); everything else must hold as it is written.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.host import listens_of
from mikey_sdp.drivers.live import run_live
from mikey_sdp.drivers.outside import Outside
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.nodes.contract import NetworkPlan, Transport
from mikey_sdp.scenario.build import EPOCH_UNIX_US, build
from mikey_sdp.scenario.checks import judge
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.live_margin import MARGIN_US, widened
from mikey_sdp.scenario.live_parties import parties_played
from mikey_sdp.scenario.live_sites import LoopbackSites
from mikey_sdp.scenario.live_tls import tls_for
from mikey_sdp.scenario.load import Loaded
from mikey_sdp.scenario.reading import parties_of
from mikey_sdp.scenario.sense_outside import outsiders_of
from mikey_sdp.scenario.units import say_us
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import AnyRecord, RunResult

PUNCTUAL_US: Final = 5_000
"""A run in which the machine was never later than this with anything tells something even if it does not hold."""
ATTEMPTS: Final = 3
"""How often a scenario is run before it counts that it doesn't hold."""
LONGEST_US: Final = 20_000_000
"""A scenario in which something still happens later than this is for virtual time."""

OutsideOf = Callable[[Scenario, NetworkPlan, Ports], Mapping[str, Outside]]
"""Who plays which parties of a plan in place of its nodes, by their names; may raise VirtualOnly. The plan's ports are
held: who plays a party takes those of its node and closes them before it opens them itself."""


class VirtualOnly(Exception):
    """The scenario can't be shown live, or not with those who are to play in it; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How scenarios run live.

    Keeps: `outside`, who plays parties in place of our nodes; None where we play all of them.
    Units: `margin_us` widens the spans that are expected; `longest_us` is how much real time a run may take.
    """

    margin_us: int = MARGIN_US
    longest_us: int = LONGEST_US
    outside: OutsideOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """A live run: its result, who saw all that passed and all keys, and how much too late the machine was at worst."""

    result: RunResult
    witness: Witness
    late_us: int

    @property
    def tells_nothing(self) -> bool:
        """Whether it doesn't hold, but the machine was too busy to keep time, so that it should be run again."""
        return not self.result.held and self.late_us > PUNCTUAL_US


def run_on_sockets(
    loaded: Loaded,
    *,
    live: Live | None = None,
    watch: Callable[[AnyRecord], None] | None = None,
) -> LiveRun:
    """Run one scenario live and judge it; `watch` is told of every record.

    Raises: VirtualOnly; ScenarioError, UsageError for what can't be carried out.
    """
    live = live or Live()
    last_us = rehearsed_us(loaded)
    if last_us > live.longest_us:
        raise VirtualOnly(f"it takes {say_us(last_us)} of real time, more than {say_us(live.longest_us)}")
    scenario, witness = loaded.scenario, Witness()
    transport = Transport(scenario.network.transport.upper())
    stream = Transport.TLS if transport is Transport.TLS else Transport.TCP
    played = outsiders_of(scenario)
    # Other programs go by the machine's clock, and certificates have to be valid by it.
    epoch_unix_us = time.time_ns() // 1000 if played else EPOCH_UNIX_US
    with closing(Ports()) as ports, TemporaryDirectory(prefix="mikey-sdp-") as folder, _no_pauses():
        sites = LoopbackSites(ports, transport=transport)
        built = build(loaded, witness=witness, sites=sites, epoch_unix_us=epoch_unix_us)
        plan = replace(built, end_us=Micros(last_us + live.margin_us))
        outside = {} if live.outside is None else dict(live.outside(scenario, plan, ports))
        if played and outside:
            raise VirtualOnly(f"nobody sees what passes between {', '.join(played)} and the program that plays servers")
        if played:
            outside |= parties_played(scenario, plan, ports, witness.credentials, Path(folder))
        records, late_us = asyncio.run(
            run_live(
                plan,
                ports=ports,
                listens=lambda node: listens_of(node, Transport.UDP, stream),
                tls=tls_for(sites.hosts()) if stream is Transport.TLS else None,
                outside=outside,
                watch=watch,
                capture=witness.capture,
            )
        )
    result = RunResult(
        name=scenario.name,
        shows=scenario.shows,
        file=loaded.source.file,
        parties=parties_of(scenario),
        records=tuple(records),
        verdicts=judge(widened(loaded, live.margin_us), records, witness=witness),
        commands=sum(len(step.commands) for step in scenario.steps),
    )
    return LiveRun(result=result, witness=witness, late_us=late_us)


@contextmanager
def _no_pauses() -> Iterator[None]:
    """Have the interpreter collect garbage before and after, rather than between two packets."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def rehearsed_us(loaded: Loaded) -> int:
    """When the last thing happens in a run of the scenario in virtual time, be it a message or a packet.

    Raises: ScenarioError, UsageError for what can't be carried out.
    """
    plan, capture = build(loaded), Capture()
    records = simulate(plan, capture=capture)
    # At the end nodes only tell their counts.
    told = (record.at_us for record in records if record.at_us < plan.end_us)
    return max((*told, *(one.arrived_us or one.at_us for one in capture.passed)), default=0)
