"""Making an offer, and taking the answers to it.

Source: RFC 4567 sections 4.1.1 and 4.1.2, RFC 3830 section 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mikey_sdp.endpoint.admission import check_count, check_own_ssrcs
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.proposing import Proposal, choose_mode, propose
from mikey_sdp.endpoint.sessions import LiveSessions
from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.acceptance import Tolerance
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.policy import Decision
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.offer_answer import (
    SECTION,
    check_answer_profiles,
    fill_line,
    levels_for_offer,
    own_ssrcs,
    parse,
    place_lines,
    received_levels,
    secured,
    sending_media,
)
from mikey_sdp.srtp.profile import profile_of

SHARED_BY_BRANCHES = "several branches answered one offer and have its keys in common (RFC 5197 section 5.2)"


class Offer:
    """An SDP offer on its way, and the only way to take its answers.

    Each answer of a forked call is one `accept`, which gives a key set and a leg of its own.
    Keeps: `sdp`; `mode` and `why`, the policy's choice; `keys`, usable for media that comes before any answer, None
    where the answer contributes to the keys. # [4567-4.1.2-24]
    """

    def __init__(
        self,
        leg: LegState,
        body: SessionDescription,
        proposals: Mapping[Level, Proposal],
        decision: Decision,
        *,
        rekey: bool,
    ) -> None:
        self._leg = leg
        self._body = body
        self._proposals = dict(proposals)
        self.sdp = str(body)
        self.mode = Mode(decision.mode)
        self.why = decision.why
        self._rekey = rekey
        self._answers = 0
        self._early_sessions = LiveSessions()
        self.keys = self._early_keys()

    def __repr__(self) -> str:
        return f"Offer(mode={self.mode}, to={self._leg.peer!r}, {len(self.sdp)} characters)"

    def accept(self, answer: str, *, retarget: bool = False) -> KeySet:
        """Take one answer; on failure nothing is installed and the offer can take another one.

        `retarget` allows an answer by another party than the one called.
        Raises: DecodeError for a malformed answer; PeerError where it proves nothing, leaves a stream unprotected or
        comes from another identity; ErrorReported (a PeerError) for a MIKEY Error message; UsageError when the call
        within which the offer was made is over or has other keys by now.
        """
        self._check_still_valid()
        body = parse(answer, "answer")
        in_use = check_answer_profiles(self._body, body)
        said = {received.line.level: received.line.data for received in received_levels(body)}
        levels = {
            level: state
            for level, proposal in self._proposals.items()
            if (state := self._settle(proposal, said.get(level), in_use, retarget)) is not None
        }
        if not levels:
            raise PeerError("the answer takes none of the secured streams", mikey_error=None, section=SECTION)
        proved = [state.peer for state in levels.values()]
        for peer in proved:
            check_peer(expected=proved[0], proved=peer)
        leg = self._leg if self._leg.levels else self._new_leg()
        keys = leg.install(levels, in_use, send_now=True)
        self._early_sessions = LiveSessions()
        self._answers += 1
        if self._answers > 1 and self.keys is not None:
            keys.advice = (*keys.advice, SHARED_BY_BRANCHES)
        return keys

    def _check_still_valid(self) -> None:
        for level, proposal in self._proposals.items():
            now = self._leg.levels.get(level)
            if proposal.before is not None and (now is None or now.bundle != proposal.before.bundle):
                raise UsageError("the call within which this was offered is over, or has other keys by now")

    def _new_leg(self) -> LegState:
        """A leg for one answer. The first takes over the sessions of media before the answer, so that no packet index
        is used twice under one key."""
        return replace(self._leg, levels={}, sessions=self._early_sessions, retired=set())

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
            return make_offer(leg, sdp, rekey=self._rekey)
        raise PolicyRefused("no-common-policy", "the peer names no SRTP policy that can be run here")

    def _settle(
        self, proposal: Proposal, data: bytes | None, in_use: tuple[int, ...], retarget: bool
    ) -> LevelState | None:
        """One level of an answer."""
        if proposal.keyed.level is not None and proposal.keyed.level not in in_use:
            return None
        if proposal.initiator is None:
            return _unchanged(proposal, data)
        initiator = proposal.initiator
        tolerated: tuple[Tolerance, ...] = ()
        if data is None:
            if initiator.message.header.v:
                raise PeerError("the answer has no MIKEY message", mikey_error=None, section=SECTION)  # [4567-8-5]
            bundle, peer = initiator.early_bundle, self._leg.peer
            if bundle is None:
                raise PeerError("the answer has no MIKEY message", mikey_error=None, section=SECTION)
        else:
            established = initiator.complete(data)
            bundle, peer, tolerated = established.bundle, established.peer, established.tolerated
            check_own_ssrcs(initiator.message.header.sessions, bundle.sessions)
            check_count(bundle, proposal.keyed)
        check_peer(expected=self._leg.peer, proved=peer, retarget=retarget)
        return LevelState(
            keyed=proposal.keyed,
            bundle=bundle,
            initiated=True,
            mode=initiator.mode,
            peer=peer,
            sent=initiator.message.octets,
            received=data,
            tolerated=tolerated,
        )

    def _early_keys(self) -> KeySet | None:
        parts = []
        for proposal in self._proposals.values():
            bundle = proposal.initiator.early_bundle if proposal.initiator else None
            if proposal.before is not None or bundle is None:
                return None
            parts.append(KeyedMedia(keyed=proposal.keyed, bundle=bundle, initiated=True))
        in_use = [media for part in parts for media in part.keyed.media]
        return KeySet(parts, in_use=in_use, mode=self.mode, peer=self._leg.peer, sessions=self._early_sessions)


def _unchanged(proposal: Proposal, data: bytes | None) -> LevelState:
    before = proposal.before
    if before is None or (data is not None and not before.repeats(data)):
        raise PeerError("the answer changes keys that the offer did not", mikey_error=None, section=SECTION)
    return before.over(proposal.keyed)


def make_offer(leg: LegState, sdp: str, *, rekey: bool) -> Offer:
    """An offer on a leg, first or later.

    A first offer opens a CSB at each level. A later one repeats its messages while nothing changes; it updates the
    CSB to change keys or to add m= lines if we opened it, and opens a new one if the peer did. # [4567-4.1.2-18]
    Raises: DecodeError, UsageError, PolicyRefused.
    """
    body = secured(parse(sdp, "own SDP"))
    levels = levels_for_offer(body, leg.choice, leg.apart)
    decision = choose_mode(leg.core, leg.peer, secure_carrier=leg.secure_carrier)
    body, identifiers = place_lines(body, levels, leg.others)
    ssrcs, sending = own_ssrcs(body), sending_media(body)
    proposals = {}
    for keyed in levels:
        proposal = propose(
            leg, keyed, Mode(decision.mode), identifiers, ssrcs, rekey, sends=bool(sending & {*keyed.media})
        )
        proposals[keyed.level] = proposal
        body = fill_line(body, keyed.level, _octets_of(proposal))
    return Offer(leg, body, proposals, decision, rekey=rekey)


def _octets_of(proposal: Proposal) -> bytes:
    if proposal.initiator is not None:
        return proposal.initiator.message.octets
    return proposal.before.standing if proposal.before else b""
