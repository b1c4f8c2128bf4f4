"""One port pair towards the network: which branch of the call a packet belongs to, and what waits for keys.

The offer of a forked call names one port for all who may answer it, so that a packet is known by where it comes from,
or by whose keys it opens under.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import PortPair
from mikey_sdp.nodes.edge_media import MAX_WAITING_OCTETS, Crossing

MAX_SOURCES: Final = 8
"""From how many places media may wait for an answer."""
MAX_PLACES: Final = 64
"""From how many places media goes to its branch without looking for it."""
_LEAST: Final = 8


class Reception:
    """What comes to one port pair of one call.

    Keeps: `strangers`, packets that belonged to nobody; packets of up to `MAX_SOURCES` places, `limit` of each, while
    somebody may still answer (`expecting`).
    """

    def __init__(self, *, limit: int) -> None:
        self.strangers = 0
        self.expecting = True
        self._limit: Final = limit
        self._ports: PortPair | None = None
        self._crossings: Final[list[Crossing]] = []
        self._by_source: Final[dict[Address, Crossing]] = {}
        self._waiting: Final[dict[Address, deque[bytes]]] = {}

    def attach(self, ports: PortPair) -> None:
        """These are the ports."""
        self._ports = ports

    @property
    def ports(self) -> PortPair | None:
        """The ports, None before they are open."""
        return self._ports

    @property
    def waiting(self) -> int:
        """How many packets wait."""
        return sum(map(len, self._waiting.values()))

    def take(self, octets: bytes, source: Address) -> None:
        """Take one datagram."""
        if len(octets) < _LEAST or octets[0] & 0xC0 != 0x80:  # STUN, DTLS, keep-alives
            self.strangers += 1
            return
        crossing = self._by_source.get(source)
        if crossing is not None:
            crossing.from_network(octets, source)
        elif not self._claimed(octets, source):
            self._wait(octets, source)

    def _claimed(self, octets: bytes, source: Address) -> bool:
        for crossing in self._candidates(source):
            if crossing.from_network(octets, source):
                if len(self._by_source) < MAX_PLACES:
                    self._by_source[source] = crossing
                return True
        return False

    def _candidates(self, source: Address) -> list[Crossing]:
        """The branch that said it is there; otherwise those whose keys are theirs alone, or that alone are left."""
        declared = [one for one in self._crossings if source in (one.declared.rtp, one.declared.rtcp)]
        return declared or [one for one in self._crossings if one.roams]

    def _wait(self, octets: bytes, source: Address) -> None:
        kept = self._waiting.get(source)
        if len(octets) > MAX_WAITING_OCTETS:
            kept = None
        elif kept is None and self.expecting and len(self._waiting) < MAX_SOURCES:
            kept = self._waiting[source] = deque(maxlen=self._limit)
        if kept is None:
            self.strangers += 1
        else:
            kept.append(octets)

    def admit(self, crossing: Crossing) -> None:
        """A branch has keys, or may be reached in other ways than before: what waits may be its."""
        if crossing not in self._crossings:
            self._crossings.append(crossing)
        for source, kept in [*self._waiting.items()]:
            if crossing not in self._candidates(source):
                continue
            del self._waiting[source]
            for octets in kept:
                self.take(octets, source)

    def settle(self) -> None:
        """Nobody else will answer: what waits is nobody's."""
        self.expecting = False
        self.strangers += self.waiting
        self._waiting.clear()

    def dismiss(self, crossing: Crossing) -> None:
        """A branch is over."""
        if crossing in self._crossings:
            self._crossings.remove(crossing)
        for source in [source for source, one in self._by_source.items() if one is crossing]:
            del self._by_source[source]
