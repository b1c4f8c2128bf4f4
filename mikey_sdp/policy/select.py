"""The selection of a mode, after the rules of RFC 5197 section 5.

Every row of the tables is looked at, so that a decision can say which rules fired, which of them were overruled and by
what, and a refusal why none was left.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.policy.facts import Facts
from mikey_sdp.policy.rules import DRAWBACKS, REQUIREMENTS, RULES, Objection, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule whose conditions the facts met, what it speaks for, and the `run` that bears it out."""

    rule: str
    section: str
    mode: str
    why: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """A mode that a rule spoke for and that something else ruled out (`rule`, `section`, `why`)."""

    mode: str
    rule: str
    section: str
    why: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The mode that an offer uses, what to try after it in that order, and the rules behind both.

    Keeps: `overruled`, modes that were possible and are not to be used; `drawbacks`, what speaks against modes
    that are left all the same, which puts those without them first.
    """

    mode: str
    alternatives: tuple[str, ...]
    why: str
    fired: tuple[Fired, ...]
    overruled: tuple[Overruled, ...] = ()
    drawbacks: tuple[Overruled, ...] = ()

    def drawbacks_of(self, mode: str) -> tuple[Overruled, ...]:
        """What speaks against one of the modes that are left."""
        return tuple(entry for entry in self.drawbacks if entry.mode == mode)


def select(facts: Facts) -> Decision:
    """The mode for one offer, with every rule that fired.

    Raises: PolicyRefused when nothing is left; its reason goes through the table row by row.
    Source: RFC 5197 section 5.
    """
    spoken_for = [rule for rule in RULES if all(condition.holds(facts) for condition in rule.conditions)]
    overruled = tuple(found for rule in spoken_for for found in _against(REQUIREMENTS, facts, rule.mode)[:1])
    gone = {entry.mode for entry in overruled}
    left = [rule for rule in spoken_for if rule.mode not in gone]
    if not left:
        raise _refusal(facts, overruled)
    ranked = sorted(left, key=lambda rule: _weight(facts, rule.mode))  # stable: the RFC's order among equals
    first = ranked[0]
    return Decision(
        mode=first.mode,
        alternatives=tuple(rule.mode for rule in ranked[1:]),
        why=f"{first.why} ({first.section})",
        fired=tuple(_fired(rule) for rule in ranked),
        overruled=overruled,
        drawbacks=tuple(found for rule in ranked for found in _against(DRAWBACKS, facts, rule.mode)),
    )


def after_rejection(facts: Facts, tried: Collection[str]) -> Decision:
    """The choice for another offer after the peer rejected those modes.

    An unprotected mode never takes the place of a protected one that was refused.
    Raises: PolicyRefused.
    Source: RFC 4567 section 4.1.1; RFC 5197 section 5.
    """
    left = frozenset(facts.credentials - set(tried) - {"NULL"})
    return select(replace(facts, credentials=left, rejected=facts.rejected | set(tried)))


def _fired(rule: Rule) -> Fired:
    return Fired(rule=rule.name, section=rule.section, mode=rule.mode, why=rule.why, run=rule.run)


def _against(table: tuple[Objection, ...], facts: Facts, mode: str) -> tuple[Overruled, ...]:
    return tuple(
        Overruled(mode=mode, rule=row.name, section=row.section, why=row.why, run=row.run)
        for row in table
        if row.applies(facts) and row.concerns(facts, mode)
    )


def _weight(facts: Facts, mode: str) -> tuple[bool, ...]:
    """How much speaks against a mode, the weightiest drawback first."""
    return tuple(row.applies(facts) and row.concerns(facts, mode) for row in DRAWBACKS)


def _refusal(facts: Facts, overruled: tuple[Overruled, ...]) -> PolicyRefused:
    """The refusal that names, for the rule that came nearest, what it lacked, and the facts."""
    against = {entry.mode: entry for entry in overruled}
    asked = [rule for rule in RULES if facts.allowed is None or rule.mode in facts.allowed]
    lacks = {rule: _lacking(facts, rule, against.get(rule.mode)) for rule in asked}
    nearest = min(asked or RULES, key=lambda rule: (len(lacks.get(rule, ())), rule.mode not in facts.credentials))
    reasons = "; ".join(f"{rule.mode}: {', '.join(lack)}" for rule, lack in lacks.items())
    return PolicyRefused(
        nearest.name,
        f"no mode fits this call: {reasons or 'the program allows none at all'}",
        facts={
            "credentials": ", ".join(sorted(facts.credentials)) or "none",
            "secure carrier": facts.secure_carrier,
            "allowed": "all" if facts.allowed is None else ", ".join(sorted(facts.allowed)) or "none",
        },
    )


def _lacking(facts: Facts, rule: Rule, against: Overruled | None) -> list[str]:
    """What keeps a mode from being offered, of those that the program allows."""
    if rule.mode in facts.rejected:
        return ["rejected already"]
    if rule.mode == "NULL" and facts.rejected:
        return ["never takes the place of a mode that was rejected"]
    lacks = [condition.lacking for condition in rule.conditions if not condition.holds(facts)]
    return lacks if against is None else [*lacks, against.why]
