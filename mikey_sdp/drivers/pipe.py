"""One way of one link: when a datagram arrives, if it does."""

from __future__ import annotations

import random
from typing import Final

from mikey_sdp.nodes.contract import Link


class Pipe:
    """What the network does to the datagrams that go from one party to another.

    Signalling and media have a pipe each, and each pipe draws from a generator of its own, so that a packet more on one
    link changes nothing on another. Random draws decide over the network only, never over key material.
    Keeps: `carried`, the datagrams handed to this pipe so far, by which a script picks those to lose.
    """

    __slots__ = (
        "_draw",
        "_jitter_us",
        "_last_us",
        "_lose",
        "_loss",
        "_reorder",
        "_reorder_us",
        "calm",
        "carried",
        "delay_us",
    )

    def __init__(self, link: Link, *, seed: str, lose: frozenset[int] = frozenset()) -> None:
        self.delay_us: Final = link.delay_us
        self.calm: Final = not (link.jitter_us or link.loss or link.reorder or lose)
        self.carried = 0
        self._jitter_us: Final = link.jitter_us
        self._loss: Final = link.loss
        self._reorder: Final = link.reorder
        self._reorder_us: Final = link.reorder_us
        self._lose: Final = lose
        self._draw: Final = random.Random(seed)
        self._last_us = 0

    def scripted_loss(self) -> bool:
        """Count one datagram; whether the script names it as lost."""
        number = self.carried
        self.carried = number + 1
        return number in self._lose

    def arrival_us(self, now_us: int) -> int | None:
        """When a datagram sent now arrives over an unreliable transport, or None if the network loses it."""
        if self.calm:
            return now_us + self.delay_us
        draw = self._draw.random
        if self._loss and draw() < self._loss:
            return None
        arrival = now_us + self.delay_us
        if self._jitter_us:
            arrival += int(draw() * self._jitter_us)
        if self._reorder and draw() < self._reorder:
            arrival += self._reorder_us
        return arrival

    def ordered_arrival_us(self, now_us: int) -> int:
        """When octets sent now arrive over a reliable transport: late perhaps, but never before earlier ones."""
        arrival = now_us + self.delay_us
        if self._jitter_us:
            arrival += int(self._draw.random() * self._jitter_us)
        self._last_us = max(self._last_us, arrival)
        return self._last_us
