"""Expectations on keys: who holds which, whom it was refused, and what an attacker came to.

Keys are compared by the fingerprints of their records; no key is known here. `secrecy` asks who could make a key.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import UNSET

from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.secrecy import Miss, secrecy_misses
from mikey_sdp.scenario.checks.words import fits, given, say_count
from mikey_sdp.scenario.evidence import Evidence, SipSeen, nearest_message
from mikey_sdp.scenario.expect import AttackExpected, KeyManagementFailedExpected
from mikey_sdp.scenario.expect_keys import KeysExpected
from mikey_sdp.scenario.units import say_us
from mikey_sdp.trace import AttackMade, CallChanged, KeyManagementFailed, KeysInstalled

_ALWAYS: Final = 1 << 62


def check_keys(asked: KeysExpected, evidence: Evidence) -> Failure | None:
    """Who holds which media keys is as asked."""
    miss = next(_misses(asked, evidence), None)
    if miss is None:
        return None
    expected, came, parties = miss
    installed = evidence.of(KeysInstalled, lambda record: record.party in parties)
    nearest = ""
    if installed:
        last = installed[-1]
        nearest = f"{last.party} took a key to {last.direction} media of {last.peer} at {say_us(last.at_us)}"
    return Failure(
        expected=expected,
        step=evidence.step(_ALWAYS, *parties),
        came=came,
        nearest=nearest or nearest_message(evidence.messages),
    )


def _misses(asked: KeysExpected, evidence: Evidence) -> Iterator[Miss]:
    """Everything that is not as asked."""
    yield from _miscompared(asked, evidence)
    for party in given(asked.changed) or ():
        if (came := _unchanged(evidence, party)) is not None:
            yield f"{party} replaces its keys by re-keying", came, (party,)
    for party in given(asked.none_at) or ():
        if held := _held(evidence, party):
            yield f"{party} installs no key", f"it installed {_say(held)}", (party,)
    for party, others in (given(asked.none_with) or {}).items():
        for other in others:
            if held := _with(evidence, party, other):
                yield f"{party} installs no key for media with {other}", f"it installed {_say(held)}", (party, other)
    yield from secrecy_misses(asked, evidence)


def _miscompared(asked: KeysExpected, evidence: Evidence) -> Iterator[Miss]:
    """Everything about the keys of several parties that is not as asked."""
    if asked.agreed is not UNSET:
        yield from _not_agreed(asked.agreed, evidence)
    if asked.different is not UNSET:
        yield from _not_different(asked.different, evidence)
    if asked.shared is not UNSET:
        yield from _not_shared(asked.shared, evidence)


def _not_agreed(pair: tuple[str, str], evidence: Evidence) -> Iterator[Miss]:
    for sender, receiver in (pair, (pair[1], pair[0])):
        sends, receives = _keys(evidence, sender, receiver, "send"), _keys(evidence, receiver, sender, "receive")
        if not sends or sends != receives:
            expected = f"{receiver} receives with the keys that {sender} sends with"
            yield expected, f"{sender}: {_say(sends)}; {receiver}: {_say(receives)}", pair


def _not_different(parties: tuple[str, ...], evidence: Evidence) -> Iterator[Miss]:
    for one, other in itertools.combinations(parties, 2):
        ours, theirs = _held(evidence, one), _held(evidence, other)
        if not ours or not theirs:
            yield f"{one} and {other} hold different keys", "one of them holds none", (one, other)
        elif ours & theirs:
            yield f"{one} and {other} hold different keys", f"both hold {_say(ours & theirs)}", (one, other)


def _not_shared(parties: tuple[str, ...], evidence: Evidence) -> Iterator[Miss]:
    """Whoever sends or receives, and under whichever crypto session: the last key of each is one of all."""
    first, *others = ({(0, fingerprint) for fingerprint in _last(evidence, party)} for party in parties)
    for party, held in zip(parties[1:], others, strict=True):
        if not first or first != held:
            came = f"{parties[0]}: {_say(first)}; {party}: {_say(held)}"
            yield f"{parties[0]} and {party} end with the same keys", came, (parties[0], party)


def _last(evidence: Evidence, party: str) -> set[str]:
    """The keys that a party came to use last, by m= line and crypto session."""
    last: dict[tuple[int, int], str] = {}
    for record in evidence.of(KeysInstalled, lambda record: record.party == party):
        last[record.media, record.cs_id] = record.fingerprint
    return set(last.values())


def _keys(evidence: Evidence, party: str, peer: str, direction: str) -> set[tuple[int, str]]:
    """The keys of a party for one direction of its media with a peer, by m= line."""
    return {
        (record.media, record.fingerprint)
        for record in evidence.of(KeysInstalled, lambda record: (record.party, record.peer) == (party, peer))
        if record.direction == direction
    }


def _held(evidence: Evidence, party: str) -> set[tuple[int, str]]:
    """Every key that a party ever installed; the same key counts as one, whatever it was for."""
    return {(0, record.fingerprint) for record in evidence.of(KeysInstalled, lambda record: record.party == party)}


def _with(evidence: Evidence, party: str, other: str) -> set[tuple[int, str]]:
    """Every key that a party installed for media with another, either way."""
    return _keys(evidence, party, other, "send") | _keys(evidence, party, other, "receive")


def _unchanged(evidence: Evidence, party: str) -> str | None:
    """Why a party's keys can't be said to have changed; None if they did, for every m= line and direction."""
    again = evidence.of(CallChanged, lambda record: record.party == party and record.state == "rekeyed")
    if not again:
        return "it was never re-keyed"
    first_us = again[0].at_us
    ways: dict[tuple[str, int, str], list[KeysInstalled]] = {}
    for record in evidence.of(KeysInstalled, lambda record: record.party == party):
        ways.setdefault((record.call_id, record.media, record.direction), []).append(record)
    for (call_id, media, direction), keys in ways.items():
        if call_id != again[0].call_id:
            continue
        fingerprints = {key.fingerprint for key in keys}
        if len(fingerprints) < 2:
            return f"m= line {media}, {direction}: one key, {keys[0].fingerprint}, before and after {say_us(first_us)}"
    return None


def _say(keys: set[tuple[int, str]]) -> str:
    return ", ".join(sorted(fingerprint for _, fingerprint in keys)) or "none"


def check_key_management_failed(asked: KeyManagementFailedExpected, evidence: Evidence) -> Failure | None:
    """The party refused key management in that way."""
    refusals = evidence.of(KeyManagementFailed, lambda record: _is_between(asked, record))
    if any(_is_asked(asked, record) for record in refusals):
        return None
    words = [f"{asked.at} refuses key management{'' if asked.with_ is UNSET else f' with {asked.with_}'}"]
    for word, value in (("MIKEY error", asked.mikey_error), ("status", asked.status), ("because:", asked.because)):
        if given(value) is not None:
            words.append(f"{word} {value}")
    others = evidence.of(KeyManagementFailed, lambda record: not _is_between(asked, record))
    return Failure(
        expected=", ".join(words),
        step=evidence.step(refusals[-1].at_us if refusals else _ALWAYS, asked.at),
        came="; ".join(_say_refusal(record) for record in refusals) or f"{asked.at} refused nothing",
        nearest=_say_refusal(others[-1]) if others and not refusals else nearest_message(evidence.messages),
    )


def _is_between(asked: KeyManagementFailedExpected, record: KeyManagementFailed) -> bool:
    return record.party == asked.at and given(asked.with_) in (None, record.peer)


def _is_asked(asked: KeyManagementFailedExpected, record: KeyManagementFailed) -> bool:
    error = given(asked.mikey_error)
    wanted_error = None if error == "none" else error
    if error is not None and record.mikey_error != wanted_error:
        return False
    if given(asked.status) not in (None, record.status):
        return False
    return (given(asked.because) or "").casefold() in record.reason.casefold()


def _say_refusal(record: KeyManagementFailed) -> str:
    error = "no MIKEY error" if record.mikey_error is None else f"MIKEY error {record.mikey_error}"
    status = "" if record.status is None else f", status {record.status}"
    return f"{record.party}, with {record.peer}, at {say_us(record.at_us)}: {record.reason} ({error}{status})"


def check_attack(asked: AttackExpected, evidence: Evidence) -> Failure | None:
    """The attacker acted as often as asked, and his messages failed or not, as asked."""
    acts = evidence.of(AttackMade, lambda record: record.party == asked.by)
    said = "; ".join(f"{act.text} at {say_us(act.at_us)}" for act in acts) or f"{asked.by} did nothing"
    if asked.made is not UNSET and not fits(len(acts), asked.made):
        return Failure(expected=f"{asked.by} acts {say_count(asked.made)} times", came=f"{len(acts)} times: {said}")
    if asked.failed is UNSET:
        return None
    sent = [seen for seen in evidence.messages if seen.sent.number in {act.number for act in acts}]
    if not sent:
        return Failure(expected=f"messages of {asked.by} that can fail", came=said)
    gains = _gains(asked.by, sent, evidence)
    if asked.failed is not bool(gains):
        return None
    return Failure(
        expected=f"messages of {asked.by} bring {'nothing' if asked.failed else 'a call or keys'}",
        came="; ".join(gains) or "nobody answered them or took keys from them",
        nearest=nearest_message(sent),
    )


def _gains(attacker: str, sent: Sequence[SipSeen], evidence: Evidence) -> list[str]:
    """What an attacker's messages brought about: keys at whoever they went to, and calls of his own that were taken."""
    keys = [
        f"{record.party} took keys at {say_us(record.at_us)}"
        for record in evidence.of(KeysInstalled)
        for seen in sent
        if (record.call_id, record.party) == (seen.call_id, seen.sent.to) and record.at_us >= seen.sent.at_us
    ]
    answers = evidence.of(CallChanged, lambda record: record.party == attacker and record.state == "answered")
    return [*keys, *(f"{attacker} was answered at {say_us(record.at_us)}" for record in answers)]
