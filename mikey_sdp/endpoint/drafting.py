"""The body of an offer with its messages: one at each level, or several for whoever the call may reach.

Source: RFC 4567 sections 4.1.1 and 4.1.2, RFC 5197 sections 5 and 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mikey_sdp.endpoint.choosing import Choice, choice_for, choice_of_recipient
from mikey_sdp.endpoint.proposing import Proposal, Target, opens_csb, propose
from mikey_sdp.endpoint.state import LegState
from mikey_sdp.endpoint.wishes import Recipient
from mikey_sdp.errors import PolicyRefused, UsageError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.policy import Decision
from mikey_sdp.sdp.key_mgmt import MIKEY
from mikey_sdp.sdp.line_order import order_extension
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.offer_answer import (
    KeyedLevel,
    fill_line,
    identifiers_extension,
    levels_for_offer,
    line_at,
    own_ssrcs,
    parse,
    place_lines,
    secured,
    sending_media,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An offer's body, what stands in it at each level in order of preference, and how its mode was chosen.

    Keeps: `decision`, of several messages that of the first, and `choice`, by which another can be made for the one who
    was called; None where no CSB is opened and nothing was to be chosen.
    """

    body: SessionDescription
    proposals: Mapping[Level, tuple[Proposal, ...]]
    decision: Decision | None = None
    choice: Choice | None = None

    @property
    def octets(self) -> int:
        """How large the messages are that were made for this offer."""
        return sum(len(proposal.octets) for proposal in self._all if proposal.initiator is not None)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes of its messages, each once."""
        return tuple(dict.fromkeys(proposal.mode for proposal in self._all))

    @property
    def _all(self) -> list[Proposal]:
        return [proposal for proposals in self.proposals.values() for proposal in proposals]


def draft_offer(leg: LegState, sdp: str, *, rekey: bool, choice: Choice | None = None) -> Draft:
    """An offer with one message at each level, first or later.

    Where the offer of the mode of choice turns out larger than the budget allows, the next one is tried.
    Raises: DecodeError, UsageError, PolicyRefused.
    """
    plan = _Plan.of(leg, sdp, rekey=rekey, messages=1)
    if not any(opens_csb(leg, keyed, rekey) for keyed in plan.levels):
        standing = next(iter(leg.levels.values())).mode
        return plan.draft([(leg, Target(mode=standing))])
    choice = choice or choice_for(leg)
    while True:
        decision = choice.decide()
        draft = plan.draft([(leg, Target(mode=Mode(decision.mode)))])
        budget = leg.core.options.max_octets
        if budget is None or draft.octets <= budget:
            return replace(draft, decision=decision, choice=choice)
        choice = choice.measured(decision.mode, draft.octets)


def draft_several(leg: LegState, sdp: str, recipients: Sequence[Recipient]) -> Draft:
    """A first offer with a message for each of several recipients, in order of preference.

    Raises: DecodeError, UsageError, PolicyRefused; also for an unprotected message, which would let whoever changes the
    offer on its way choose it for all of them, and where nothing would say which message was taken.
    """
    if not leg.core.options.verification:
        raise UsageError("several messages need verification: without an answer nobody knows which of them was taken")
    plan = _Plan.of(leg, sdp, rekey=True, messages=len(recipients))
    decisions = [choice_of_recipient(replace(leg, peer=one.peer), one).decide() for one in recipients]
    if any(decision.mode == Mode.NULL for decision in decisions):
        raise PolicyRefused("null-stands-alone", "an unprotected message can't stand beside others")
    targets = [
        (replace(leg, peer=one.peer, names_peer=True), Target(mode=Mode(decision.mode), certificate=one.certificate))
        for one, decision in zip(recipients, decisions, strict=True)
    ]
    draft = plan.draft(targets)
    budget = leg.core.options.max_octets
    if budget is not None and draft.octets > budget:
        raise PolicyRefused(
            "message-size", "the messages are larger than the budget", facts={"octets": draft.octets, "budget": budget}
        )
    return replace(draft, decision=decisions[0], choice=choice_for(leg))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A body with room for the messages to come."""

    body: SessionDescription
    levels: tuple[KeyedLevel, ...]
    identifiers: str
    rekey: bool

    @classmethod
    def of(cls, leg: LegState, sdp: str, *, rekey: bool, messages: int) -> _Plan:
        body = secured(parse(sdp, "own SDP"))
        levels = levels_for_offer(body, leg.choice, leg.apart)
        body, identifiers = place_lines(body, levels, leg.others, messages=messages)
        return cls(body=body, levels=levels, identifiers=identifiers, rekey=rekey)

    def draft(self, targets: Sequence[tuple[LegState, Target]]) -> Draft:
        """The body with the messages for these targets at each of its levels."""
        body, ssrcs, sending = self.body, own_ssrcs(self.body), sending_media(self.body)
        proposals: dict[Level, tuple[Proposal, ...]] = {}
        taken: set[int] = set()
        for keyed in self.levels:
            made: list[Proposal] = []
            for number, (leg, target) in enumerate(targets):
                extensions = [identifiers_extension(self.identifiers)]
                if len(targets) > 1:
                    extensions.append(order_extension(body, line_at(body, keyed.level, MIKEY, number)))
                target = replace(target, extensions=tuple(extensions), taken=frozenset(taken))
                proposal = propose(leg, keyed, target, ssrcs, self.rekey, sends=bool(sending & {*keyed.media}))
                body = fill_line(body, keyed.level, proposal.octets, number=number)
                made.append(proposal)
                taken.add(proposal.csb_id)
            proposals[keyed.level] = tuple(made)
        return Draft(body=body, proposals=proposals)
