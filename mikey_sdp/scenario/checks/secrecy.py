"""Expectations on secrecy: who could have made which key, as the attacker of `attack` finds it, and two-time pads.

Each time the attacker is also given the party's own secrets. If he finds nothing with those, his failure without them
shows nothing, and no expectation holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from mikey_sdp.errors import UsageError
from mikey_sdp.scenario.attack import Seen, attack, proved, rests_on_a_secret
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import given
from mikey_sdp.scenario.evidence import Evidence
from mikey_sdp.scenario.expect_keys import KeysExpected
from mikey_sdp.scenario.pads import two_time_pads
from mikey_sdp.scenario.reading import parties_of
from mikey_sdp.scenario.units import say_us
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import KeysInstalled

Miss = tuple[str, str, tuple[str, ...]]
"""What was expected, what came, and whom it concerns."""

_LATER: Final = ("*",)
"""Who recorded everything, what TLS carried too, and got all secrets that are kept."""


def secrecy_misses(asked: KeysExpected, evidence: Evidence) -> Iterator[Miss]:
    """Everything about the secrecy of keys that is not as asked.

    Raises: UsageError for a run that nobody witnessed.
    """
    for party, others in (given(asked.unknown_to) or {}).items():
        for other in others:
            yield from _made(evidence, party, (other,), f"{other} can make no key of {party}")
    for party, others in (given(asked.known_to) or {}).items():
        for other in others:
            yield from _not_made(evidence, party, (other,), f"{other} can make a key of {party}")
    for party in given(asked.forward_secret) or ():
        yield from _made(evidence, party, _LATER, f"no key of {party} follows from secrets that leak")
    for party in given(asked.not_forward_secret) or ():
        yield from _not_made(evidence, party, _LATER, f"a key of {party} follows from secrets that leak")
    if pair := given(asked.private):
        one, other = pair
        for name in parties_of(evidence.scenario):
            if name not in pair:
                wanted = f"{name} can make no key of {one} for media with {other}"
                yield from _made(evidence, one, (name,), wanted, peer=other)


def _made(
    evidence: Evidence, party: str, who: tuple[str, ...], wanted: str, *, peer: str | None = None
) -> Iterator[Miss]:
    """Somebody can make a key of a party, or would be found to be unable to whatever he held."""
    held, peers = _held(evidence, party, peer)
    witness = witness_of(evidence)
    own = _keys(witness, (party, *peers))
    if not held:
        yield wanted, f"{party} holds no key at all", (party,)
    elif made := (_keys(witness, who) | witness.bare) & held:
        yield wanted, f"{', '.join(sorted(made))} can be made", (party,)
    elif missed := held - own:
        came = (
            f"{', '.join(sorted(missed))} can't be made with the secrets of {party} either, so that this shows nothing"
        )
        yield wanted, came, (party,)
    elif not _keys(witness, (party, *peers), proof=True) & held:
        yield wanted, f"no packet of {party} opens with its own secrets either, so that this shows nothing", (party,)


def _not_made(evidence: Evidence, party: str, who: tuple[str, ...], wanted: str) -> Iterator[Miss]:
    held, _ = _held(evidence, party, None)
    if not held:
        yield wanted, f"{party} holds no key at all", (party,)
    elif not _keys(witness_of(evidence), who, proof=True) & held:
        yield wanted, "none of them opens a packet", (party,)


def _held(evidence: Evidence, party: str, peer: str | None) -> tuple[frozenset[str], tuple[str, ...]]:
    """The keys that a party installed, or those for one peer, by their fingerprints; and for whom."""
    installed = evidence.of(KeysInstalled, lambda record: record.party == party and peer in (None, record.peer))
    peers = tuple(sorted({record.peer for record in installed}))
    return frozenset(record.fingerprint for record in installed), peers


def _keys(witness: Witness, who: tuple[str, ...], *, proof: bool = False) -> frozenset[str]:
    """The keys that somebody makes who listens wherever one can and holds all that these hold; with `proof` only those
    that open a packet."""
    if (who, proof) not in witness.made:
        later = who == _LATER
        passed = witness.capture.passed if later else witness.capture.open_to(*who)
        secrets = witness.all_long_term() if later else witness.secrets(who)
        media = [one for one in witness.capture.passed if one.is_media] if proof else ()
        derived = attack(Seen.of([one for one in passed if not one.is_media], media), secrets)
        witness.bare.update(one.sa.master_key.fingerprint() for one in derived if not rests_on_a_secret(one))
        found = proved(derived) if proof else derived
        witness.made[who, proof] = frozenset(one.sa.master_key.fingerprint() for one in found)
    return witness.made[who, proof]


def check_two_time_pad(asked: Literal["never", "found"], evidence: Evidence) -> Failure | None:
    """Two packets of the run share a key stream, or none do."""
    witness = witness_of(evidence)
    found = two_time_pads(witness.capture.passed, witness.keys)
    if asked == "never" and not any(one.is_media for one in witness.capture.passed):
        return Failure(expected="packets, none of two under one key stream", came="no packet was sent at all")
    if bool(found) is (asked == "found"):
        return None
    if not found:
        packets = sum(one.is_media for one in witness.capture.passed)
        return Failure(expected="two packets under one key stream", came=f"none among {packets}")
    pad = found[0]
    return Failure(
        expected="no two packets under one key stream",
        came=f"{len(found)} pairs, one under key {pad.fingerprint} with SSRC {pad.ssrc:08x} and index {pad.index}",
        nearest=f"from {pad.first.party} at {say_us(pad.first.at_us)}, "
        f"from {pad.second.party} at {say_us(pad.second.at_us)}",
    )


def witness_of(evidence: Evidence) -> Witness:
    """Who saw the run.

    Raises: UsageError for a run that nobody witnessed.
    """
    if evidence.witness is None:
        raise UsageError("who could make which key can only be told of a run that was witnessed")
    return evidence.witness
