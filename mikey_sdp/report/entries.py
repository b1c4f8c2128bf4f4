"""What a ladder shows of a trace, entry by entry in the order of time: arrows, streams and remarks at a party."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.report.streams import Stream, streams
from mikey_sdp.trace import (
    AnyRecord,
    AttackMade,
    CallChanged,
    KeyManagementFailed,
    KeysInstalled,
    MessageArrived,
    MessageLost,
    MessageSent,
    Verdict,
    Warned,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A signalling message from one party towards another.

    Keeps: `taken_by`, the party that it reached on its way, where that is not `to`; `lost`, whether it reached nobody;
    `attack`, what an attacker did to send it; `arrived_us`, when it reached somebody;
    `said`, all that its sender noted, of which `notes` leaves out what an earlier arrow tells.
    """

    at_us: int
    number: int
    sender: str
    to: str
    summary: str
    notes: tuple[str, ...]
    lost: bool
    taken_by: str | None = None
    attack: str = ""
    arrived_us: int | None = None
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A media stream."""

    at_us: int
    stream: Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something at one party: `tone` is key, bad, warning or state."""

    at_us: int
    party: str
    text: str
    tone: str


Entry = Arrow | Flow | Remark

_SHOWN_STATES: Final = {
    "held": "on hold",
    "resumed": "off hold",
    "rekeyed": "re-keyed",
    "cancelled": "call cancelled",
}


def entries(records: Iterable[AnyRecord], verdicts: Iterable[Verdict] = ()) -> list[Entry]:
    """The entries of a trace, ready to be drawn from top to bottom; what happened at one moment keeps its order.

    With verdicts, each step that did not lead to what was expected is marked where it was taken.
    """
    trace = tuple(records)
    found: list[tuple[int, Entry]] = [*_arrows(trace), *_remarks(trace), *_keys(trace), *_steps(verdicts)]
    flows = [stream for stream in streams(trace) if stream.sent or stream.arrived]
    found += [(len(trace), Flow(at_us=stream.first_us, stream=stream)) for stream in flows]
    return [entry for _, entry in sorted(found, key=lambda placed: (placed[1].at_us, placed[0]))]


def _arrows(trace: Sequence[AnyRecord]) -> Iterator[tuple[int, Arrow]]:
    lost = {record.number for record in trace if isinstance(record, MessageLost)}
    reached = {record.number: record for record in trace if isinstance(record, MessageArrived)}
    attacks = {record.number: record.text for record in trace if isinstance(record, AttackMade)}
    told: set[tuple[str, tuple[str, ...]]] = set()
    ways: set[tuple[str, str, bytes]] = set()
    for at, record in enumerate(trace):
        if isinstance(record, MessageSent):
            arrival = reached.get(record.number)
            where = arrival.party if arrival is not None else None
            # What was told of a message is not told again when it is passed on or repeated.
            notes = () if (record.summary, record.notes) in told else record.notes
            if (record.party, record.to, record.octets) in ways:
                notes = ("repeated, octet for octet",)
            told.add((record.summary, record.notes))
            ways.add((record.party, record.to, record.octets))
            yield (
                at,
                Arrow(
                    at_us=record.at_us,
                    number=record.number,
                    sender=record.party,
                    to=record.to,
                    summary=record.summary,
                    notes=notes,
                    lost=record.number in lost,
                    taken_by=where if where != record.to else None,
                    attack=attacks.get(record.number, ""),
                    arrived_us=arrival.at_us if arrival is not None else None,
                    said=record.notes,
                ),
            )


def _remarks(trace: Sequence[AnyRecord]) -> Iterator[tuple[int, Remark]]:
    for at, record in enumerate(trace):
        said = _remark(record)
        if said is not None:
            text, tone = said
            yield at, Remark(at_us=record.at_us, party=record.party, text=text, tone=tone)


def _remark(record: AnyRecord) -> tuple[str, str] | None:
    """What one record says at its party's life line, and in which tone; most say nothing."""
    if isinstance(record, KeyManagementFailed):
        error = f" (MIKEY error {record.mikey_error})" if record.mikey_error is not None else ""
        return f"refused: {record.reason}{error}", "bad"
    if isinstance(record, Warned):
        return record.text, "warning"
    if isinstance(record, AttackMade) and record.number is None:
        return record.text, "bad"
    if isinstance(record, CallChanged) and record.state in _SHOWN_STATES:
        status = f": {record.status} {record.reason}".rstrip() if record.status else ""
        return f"{_SHOWN_STATES[record.state]}{status}", "state"
    return None


def _steps(verdicts: Iterable[Verdict]) -> Iterator[tuple[int, Remark]]:
    """One remark for each step that failed expectations hang on, above what it set off."""
    lines: dict[tuple[int, int, str, str], list[str]] = {}
    for verdict in verdicts:
        if not verdict.held and verdict.step is not None:
            step = verdict.step
            named = lines.setdefault((step.at_us, step.number, step.party, step.text), [])
            named.append("?" if verdict.line is None else str(verdict.line))
    for (at_us, number, party, text), named in lines.items():
        said = f"step {number}: {text}; not as expected in line{'s' if len(named) > 1 else ''} {', '.join(named)}"
        yield -1, Remark(at_us=at_us, party=party, text=said, tone="bad")


def _keys(trace: Sequence[AnyRecord]) -> Iterator[tuple[int, Remark]]:
    """One remark for all keys that a party took at one moment for one call with one peer."""
    groups: dict[tuple[int, str, str, str], tuple[int, list[KeysInstalled]]] = {}
    for at, record in enumerate(trace):
        if isinstance(record, KeysInstalled):
            groups.setdefault((record.at_us, record.party, record.call_id, record.peer), (at, []))[1].append(record)
    for (at_us, party, _, _), (at, keys) in groups.items():
        yield at, Remark(at_us=at_us, party=party, text=_say_keys(keys), tone="key")


def _say_keys(keys: Sequence[KeysInstalled]) -> str:
    keys = sorted(keys, key=lambda key: (key.media, key.direction != "send"))
    said = [f"{key.direction} {key.fingerprint[:8]}" for key in keys[:2]]
    more = f" and {len(keys) - 2} more" if len(keys) > 2 else ""
    return f"{keys[0].mode} keys: {', '.join(said)}{more}"
