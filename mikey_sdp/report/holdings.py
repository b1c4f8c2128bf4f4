"""Which party held which key from when until when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.trace import AnyRecord, CallChanged, KeysInstalled

_OVER: Final = frozenset({"ended", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A party's use of one key for one direction of one media line.

    Keeps: `until_us`, when another key took its place, the call was over at that party, or the run ended.
    """

    key: KeysInstalled
    until_us: int


def holdings(records: Iterable[AnyRecord]) -> tuple[Holding, ...]:
    """Every key that was taken into use, in the order in which that happened."""
    trace = tuple(records)
    end_us = max((record.at_us for record in trace), default=0)
    ends: dict[tuple[str, str, str], list[int]] = {}
    for record in trace:
        if isinstance(record, CallChanged) and record.state in _OVER:
            ends.setdefault((record.party, record.call_id, record.peer), []).append(record.at_us)
    following: dict[tuple[str, str, str, int, str], Holding] = {}
    held: list[Holding] = []
    for key in reversed([record for record in trace if isinstance(record, KeysInstalled)]):
        use = (key.party, key.call_id, key.peer, key.media, key.direction)
        over = ends.get(use[:3], [])
        until_us = min([end_us, *_replaced(key, following.get(use)), *over[bisect_left(over, key.at_us) :][:1]])
        following[use] = Holding(key=key, until_us=until_us)
        held.append(following[use])
    return tuple(reversed(held))


def _replaced(key: KeysInstalled, after: Holding | None) -> list[int]:
    """When another key takes the place of one; the same key installed anew goes on."""
    if after is None:
        return []
    return [after.until_us if after.key.fingerprint == key.fingerprint else after.key.at_us]
