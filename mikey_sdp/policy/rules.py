"""The rules of RFC 5197 as rows of tables: what speaks for a mode, what rules it out, what speaks against it.

A row that speaks for a mode fires when its conditions hold. A requirement takes the modes away that can't meet it; a
drawback leaves them and puts them behind those that don't have it.
Source: RFC 5197 sections 3, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.policy.facts import Conference, Facts

PUSHING: Final = frozenset({"PSK", "NULL", "RSA", "ECIES"})
"""The Initiator makes the keys, and they are there before any answer."""
BOUND_TO_TARGET: Final = frozenset({"PSK", "DHHMAC", "RSA", "ECIES"})
"""The offer is made with a key of the called party, and nobody else can answer it."""
PAIRWISE: Final = frozenset({"DHSIGN", "DHHMAC", "ECMQV", "DHSAML"})
"""Every pair of ends has a key of its own."""
PROTECTED: Final = ("PSK", "DHHMAC", "RSA", "RSA-R", "DHSIGN", "ECIES", "ECMQV", "DHSAML")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that a rule asks of the facts; `lacking` says in a trace what was missing when it fails."""

    holds: Callable[[Facts], bool]
    lacking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row that speaks for a mode: with all conditions met, `mode` is the rule's choice because of `why`.

    Keeps: `run`, what bears the row out: a scenario by its name, or a run of the matrix.
    """

    name: str
    run: str
    section: str
    mode: str
    conditions: tuple[Condition, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One row that speaks against modes: where `applies`, those that `concerns` picks, because of `why`.

    Keeps: `run`, as in a rule.
    """

    name: str
    run: str
    section: str
    applies: Callable[[Facts], bool]
    concerns: Callable[[Facts, str], bool]
    why: str


def _usable(mode: str, lacking: str) -> Condition:
    return Condition(holds=lambda facts: facts.usable(mode), lacking=lacking)


_ASKED_FOR: Final = Condition(
    holds=lambda facts: facts.allowed is not None, lacking="experimental modes are used only where they are asked for"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="5197-5-R1",
        run="policy-by-credentials",
        section="RFC 5197 section 5, rule 1",
        mode="PSK",
        conditions=(_usable("PSK", "no pre-shared key for this peer may be used"),),
        why="a key is shared with the peer beforehand",
    ),
    Rule(
        name="5197-5-R2",
        run="policy-wants-both-to-contribute",
        section="RFC 5197 section 5, rule 2",
        mode="DHHMAC",
        conditions=(_usable("DHHMAC", "no pre-shared key for this peer may authenticate a Diffie-Hellman exchange"),),
        why="a key is shared with the peer, and both ends contribute",
    ),
    Rule(
        name="5197-5-R3",
        run="policy-by-credentials",
        section="RFC 5197 section 5, rule 3",
        mode="RSA",
        conditions=(_usable("RSA", "no RSA certificate of this peer is known beforehand"),),
        why="the peer's certificate is known beforehand",
    ),
    Rule(
        name="5197-5-R4",
        run="policy-by-credentials",
        section="RFC 5197 section 5, rule 4",
        mode="RSA-R",
        conditions=(_usable("RSA-R", "no RSA certificate of our own may be used"),),
        why="our certificate goes with the offer, and the peer's need not be known",
    ),
    Rule(
        name="5197-5-R5",
        run="policy-by-credentials",
        section="RFC 5197 section 5, rule 5",
        mode="DHSIGN",
        conditions=(_usable("DHSIGN", "no certificate of our own may be used"),),
        why="both ends have certificates and contribute",
    ),
    Rule(
        name="5197-4.1.1",
        run="ecies",
        section="RFC 5197 section 4.1.1",
        mode="ECIES",
        conditions=(_usable("ECIES", "no certificate of this peer on a curve is known"), _ASKED_FOR),
        why="the peer's certificate, on a curve, is known beforehand",
    ),
    Rule(
        name="5197-4.1.2",
        run="ecmqv",
        section="RFC 5197 section 4.1.2",
        mode="ECMQV",
        conditions=(_usable("ECMQV", "no certificate of our own on a curve may be used"), _ASKED_FOR),
        why="both ends have certificates on curves and contribute",
    ),
    Rule(
        name="5197-3.6",
        run="dhsaml-call",
        section="RFC 5197 section 3.6",
        mode="DHSAML",
        conditions=(_usable("DHSAML", "no assertion of our SIP domain may be used"), _ASKED_FOR),
        why="a SIP domain vouches for our Diffie-Hellman key, and both ends contribute",
    ),
    Rule(
        name="5197-5-R6",
        run="null-over-tls",
        section="RFC 5197 section 5, rule 6",
        mode="NULL",
        conditions=(
            _usable("NULL", "unprotected MIKEY was not opted into"),
            # The rule speaks of a caller with nothing better: an unprotected key is no fallback of a protected one.
            Condition(
                holds=lambda facts: not any(facts.usable(mode) for mode in PROTECTED),
                lacking="a protected mode is at hand",
            ),
            # Anybody on the way can redirect a call, and would lead it to where nothing is protected.
            Condition(holds=lambda facts: not facts.protected_before, lacking="the call was offered protected before"),
            Condition(holds=lambda facts: facts.secure_carrier, lacking="the carrier was not declared secure"),
        ),
        why="nothing protects the key itself, but the carrier was declared secure",
    ),
)

