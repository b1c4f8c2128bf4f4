"""One TCP or TLS connection that carries SIP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.contract import Address, Datagram, Transport
from mikey_sdp.sip import StreamFramer

if TYPE_CHECKING:
    from mikey_sdp.drivers.streams import StreamSockets

Key = tuple[Transport, str, Address]
"""What a message must name to take a connection: its transport, the host that it comes from, and where it goes."""


class Connection(asyncio.Protocol):
    """One connection: its messages in, ours out.

    Keeps: `own` and `peer`, its ends, `own` of one that we opened being the address that it was opened for; `key`,
    what a message must name to take it; what waits until it stands.
    """

    def __init__(
        self, sockets: StreamSockets, transport: Transport, *, own: Address | None = None, peer: Address | None = None
    ) -> None:
        self.transport: Final = transport
        self.own = own or Address("", 0)
        self.peer = peer or Address("", 0)
        self.key: Key = (transport, self.own.host, self.peer)
        self._accepted: Final = peer is None
        self._sockets: Final = sockets
        self._framer: Final = StreamFramer()
        self._stream: asyncio.Transport | None = None
        self._waiting: list[Datagram] = []
        self._waiting_octets = 0
        self._over = False
        self._patience: asyncio.TimerHandle | None = None

    def put(self, datagram: Datagram) -> None:
        """Send a message, or have it wait until the connection stands."""
        stream, limit = self._stream, self._sockets.limits.waiting_octets
        waiting = self._waiting_octets if stream is None else stream.get_write_buffer_size()
        if waiting + len(datagram.octets) > limit:
            self._sockets.events.lost(datagram, f"the peer leaves more than {limit} octets waiting")
            if stream is not None:
                self._sockets.forget(self)
                self.finish()
        elif stream is None:
            self._waiting.append(datagram)
            self._waiting_octets += len(datagram.octets)
        else:
            self._sockets.used(self)
            stream.write(datagram.octets)

    def fail(self, reason: str) -> None:
        """Give up what waits: the connection never came to stand."""
        waiting, self._waiting = self._waiting, []
        for datagram in waiting:
            self._sockets.events.lost(datagram, reason)

    def finish(self) -> None:
        """Close without waiting for a peer that may never read."""
        self._over = True
        self._stop_waiting()
        if self._stream is None:
            self.fail("the connection was given up")
        elif self._stream.get_write_buffer_size():
            self._stream.abort()
        else:
            self._stream.close()

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        if not isinstance(transport, asyncio.Transport):
            raise UsageError("a stream is read and written through one transport")
        self._stream = transport
        if self._over:
            transport.abort()
            return
        own, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if own is None or peer is None:
            transport.abort()
            return
        if self._accepted:
            self.own = Address(*own[:2])
            self.peer = Address(*peer[:2])
            self.key = (self.transport, self.own.host, self.peer)
            self._sockets.keep(self)
        waiting, self._waiting = self._waiting, []
        for datagram in waiting:
            transport.write(datagram.octets)

    def data_received(self, data: bytes) -> None:
        """Octets came; each message that they complete is handed over."""
        broken: DecodeError | None = None
        try:
            messages = self._framer.feed(data)
        except DecodeError as error:
            messages = [one for one in error.partial if isinstance(one, bytes)]
            broken = error
        self._sockets.used(self)
        for octets in messages:
            if not self._over:
                self._sockets.events.arrived(
                    Datagram(source=self.peer, destination=self.own, transport=self.transport, octets=octets)
                )
        if broken is not None:
            self._give_up(f"no SIP can be cut from what it sends: {broken}")
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """The connection is gone."""
        self._over = True
        self._stop_waiting()
        self._sockets.forget(self)

    def _watch(self) -> None:
        """Start or stop the patience with a message that has begun."""
        if not self._framer.pending_octets:
            self._stop_waiting()
        elif self._patience is None and not self._over:
            limit = self._sockets.limits.unfinished_s
            self._patience = asyncio.get_running_loop().call_later(
                limit, self._give_up, f"a message was not whole within {limit:g} s"
            )

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self, reason: str) -> None:
        if not self._over:
            self._sockets.events.warned(f"the connection with {self.peer.host}:{self.peer.port} is closed: {reason}")
            self._sockets.forget(self)
            self.finish()
