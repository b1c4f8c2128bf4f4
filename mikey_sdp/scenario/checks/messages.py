"""Expectations on SIP messages: how many there were, and what MIKEY their SDP carries, read from their octets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.table import row_of_answer, row_of_message
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import fits, given, say_count
from mikey_sdp.scenario.evidence import Evidence, SipSeen, nearest_message
from mikey_sdp.scenario.expect import MessagesExpected, MikeyExpected
from mikey_sdp.scenario.modes import MODES
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmtLine, key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription


def check_mikey(asked: MikeyExpected, evidence: Evidence) -> Failure | None:
    """The SIP message of that name carries the MIKEY that was asked for."""
    name = str(asked.in_)
    found = [seen for seen in evidence.named(asked.from_, name) if not seen.repeats]
    step = evidence.step(1 << 62, asked.from_)
    if len(found) < asked.nth:
        return Failure(
            expected=f"{asked.from_} sends {name}{f', {asked.nth} of them' if asked.nth > 1 else ''}",
            step=step,
            came=f"it sent {len(found)}",
            nearest=nearest_message([seen for seen in evidence.messages if seen.sent.party == asked.from_]),
        )
    seen = found[asked.nth - 1]
    try:
        lines = _lines(seen)
    except DecodeError as error:
        return Failure(expected=f"SDP in the {name}", came=f"unreadable SDP: {error.reason}", nearest=str(seen))
    miss = next(iter((*_misses(asked, lines), *_altered(asked, lines, evidence))), None)
    if miss is None:
        return None
    expected, came = miss
    step = evidence.step(seen.sent.at_us, asked.from_)
    return Failure(expected=f"{expected} in the {name} of {asked.from_}", came=came, nearest=str(seen), step=step)


def _misses(asked: MikeyExpected, lines: Sequence[KeyMgmtLine]) -> Iterator[tuple[str, str]]:
    """What was expected of the key management lines and what came, for everything that is not as asked."""
    mikey = [line for line in lines if line.kmpid == MIKEY]
    if asked.messages is not UNSET and not fits(len(mikey), asked.messages):
        yield f"{say_count(asked.messages)} MIKEY messages", f"{len(mikey)}"
    if (protocols := given(asked.protocols)) is not None and protocols != tuple(line.kmpid for line in lines):
        yield f"the protocols {', '.join(protocols)}", ", ".join(line.kmpid for line in lines) or "none"
    if (level := given(asked.level)) is not None:
        levels = sorted({"session" if line.level is None else "media" for line in mikey})
        if levels != [level]:
            yield f"MIKEY at {level} level", f"MIKEY at {' and '.join(levels) or 'no'} level"
    if (mode := given(asked.mode)) is not None:
        modes = sorted({_mode(line.data) for line in mikey})
        if modes != [MODES[mode].value]:
            yield f"MIKEY in {MODES[mode].value} mode", f"modes: {', '.join(modes) or 'no MIKEY'}"


def _lines(seen: SipSeen) -> Sequence[KeyMgmtLine]:
    """The key management in a message.

    Raises: DecodeError.
    """
    return key_mgmt_lines(SessionDescription.parse(seen.body)) if seen.body else ()


def _altered(asked: MikeyExpected, lines: Sequence[KeyMgmtLine], evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What came where the same octets as in another message were expected."""
    if asked.same_as is UNSET:
        return
    first = next(iter(evidence.named(asked.same_as, str(asked.in_))), None)
    wanted = f"the octets of MIKEY that {asked.same_as} sent"
    if first is None:
        yield wanted, f"{asked.same_as} sent no such message"
    elif [line.data for line in _lines(first)] != [line.data for line in lines]:
        yield wanted, f"others than in {first}"


def _mode(octets: bytes) -> str:
    """The mode that a message belongs to, told from the message alone; its data type where no mode takes it."""
    try:
        message = Message.decode(octets)
    except DecodeError:
        return "unreadable"
    row = row_of_message(message) or row_of_answer(message)
    return row.mode.value if row is not None else str(message.header.data_type)


def check_messages(asked: MessagesExpected, evidence: Evidence) -> Failure | None:
    """As many messages of that name were sent, lost and received as asked, repetitions included."""
    name = str(asked.named)
    found = evidence.named(asked.from_, name, given(asked.to))
    counts = {
        "sent": len(found),
        "lost": sum(seen.lost for seen in found),
        "arrived": sum(seen.arrived for seen in found),
    }
    if asked.sent is UNSET and not found:
        return Failure(
            expected=f"{asked.from_} sends {name}, so that something can be true of it",
            step=evidence.step(1 << 62, asked.from_),
            came="none was sent",
            nearest=_nearest(found, evidence, asked.from_),
        )
    for word, count in counts.items():
        wanted = given(getattr(asked, word))
        if wanted is not None and not fits(count, wanted):
            return Failure(
                expected=f"{say_count(wanted)} {name} of {asked.from_} {word}",
                step=evidence.step(1 << 62, asked.from_),
                came=", ".join(f"{number} {counted}" for counted, number in counts.items()),
                nearest=_nearest(found, evidence, asked.from_),
            )
    return None


def _nearest(found: Sequence[SipSeen], evidence: Evidence, sender: str) -> str:
    return nearest_message(found) or nearest_message(seen for seen in evidence.messages if seen.sent.party == sender)
