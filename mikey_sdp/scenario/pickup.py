"""Group pickup, measured: what it costs the caller that all phones of a group answer before one of them is taken.

Source: RFC 5197 section 5.2.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Final

from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.scenario.pickup_cast import holdings
from mikey_sdp.scenario.pickup_counts import Counts, Operation, counting
from mikey_sdp.scenario.pickup_floor import Clock, floor_ns, play_alone
from mikey_sdp.scenario.pickup_scene import CALLER, WINNER, Way, play
from mikey_sdp.trace import AnyRecord, CallChanged, KeysInstalled, MediaCounted

_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """One row: a mode, so many phones, and what the caller makes of their answers.

    Keeps: `works`, whether the call came up and every packet of the phone that took it was decrypted; `counts`, the
    caller's operations in the whole call; `answers`, how many of the phones' answers he worked on; `tgks`, how many
    keys he had in the end, of which all but one are `discarded`.
    Units: nanoseconds of processor time at the caller: `mikey_ns` of MIKEY, `floor_ns` of its operations with nothing
    around them, `beside_ns` of SIP, SDP and the rest of the call.
    """

    case: ModeCase
    targets: int
    way: Way
    works: bool
    answers: int
    counts: Mapping[Operation, int]
    tgks: int
    mikey_ns: float
    floor_ns: float
    beside_ns: float

    @property
    def discarded(self) -> int:
        """How many keys nobody ever used."""
        return max(0, self.tgks - 1)

    @property
    def ratio(self) -> float:
        """MIKEY against its floor."""
        return self.mikey_ns / self.floor_ns


def measure(case: ModeCase, targets: int, way: Way, clock: Clock, *, rounds: int = _ROUNDS) -> Pickup:
    """Count and time one pickup.

    What is counted and what is timed are two runs of the same call, since to count takes time; each has certificates
    that nobody has met before. MIKEY is timed by itself, with as many answers as were worked on.
    Raises: BackendUnavailable where a library is missing.
    """
    counts = Counts()
    held = holdings(case, targets, f"{case.name}|{way}|{targets}|counted")
    records = play(case, held, way, lambda: counting(counts))
    answers = len(_keyed_peers(records))
    total = median(_timed_call(case, targets, way, clock, number) for number in range(rounds))
    mikey = median(_timed_mikey(case, targets, way, answers, clock, number) for number in range(rounds))
    return Pickup(
        case=case,
        targets=targets,
        way=way,
        works=_works(records),
        answers=answers,
        counts={operation: counts.operations[operation] for operation in Operation},
        tgks=len(_tgks(records)),
        mikey_ns=mikey,
        floor_ns=floor_ns(case, held, _counted_mikey(case, targets, way, answers), clock),
        beside_ns=max(0.0, total - mikey),
    )


def _counted_mikey(case: ModeCase, targets: int, way: Way, answers: int) -> Counts:
    """What MIKEY alone carries out: around it, keys are derived more than once for one answer."""
    counts = Counts()
    held = holdings(case, targets, f"{case.name}|{way}|{targets}|counted alone")
    play_alone(case, held, answers, lambda: counting(counts))
    return counts


@dataclass(slots=True)
class _Stopwatch:
    clock: Clock
    total: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        begun = self.clock()
        try:
            yield
        finally:
            self.total += self.clock() - begun


def _timed_call(case: ModeCase, targets: int, way: Way, clock: Clock, number: int) -> int:
    watch = _Stopwatch(clock)
    held = holdings(case, targets, f"{case.name}|{way}|{targets}|timed {number}")
    with _uncollected():
        play(case, held, way, watch.running)
    return watch.total


def _timed_mikey(case: ModeCase, targets: int, way: Way, answers: int, clock: Clock, number: int) -> int:
    held = holdings(case, targets, f"{case.name}|{way}|{targets}|alone {number}")
    watch = _Stopwatch(clock)
    stranger = holdings(case, 1, f"{case.name}|{way}|warm {number}")
    with _uncollected():
        play_alone(case, stranger, 1, nullcontext)  # who collected garbage has forgotten where everything lies
        play_alone(case, held, answers, watch.running)
    return watch.total


@contextmanager
def _uncollected() -> Iterator[None]:
    """Garbage of earlier work is no cost of this."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _keys(records: Sequence[AnyRecord]) -> list[KeysInstalled]:
    return [
        record
        for record in records
        if isinstance(record, KeysInstalled) and (record.party, record.direction) == (CALLER, "receive")
    ]


def _keyed_peers(records: Sequence[AnyRecord]) -> set[str]:
    return {record.peer for record in _keys(records)}


def _tgks(records: Sequence[AnyRecord]) -> set[str]:
    """The CSB, the RAND and the crypto session are the same for all answers, so that TEKs differ where TGKs do."""
    return {record.fingerprint for record in _keys(records)}


def _works(records: Sequence[AnyRecord]) -> bool:
    confirmed = any(
        isinstance(record, CallChanged) and (record.party, record.peer, record.state) == (CALLER, WINNER, "confirmed")
        for record in records
    )
    streams = [
        record
        for record in records
        if isinstance(record, MediaCounted) and {record.party, record.peer} == {CALLER, WINNER}
    ]
    received = [record for record in streams if record.direction == "received"]
    return confirmed and len(received) == 2 and all(one.packets and one.decrypted == one.packets for one in received)
