"""The network between two edges: everything that they send there passes through, is kept, and may be changed."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.srtp.session import SrtpReceiver
from tests.unit.nodes.test_edge_failing import sized

Change = Callable[[bytes], bytes]
_PORTS: Final = re.compile(rb"(?m)^(m=\w+ |a=rtcp:)(\d+)")


def unchanged(message: bytes) -> bytes:
    return message


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram of media that an edge, 0 or 1, sent to the other."""

    edge: int
    octets: bytes

    @property
    def is_media(self) -> bool:
        """Whether it is RTP or RTCP, in the clear or not."""
        return len(self.octets) >= 8 and self.octets[0] & 0xC0 == 0x80

    @property
    def is_control(self) -> bool:
        """Whether it is RTCP."""
        return self.is_media and 192 <= self.octets[1] <= 223


@dataclass(eq=False)
class Between:
    """What stands between two edges on one host, as a NAT that knows SIP would: each takes it for the other.

    Keeps: `messages` and `packets`, in the order they came, messages as they were sent; `change`, what is made of a
    message on its way; `failures`, what the sockets were told by the system.
    """

    host: str
    change: Change = unchanged
    messages: list[tuple[int, bytes]] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _edges: tuple[Address, ...] = ()
    _faces: list[_Socket] = field(default_factory=list)
    _relays: dict[Address, _Socket] = field(default_factory=dict)
    _ports: Ports = field(default_factory=Ports)

    async def join(self, edges: tuple[Address, Address]) -> tuple[Address, Address]:
        """Stand between edges that take SIP there, and return what each is to take for the other."""
        self._edges = edges
        for number in range(2):
            place = self._ports.sip(self.host, Transport.UDP)
            self._faces.append(self._open(place, lambda octets, _, number=number: self._signal(number, octets)))
        return self._faces[0].address, self._faces[1].address

    def close(self) -> None:
        for one in (*self._faces, *self._relays.values()):
            one.close()
        self._ports.close()

    def _open(self, address: Address, taker: Callable[[bytes, Address], None]) -> _Socket:
        held = self._ports.taken(address, Transport.UDP)
        assert held is not None
        return _Socket(held, taker, self.failures)

    # -- signalling ----------------------------------------------------------------------------------------------

    def _signal(self, edge: int, octets: bytes) -> None:
        self.messages.append((edge, octets))
        changed = self.change(octets)
        head, empty, body = changed.partition(b"\r\n\r\n")
        other = 1 - edge
        meant = {self._edges[edge]: self._faces[other].address, self._faces[edge].address: self._edges[other]}
        for here, there in meant.items():
            head = re.sub(_place(here) + rb"(?!\d)", b"\0".join(_place(there).split(b":")), head)
        head = head.replace(b"\0", b":")
        body = _PORTS.sub(lambda found: found[1] + b"%d" % self._through(edge, int(found[2])), body)
        self._faces[other].send(sized(head + empty + body), self._edges[other])

    # -- media ---------------------------------------------------------------------------------------------------

    def _through(self, edge: int, port: int) -> int:
        """Where media for that port of an edge is to be sent to instead."""
        if port == 0:
            return 0
        rtp = Address(self.host, port & ~1)
        if rtp not in self._relays:
            mine = self._ports.media(self.host, rtcp=True)
            for number in range(2):
                place = Address(self.host, rtp.port + number)
                held = Address(self.host, mine.port + number)
                self._relays[place] = self._open(held, self._carrier(edge, place))
        return self._relays[Address(self.host, port)].address.port

    def _carrier(self, edge: int, place: Address) -> Callable[[bytes, Address], None]:
        def carry(octets: bytes, source: Address) -> None:
            self.packets.append(Packet(1 - edge, octets))
            self._through(1 - edge, source.port)  # media may come before the answer that names its port
            self._relays[source].send(octets, place)

        return carry


def _place(address: Address) -> bytes:
    return f"{address.host}:{address.port}".encode()


class _Socket:
    """A UDP socket whose datagrams are handed on at once."""

    def __init__(self, made: socket.socket, taker: Callable[[bytes, Address], None], failures: list[str]) -> None:
        self._made = made
        self._taker = taker
        self._failures = failures
        self.address = Address(*made.getsockname()[:2])
        made.setblocking(False)
        asyncio.get_running_loop().add_reader(made, self._read)

    def _read(self) -> None:
        try:
            while True:
                octets, source = self._made.recvfrom(65_535)
                self._taker(octets, Address(*source[:2]))
        except BlockingIOError:
            return
        except OSError as error:
            self._failures.append(str(error))

    def send(self, octets: bytes, to: Address) -> None:
        try:
            self._made.sendto(octets, to)
        except OSError as error:
            self._failures.append(str(error))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._made)
        self._made.close()


# -- which keys open what was sent ---------------------------------------------------------------------------------


def receivers(keys: Iterable[KeySet], *, way: str = "receive") -> list[SrtpReceiver]:
    """A fresh receiver for each set of keys of a call's first stream; `way` "send" for those of the other direction."""
    return [SrtpReceiver(getattr(one.media[0], way)) for one in keys if 0 in one.media]


def opened(packet: Packet, by: Iterable[SrtpReceiver]) -> bool:
    """Whether one of them takes the packet."""
    return any(_takes(one, packet) for one in by)


def _takes(receiver: SrtpReceiver, packet: Packet) -> bool:
    try:
        (receiver.unprotect_rtcp if packet.is_control else receiver.unprotect)(packet.octets)
    except MikeySdpError:
        return False
    return True


def keys_by_edge(monkeypatch: Any) -> dict[str, list[KeySet]]:
    """By the name of an edge the keys that it installs towards the network from now on."""
    from mikey_sdp.nodes.edge_desk import EdgeDesk

    kept: dict[str, list[KeySet]] = {}
    installed = EdgeDesk.installed

    def watched(desk: EdgeDesk, call: Any, keys: KeySet) -> None:
        kept.setdefault(desk.config.name, []).append(keys)
        installed(desk, call, keys)

    monkeypatch.setattr(EdgeDesk, "installed", watched)
    return kept


def sent_by_relays(monkeypatch: Any) -> list[tuple[Address, bytes, Address]]:
    """All that media sockets of edges hand to the system from now on: from where, what, whereto."""
    from mikey_sdp.softphone import relay

    kept: list[tuple[Address, bytes, Address]] = []
    bound = relay.bound

    class Watched(socket.socket):
        def sendto(self, octets: bytes, *more: Any) -> int:  # type: ignore[override]
            kept.append((Address(*self.getsockname()[:2]), octets, Address(*more[-1])))
            return super().sendto(octets, *more)

    def watched(address: Address, *, reliable: bool) -> socket.socket:
        made = bound(address, reliable=reliable)
        again = Watched(made.family, made.type, made.proto, fileno=made.detach())
        again.setblocking(False)
        return again

    monkeypatch.setattr(relay, "bound", watched)
    return kept
