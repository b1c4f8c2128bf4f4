"""IP datagrams that were cut into fragments, put together again, boundedly.

Messages with certificates outgrow an Ethernet frame, so over UDP they come in pieces.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

MAX_OPEN_DATAGRAMS: Final = 64
MAX_DATAGRAM_OCTETS: Final = 65_535
MAX_FRAGMENTS: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """An IP datagram, or a fragment of one.

    Units: `offset` in octets; `more`, whether another fragment follows this one.
    """

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    identification: int = 0
    offset: int = 0
    more: bool = False


class Fragments:
    """The datagrams that are not complete yet; when there are too many, the oldest is forgotten."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[bytes, bytes, int, int], _Assembly] = OrderedDict()

    def whole(self, datagram: Datagram) -> Datagram | None:
        """The datagram itself if it was never cut, or the one that this fragment completes."""
        if not datagram.more and not datagram.offset:
            return datagram
        key = (datagram.source, datagram.destination, datagram.protocol, datagram.identification)
        assembly = self._open.setdefault(key, _Assembly())
        payload = assembly.add(datagram)
        if payload is not None or assembly.is_hopeless:
            del self._open[key]
        elif len(self._open) > MAX_OPEN_DATAGRAMS:
            self._open.popitem(last=False)
        return None if payload is None else replace(datagram, payload=payload, offset=0, more=False)


class _Assembly:
    """The fragments of one datagram, in any order; of two at one place the first counts."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._held = 0
        self._end: int | None = None

    @property
    def is_hopeless(self) -> bool:
        return len(self._pieces) > MAX_FRAGMENTS or self._held > MAX_DATAGRAM_OCTETS

    def add(self, fragment: Datagram) -> bytes | None:
        if fragment.offset not in self._pieces:
            self._pieces[fragment.offset] = fragment.payload
            self._held += len(fragment.payload)
        if not fragment.more:
            self._end = fragment.offset + len(fragment.payload)
        if self._end is None or self._held < self._end:
            return None
        whole = bytearray()
        for offset in sorted(self._pieces):
            if offset != len(whole):
                return None
            whole += self._pieces[offset]
        return bytes(whole) if len(whole) == self._end else None
