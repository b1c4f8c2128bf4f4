"""The media relay of an edge: pairs of UDP sockets, each datagram handed at once to whoever the pair was opened for.

Media passes an edge some hundred times as often as signalling, so it takes the shortest way: from the socket to the
crossing of its call and out of another socket, without an event or a task of its own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mikey_sdp.drivers.ports import bound
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import PortPair, Side, Taker

_AT_ONCE: Final = 32
"""How many datagrams one socket may bring before the others have their turn."""
_LARGEST_DATAGRAM: Final = 1 << 16
_RECEIVE_OCTETS: Final = 1 << 18
_FAMILY_WITH_SCOPE: Final = socket.AF_INET6

Complain = Callable[[str], None]


@dataclass(slots=True)
class RelayCounts:
    """What passed the relay since it began.

    Keeps: `received` and `sent` datagrams; `unsent`, that the system did not take; `faults`, sockets that could not be
    read and crossings that failed; `exhausted`, how often no pair of ports was left.
    """

    received: int = 0
    sent: int = 0
    unsent: int = 0
    faults: int = 0
    exhausted: int = 0


class RelayPair:
    """An even port for RTP and the odd one behind it for RTCP, on one side of an edge."""

    __slots__ = ("rtcp", "rtp", "send_rtcp", "send_rtp", "sockets")

    def __init__(self, rtp: socket.socket, rtcp: socket.socket, counts: RelayCounts) -> None:
        self.sockets: Final = (rtp, rtcp)
        self.rtp: Final = Address(*rtp.getsockname()[:2])
        self.rtcp: Final = Address(*rtcp.getsockname()[:2])
        self.send_rtp: Final = _sender(rtp, counts)
        self.send_rtcp: Final = _sender(rtcp, counts)


class MediaRelay:
    """The media ports of an edge: real sockets within a range, for as many calls as fit.

    Ports are handed out in turn, so that late packets of a call that is over meet no other one's. Whatever arrives, no
    reader raises; a flood at one socket leaves the others their turn.
    Keeps: `counts`.
    """

    def __init__(self, hosts: Mapping[Side, str], ports: tuple[int, int], *, complain: Complain) -> None:
        self.counts: Final = RelayCounts()
        self._hosts: Final = dict(hosts)
        self._first, self._pairs = ports[0], (ports[1] - ports[0] + 1) // 2
        self._next: Final = dict.fromkeys(self._hosts.values(), 0)
        self._open: Final[dict[Address, RelayPair]] = {}
        self._complain: Final = complain
        self._buffer: Final = memoryview(bytearray(_LARGEST_DATAGRAM))

    @property
    def open_pairs(self) -> int:
        """How many pairs are in use."""
        return len(self._open)

    @property
    def addresses(self) -> list[Address]:
        """Where media is taken, RTP and RTCP of each pair."""
        return [address for pair in self._open.values() for address in (pair.rtp, pair.rtcp)]

    def open_ports(self, side: Side, rtp: Taker, rtcp: Taker) -> RelayPair | None:
        """A pair of ports on that side whose datagrams go to these takers; None when none is free."""
        host = self._hosts[side]
        for turn in range(self._pairs):
            place = (self._next[host] + turn) % self._pairs
            address = Address(host, self._first + 2 * place)
            if address in self._open:
                continue
            pair = self._bound(address)
            if pair is not None:
                self._next[host] = place + 1
                self._open[pair.rtp] = pair
                for made, taker in zip(pair.sockets, (rtp, rtcp), strict=True):
                    asyncio.get_running_loop().add_reader(made, self._reader(made, taker))
                return pair
        self.counts.exhausted += 1
        self._complain(f"no media ports left at {host} between {self._first} and {self._first + 2 * self._pairs - 1}")
        return None

    def close_ports(self, pair: PortPair) -> None:
        """Give a pair back; one that is given back already is none any more."""
        ours = self._open.pop(pair.rtp, None)
        if ours is not None:
            for made in ours.sockets:
                asyncio.get_running_loop().remove_reader(made)
                made.close()

    def close(self) -> None:
        """Give all of them back."""
        for pair in list(self._open.values()):
            self.close_ports(pair)

    def _bound(self, address: Address) -> RelayPair | None:
        """The two sockets there, or none where somebody else has one of the ports."""
        made: list[socket.socket] = []
        try:
            for port in (address.port, address.port + 1):
                made.append(bound(Address(address.host, port), reliable=False))
                made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_OCTETS)
            return RelayPair(made[0], made[1], self.counts)
        except OSError:
            for one in made:
                one.close()
            return None

    def _reader(self, made: socket.socket, taker: Taker) -> Callable[[], None]:
        """What empties a socket when there is something in it."""
        counts, buffer, receive = self.counts, self._buffer, made.recvfrom_into
        cut = made.family == _FAMILY_WITH_SCOPE

        def drain() -> None:
            try:
                for _ in range(_AT_ONCE):
                    octets, source = receive(buffer)
                    counts.received += 1
                    taker(bytes(buffer[:octets]), source[:2] if cut else source)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                counts.faults += 1
                self._complain(f"reading media: {error.strerror or error}")
            except Exception as error:  # one call's mistake is not to end the media of the others
                counts.faults += 1
                self._complain(f"a media packet was not taken: {type(error).__name__}: {error}")

        return drain


def _sender(made: socket.socket, counts: RelayCounts) -> Callable[[bytes, Address], None]:
    """What sends from a socket; what the system does not take is lost, as on any network."""
    sendto = made.sendto

    def send(octets: bytes, destination: Address) -> None:
        try:
            sendto(octets, destination)
        except (OSError, OverflowError, TypeError, ValueError):
            counts.unsent += 1
        else:
            counts.sent += 1

    return send
