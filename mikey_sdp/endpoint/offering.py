"""Making an offer, and taking the answers to it.

Source: RFC 4567 sections 4.1.1 and 4.1.2, RFC 3830 section 4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mikey_sdp.endpoint.choosing import Choice, choice_for_target
from mikey_sdp.endpoint.drafting import Draft, draft_offer, draft_several
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.sessions import LiveSessions
from mikey_sdp.endpoint.settling import Branches, settle
from mikey_sdp.endpoint.state import LegState
from mikey_sdp.endpoint.wishes import Recipient
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.sdp.offer_answer import SECTION, check_answer_profiles, parse, received_levels
from mikey_sdp.srtp.profile import profile_of

NOTHING_TO_CHOOSE: Final = "the CSB that stands decides (RFC 3830 section 4.5)"
SAME_IN_EVERY_MODE: Final = frozenset(
    {ErrorNo.INVALID_TS, ErrorNo.INVALID_ID, ErrorNo.INVALID_SP, ErrorNo.INVALID_SPPAR}
)
"""Reported causes that lie in clocks, names and policies: another mode has the same ones."""


class Offer:
    """An SDP offer on its way, and the only way to take its answers.

    Each answer of a forked call is one `accept`, which gives a key set and a leg of its own.
    Keeps: `sdp`; `mode`, that of its (first) message, and `modes`, those of all; `decision`, how the policy chose it,
    with what else there would be, None where a CSB that stands decides; `why`, the reason in words; `keys`, usable for
    media that comes before any answer, None where the answer contributes to the keys # [4567-4.1.2-24], or where
    nobody knows yet which of several messages is taken.
    """

    def __init__(self, leg: LegState, draft: Draft, *, rekey: bool, recipients: Sequence[Recipient]) -> None:
        self._leg = leg
        self._draft = draft
        self._rekey = rekey
        self._recipients = tuple(recipients)
        self._branches = Branches()
        self.sdp = str(draft.body)
        self.modes = draft.modes
        self.mode = draft.modes[0]
        self.decision = draft.decision
        self.why = NOTHING_TO_CHOOSE if draft.decision is None else draft.decision.why
        self._early_sessions = LiveSessions()
        self.keys = self._early_keys(self._early_sessions)

    def __repr__(self) -> str:
        return f"Offer(mode={self.mode}, to={self._leg.peer!r}, {len(self.sdp)} characters)"

    def early(self) -> KeySet | None:
        """Keys for what one more sender sends before any answer, with sessions of their own; None as for `keys`.

        Who has the answer of that sender gives them to `accept`, so that the call goes on with what was received.
        """
        return self._early_keys(LiveSessions())

    def accept(self, answer: str, *, retarget: bool = False, early: KeySet | None = None) -> KeySet:
        """Take one answer; on failure nothing is installed and the offer can take another one.

        `retarget` allows an answer by another party than the one called; `early` are keys under which media of the one
        who answers came already.
        Raises: DecodeError for a malformed answer; PeerError where it proves nothing, leaves a stream unprotected or
        comes from another identity; ErrorReported (a PeerError) for a MIKEY Error message; UsageError when the call
        within which the offer was made is over or has other keys by now.
        """
        self._check_still_valid()
        body = parse(answer, "answer")
        in_use = check_answer_profiles(self._draft.body, body)
        said = {received.line.level: received.line.data for received in received_levels(body)}
        levels = {
            level: state
            for level, proposals in self._draft.proposals.items()
            if (
                state := settle(
                    proposals,
                    said.get(level),
                    in_use=in_use,
                    retarget=retarget,
                    profile=self._leg.core.options.profile,
                )
            )
            is not None
        }
        if not levels:
            raise PeerError("the answer takes none of the secured streams", mikey_error=None, section=SECTION)
        proved = [state.peer for state in levels.values()]
        for peer in proved:
            check_peer(expected=proved[0], proved=peer)
        advice = self._branches.check(levels.values(), in_use)
        leg = self._leg if self._leg.levels else self._new_leg(early)
        keys = leg.install(levels, in_use, send_now=True)
        if early is None:
            self._early_sessions = LiveSessions()
        self._branches.add(levels.values(), in_use)
        keys.advice = (*keys.advice, *advice)
        return keys

    def _check_still_valid(self) -> None:
        for level, (proposal, *_others) in self._draft.proposals.items():
            now = self._leg.levels.get(level)
            if proposal.before is not None and (now is None or now.bundle != proposal.before.bundle):
                raise UsageError("the call within which this was offered is over, or has other keys by now")

    def _new_leg(self, early: KeySet | None) -> LegState:
        """A leg for one answer. It takes over the sessions of media before the answer, the first one those of `keys`
        if it is told of no others, so that no packet index is used twice under one key."""
        sessions = self._early_sessions if early is None else early.sessions
        return replace(self._leg, levels={}, sessions=sessions, retired=set(), holder=object())

    def retry(self, refusal: ErrorReported, sdp: str) -> Offer:
        """Another offer, with the first policy that the refusing peer named and we can run. # [4567-4.1.1-15]

        Raises: PolicyRefused for a refusal that proves nothing, or names nothing that we could use.
        """
        if refusal.advisory:
            raise PolicyRefused("no-retry-on-hints", "an unauthenticated Error message must not weaken an offer")
        for policy in refusal.policies:
            try:
                parameters = SrtpParameters.from_payload(policy)
                profile_of(parameters)
            except PeerError:
                continue
            leg = self._leg
            if leg.levels:
                leg.srtp = parameters
            else:
                leg = replace(leg, srtp=parameters)
            return make_offer(leg, sdp, rekey=self._rekey, choice=self._draft.choice, recipients=self._recipients)
        raise PolicyRefused("no-common-policy", "the peer names no SRTP policy that can be run here")

    def next_mode(self, sdp: str, *, refusal: ErrorReported | None = None) -> Offer:
        """Another offer, in the next mode that fits, after the peer rejected this one (SIP: 488). # [5197-5-6]

        An unprotected mode never takes the place of a protected one. Anybody on the way can say 488, so a rejection
        leads to modes only that would have been good enough for the first offer.
        `refusal` is what the peer said in MIKEY, if anything.
        Raises: PolicyRefused where nothing is left, or for a cause that is the same in every mode; DecodeError and
        UsageError for the SDP, UsageError also where no mode was chosen.
        """
        choice = self._draft.choice
        if choice is None:
            raise UsageError("the offer goes on with a CSB that stands, so there is no other mode for it")
        if refusal is not None and refusal.error_nos and SAME_IN_EVERY_MODE.issuperset(refusal.error_nos):
            said = ", ".join(map(str, refusal.error_nos))
            raise PolicyRefused("not-for-the-mode", f"another mode does not mend what the peer reports: {said}")
        return make_offer(self._leg, sdp, rekey=self._rekey, choice=choice.rejected(self.modes))

    def redirected(self, sdp: str, *, to: str, secure_carrier: bool = False) -> Offer:
        """The offer for the new target of a call that was redirected (SIP: 3xx): a new CSB, in a mode that is chosen
        again, with the credentials for that target. # [5197-5.3-3]

        Anybody on the way can say 3xx, so what was offered protected is not offered unprotected to somebody else.
        `secure_carrier` is declared anew, since the way to that target is another.
        Raises: DecodeError and UsageError for the SDP, PolicyRefused where no mode fits the new target.
        """
        if self._leg.levels:
            raise UsageError("a call that was answered is not redirected any more")
        leg = replace(self._leg, peer=to, secure_carrier=secure_carrier, levels={}, sessions=LiveSessions())
        return make_offer(leg, sdp, choice=choice_for_target(leg, self.modes))

    def _early_keys(self, sessions: LiveSessions) -> KeySet | None:
        parts, peer = [], self._leg.peer
        for proposal, *others in self._draft.proposals.values():
            bundle = proposal.initiator.early_bundle if proposal.initiator else None
            if others or proposal.before is not None or bundle is None:
                return None
            parts.append(KeyedMedia(keyed=proposal.keyed, bundle=bundle, initiated=True))
            peer = proposal.peer
        in_use = [media for part in parts for media in part.keyed.media]
        return KeySet(parts, in_use=in_use, mode=self.mode, peer=peer, sessions=sessions)


def make_offer(
    leg: LegState,
    sdp: str,
    *,
    rekey: bool = False,
    choice: Choice | None = None,
    recipients: Sequence[Recipient] = (),
) -> Offer:
    """An offer on a leg, first or later.

    A first offer opens a CSB at each level. A later one repeats its messages while nothing changes; it updates the
    CSB to change keys or to add m= lines if we opened it, and opens a new one if the peer did. # [4567-4.1.2-18]
    `choice` is how the mode is chosen where the facts at hand are not all; `recipients` are for whom a first offer has
    messages, where it has several.
    Raises: DecodeError, UsageError, PolicyRefused.
    """
    draft = draft_several(leg, sdp, recipients) if recipients else draft_offer(leg, sdp, rekey=rekey, choice=choice)
    return Offer(leg, draft, rekey=rekey, recipients=recipients)