REQUIREMENTS: Final[tuple[Objection, ...]] = (
    Objection(
        name="5197-5.5-T2-PFS",
        run="policy-by-credentials",
        section="RFC 5197 section 5, rules 2 and 5, and the second table of 5.5",
        applies=lambda facts: facts.forward_secrecy,
        concerns=lambda _facts, mode: mode not in PAIRWISE,
        why="forward secrecy is asked for, and a long-term key that leaks later opens this mode's recordings",
    ),
    Objection(
        name="5197-5.5-T2-involvement",
        run="policy-wants-both-to-contribute",
        section="RFC 5197 section 5, rules 2, 4 and 5, and the second table of 5.5",
        applies=lambda facts: facts.both_contribute,
        concerns=lambda _facts, mode: mode in PUSHING,
        why="the peer wants a part in the key, and in this mode the Initiator alone makes it",
    ),
    Objection(
        name="5197-5.4-focus",
        run="policy/shared-key-conference/baseline",
        section="RFC 5197 section 5.4",
        applies=lambda facts: facts.conference is Conference.FOCUS,
        concerns=lambda _facts, mode: mode not in PUSHING,
        why="a focus hands its conference key out in its own I_MESSAGE, which this mode can't carry",
    ),
    Objection(
        name="5197-5.4-member",
        run="policy/shared-key-conference/other-way-round",
        section="RFC 5197 section 5.4",
        applies=lambda facts: facts.conference is Conference.MEMBER,
        concerns=lambda _facts, mode: mode != "RSA-R",
        why="a member that initiates gets the conference key in the answer, which only RSA-R brings",
    ),
    Objection(
        name="message-size",
        run="policy-minds-the-size",
        section="RFC 3261 section 18.1.1",
        applies=lambda facts: facts.octets is not None,
        concerns=lambda facts, mode: facts.too_large(mode),
        why="its message is larger than the budget",
    ),
    Objection(
        name="time",
        run="policy-minds-the-time",
        section="RFC 5197 sections 3 and 5.2",
        applies=lambda facts: facts.time_us is not None,
        concerns=lambda facts, mode: facts.too_slow(mode),
        why="it takes more of our time than the budget has",
    ),
)

DRAWBACKS: Final[tuple[Objection, ...]] = (
    Objection(
        name="5197-5.2-key",
        run="policy-expects-a-fork",
        section="RFC 5197 section 5.2",
        applies=lambda facts: facts.forking,
        concerns=lambda _facts, mode: mode in PUSHING,
        why="every branch of a forked call gets the same key, or none can open it",
    ),
    Objection(
        name="5197-5.2-target",
        run="policy/secure-forking/nothing-shared",
        section="RFC 5197 section 5.2",
        applies=lambda facts: facts.forking,
        concerns=lambda _facts, mode: mode in BOUND_TO_TARGET,
        why="a branch without the key that the offer was made for can't answer",
    ),
    Objection(
        name="5197-5.3",
        run="policy/retarget/baseline",
        section="RFC 5197 section 5.3",
        applies=lambda facts: facts.retargeting,
        concerns=lambda _facts, mode: mode in BOUND_TO_TARGET,
        why="the offer is made for the called party, and whom the call is sent on to can't open it",
    ),
    Objection(
        name="5197-5.1",
        run="policy/early-media/baseline",
        section="RFC 5197 section 5.1",
        applies=lambda facts: facts.early_media,
        concerns=lambda _facts, mode: mode not in PUSHING,
        why="media that comes before the answer can't be decrypted when it arrives",
    ),
)
"""In order of weight: a key in too many hands is worse than a clipped greeting."""
