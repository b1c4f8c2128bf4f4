"""The selection of a mode before an offer, after the rules of RFC 5197 section 5.

The rules are rows of a table: when the facts meet a row's conditions, it fires and names its mode. Every row is looked
at, so that the decision can say which rules fired and in which order of preference, and a refusal why none did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import PolicyRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the caller knows when it must choose how to key a call.

    Keeps: `credentials`, the names of the modes that a credential at hand makes possible with this peer ("NULL" only
    where it was opted into); `secure_carrier`, whether the signalling's transport was declared secure; `allowed`, the
    modes that the program narrows the choice to, None for all; `forward_secrecy`, whether a key that leaks later must
    not open what was recorded before, for which both ends must contribute.
    """

    credentials: frozenset[str]
    secure_carrier: bool = False
    forward_secrecy: bool = False
    allowed: frozenset[str] | None = None

    def usable(self, mode: str) -> bool:
        """Whether a credential for the mode is at hand and the program allows the mode."""
        return mode in self.credentials and (self.allowed is None or mode in self.allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that a rule asks of the facts; `lacking` says in a trace what was missing when it fails."""

    holds: Callable[[Facts], bool]
    lacking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table: with all conditions met, `mode` is the rule's choice because of `why`."""

    name: str
    section: str
    mode: str
    conditions: tuple[Condition, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule whose conditions the facts met, and what it speaks for."""

    rule: str
    section: str
    mode: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The mode that an offer uses, what to try after it in that order, and the rules behind both."""

    mode: str
    alternatives: tuple[str, ...]
    why: str
    fired: tuple[Fired, ...]


_PROTECTED_MODES: Final = ("PSK", "DHHMAC", "RSA", "RSA-R", "DHSIGN", "ECIES", "ECMQV")


def _usable(mode: str, lacking: str) -> Condition:
    return Condition(holds=lambda facts: facts.usable(mode), lacking=lacking)


_ASKED_FOR: Final = Condition(
    holds=lambda facts: facts.allowed is not None, lacking="experimental modes are used only where they are asked for"
)
_NO_SECRECY_ASKED: Final = Condition(
    holds=lambda facts: not facts.forward_secrecy, lacking="forward secrecy is asked for"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="5197-5-R1",
        section="RFC 5197 section 5, rule 1",
        mode="PSK",
        conditions=(_usable("PSK", "no pre-shared key for this peer may be used"), _NO_SECRECY_ASKED),
        why="a key is shared with the peer beforehand",
    ),
    Rule(
        name="5197-5-R2",
        section="RFC 5197 section 5, rule 2",
        mode="DHHMAC",
        conditions=(_usable("DHHMAC", "no pre-shared key for this peer may authenticate a Diffie-Hellman exchange"),),
        why="a key is shared with the peer, and both ends contribute",
    ),
    Rule(
        name="5197-5-R3",
        section="RFC 5197 section 5, rule 3",
        mode="RSA",
        conditions=(_usable("RSA", "no RSA certificate of this peer is known beforehand"), _NO_SECRECY_ASKED),
        why="the peer's certificate is known beforehand",
    ),
    Rule(
        name="5197-5-R4",
        section="RFC 5197 section 5, rule 4",
        mode="RSA-R",
        conditions=(_usable("RSA-R", "no RSA certificate of our own may be used"), _NO_SECRECY_ASKED),
        why="our certificate goes with the offer, and the peer's need not be known",
    ),
    Rule(
        name="5197-5-R5",
        section="RFC 5197 section 5, rule 5",
        mode="DHSIGN",
        conditions=(_usable("DHSIGN", "no certificate of our own may be used"),),
        why="both ends have certificates and contribute",
    ),
    Rule(
        name="5197-4.1.1",
        section="RFC 5197 section 4.1.1",
        mode="ECIES",
        conditions=(
            _usable("ECIES", "no certificate of this peer on a curve is known"),
            _ASKED_FOR,
            _NO_SECRECY_ASKED,
        ),
        why="the peer's certificate, on a curve, is known beforehand",
    ),
    Rule(
        name="5197-4.1.2",
        section="RFC 5197 section 4.1.2",
        mode="ECMQV",
        conditions=(_usable("ECMQV", "no certificate of our own on a curve may be used"), _ASKED_FOR),
        why="both ends have certificates on curves and contribute",
    ),
    Rule(
        name="5197-5-R6",
        section="RFC 5197 section 5, rule 6",
        mode="NULL",
        conditions=(
            _usable("NULL", "unprotected MIKEY was not opted into"),
            # The rule speaks of a caller with nothing better: an unprotected key is no fallback of a protected one.
            Condition(
                holds=lambda facts: not any(facts.usable(mode) for mode in _PROTECTED_MODES),
                lacking="a protected mode is at hand",
            ),
            Condition(holds=lambda facts: facts.secure_carrier, lacking="the carrier was not declared secure"),
        ),
        why="nothing protects the key itself, but the carrier was declared secure",
    ),
)


def select(facts: Facts) -> Decision:
    """The mode for one offer, with every rule that fired.

    Raises: PolicyRefused when no rule fires; its reason goes through the table row by row.
    Source: RFC 5197 section 5.
    """
    fired = [
        Fired(rule=rule.name, section=rule.section, mode=rule.mode, why=rule.why)
        for rule in RULES
        if all(condition.holds(facts) for condition in rule.conditions)
    ]
    if not fired:
        raise _refusal(facts)
    first = fired[0]
    modes = tuple(dict.fromkeys(entry.mode for entry in fired))
    return Decision(mode=first.mode, alternatives=modes[1:], why=f"{first.why} ({first.section})", fired=tuple(fired))


def _refusal(facts: Facts) -> PolicyRefused:
    """The refusal that names, for the rule that came nearest, what it lacked, and the facts."""
    lacks = [[condition.lacking for condition in rule.conditions if not condition.holds(facts)] for rule in RULES]
    nearest = min(range(len(RULES)), key=lambda row: (len(lacks[row]), RULES[row].mode not in facts.credentials))
    reasons = "; ".join(f"{rule.mode}: {', '.join(lack)}" for rule, lack in zip(RULES, lacks, strict=True))
    return PolicyRefused(
        RULES[nearest].name,
        f"no mode fits this call: {reasons}",
        facts={
            "credentials": ", ".join(sorted(facts.credentials)) or "none",
            "secure carrier": facts.secure_carrier,
            "allowed": "all" if facts.allowed is None else ", ".join(sorted(facts.allowed)) or "none",
        },
    )
