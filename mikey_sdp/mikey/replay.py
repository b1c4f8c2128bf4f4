"""Freshness: unique timestamps on the way out, clock skew and a bounded replay cache on the way in.

Source: RFC 3830 sections 4.2.8 and 5.4.
"""

from __future__ import annotations

import hashlib
import heapq
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import ErrorNo, TsType

SECTION: Final = "RFC 3830 section 5.4"
DEFAULT_SKEW_US: Final = 300_000_000
DEFAULT_CAPACITY: Final = 4096
ENTRY_OCTETS: Final = 30
_NTP_TYPES: Final = frozenset({TsType.NTP_UTC, TsType.NTP})


class TimestampSource:
    """The T payloads of one Initiator: never the same twice, whatever the clock does. # [3830-5.2-6]"""

    def __init__(self) -> None:
        self._last: NtpTime | None = None

    def stamp(self, now: NtpTime) -> Timestamp:
        """A T payload for a message sent now; 2^-32 s later than the last one if the clock has not moved on."""
        if self._last is not None and now.since(self._last) <= 0:
            now = self._last.next()
        self._last = now
        return Timestamp(ts_type=TsType.NTP_UTC, value=now.value)  # [3830-4.2.8-3]


def ntp_of(timestamp: Timestamp) -> NtpTime:
    """The moment that a T payload names; NTP and NTP-UTC are read alike.

    Raises: PeerError with Invalid TS (1) for another type. A COUNTER needs a memory of each peer that outlives the
    process, which is not offered.
    """
    if timestamp.ts_type not in _NTP_TYPES:
        raise _stale(f"timestamps of type {timestamp.ts_type} are not supported", section="RFC 3830 section 6.6")
    return NtpTime(timestamp.value)


def capacity_of(octets: int) -> int:
    """How many messages a cache of that size remembers. # [3830-5.4-8]"""
    return octets // ENTRY_OCTETS


class ReplayCache:
    """Remembers authenticated messages for as long as their timestamps are acceptable.

    When it is full it forgets the oldest timestamp and from then on refuses everything as old as that: the window gets
    narrower and a forgotten message still can't be replayed. # [3830-5.4-7]
    Units: `skew_us` microseconds, either way; `capacity` messages.
    """

    def __init__(self, *, capacity: int = DEFAULT_CAPACITY, skew_us: int = DEFAULT_SKEW_US) -> None:
        if capacity < 1 or skew_us < 0:
            raise UsageError("a replay cache needs room for one message and a skew that is not negative")
        self._capacity = capacity
        self._skew_us = skew_us
        self._hashes: set[bytes] = set()
        self._order: list[_Entry] = []
        self._floor: NtpTime | None = None

    def __len__(self) -> int:
        return len(self._order)

    def check_fresh(self, timestamp: Timestamp, now: NtpTime) -> None:
        """Refuse a timestamp outside the allowed skew, or so old that its message may have been forgotten.

        Raises: PeerError with Invalid TS (1).
        """
        sent = ntp_of(timestamp)
        distance_us = now.since_us(sent)
        if abs(distance_us) > self._skew_us:  # [3830-5.3-2]
            when = "behind" if distance_us > 0 else "ahead of"
            raise _stale(f"the timestamp is {abs(distance_us) / 1e6:.1f} s {when} our clock")
        if self._floor is not None and sent.since(self._floor) <= 0:
            raise _stale("the timestamp is older than what the replay cache can still vouch for")

    def check_new(self, message: bytes) -> None:
        """Refuse octets that were authenticated before.

        Raises: PeerError with Invalid TS (1).
        """
        if _hash(message) in self._hashes:  # [3830-5.3-3]
            raise _stale("the message was received before: a replay")

    def remember(self, message: bytes, timestamp: Timestamp, now: NtpTime) -> None:
        """Keep an authenticated message. # [3830-5.3-6]"""
        self._purge(now)
        while len(self._order) >= self._capacity:
            self._raise_floor(self._drop_oldest().time)
        entry = _Entry(ntp_of(timestamp), _hash(message))
        heapq.heappush(self._order, entry)
        self._hashes.add(entry.digest)

    def lost_track(self, now: NtpTime) -> None:
        """What was received up to now is not known any more (a restart, an overload): for one skew interval nothing
        is accepted that could be a replay. # [3830-5.4-5]"""
        self._hashes.clear()
        self._order.clear()
        self._raise_floor(NtpTime((now.value + (self._skew_us << 32) // 1_000_000) % (1 << 64)))

    def _purge(self, now: NtpTime) -> None:
        """Drop what the skew refuses anyway. # [3830-5.4-3]

        It leaves a floor behind, which means nothing unless the clock is set back to where the skew refuses it no more.
        """
        while self._order and now.since_us(self._order[0].time) > self._skew_us:
            self._raise_floor(self._drop_oldest().time)

    def _drop_oldest(self) -> _Entry:
        entry = heapq.heappop(self._order)
        self._hashes.discard(entry.digest)
        return entry

    def _raise_floor(self, to: NtpTime) -> None:
        if self._floor is None or to.since(self._floor) > 0:
            self._floor = to


class _Entry:
    """A message in the cache, ordered by its timestamp the short way round the NTP era."""

    __slots__ = ("digest", "time")

    def __init__(self, time: NtpTime, digest: bytes) -> None:
        self.time = time
        self.digest = digest

    def __lt__(self, other: _Entry) -> bool:
        return self.time.since(other.time) < 0


def _hash(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()[:20]


def _stale(reason: str, *, section: str = SECTION) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_TS, section=section)
