"""Expectations on media: packets counted at both ends of the streams."""

from __future__ import annotations

from collections.abc import Iterator

from mikey_sdp.report.streams import Stream, streams
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import fits, given, say_count
from mikey_sdp.scenario.evidence import Evidence, nearest_message
from mikey_sdp.scenario.expect import MediaExpected
from mikey_sdp.scenario.units import say_us


def check_media(asked: MediaExpected, evidence: Evidence) -> Failure | None:
    """The streams from one party to another, taken together, came to what was asked."""
    found = [
        stream
        for stream in streams(evidence.records)
        if (stream.sender, stream.receiver) == (asked.from_, asked.to) and given(asked.line) in (None, stream.media)
    ]
    miss = next(_misses(asked, found), None)
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
    return Failure(expected=f"from {asked.from_} to {asked.to}: {miss} ({step})", came=came, nearest=nearest)


def _misses(asked: MediaExpected, found: list[Stream]) -> Iterator[str]:
    """What was expected, for every count that is not as asked."""
    counts = {
        "sent": sum(stream.sent for stream in found),
        "decrypted": sum(stream.decrypted for stream in found),
        "undecryptable": sum(stream.undecryptable for stream in found),
        "clipped": sum(stream.clipped for stream in found),
    }
    for word, count in counts.items():
        wanted = given(getattr(asked, word))
        if wanted == "all":
            if not found or not all(stream.whole for stream in found):
                yield "all packets decrypted"
        elif wanted is not None and not fits(count, wanted):
            yield f"{say_count(wanted)} packets {word}"
