"""Free ports of this machine, looked up and held until whoever they are for opens them."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Transport

_TRIES: Final = 200
_HIGHEST: Final = 65_535
_TAKEN: Final = (errno.EADDRINUSE, errno.EACCES)


class Ports:
    """Hands out free ports, each bound at once so that nobody else gets it meanwhile.

    A node says its addresses before it runs, so its ports are chosen before it is made: take them here, make the node,
    and give the same `Ports` to its `NodeHost`, which goes on with the very sockets that are held.
    """

    def __init__(self) -> None:
        self._held: Final[dict[tuple[Address, bool], socket.socket]] = {}

    def sip(self, host: str, *transports: Transport) -> Address:
        """An address for SIP whose port is free for each of these transports, for UDP and TCP if none is named.

        Raises: UsageError where the host is not this machine's or has no port left.
        """
        kinds = sorted({transport.reliable for transport in transports} or {False, True})
        return self._found(host, lambda port: [(port, reliable) for reliable in kinds])

    def media(self, host: str, lines: int = 1, *, rtcp: bool = False) -> Address:
        """An address for the RTP of the first of so many media lines, its port even; each further line is two on.

        With `rtcp` the odd port behind each is held too.
        Raises: UsageError as `sip` does.
        Source: RFC 3550 section 11.
        """

        def block(port: int) -> list[tuple[int, bool]]:
            even = port & ~1
            return [(number, False) for number in range(even, even + 2 * lines, 1 if rtcp else 2)]

        return self._found(host, block)

    def taken(self, address: Address, transport: Transport) -> socket.socket | None:
        """The bound socket held for an address, which is the caller's from now on; None if there is none."""
        return self._held.pop((address, transport.reliable), None)

    def close(self) -> None:
        """Give back what nobody has taken."""
        while self._held:
            self._held.popitem()[1].close()

    def _found(self, host: str, wanted: Callable[[int], Iterable[tuple[int, bool]]]) -> Address:
        """Where the first of the wanted ports is, once the kernel names one around which all of them are free."""
        for _ in range(_TRIES):
            try:
                probe = bound(Address(host, 0), reliable=False)
            except OSError as error:
                raise UsageError(f"no port can be had at {host}: {error.strerror or error}") from None
            with probe:
                port = probe.getsockname()[1]
            sockets = self._bound_all(host, list(wanted(port)))
            if sockets:
                self._held.update(sockets)
                return next(iter(sockets))[0]
        raise UsageError(f"{host} has no free port left that fits")

    def _bound_all(self, host: str, wanted: list[tuple[int, bool]]) -> dict[tuple[Address, bool], socket.socket]:
        """A socket for each, or none at all."""
        sockets: dict[tuple[Address, bool], socket.socket] = {}
        if max(port for port, _ in wanted) > _HIGHEST:
            return sockets
        try:
            for port, reliable in wanted:
                address = Address(host, port)
                sockets[address, reliable] = bound(address, reliable=reliable)
        except OSError as error:
            for one in sockets.values():
                one.close()
            if error.errno not in _TAKEN:
                raise UsageError(f"no port can be had at {host}: {error.strerror or error}") from None
            return {}
        return sockets


def bound(address: Address, *, reliable: bool) -> socket.socket:
    """A socket that never blocks, bound to an address; port 0 stands for one that the kernel chooses.

    Raises: OSError.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if reliable else socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        if reliable:
            # A connection of an earlier run that lingers is no reason to do without the port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
    except OSError:
        made.close()
        raise
    return made
