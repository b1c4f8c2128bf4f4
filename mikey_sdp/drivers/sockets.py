"""Real sockets for SIP and media: datagrams in, datagrams out, and nothing that a peer sends ever raises.

Both kinds of transport look alike from above: a message that a stream brought is a datagram from the other end of its
connection, and an answer to that address goes back through it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache
from ssl import SSLContext
from typing import Final, Protocol

from mikey_sdp.drivers.ports import Ports, bound
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Datagram, Transport

_LARGEST_DATAGRAM: Final = 65_535
_RECEIVE_OCTETS: Final = 1 << 20  # asks the kernel to hold bursts of media while a key exchange keeps us busy


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """How much of others' traffic may pile up here.

    Keeps: `at_once`, how many datagrams one socket may bring before the others have their turn; `connections`, how many
    streams are open together, beyond which the longest unused one of the host that has most is closed.
    Units: `waiting_octets` on one connection, for a peer that doesn't read or isn't reached yet; `connect_s` to reach
    one, TLS included; `unfinished_s` until a message that has begun is whole.
    """

    at_once: int = 64
    connections: int = 256
    waiting_octets: int = 262_144
    connect_s: float = 5.0
    unfinished_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsContexts:
    """How TLS is spoken: as the one who is connected to, and as the one who connects."""

    server: SSLContext
    client: SSLContext


class SocketEvents(Protocol):
    """Who is told of what the sockets bring."""

    def arrived(self, datagram: Datagram) -> None:
        """A datagram, or a whole message of a stream, arrived; its transport is what its address was opened for."""

    def lost(self, datagram: Datagram, reason: str) -> None:
        """One that was handed in to be sent never left."""

    def warned(self, text: str) -> None:
        """Something that a person should know, though everything goes on."""


class DatagramSockets:
    """The UDP sockets of one party, for signalling and for media."""

    def __init__(self, events: SocketEvents, *, limits: SocketLimits, ports: Ports | None) -> None:
        self._events: Final = events
        self._limits: Final = limits
        self._ports: Final = ports
        self._open: Final[dict[Address, socket.socket]] = {}

    def open(self, address: Address, transport: Transport) -> None:
        """Take what arrives at an address, as of that transport.

        Raises: UsageError where the address can't be had.
        """
        made = opened(address, transport, self._ports)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_OCTETS)
        self._open[address] = made
        asyncio.get_running_loop().add_reader(made, self._readable, made, address, transport)

    def shut(self, address: Address) -> None:
        """Take nothing more there."""
        made = self._open.pop(address, None)
        if made is not None:
            asyncio.get_running_loop().remove_reader(made)
            made.close()

    def close(self) -> None:
        """Shut all of them."""
        for address in list(self._open):
            self.shut(address)

    def send(self, datagram: Datagram) -> None:
        """Put a datagram on the network.

        What comes from an address that isn't open, as RTCP from the port behind that of RTP, leaves from there too,
        but nothing is taken there.
        """
        sender = self._open.get(datagram.source)
        if not is_literal(datagram.destination.host):
            self._events.lost(datagram, f"{datagram.destination.host[:64]!r} is no IP address")
            return
        try:
            if sender is None:
                sender = self._open[datagram.source] = bound(datagram.source, reliable=False)
            sender.sendto(datagram.octets, datagram.destination)
        except (OSError, OverflowError) as error:
            self._events.lost(datagram, getattr(error, "strerror", None) or str(error))

    def _readable(self, made: socket.socket, address: Address, transport: Transport) -> None:
        """Empty the socket, but let others have their turn if it fills as fast."""
        for _ in range(self._limits.at_once):
            try:
                octets, source = made.recvfrom(_LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._events.warned(f"reading at {address.host}:{address.port}: {error.strerror or error}")
                return
            self._events.arrived(
                Datagram(source=Address(*source[:2]), destination=address, transport=transport, octets=octets)
            )
            if self._open.get(address) is not made:
                return


@lru_cache(maxsize=4096)
def is_literal(host: str) -> bool:
    """Whether a host is an IP address, so that nothing has to be asked to reach it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def opened(address: Address, transport: Transport, ports: Ports | None) -> socket.socket:
    """The socket held for an address, or a new one bound to it.

    Raises: UsageError where the address can't be had.
    """
    held = None if ports is None else ports.taken(address, transport)
    if held is not None:
        return held
    try:
        return bound(address, reliable=transport.reliable)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{address.host}:{address.port} can't be opened for {transport}: {reason}") from None
