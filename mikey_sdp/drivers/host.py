"""Runs one node on real sockets: what arrives and what time brings goes in, what the node decides is carried out.

A node that is wrong about something ends nobody else's run, nor its own: the event is lost, and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sockets import DatagramSockets, SocketLimits, TlsContexts
from mikey_sdp.drivers.streams import StreamSockets
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CancelTimer,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Event,
    Node,
    Report,
    RunEnded,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.trace import AnyRecord, Warned

Listens = Mapping[Address, tuple[Transport, ...]]
"""What is taken at each address of a node."""

Clock = Callable[[], Micros]

_MEDIA: Final = Transport.MEDIA
_LATE_US: Final = (
    100_000  # a timer later than this is not made up for, or a stalled machine would be followed by a burst
)
_KEEP_ALIVE: Final = b"\r\n\0 \t"


def clock_from_now() -> Clock:
    """A clock that shows 0 now and never steps back; several hosts of one run share it.

    Raises: RuntimeError outside a running event loop.
    """
    time = asyncio.get_running_loop().time
    start = time()
    return lambda: Micros(int((time() - start) * 1_000_000))


def listens_of(node: Node, *transports: Transport) -> dict[Address, tuple[Transport, ...]]:
    """The usual use of a node's addresses: SIP at the first, over UDP and TCP or what is named, media at all others."""
    media = dict.fromkeys(node.addresses, (_MEDIA,))
    return media | dict.fromkeys(node.addresses[:1], transports or (Transport.UDP, Transport.TCP))


def _tell_loop(name: str, error: Exception) -> None:
    message = f"node {name!r} failed"
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


def _untold(record: AnyRecord) -> None:
    """Nobody keeps a trace."""


