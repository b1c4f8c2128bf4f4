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
DEFAULT_SHARE: Final = DEFAULT_CAPACITY // 8
ENTRY_OCTETS: Final = 30
UNPROVED: Final = "?"
"""The share of messages that prove nothing of who sent them. What is forgotten of it counts as no floor: whoever could
send such a message again could as well have made another one, and no flood of them must narrow any window."""
NTP_TYPES: Final = frozenset({TsType.NTP_UTC, TsType.NTP})
_ROUNDING: Final = 1 << 13
"""Two microseconds: what is dropped from the cache is beyond the skew however that is rounded."""
_Entry = tuple[int, bytes, str]
"""A message in the cache: when it was sent, its hash, and in whose name it came."""


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
    if timestamp.ts_type not in NTP_TYPES:
        raise _stale(f"timestamps of type {timestamp.ts_type} are not supported", section="RFC 3830 section 6.6")
    return NtpTime(timestamp.value)


def capacity_of(octets: int) -> int:
    """How many messages a cache of that size remembers. # [3830-5.4-8]"""
    return octets // ENTRY_OCTETS


class ReplayCache:
    """Remembers authenticated messages for as long as their timestamps are acceptable.

    When it is full it forgets the oldest timestamp and from then on refuses everything as old as that: the window gets
    narrower and a forgotten message still can't be replayed. # [3830-5.4-7]
    A peer who has filled his share of it narrows the window of his own messages only. Peers are told apart by the names
    that they proved, so that a share is looked at once that is done, and a repeated message comes in the same name;
    messages without a name are shared out to nobody.
    Units: `skew_us` microseconds, either way; `capacity` and `share` messages; times inside count 2^-32 s from the
    first one that came, so that the wrap of NTP time is no step for them.
    """

    def __init__(
        self, *, capacity: int = DEFAULT_CAPACITY, skew_us: int = DEFAULT_SKEW_US, share: int = DEFAULT_SHARE
    ) -> None:
        if capacity < 1 or skew_us < 0 or share < 1:
            raise UsageError("a replay cache needs room for one message and a skew that is not negative")
        self._capacity = capacity
        self._skew_us = skew_us
        self._share = share
        self._hashes: set[bytes] = set()
        self._order: list[_Entry] = []
        self._shares: dict[str, _Share] = {}
        self._floor: int | None = None
        self._start: NtpTime | None = None

    def __len__(self) -> int:
        return len(self._hashes)

    def check_fresh(self, timestamp: Timestamp, now: NtpTime) -> None:
        """Refuse a timestamp outside the allowed skew, or so old that its message may have been forgotten.

        Raises: PeerError with Invalid TS (1).
        """
        sent = ntp_of(timestamp)
        distance_us = now.since_us(sent)
        if abs(distance_us) > self._skew_us:  # [3830-5.3-2]
            when = "behind" if distance_us > 0 else "ahead of"
            raise _stale(f"the timestamp is {abs(distance_us) / 1e6:.1f} s {when} our clock")
        self._check_above(self._floor, timestamp)

    def check_share(self, timestamp: Timestamp, peer: str) -> None:
        """Refuse a timestamp so old that its message may have been forgotten of that peer.

        Raises: PeerError with Invalid TS (1).
        """
        share = self._shares.get(peer)
        self._check_above(share.floor if share else None, timestamp)

    def _check_above(self, floor: int | None, timestamp: Timestamp) -> None:
        if floor is not None and self._moment(ntp_of(timestamp)) <= floor:
            raise _stale("the timestamp is older than what the replay cache can still vouch for")

    def check_new(self, message: bytes) -> None:
        """Refuse octets that were authenticated before.

        Raises: PeerError with Invalid TS (1).
        """
        if _hash(message) in self._hashes:  # [3830-5.3-3]
            raise _stale("the message was received before: a replay")

    def remember(self, message: bytes, timestamp: Timestamp, now: NtpTime, peer: str = "") -> None:
        """Keep an authenticated message of that peer. # [3830-5.3-6]"""
        digest = _hash(message)
        if digest in self._hashes:
            return
        self._purge(now)
        share = self._shares.get(peer) if peer else None
        if share is not None and len(share.order) >= self._share:
            share.floor = self._drop_oldest_of(share)
        while len(self._hashes) >= self._capacity:
            self._raise_floor(self._drop_oldest())
        entry = (self._moment(ntp_of(timestamp)), digest, peer)
        heapq.heappush(self._order, entry)
        self._hashes.add(digest)
        if peer:
            heapq.heappush(self._shares.setdefault(peer, _Share()).order, entry)

    def lost_track(self, now: NtpTime) -> None:
        """What was received up to now is not known any more (a restart, an overload): for one skew interval nothing
        is accepted that could be a replay. # [3830-5.4-5]"""
        self._hashes.clear()
        self._order.clear()
        self._shares.clear()
        self._raise_floor(self._moment(now) + self._skew)

    @property
    def _skew(self) -> int:
        return (self._skew_us << 32) // 1_000_000

    def _moment(self, time: NtpTime) -> int:
        if self._start is None:
            self._start = time
        return time.since(self._start)

    def _purge(self, now: NtpTime) -> None:
        """Drop what the skew refuses anyway. # [3830-5.4-3]

        It leaves a floor behind, which means nothing unless the clock is set back to where the skew refuses it no more.
        """
        past = self._moment(now) - self._skew - _ROUNDING
        while self._hashes and self._oldest()[0] < past:
            self._raise_floor(self._drop_oldest())
        if len(self._order) > 2 * self._capacity:
            self._order = [entry for entry in self._order if entry[1] in self._hashes]
            heapq.heapify(self._order)

    def _drop_oldest_of(self, share: _Share) -> int:
        moment, digest, _peer = heapq.heappop(share.order)
        self._hashes.discard(digest)
        return moment if share.floor is None else max(moment, share.floor)

    def _oldest(self) -> _Entry:
        """The oldest entry of a cache that has one; those that left through their peer's share go on the way."""
        while self._order[0][1] not in self._hashes:
            heapq.heappop(self._order)
        return self._order[0]

    def _drop_oldest(self) -> int:
        moment, digest, peer = self._oldest()
        heapq.heappop(self._order)
        self._hashes.discard(digest)
        if peer:
            # What is oldest of all is oldest of its peer. Who has nothing left has no floor above that of all.
            share = self._shares[peer]
            heapq.heappop(share.order)
            if not share.order:
                del self._shares[peer]
        return moment

    def _raise_floor(self, to: int) -> None:
        self._floor = to if self._floor is None else max(to, self._floor)


class _Share:
    """What of one peer is in the cache, and the timestamp up to which nothing of his is vouched for any more."""

    __slots__ = ("floor", "order")

    def __init__(self) -> None:
        self.order: list[_Entry] = []
        self.floor: int | None = None


def _hash(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()[:20]


def _stale(reason: str, *, section: str = SECTION) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_TS, section=section)
