"""Two-time pads of a run: two packets under one key, one SSRC and one index, so that one gives the other away.

Source: RFC 3711 section 9.1; RFC 5197 sections 3 and 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mikey_sdp.errors import MikeySdpError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.srtp.index import estimate
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.rtp import Carried, carried, rtp_header_octets, rtp_sequence, rtp_ssrc
from mikey_sdp.trace import Passed


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTimePad:
    """Two packets that were encrypted with the same key stream.

    Keeps: `fingerprint` of the master key; `shown`, whether both ciphertexts, added bit by bit, are both plaintexts
    added bit by bit, which is what anybody gets who only listens.
    Units: `index` is the 48-bit packet index.
    """

    first: Passed
    second: Passed
    fingerprint: str
    ssrc: int
    index: int
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    passed: Passed
    plain: bytes = field(repr=False)
    fingerprint: str
    index: int


def two_time_pads(passed: Iterable[Passed], keys: Iterable[DataSa]) -> tuple[TwoTimePad, ...]:
    """Every pair among these packets, each named with the first of its kind; `keys` are those that were in use.

    The same octets twice are a repetition, and give nothing away.
    """
    first: dict[tuple[str, int, int], _Packet] = {}
    found = []
    for packet in _read(passed, tuple(_distinct(keys))):
        ssrc = rtp_ssrc(packet.plain)
        before = first.setdefault((packet.fingerprint, ssrc, packet.index), packet)
        if before.passed.octets != packet.passed.octets:
            found.append(
                TwoTimePad(
                    first=before.passed,
                    second=packet.passed,
                    fingerprint=packet.fingerprint,
                    ssrc=ssrc,
                    index=packet.index,
                    shown=_is_shown(before, packet),
                )
            )
    return tuple(found)


def _distinct(keys: Iterable[DataSa]) -> Iterator[DataSa]:
    """Each key once, whichever crypto sessions and SSRCs it was made for."""
    met = set()
    for sa in keys:
        name = _name(sa)
        if name not in met:
            met.add(name)
            yield replace(sa, ssrc=0, roc=0)


def _name(sa: DataSa) -> str:
    return f"{sa.master_key.fingerprint()}|{sa.master_salt.fingerprint()}|{sa.mki.hex()}"


class _Stream:
    """The packets of one sender with one SSRC under one key, as their receiver would follow them."""

    def __init__(self, sa: DataSa, ssrc: int) -> None:
        self.fingerprint: Final = sa.master_key.fingerprint()
        self._sa: Final = replace(sa, ssrc=ssrc)
        self._receiver = SrtpReceiver((self._sa,))
        self._highest = 0

    def read(self, octets: bytes, rounds: Iterable[int]) -> tuple[bytes, int] | None:
        """Plaintext and index; None for a packet under another key."""
        for receiver, highest in self._ways(rtp_sequence(octets), rounds):
            try:
                plain = receiver.unprotect(octets)
            except MikeySdpError:
                continue
            index = estimate(highest, rtp_sequence(octets))
            self._receiver, self._highest = receiver, max(highest, index)
            return plain, index
        return None

    def _ways(self, sequence: int, rounds: Iterable[int]) -> Iterator[tuple[SrtpReceiver, int]]:
        """As the stream goes on, or else in each of these rounds of the sequence number.

        A key may come into use when a stream has gone round already, and a sender may begin anew, which a receiver
        takes for a replay.
        """
        yield self._receiver, self._highest
        for number in rounds:
            index = number << 16 | sequence
            yield SrtpReceiver((self._sa,), begins_at=index), index


def _read(passed: Iterable[Passed], keys: Sequence[DataSa]) -> Iterator[_Packet]:
    """The packets that one of the keys opens, with that key and their index.

    How often sequence numbers have gone round no packet says: a packet may be of any round that its SSRC has come to,
    whoever sent it and under whatever key, or of the next.
    """
    streams: dict[tuple[str, int], list[_Stream]] = {}
    rounds: dict[int, int] = {}
    for one in passed:
        if not one.is_media or carried(one.octets) is not Carried.RTP or len(one.octets) < 12:
            continue
        ssrc = rtp_ssrc(one.octets)
        own = streams.setdefault((one.party, ssrc), [])
        if not own:
            own += [_Stream(sa, ssrc) for sa in keys]
        for place, stream in enumerate(own):
            read = stream.read(one.octets, range(rounds.get(ssrc, 0) + 2))
            if read is not None:
                own.insert(0, own.pop(place))
                rounds[ssrc] = max(rounds.get(ssrc, 0), read[1] >> 16)
                yield _Packet(passed=one, plain=read[0], fingerprint=stream.fingerprint, index=read[1])
                break


def _is_shown(one: _Packet, other: _Packet) -> bool:
    sums = (
        _sum(_payload(one, one.passed.octets), _payload(other, other.passed.octets)),
        _sum(_payload(one, one.plain), _payload(other, other.plain)),
    )
    return sums[0] == sums[1] and bool(sums[0])


def _payload(packet: _Packet, octets: bytes) -> bytes:
    return octets[rtp_header_octets(packet.plain) : len(packet.plain)]


def _sum(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
