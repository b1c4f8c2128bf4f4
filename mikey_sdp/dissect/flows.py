"""TCP put back in order, one flow a direction, and the messages that it carried.

A capture may start in the middle, miss segments and repeat others: a flow starts where it is first seen, repeated
octets are dropped, and a hole that stays open too long ends the message in it. All flows together hold a bounded number
of octets; when more would be needed, the flow that has been silent longest is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from mikey_sdp.dissect.envelope import MessageStream
from mikey_sdp.dissect.packets import Address, Segment

MAX_FLOWS: Final = 4096
MAX_HELD_OCTETS: Final = 16_777_216
MAX_WAITING_SEGMENTS: Final = 64

_SEQUENCE_SPACE: Final = 1 << 32


class Flows:
    """All TCP flows of a capture."""

    def __init__(self) -> None:
        self._flows: OrderedDict[tuple[Address, Address], _Flow] = OrderedDict()
        self._held = 0

    def feed(self, segment: Segment) -> list[bytes]:
        """The messages that this segment completes."""
        key = (segment.source, segment.destination)
        flow = self._flows.pop(key, None) or _Flow()
        self._flows[key] = flow
        self._held -= flow.held
        messages = list(flow.feed(segment))
        self._held += flow.held
        while len(self._flows) > MAX_FLOWS or self._held > MAX_HELD_OCTETS:
            self._held -= self._flows.popitem(last=False)[1].held
        return messages


class _Flow:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._stream = MessageStream()
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}

    @property
    def held(self) -> int:
        return len(self._stream) + sum(map(len, self._waiting.values()))

    def feed(self, segment: Segment) -> Iterator[bytes]:
        if segment.opens:
            self._restart((segment.sequence + 1) % _SEQUENCE_SPACE)
            return
        if self._next is None:
            self._next = segment.sequence
        if segment.payload:
            self._waiting.setdefault(segment.sequence, segment.payload)
        if len(self._waiting) > MAX_WAITING_SEGMENTS:
            # The hole will not be filled any more: go on behind it, and forget the message that it tore.
            waiting = self._waiting
            self._restart(min(waiting, key=self._ahead))
            self._waiting = waiting
        while (octets := self._in_order()) is not None:
            yield from self._stream.feed(octets)

    def _restart(self, sequence: int) -> None:
        self._stream = MessageStream()
        self._next = sequence
        self._waiting = {}

    def _ahead(self, sequence: int) -> int:
        """How far a sequence number lies ahead of the next octet; negative where it lies behind."""
        distance = (sequence - (self._next or 0)) % _SEQUENCE_SPACE
        return distance - _SEQUENCE_SPACE if distance >= _SEQUENCE_SPACE // 2 else distance

    def _in_order(self) -> bytes | None:
        """The next octets of the flow, where a waiting segment has them."""
        for sequence in sorted(self._waiting, key=self._ahead):
            ahead = self._ahead(sequence)
            if ahead > 0:
                return None
            octets = self._waiting.pop(sequence)[-ahead:]
            if octets:
                self._next = ((self._next or 0) + len(octets)) % _SEQUENCE_SPACE
                return octets
        return None
