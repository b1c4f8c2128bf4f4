"""A party on the path who adds media packets of his own to those that pass, in the name of whoever sends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError, MikeySdpError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.nodes.attacker import Attacker, message_in, passed_on
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    Datagram,
    DatagramIntercepted,
    Event,
    RunEnded,
    SendDatagram,
    Transport,
)
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.rtp import FIXED_HEADER_OCTETS, rtp_header_octets, rtp_octets, rtp_sequence, rtp_ssrc
from mikey_sdp.srtp.sender import SrtpSender

_SSRC: Final = slice(8, 12)
_TIMESTAMP: Final = slice(4, 8)
_PAYLOAD_TYPE: Final = 0x7F
_SEQUENCES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """The keys of a party who is in league with an attacker, as they come into use there.

    Keeps: `of`, the party's name; `keys`, which grow while the run goes on.
    """

    of: str
    keys: Sequence[DataSa]


@dataclass(slots=True, kw_only=True)
class _Stream:
    """A stream of the attacker's beside one that passes.

    Units: `payload_octets` is how long the payload of each of his packets is.
    """

    sender: SrtpSender
    sequence: int
    payload_octets: int


class Injector(Attacker):
    """Lets everything pass, and behind each media packet on its way to one host sends another from the same address.

    With loot that opens what passes he protects noise of his own with it, under the sequence numbers that come next;
    without any he sends the captured packet again, with nothing but its SSRC changed.
    Keeps: `to`, the host; `packets`, how many he sends in all; `another_ssrc`, whether his packets belong to a stream
    of their own by their header, or to the one that passes.
    """

    def __init__(
        self, name: str, address: Address, *, to: str, packets: int, another_ssrc: bool, loot: Loot | None, seed: bytes
    ) -> None:
        super().__init__(name, address)
        self._to: Final = to
        self._packets: Final = packets
        self._flip: Final = int(another_ssrc)
        self._loot: Final = loot
        self._noise: Final = SeededEntropy(seed)
        self._streams: Final[dict[tuple[Address, Address, int], _Stream]] = {}
        self._sent = 0
        self._ssrc = 0

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if isinstance(event, RunEnded):
            return [self._told(now_us)] if 0 < self._sent < self._packets else []
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        actions: list[Action] = [passed_on(datagram, message_in(datagram))]
        octets = self._made(datagram)
        if octets is None:
            return actions
        own = Datagram(
            source=datagram.source, destination=datagram.destination, transport=datagram.transport, octets=octets
        )
        actions.append(SendDatagram(datagram=own))
        self._sent += 1
        if self._sent == self._packets:
            actions.append(self._told(now_us))
        return actions

    def _told(self, now_us: Micros) -> Action:
        how = "captured ones" if self._loot is None else f"his own under the keys of {self._loot.of}"
        text = f"sent {self._sent} media packets behind those that passed, {how}, with SSRC {self._ssrc:08x}"
        return self._attack(text, now_us)

    def _made(self, datagram: Datagram) -> bytes | None:
        """The packet to send behind one that passes; None where there is none to send."""
        if (
            datagram.transport is not Transport.MEDIA
            or datagram.destination.host != self._to
            or self._sent == self._packets
        ):
            return None
        octets = datagram.octets
        try:
            rtp_header_octets(octets)
        except DecodeError:
            return None
        ssrc = rtp_ssrc(octets) ^ self._flip
        made: bytes | None = octets[: _SSRC.start] + ssrc.to_bytes(4, "big") + octets[_SSRC.stop :]
        if self._loot is not None:
            made = self._protected(datagram, ssrc, self._loot.keys)
        if made is not None:
            self._ssrc = ssrc
        return made

    def _protected(self, datagram: Datagram, ssrc: int, keys: Sequence[DataSa]) -> bytes | None:
        """A packet of noise under the key that opens the packet that passes; None if no key does."""
        octets, way = datagram.octets, (datagram.source, datagram.destination, ssrc)
        stream = self._streams.get(way)
        if stream is None:
            opened = _opened(octets, keys)
            if opened is None:
                return None
            sa, plain = opened
            stream = self._streams[way] = _Stream(
                sender=SrtpSender((replace(sa, ssrc=ssrc, roc=0),)),
                sequence=rtp_sequence(plain),
                payload_octets=len(plain) - FIXED_HEADER_OCTETS,
            )
        stream.sequence = (stream.sequence + 1) % _SEQUENCES
        rtp = rtp_octets(
            payload_type=octets[1] & _PAYLOAD_TYPE,
            sequence=stream.sequence,
            timestamp=int.from_bytes(octets[_TIMESTAMP], "big"),
            ssrc=ssrc,
            payload=self._noise(stream.payload_octets),
        )
        return stream.sender.protect(rtp)


def _opened(srtp: bytes, keys: Sequence[DataSa]) -> tuple[DataSa, bytes] | None:
    """The key that opens a packet, whomever it was promised to, and what is in it; None if there is none."""
    for sa in keys:
        try:
            return sa, SrtpReceiver((replace(sa, ssrc=0, roc=0),)).unprotect(srtp)
        except MikeySdpError:
            continue
    return None
