"""Media that comes for calls of ours before it is known who sends it, kept by where it comes from until claimed.

Source: RFC 3264 section 5.1 (an offerer has to be ready for media before it has an answer), RFC 5197 section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.nodes.contract import Address, Datagram
from mikey_sdp.nodes.leg import AnyOffer
from mikey_sdp.nodes.media import NoProtection, Protection, StreamReceiver
from mikey_sdp.nodes.plain import PlainOffer
from mikey_sdp.nodes.session_body import SessionBody

MAX_PLACES: Final = 512
"""From how many addresses media is taken for a call that nobody has answered."""

Place = tuple[Address, Address]
"""The own and the other's address between which packets travel."""


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A call of ours without an answer: our media addresses, and what came to them."""

    ports: Mapping[Address, int]
    offer: AnyOffer | None
    receivers: dict[Place, StreamReceiver] = field(default_factory=dict)
    early: dict[str, KeySet | None] = field(default_factory=dict)

    def protection(self, media: int, host: str) -> Protection | None:
        """What opens the packets of that host, if the offer alone makes keys: each host has sessions of its own."""
        if isinstance(self.offer, PlainOffer):
            return NoProtection()
        if host not in self.early:
            self.early[host] = None if self.offer is None else self.offer.early()
        keys = self.early[host]
        return keys.session(media) if keys is not None and media in keys.media else None


class Lobby:
    """Receivers for media that nobody was announced for.

    Units: `holds`, how many packets each keeps to open them when keys come.
    """

    def __init__(self, holds: int) -> None:
        self._holds: Final = holds
        self._calls: Final[dict[str, _Waiting]] = {}

    def open(self, call_id: str, body: SessionBody, offer: AnyOffer | None) -> None:
        """An offer leaves: media may come for it from now on; without one none is opened before an answer."""
        ports = {Address(body.host, stream.port): media for media, stream in enumerate(body.streams) if stream.port}
        self._calls[call_id] = _Waiting(ports=ports, offer=offer)

    def receive(self, datagram: Datagram, now_us: Micros) -> bool:
        """Take a packet from an address that is no leg's; false if no call of ours waits for one there.

        Of several calls that share a port the latest has it.
        """
        place = (datagram.destination, datagram.source)
        receiver = next((one.receivers[place] for one in self._calls.values() if place in one.receivers), None)
        if receiver is None:
            receiver = self._admit(place)
        if receiver is None:
            return False
        receiver.receive(datagram.octets, now_us)
        return True

    def _admit(self, place: Place) -> StreamReceiver | None:
        own, source = place
        waiting = next((one for one in reversed(self._calls.values()) if own in one.ports), None)
        if waiting is None or len(waiting.receivers) >= MAX_PLACES:
            return None
        receiver = StreamReceiver(waiting.protection(waiting.ports[own], source.host), holds=self._holds)
        waiting.receivers[place] = receiver
        return receiver

    def early_keys(self, call_id: str, host: str) -> KeySet | None:
        """The keys under which that host's media came already; whoever asks goes on with them."""
        waiting = self._calls.get(call_id)
        return None if waiting is None else waiting.early.pop(host, None)

    def claim(self, call_id: str, place: Place) -> StreamReceiver | None:
        """What came from there, for the leg that has it now."""
        waiting = self._calls.get(call_id)
        return None if waiting is None else waiting.receivers.pop(place, None)

    def close(self, call_id: str) -> Iterator[tuple[int, Address, StreamReceiver]]:
        """Nothing more is taken for that call; what nobody claimed, with its m= line and where it came from."""
        waiting = self._calls.pop(call_id, None)
        if waiting is not None:
            for (own, source), receiver in waiting.receivers.items():
                yield waiting.ports[own], source, receiver
