"""Expectations on media: packets counted at both ends of the streams."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from mikey_sdp.report.streams import Stream, streams
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import fits, given, say_count
from mikey_sdp.scenario.evidence import Evidence, nearest_message
from mikey_sdp.scenario.expect import MediaExpected
from mikey_sdp.scenario.units import micros, say_us
from mikey_sdp.trace import CallChanged, MediaCounted


def check_media(asked: MediaExpected, evidence: Evidence) -> Failure | None:
    """The streams from one party to another, taken together, came to what was asked."""
    found = [
        stream
        for stream in streams(evidence.records)
        if (stream.sender, stream.receiver) == (asked.from_, asked.to) and given(asked.line) in (None, stream.media)
    ]
    miss = next(iter((*_misses(asked, found, evidence), *_unheard(asked, evidence))), None)
    if miss is None:
        return None
    step = evidence.step(max((stream.first_us for stream in found), default=1 << 62), asked.from_, asked.to)
    if found:
        came = "; ".join(f"{stream.kind}: {stream}" for stream in found)
        nearest = f"the first packet at {say_us(found[0].first_us)}"
    else:
        came = f"nothing was sent from {asked.from_} to {asked.to}"
        answers = [seen for seen in evidence.messages if seen.name.isdigit() and seen.name >= "200"]
        nearest = nearest_message(answers or evidence.messages)
    return Failure(expected=f"from {asked.from_} to {asked.to}: {miss}", came=came, nearest=nearest, step=step)


def _misses(asked: MediaExpected, found: list[Stream], evidence: Evidence) -> Iterator[str]:
    """What was expected, for every count that is not as asked."""
    counts = {
        "sent": sum(stream.sent for stream in found),
        "decrypted": sum(stream.decrypted for stream in found),
        "decrypted_late": sum(record.decrypted_late for record in _received(asked, evidence)),
        "undecryptable": sum(stream.undecryptable for stream in found),
        "clipped": sum(stream.clipped for stream in found),
    }
    if asked.sent is UNSET and not any(stream.sent or stream.arrived for stream in found):
        yield "any packets, of which the rest could be true"
        return
    for word, count in counts.items():
        wanted = given(getattr(asked, word))
        if wanted == "all":
            if not found or not all(stream.whole for stream in found):
                yield "all packets decrypted"
        elif wanted is not None and not fits(count, wanted):
            yield f"{say_count(wanted)} packets {word.replace('_', ' ')}"


def _received(asked: MediaExpected, evidence: Evidence) -> list[MediaCounted]:
    """What the receiving end counted."""
    return evidence.of(
        MediaCounted,
        lambda record: (
            (record.party, record.peer, record.direction) == (asked.to, asked.from_, "received")
            and given(asked.line) in (None, record.media)
        ),
    )


def _unheard(asked: MediaExpected, evidence: Evidence) -> Iterator[str]:
    """What was expected of the first packet, if it came too late or never."""
    if asked.heard_within is UNSET:
        return
    span_us = micros(asked.heard_within)
    starts = {change.call_id: change.at_us for change in evidence.of(CallChanged) if change.state == "calling"}
    heard = [
        record.first_us - starts[record.call_id]
        for record in _received(asked, evidence)
        if record.first_us is not None and record.call_id in starts
    ]
    if not heard or min(heard) > span_us:
        when = f"not {say_us(min(heard))} after it" if heard else "but nothing was heard"
        yield f"heard within {say_us(span_us)} of the INVITE, {when}"