class NodeHost:
    """One node on sockets of this machine, in the running event loop.

    `listens` says what is taken where (`listens_of` if left out); an address that the node has only later is opened
    for media when it has it, one that it no longer has is closed. `report` gets the node's records, `failed` the node's
    name and what it raised. `outlet` and `inlet` stand between the node and its sockets for whoever wants to watch,
    hold back or change what passes: the one gets what the node sends, and may `send` it; the other what arrived, and
    may `hand_in` it.
    Keeps: `name`; `refused`, how many datagrams could not be sent; `event_us`, the time of the event that the node was
    last given; `late_us`, how much later than due a timer has come at worst.
    """

    def __init__(
        self,
        node: Node,
        *,
        listens: Listens | None = None,
        clock: Clock | None = None,
        ports: Ports | None = None,
        tls: TlsContexts | None = None,
        limits: SocketLimits | None = None,
        report: Callable[[AnyRecord], None] = _untold,
        failed: Callable[[str, Exception], None] = _tell_loop,
        outlet: Callable[[SendDatagram], None] | None = None,
        inlet: Callable[[Datagram], None] | None = None,
    ) -> None:
        limits = limits or SocketLimits()
        self.name: Final = node.name
        self.refused = 0
        self.event_us = Micros(0)
        self.late_us = 0
        self._node: Final = node
        self._listens: Final = dict(listens_of(node) if listens is None else listens)
        self._clock = clock
        self._report: Final = report
        self._failed: Final = failed
        self._outlet: Final = outlet or (lambda action: self.send(action.datagram))
        self._inlet: Final = inlet or (lambda datagram: self.hand_in(DatagramReceived(datagram)))
        self._datagrams: Final = DatagramSockets(self, limits=limits, ports=ports)
        self._streams: Final = StreamSockets(self, limits=limits, ports=ports, tls=tls)
        self._addresses: tuple[Address, ...] = ()
        self._timers: Final[dict[str, tuple[Micros, asyncio.TimerHandle]]] = {}
        self._running = False

    async def start(self) -> None:
        """Open the node's addresses; from now on it lives.

        Raises: UsageError where an address can't be had; nothing is left open then.
        """
        self._clock = self._clock or clock_from_now()
        self._addresses = tuple(self._node.addresses)
        try:
            for address in self._addresses:
                for transport in self._listens.get(address, (_MEDIA,)):
                    if transport.reliable:
                        await self._streams.open(address, transport)
                    else:
                        self._datagrams.open(address, transport)
        except BaseException:
            await self._close()
            raise
        self._running = True

    def give(self, command: object) -> None:
        """Tell the node to do something; `command` is one of its own command classes.

        Raises: UsageError for a node that isn't running.
        """
        if not self._running:
            raise UsageError(f"{self.name} isn't running, so that it can't be told to do anything")
        self.hand_in(CommandGiven(command))

    def hand_in(self, event: Event) -> None:
        """Give the node an event now, and carry out what it answers."""
        if self._running:
            now_us = self.now_us
            self._handle(event, now_us, now_us)

    def send(self, datagram: Datagram) -> None:
        """Put a datagram on the network from this host's sockets."""
        if not self._running:
            return
        if datagram.transport.reliable:
            self._streams.send(datagram)
        else:
            self._datagrams.send(datagram)

    @property
    def now_us(self) -> Micros:
        """What the run's clock shows."""
        return Micros(0) if self._clock is None else self._clock()

    def end(self) -> None:
        """Let the node report its counts; it takes nothing any more."""
        if self._running:
            now_us = self.now_us
            self._running = False
            for action in self._answer(RunEnded(), now_us):
                if isinstance(action, Report):
                    self._report(action.record)

    async def stop(self) -> None:
        """End the node's run, if that has not been done, and close everything that was opened for it."""
        self.end()
        await self._close()

    async def _close(self) -> None:
        for _, handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        self._datagrams.close()
        await self._streams.close()

    # Told by the sockets

    def arrived(self, datagram: Datagram) -> None:
        """Something arrived; what only keeps a path open stays here."""
        if self._running and (datagram.transport is _MEDIA or datagram.octets.strip(_KEEP_ALIVE)):
            self._inlet(datagram)

    def lost(self, datagram: Datagram, reason: str) -> None:
        """Something could not be sent."""
        self.refused += 1
        if datagram.transport is not _MEDIA:
            to = datagram.destination
            self.warned(f"a message to {to.host}:{to.port} over {datagram.transport} was not sent: {reason}")

    def warned(self, text: str) -> None:
        """Something that a person should know."""
        self._report(Warned(at_us=self.now_us, party=self.name, text=text))

    # The node

    def _answer(self, event: Event, now_us: Micros) -> list[Action]:
        self.event_us = now_us
        try:
            return self._node.handle(event, now_us)
        except Exception as error:  # whatever a node does wrong must not end the runs of others
            self._failed(self.name, error)
            return []

    def _handle(self, event: Event, now_us: Micros, due_us: Micros) -> None:
        """Give the node an event that was due at a time, and carry out its answer.

        What it sets timers for counts from when the event was due, so that a stream of packets keeps its pace.
        """
        actions = self._answer(event, now_us)
        if not (isinstance(event, DatagramReceived) and event.datagram.transport is _MEDIA):
            self._follow_addresses()
        base_us = due_us if now_us - due_us < _LATE_US else now_us
        for action in actions:
            if isinstance(action, SendDatagram):
                self._outlet(action)
            elif isinstance(action, SetTimer):
                self._set_timer(action, base_us, now_us)
            elif isinstance(action, CancelTimer):
                self._cancel_timer(action.name)
            else:
                self._report(action.record)

    def _set_timer(self, action: SetTimer, base_us: Micros, now_us: Micros) -> None:
        self._cancel_timer(action.name)
        due_us = Micros(base_us + max(0, action.delay_us))
        handle = asyncio.get_running_loop().call_later(max(0, due_us - now_us) / 1_000_000, self._fire, action.name)
        self._timers[action.name] = due_us, handle

    def _cancel_timer(self, name: str) -> None:
        known = self._timers.pop(name, None)
        if known is not None:
            known[1].cancel()

    def _fire(self, name: str) -> None:
        due_us, _ = self._timers.pop(name)
        if self._running:
            now_us = self.now_us
            self.late_us = max(self.late_us, now_us - due_us)
            self._handle(TimerFired(name), now_us, due_us)

    def _follow_addresses(self) -> None:
        """Open what the node has gained since, and close what it has given up."""
        now = tuple(self._node.addresses)
        if now == self._addresses:
            return
        before, self._addresses = set(self._addresses), now
        for address in before.difference(now):
            self._datagrams.shut(address)
            self._streams.shut(address)
        for address in now:
            if address not in before:
                try:
                    self._datagrams.open(address, _MEDIA)
                except UsageError as error:
                    self.warned(str(error))
