"""What is on its way over real sockets, found again where it arrives."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

MOST_ON_THE_WAY: Final = 100_000
"""Datagrams that may be on the way or lost at one time; the oldest ones are forgotten first."""


class Crossing(NamedTuple):
    """One datagram on its way.

    Keeps: `number`, that of the message, None for media; `at`, its place in the capture, None without one.
    """

    number: int | None
    at: int | None


class Crossings:
    """Every datagram that has left and not arrived, by who sent it to whom and by its octets.

    Of equal ones the first that left is the first that arrives.
    """

    def __init__(self) -> None:
        self._waiting: Final[dict[tuple[str, str, bytes], deque[Crossing]]] = {}
        self._count = 0

    def left(self, sender: str, receiver: str, octets: bytes, crossing: Crossing) -> None:
        """One leaves."""
        while self._count >= MOST_ON_THE_WAY:
            self._take(next(iter(self._waiting)))
        self._waiting.setdefault((sender, receiver, octets), deque()).append(crossing)
        self._count += 1

    def arrived(self, sender: str, receiver: str, octets: bytes) -> Crossing | None:
        """One arrives; None if it never left."""
        key = (sender, receiver, octets)
        return self._take(key) if key in self._waiting else None

    def _take(self, key: tuple[str, str, bytes]) -> Crossing:
        waiting = self._waiting[key]
        crossing = waiting.popleft()
        if not waiting:
            del self._waiting[key]
        self._count -= 1
        return crossing
