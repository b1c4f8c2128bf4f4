"""An edge at work: the node on its sockets, the media relay beside it, started and stopped as one."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.clock import Clock
from mikey_sdp.drivers.host import NodeHost, clock_from_now
from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge import Edge
from mikey_sdp.nodes.edge_contract import EdgeConfig, EdgeStatus, Interface, ShutDown
from mikey_sdp.secret import Entropy
from mikey_sdp.sip import Hop
from mikey_sdp.softphone.edge_config import EdgeSettings
from mikey_sdp.softphone.edge_log import EdgeLog
from mikey_sdp.softphone.edge_places import Server
from mikey_sdp.softphone.edge_sides import NamingContext
from mikey_sdp.softphone.relay import MediaRelay, RelayCounts
from mikey_sdp.system import system_clock

LOOKUP_S: Final = 10.0
GOODBYE_S: Final = 1.0
"""Long enough for one repetition of a BYE that was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """An edge at one moment: its calls, and what passed its media ports.

    Units: `up_us` is how long it runs; `unsent` counts messages of SIP that could not be sent.
    """

    up_us: int
    edge: EdgeStatus
    relay: RelayCounts
    open_pairs: int
    unsent: int


class EdgeService:
    """An edge from its start to its end, in the running event loop."""

    def __init__(self, settings: EdgeSettings, *, clock: Clock = system_clock, entropy: Entropy = os.urandom) -> None:
        self._settings: Final = settings
        self._wall_clock: Final = clock
        self._entropy: Final = entropy
        self._running: tuple[Edge, NodeHost, MediaRelay] | None = None

    async def start(self) -> None:
        """Look up the proxy, open the sockets, and take calls from now on.

        Raises: UsageError where a name can't be found or an address can't be had; nothing is left open then.
        """
        settings = self._settings
        config = await _with_proxy(settings.node, settings.proxy, settings.tls)
        now_us = clock_from_now()
        log = EdgeLog(lambda: now_us() / 1_000_000)
        relay = MediaRelay(settings.media_hosts, settings.ports, complain=log.complain)
        edge = Edge(config, ports=relay, clock=self._wall_clock, entropy=self._entropy)
        host = NodeHost(
            edge,
            listens=settings.listens,
            clock=now_us,
            tls=settings.tls,
            report=log.record,
            failed=log.failed,
        )
        await host.start()
        self._running = edge, host, relay

    @property
    def status(self) -> ServiceStatus:
        """What there is to see now.

        Raises: UsageError for an edge that doesn't run.
        """
        edge, host, relay = self._parts
        return ServiceStatus(
            up_us=host.now_us,
            edge=edge.status(),
            relay=replace(relay.counts),
            open_pairs=relay.open_pairs,
            unsent=host.refused,
        )

    @property
    def media_addresses(self) -> list[Address]:
        """Where media is taken now, RTP and RTCP."""
        return self._parts[2].addresses

    @property
    def open_calls(self) -> int:
        """How many calls run."""
        return self._parts[0].open_calls

    @property
    def held(self) -> int:
        """How much of calls and transactions is still kept; 0 when everything is over and freed."""
        return self._parts[0].held

    def give(self, command: object) -> None:
        """Hand the edge one of its commands."""
        self._parts[1].give(command)

    async def stop(self, *, goodbye_s: float = GOODBYE_S) -> None:
        """Hang up all calls at both sides, repeat it for a moment where nobody confirms it, and close everything."""
        if self._running is None:
            return
        edge, host, relay = self._running
        self._running = None
        try:
            calls = edge.open_calls
            host.give(ShutDown())
            await asyncio.sleep(goodbye_s if calls else 0)
        finally:
            await host.stop()
            relay.close()

    async def __aenter__(self) -> EdgeService:
        await self.start()
        return self

    async def __aexit__(self, *_why: object) -> None:
        await self.stop()

    @property
    def _parts(self) -> tuple[Edge, NodeHost, MediaRelay]:
        if self._running is None:
            raise UsageError("the edge isn't running")
        return self._running


async def _with_proxy(config: EdgeConfig, proxy: Server | None, tls: TlsContexts | None) -> EdgeConfig:
    """The edge with its next hop by number; in TLS it has to prove its name.

    Raises: UsageError for a name that leads nowhere where the edge can send from.
    """
    if proxy is None:
        return config
    try:
        async with asyncio.timeout(LOOKUP_S):
            found = await asyncio.get_running_loop().getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError) as error:
        why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise UsageError(f"network.proxy: {proxy.host} was not found: {why}") from None
    host = _reachable([str(address[0]) for *_, address in found], config.network_side, proxy)
    if tls is not None and isinstance(tls.client, NamingContext):
        tls.client.names[host] = proxy.host
    return replace(config, outbound=Hop(proxy.transport, host, proxy.port))


def _reachable(hosts: Sequence[str], sides: Sequence[Interface], proxy: Server) -> str:
    """The first address of the family of an interface that speaks the proxy's transport."""
    families = {":" in one.address.host for one in sides if proxy.transport in one.transports}
    for host in hosts:
        if (":" in host) in families:
            return host
    raise UsageError(f"network.proxy: {proxy.host} is {', '.join(hosts)}, none of which network.listen can send to")
