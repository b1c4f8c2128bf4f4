"""TCP and TLS connections that carry SIP, opened when something is to be sent and used again as long as they stand."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from mikey_sdp.drivers.connection import Connection, Key
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sockets import SocketEvents, SocketLimits, TlsContexts, is_literal, opened
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.contract import Address, Datagram, Transport
from mikey_sdp.sip import Message, Response
from mikey_sdp.sip.routing import PORT, TLS_PORT


class StreamSockets:
    """The listening sockets and the connections of one party.

    A message goes through the connection that stands between its two ends, whoever opened it; where there is none, a
    new one is opened from the host that it comes from. A response whose connection is gone goes to where the request's
    top Via says that its sender can be reached.
    Source: RFC 3261 sections 18.1.1, 18.2.2 and 18.3.
    """

    def __init__(
        self,
        events: SocketEvents,
        *,
        limits: SocketLimits,
        ports: Ports | None,
        tls: TlsContexts | None,
    ) -> None:
        self.events: Final = events
        self.limits: Final = limits
        self._ports: Final = ports
        self._tls: Final = tls
        self._servers: Final[dict[Address, asyncio.Server]] = {}
        self._connections: Final[dict[Key, Connection]] = {}
        self._connecting: Final[set[asyncio.Task[None]]] = set()

    async def open(self, address: Address, transport: Transport) -> None:
        """Take connections at an address.

        Raises: UsageError where the address can't be had, or for TLS without certificates.
        """
        security = self._security(transport)
        made = opened(address, transport, self._ports)
        self._servers[address] = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, transport),
            sock=made,
            ssl=None if security is None else security.server,
            ssl_handshake_timeout=None if security is None else self.limits.connect_s,
        )

    def shut(self, address: Address) -> None:
        """Take no more connections there."""
        server = self._servers.pop(address, None)
        if server is not None:
            server.close()

    async def close(self) -> None:
        """Shut everything, connections too."""
        for address in list(self._servers):
            self.shut(address)
        for task in list(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in list(self._connections.values()):
            connection.finish()
        self._connections.clear()
        await asyncio.sleep(0)

    @property
    def connections(self) -> int:
        """How many connections stand or are being opened."""
        return len(self._connections)

    def send(self, datagram: Datagram) -> None:
        """Put a message on the connection to its destination."""
        key = datagram.transport, datagram.source.host, datagram.destination
        connection = self._connections.get(key)
        if connection is None:
            connection = self._towards(datagram)
        if connection is not None:
            connection.put(datagram)

    def keep(self, connection: Connection) -> None:
        """Know a connection that somebody else opened, and make room for it."""
        self._make_room()
        self._connections[connection.key] = connection

    def used(self, connection: Connection) -> None:
        """Put a connection behind those that are to make room earlier."""
        if self._connections.get(connection.key) is connection:
            del self._connections[connection.key]
            self._connections[connection.key] = connection

    def forget(self, connection: Connection) -> None:
        """Use a connection no longer."""
        if self._connections.get(connection.key) is connection:
            del self._connections[connection.key]

    def _make_room(self) -> None:
        """Close the longest unused connection of the host that has most, so that no host drives out all the others."""
        while len(self._connections) >= self.limits.connections:
            held = Counter(one.peer.host for one in self._connections.values())
            most = max(held.values())
            oldest = next(one for one in self._connections.values() if held[one.peer.host] == most)
            self.events.warned(
                f"{len(self._connections)} connections are open: the longest unused one, to "
                f"{oldest.peer.host}:{oldest.peer.port}, is closed"
            )
            self.forget(oldest)
            oldest.finish()

    def _security(self, transport: Transport) -> TlsContexts | None:
        if transport is not Transport.TLS:
            return None
        if self._tls is None:
            raise UsageError("TLS needs certificates: give the host its TlsContexts")
        return self._tls

    def _towards(self, datagram: Datagram) -> Connection | None:
        """A new connection that will take the message once it stands; None where there is nobody to connect to."""
        destination = _listening_end(datagram)
        if not is_literal(destination.host):
            self.events.lost(datagram, f"{destination.host[:64]!r} is no IP address")
            return None
        connection = self._connections.get((datagram.transport, datagram.source.host, destination))
        if connection is None:
            self._make_room()
            connection = Connection(self, datagram.transport, own=datagram.source, peer=destination)
            self._connections[connection.key] = connection
            task = asyncio.get_running_loop().create_task(self._connect(connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        return connection

    async def _connect(self, connection: Connection) -> None:
        own, peer = connection.own, connection.peer
        try:
            security = self._security(connection.transport)
            more: dict[str, Any] = {} if security is None else {"ssl": security.client, "server_hostname": peer.host}
            async with asyncio.timeout(self.limits.connect_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection, peer.host, peer.port, local_addr=(own.host, 0), **more
                )
        except TimeoutError:
            self._failed(connection, f"no connection within {self.limits.connect_s:g} s")
        except (OSError, OverflowError, UsageError) as error:
            self._failed(connection, getattr(error, "strerror", None) or str(error))

    def _failed(self, connection: Connection, reason: str) -> None:
        self.forget(connection)
        connection.fail(reason)


def _listening_end(datagram: Datagram) -> Address:
    """Where the receiver of a message takes connections: the destination of a request, the Via of a response."""
    if not datagram.octets.startswith(b"SIP/2.0 "):
        return datagram.destination
    try:
        message = Message.parse(datagram.octets)
    except DecodeError:
        return datagram.destination
    if not isinstance(message, Response):
        return datagram.destination
    via = message.via
    port = via.port or (TLS_PORT if datagram.transport is Transport.TLS else PORT)
    return Address(via.parameters.get("received") or via.host.strip("[]"), port)
