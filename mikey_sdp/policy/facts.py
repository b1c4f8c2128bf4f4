"""What is known when a mode must be chosen, or an offered mode be judged.

Source: RFC 5197 section 5.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Conference(enum.StrEnum):
    """Our part in a conference whose members share one key. # RFC 5197 section 5.4"""

    NONE = "none"
    FOCUS = "focus"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one offer in a mode costs here, as measured by whoever asks.

    Units: octets of the I_MESSAGE; microseconds of our own time for the message, and for each answer.
    """

    octets: int
    offer_us: int
    answer_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the caller knows when it must choose how to key a call.

    Keeps: `credentials`, the names of the modes that a credential at hand makes possible with this peer ("NULL" only
    where it was opted into); `secure_carrier`, whether the signalling's transport was declared secure; `allowed`, the
    modes that the program narrows the choice to, None for all; `rejected`, those that the peer refused already, which
    are not among `credentials` any more; `protected_before`, whether the call was redirected after
    an offer in a protected mode; `forward_secrecy`, whether a key that leaks later must not open what was recorded
    before; `both_contribute`, whether the peer is known to want a part in the key;
    `forking`, whether several targets may answer; `retargeting`, whether somebody else than the called party may, whom
    the caller would accept; `early_media`, whether media may come before the answer does;
    `conference`, our part in one; `costs` by mode, `octets` and `time_us`, the budgets that they must fit.
    Units: `answers` is how many answers are expected, for the time budget.
    """

    credentials: frozenset[str]
    secure_carrier: bool = False
    forward_secrecy: bool = False
    both_contribute: bool = False
    forking: bool = False
    retargeting: bool = False
    early_media: bool = False
    conference: Conference = Conference.NONE
    allowed: frozenset[str] | None = None
    rejected: frozenset[str] = frozenset()
    protected_before: bool = False
    costs: Mapping[str, Cost] = field(default_factory=dict)
    octets: int | None = None
    time_us: int | None = None
    answers: int = 1

    def usable(self, mode: str) -> bool:
        """Whether a credential for the mode is at hand and the program allows the mode."""
        return mode in self.credentials and (self.allowed is None or mode in self.allowed)

    def too_large(self, mode: str) -> bool:
        """Whether the mode's offer is known to exceed the budget of octets."""
        cost = self.costs.get(mode)
        return cost is not None and self.octets is not None and cost.octets > self.octets

    def too_slow(self, mode: str) -> bool:
        """Whether the mode is known to take more of our time than the budget has."""
        cost = self.costs.get(mode)
        return (
            cost is not None
            and self.time_us is not None
            and cost.offer_us + self.answers * cost.answer_us > self.time_us
        )
