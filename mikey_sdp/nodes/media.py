"""The RTP of a call: what one party sends and what it can decrypt of what arrives.

Packets are counted here, one record a stream at its end; there is no record a packet.
"""

from __future__ import annotations

from typing import Final, Protocol

from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.nodes.contract import Address, Datagram, SendDatagram, Transport
from mikey_sdp.secret import Entropy
from mikey_sdp.srtp.rtp import rtp_header_octets, rtp_octets, rtp_ssrc

_CLOCK_RATES: Final = {"audio": 8_000, "video": 90_000}
_PAYLOAD_TYPES: Final = {"audio": 0, "video": 96}
_MEDIA: Final = Transport.MEDIA
_FIRST_NUMBERS: Final = 0x7FFF


class Protection(Protocol):
    """Turns RTP into what goes over the network, and back."""

    def protect(self, octets: bytes) -> bytes:
        """The packet as it is sent."""

    def unprotect(self, octets: bytes) -> bytes:
        """The packet in the clear.

        Raises: PeerError, DecodeError for a packet that isn't what it should be.
        """


class NoProtection:
    """Plain RTP, for a party that demands no security: anybody on the path hears it."""

    def protect(self, octets: bytes) -> bytes:
        """The packet itself."""
        return octets

    def unprotect(self, octets: bytes) -> bytes:
        """The packet itself, if it is RTP at all."""
        rtp_header_octets(octets)
        return octets


class StreamSender:
    """The packets that a party sends on one m= line: speech of constant size at a constant pace.

    Keeps: `packets`, how many went out; `first_us`, when the first did; `paused`, whether the line is on hold;
    `left`, how many are still to go, None for no end.
    Units: the first sequence number, where it is drawn, is below 2^15, so that a loss right at the start can't hide the
    wrap of the counter (RFC 3711 section 3.3.1).
    """

    __slots__ = (
        "_destination",
        "_payload",
        "_payload_type",
        "_sequence",
        "_source",
        "_step",
        "_timestamp",
        "first_us",
        "left",
        "packets",
        "paused",
        "protection",
        "ssrc",
    )

    def __init__(
        self,
        *,
        kind: str,
        source: Address,
        destination: Address,
        ssrc: int,
        protection: Protection,
        packets: int | None,
        interval_us: int,
        payload_octets: int,
        entropy: Entropy,
        first_sequence: int | None = None,
    ) -> None:
        self.ssrc = ssrc
        self.protection = protection
        self.packets = 0
        self.first_us: Micros | None = None
        self.paused = False
        self.left = packets
        self._source: Final = source
        self._destination = destination
        self._payload_type: Final = _PAYLOAD_TYPES[kind]
        self._step: Final = interval_us * _CLOCK_RATES[kind] // 1_000_000
        drawn = int.from_bytes(entropy(2), "big") >> 1
        self._sequence = drawn if first_sequence is None else first_sequence
        self._timestamp = int.from_bytes(entropy(4), "big")
        self._payload: Final = entropy(payload_octets)

    @property
    def running(self) -> bool:
        """Whether there is something to send at the next tick."""
        return self.left != 0 and not self.paused

    def passed_on(self, now_us: Micros) -> None:
        """A packet of somebody else left on this line."""
        if not self.packets:
            self.first_us = now_us
        self.packets += 1

    def redirect(self, destination: Address) -> None:
        """Send to another address from now on."""
        self._destination = destination

    def rename(self, ssrc: int) -> None:
        """Go on as another stream, so that receivers see its first number far from a wrap."""
        self.ssrc = ssrc
        self._sequence &= _FIRST_NUMBERS

    def next_packet(self, now_us: Micros) -> SendDatagram:
        """The next packet of the stream, protected."""
        octets = rtp_octets(
            payload_type=self._payload_type,
            sequence=self._sequence,
            timestamp=self._timestamp,
            ssrc=self.ssrc,
            payload=self._payload,
            marker=not self.packets,
        )
        self._sequence = self._sequence + 1 & 0xFFFF
        self._timestamp = self._timestamp + self._step & 0xFFFFFFFF
        if not self.packets:
            self.first_us = now_us
        self.packets += 1
        if self.left is not None:
            self.left -= 1
        return SendDatagram(
            datagram=Datagram(
                source=self._source,
                destination=self._destination,
                transport=_MEDIA,
                octets=self.protection.protect(octets),
            )
        )


class StreamReceiver:
    """What arrives for one m= line, and how much of it the keys at hand open on arrival.

    Packets that come before there are keys wait for them, up to a limit.
    Keeps: `protection`, None as long as there are no keys; `packets`, all that arrived; `opened`, how many of them on
    arrival, and `late`, how many when the keys came; `ssrc` of the first packet that was opened, 0 before; `first_us`,
    when that was.
    """

    __slots__ = ("_held", "_holds", "first_us", "late", "opened", "packets", "protection", "ssrc")

    def __init__(self, protection: Protection | None = None, *, holds: int = 0) -> None:
        self.protection = protection
        self.packets = 0
        self.opened = 0
        self.late = 0
        self._held: list[bytes] = []
        self._holds: Final = holds
        self.ssrc = 0
        self.first_us: Micros | None = None

    @property
    def decrypted(self) -> int:
        """How many packets were decrypted on arrival; of a plain stream none."""
        return 0 if isinstance(self.protection, NoProtection) else self.opened

    @property
    def decrypted_late(self) -> int:
        """How many packets were decrypted when their keys came; of a plain stream none."""
        return 0 if isinstance(self.protection, NoProtection) else self.late

    @property
    def undecryptable(self) -> int:
        """How many packets could not be opened when they arrived."""
        return self.packets - self.opened

    def receive(self, octets: bytes, now_us: Micros) -> bytes | None:
        """Count one packet; what it holds, or None if it can't be opened."""
        self.packets += 1
        if self.protection is None:
            if len(self._held) < self._holds:
                self._held.append(octets)
            return None
        plain = self._open(self.protection, octets, now_us)
        if plain is not None:
            self.opened += 1
        return plain

    def use(self, protection: Protection | None, now_us: Micros) -> None:
        """Open what comes from now on with this, and at once what waited for it."""
        self.protection = protection
        if protection is not None and self._held:
            held, self._held = self._held, []
            self.late += sum(self._open(protection, octets, now_us) is not None for octets in held)

    def _open(self, protection: Protection, octets: bytes, now_us: Micros) -> bytes | None:
        try:
            plain = protection.unprotect(octets)
        except (PeerError, DecodeError):
            return None
        if self.first_us is None:
            self.first_us = now_us
            self.ssrc = rtp_ssrc(plain)
        return plain
