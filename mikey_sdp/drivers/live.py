"""Runs a call on loopback sockets in real time, and records it as the simulation does.

Every party has a host of its own, so that whoever sent something is known by its address. The links of the plan lie on
the sending side: a datagram waits for its delay before it is put on the network, and one that is lost is never put
there. Who taps a link gets the datagram instead, and what he lets pass leaves from the sockets of its first sender.
Nothing is sent to an address that is no party's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.crossing import Crossing, Crossings
from mikey_sdp.drivers.host import Listens, NodeHost, listens_of
from mikey_sdp.drivers.ledger import Ledger, described
from mikey_sdp.drivers.outside import Outside
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.drivers.topology import Party, Route, Topology
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Address,
    Datagram,
    DatagramIntercepted,
    DatagramReceived,
    NetworkPlan,
    Node,
    SendDatagram,
    TimedCommand,
    Transport,
)
from mikey_sdp.trace import AnyRecord

QUIET_US: Final = 200_000
"""A run whose time is up goes on until nothing has passed for so long."""
MOST_EXTRA_US: Final = 3_000_000
"""But no longer than this."""

_MEDIA: Final = Transport.MEDIA


class LiveTrace(NamedTuple):
    """What happened in a live run: its records, and how much later than due the machine did something at worst."""

    records: list[AnyRecord]
    late_us: int


async def run_live(
    plan: NetworkPlan,
    *,
    ports: Ports | None = None,
    listens: Callable[[Node], Listens] = listens_of,
    tls: TlsContexts | None = None,
    outside: Mapping[str, Outside] | None = None,
    watch: Callable[[AnyRecord], None] | None = None,
    capture: Capture | None = None,
) -> LiveTrace:
    """Run a plan to its end in real time.

    `ports` holds the sockets of the plan's addresses, `listens` says what is taken at those of a node, `outside` who
    plays parties in place of their nodes; `watch` is told of every record, `capture` gets every datagram that passes.
    Raises: UsageError for a plan that contradicts itself, shares a host among nodes, or whose addresses can't be had;
    whatever a node raised, once all others have come to their end.
    """
    return await _LiveRun(plan, ports, listens, tls, outside or {}, watch, capture).run()


class _LiveRun:
    """One run. It is the `Onlooker` of those outside."""

    def __init__(
        self,
        plan: NetworkPlan,
        ports: Ports | None,
        listens: Callable[[Node], Listens],
        tls: TlsContexts | None,
        outside: Mapping[str, Outside],
        watch: Callable[[AnyRecord], None] | None,
        capture: Capture | None,
    ) -> None:
        self._plan: Final = plan
        self._outside: Final = outside
        self._ledger: Final = Ledger(watch, capture)
        self._topology: Final = Topology(plan)
        self._at_host: Final = _by_host(self._topology)
        self._crossings: Final = Crossings()
        self._failures: Final[list[Exception]] = []
        self._start_s: float | None = None
        self._late_us = 0
        self._hosts: Final = {
            name: NodeHost(
                party.node,
                listens=listens(party.node),
                clock=lambda: self.now_us,
                ports=ports,
                tls=tls,
                report=partial(self._ledger.reported, name),
                failed=lambda _, error: self._failures.append(error),
                outlet=partial(self._out, party),
                inlet=partial(self._in, party),
            )
            for name, party in self._topology.parties.items()
            if name not in outside
        }

    @property
    def now_us(self) -> Micros:
        """What the run's clock shows: 0 until everybody has started."""
        if self._start_s is None:
            return Micros(0)
        return Micros(int((asyncio.get_running_loop().time() - self._start_s) * 1_000_000))

    async def run(self) -> LiveTrace:
        """Start everybody, give the commands at their times, wait, and let every node report its counts."""
        try:
            for host in self._hosts.values():
                await host.start()
            for party in self._outside.values():
                await party.start(self)
            await self._go()
        finally:
            for host in self._hosts.values():
                host.end()
            stopping = (
                *(party.stop() for party in self._outside.values()),
                *(host.stop() for host in self._hosts.values()),
            )
            stopped = await asyncio.gather(*stopping, return_exceptions=True)
        self._failures.extend(error for error in stopped if isinstance(error, Exception))
        if self._failures:
            raise self._failures[0]
        late_us = max((host.late_us for host in self._hosts.values()), default=0)
        return LiveTrace(self._ledger.records, max(late_us, self._late_us))

    async def _go(self) -> None:
        loop = asyncio.get_running_loop()
        self._start_s = loop.time()
        for command in self._plan.commands:
            loop.call_at(self._start_s + command.at_us / 1_000_000, self._give, command)
        end_us = self._plan.end_us
        await asyncio.sleep(end_us / 1_000_000)
        for _ in range(MOST_EXTRA_US // QUIET_US):
            if self.now_us >= self._ledger.last_us + QUIET_US:
                break
            await asyncio.sleep(QUIET_US / 1_000_000)

    def _give(self, command: TimedCommand) -> None:
        self._late_us = max(self._late_us, self.now_us - command.at_us)
        party = self._outside.get(command.node) or self._hosts[command.node]
        party.give(command.command)

    # What goes out

    def _out(self, party: Party, action: SendDatagram) -> None:
        """A node inside sends something."""
        self._send(party, action, self._hosts[party.name].event_us)

    def _send(self, party: Party, action: SendDatagram, at_us: Micros) -> None:
        """Record what a party sends, and have the network do to it what the plan says."""
        datagram, route = action.datagram, self._route(party, action.datagram)
        crossing = self._ledger.sent(party.name, action, route, self._ends(datagram), at_us)
        if route.tap is not None and datagram.transport is not Transport.TLS:
            asyncio.get_running_loop().call_soon(self._intercept, route.tap, datagram, crossing)
            return
        arrival_us = None if route.to is None else self._arrival_us(route, datagram.transport, at_us)
        if arrival_us is None or route.to is None:
            self._ledger.lost(party.name, crossing, at_us)
        elif arrival_us > at_us:
            asyncio.get_running_loop().call_later(
                (arrival_us - at_us) / 1_000_000, self._put, party, route.to, datagram, crossing
            )
        else:
            self._put(party, route.to, datagram, crossing)

    def _arrival_us(self, route: Route, transport: Transport, at_us: Micros) -> int | None:
        if transport is _MEDIA:
            return route.pipe.arrival_us(at_us)
        lost = route.pipe.scripted_loss()
        if not transport.reliable:
            return None if lost else route.pipe.arrival_us(at_us)
        if lost:
            self._failures.append(UsageError(f"the script loses a message to {route.to_name!r} that {transport} keeps"))
        return route.pipe.ordered_arrival_us(at_us)

    def _intercept(self, tap: Party, datagram: Datagram, crossing: Crossing) -> None:
        self._ledger.arrived(tap.name, crossing, self.now_us)
        self._hosts[tap.name].hand_in(DatagramIntercepted(datagram))

    def _put(self, sender: Party, to: Party, datagram: Datagram, crossing: Crossing) -> None:
        """Put a datagram on the network, from the sockets of whoever it comes from."""
        origin = self._at_host.get(datagram.source.host, sender)
        host = self._hosts.get(origin.name)
        if host is None:
            self._deliver(to, datagram, crossing)
        elif to.name in self._outside:
            host.send(datagram)
            self._ledger.arrived(to.name, crossing, self.now_us)
        else:
            self._crossings.left(origin.name, to.name, datagram.octets, crossing)
            host.send(datagram)

    # What comes in

    def _in(self, party: Party, datagram: Datagram) -> None:
        """Something arrived at the sockets of a party inside."""
        source = datagram.source
        origin = self._at_host.get(source.host)
        if origin is None:
            self._ledger.warn(
                party.name,
                f"a datagram from {source.host}:{source.port}, which is no party's, was left unread",
                self.now_us,
            )
        elif origin.name in self._outside:
            self._send(origin, described(datagram), self.now_us)
        else:
            crossing = self._crossings.arrived(origin.name, party.name, datagram.octets)
            if crossing is None:
                self._ledger.warn(
                    party.name, f"a datagram that {origin.name} did not send was left unread", self.now_us
                )
            else:
                self._deliver(party, datagram, crossing)

    def _deliver(self, party: Party, datagram: Datagram, crossing: Crossing) -> None:
        self._ledger.arrived(party.name, crossing, self.now_us)
        if party.name in self._hosts:
            self._hosts[party.name].hand_in(DatagramReceived(datagram))

    def saw(self, datagram: Datagram) -> None:
        """A tap on the wire saw a datagram; one that a party inside sent or takes is known already."""
        ends = self._at_host.get(datagram.source.host), self._at_host.get(datagram.destination.host)
        sender, to = ends
        if sender is None or to is None or not {sender.name, to.name} <= self._outside.keys():
            return
        now_us, route = self.now_us, self._route(sender, datagram)
        crossing = self._ledger.sent(sender.name, described(datagram), route, self._ends(datagram), now_us)
        self._ledger.arrived(to.name, crossing, now_us)

    # Who is where

    def _route(self, party: Party, datagram: Datagram) -> Route:
        media = datagram.transport is _MEDIA
        source, destination = (self._home(end, media=media) for end in (datagram.source, datagram.destination))
        return self._topology.route(party, source, destination, media=media)

    def _ends(self, datagram: Datagram) -> tuple[Address, Address]:
        """The addresses as a capture shows them: of a connection its listening ends, of media the very ports."""
        if datagram.transport is _MEDIA:
            return datagram.source, datagram.destination
        return self._home(datagram.source, media=False), self._home(datagram.destination, media=False)

    def _home(self, address: Address, *, media: bool) -> Address:
        """The address of the plan that one on the wire stands for: a connection has a port of its own, and of a party
        outside every port counts as its own."""
        party = self._at_host.get(address.host)
        if party is None or (media and party.name not in self._outside):
            return address
        return party.node.addresses[0]

    def report(self, record: AnyRecord) -> None:
        """Put a record into the trace."""
        self._ledger.write(record)


def _by_host(topology: Topology) -> dict[str, Party]:
    """Who has which host."""
    found: dict[str, Party] = {}
    for party in topology.parties.values():
        for address in party.node.addresses:
            owner = found.setdefault(address.host, party)
            if owner is not party:
                raise UsageError(f"{party.name!r} and {owner.name!r} share {address.host}; give each a host of its own")
    return found
