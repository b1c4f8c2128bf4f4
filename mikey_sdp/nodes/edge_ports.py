"""Media ports of an edge whose driver carries media as datagrams, as a simulated network does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.clock import Clock, Micros
from mikey_sdp.nodes.contract import Action, Address, Datagram, DatagramReceived, Event, SendDatagram, Transport
from mikey_sdp.nodes.edge import Edge
from mikey_sdp.nodes.edge_contract import EdgeConfig, PortPair, Side, Taker
from mikey_sdp.secret import Entropy


@dataclass(frozen=True, slots=True, eq=False)
class DrivenPair:
    """Two ports whose packets are actions of the node."""

    rtp: Address
    rtcp: Address
    out: list[Action]

    def send_rtp(self, octets: bytes, destination: Address) -> None:
        """Send from the RTP port."""
        self._send(self.rtp, octets, destination)

    def send_rtcp(self, octets: bytes, destination: Address) -> None:
        """Send from the RTCP port."""
        self._send(self.rtcp, octets, destination)

    def _send(self, source: Address, octets: bytes, destination: Address) -> None:
        datagram = Datagram(source=source, destination=destination, transport=Transport.MEDIA, octets=octets)
        self.out.append(SendDatagram(datagram=datagram))


class DrivenPorts:
    """A fixed set of ports on either side; each given host has pairs from its first port on.

    Keeps: `open`, how many pairs are in use; `out`, what is to be sent.
    """

    def __init__(self, phone: Address, network: Address, *, pairs: int) -> None:
        self.out: Final[list[Action]] = []
        self._free: Final = {
            side: [
                DrivenPair(Address(first.host, port), Address(first.host, port + 1), self.out)
                for port in range(first.port, first.port + 2 * pairs, 2)
            ]
            for side, first in ((Side.PHONE, phone), (Side.NETWORK, network))
        }
        self.addresses: Final = tuple(
            address for pairs_ in self._free.values() for pair in pairs_ for address in (pair.rtp, pair.rtcp)
        )
        self._takers: Final[dict[Address, Taker]] = {}
        self._sides: Final[dict[Address, Side]] = {}

    @property
    def open(self) -> int:
        """How many pairs are in use."""
        return len(self._sides)

    def open_ports(self, side: Side, rtp: Taker, rtcp: Taker) -> PortPair | None:
        """The next free pair of that side."""
        if not self._free[side]:
            return None
        pair = self._free[side].pop(0)
        self._takers[pair.rtp], self._takers[pair.rtcp] = rtp, rtcp
        self._sides[pair.rtp] = side
        return pair

    def close_ports(self, pair: PortPair) -> None:
        """Take a pair back."""
        side = self._sides.pop(pair.rtp, None)
        if side is not None and isinstance(pair, DrivenPair):
            del self._takers[pair.rtp], self._takers[pair.rtcp]
            self._free[side].append(pair)

    def arrived(self, datagram: Datagram) -> None:
        """Hand a datagram to whoever has its port open."""
        taker = self._takers.get(datagram.destination)
        if taker is not None:
            taker(datagram.octets, datagram.source)


class DrivenEdge(Edge):
    """An edge that takes its media from the driver too."""

    def __init__(self, config: EdgeConfig, *, ports: DrivenPorts, entropy: Entropy, clock: Clock | None = None) -> None:
        super().__init__(config, ports=ports, entropy=entropy, clock=clock)
        self.ports: Final = ports

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it takes SIP and media."""
        return (*super().addresses, *self.ports.addresses)

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        actions: list[Action] = []
        if isinstance(event, DatagramReceived) and event.datagram.transport is Transport.MEDIA:
            self.ports.arrived(event.datagram)
        else:
            actions = super().handle(event, now_us)
        return [*actions, *self._sent()]

    def _sent(self) -> Iterable[Action]:
        sent = [*self.ports.out]
        self.ports.out.clear()
        return sent
