"""Making an offer, and taking the answers to it.

Source: RFC 4567 sections 4.1.1 and 4.1.2, RFC 3830 section 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mikey_sdp.endpoint.admission import check_own_ssrcs
from mikey_sdp.endpoint.core import Core
from mikey_sdp.endpoint.keys import KeyedMedia, KeySet
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.sessions import LiveSessions
from mikey_sdp.endpoint.state import LegState, LevelState
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup, Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.policy.select import Decision, Facts, select
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.offer_answer import (
    SECTION,
    KeyedLevel,
    check_answer_profiles,
    fill_line,
    identifiers_extension,
    levels_for_offer,
    own_ssrcs,
    parse,
    place_lines,
    received_levels,
    secured,
)
from mikey_sdp.srtp.profile import profile_of

POLICY_NO = 0
SHARED_BY_BRANCHES = "several branches answered one offer and have its keys in common (RFC 5197 section 5.2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an offer says at one level: a new message of ours, or the one that stood there (`initiator` None)."""

    keyed: KeyedLevel
    initiator: Initiator | None
    before: LevelState | None


def choose_mode(core: Core, peer: str, *, secure_carrier: bool) -> Decision:
    """The mode for an offer to that peer, by the selection policy.

    Raises: PolicyRefused where no mode fits. # [4567-8-3]
    """
    held = frozenset(mode.value for mode, row in MODES.items() if core.credentials.find(row.credential, peer))
    allowed = None if core.modes is None else frozenset(mode.value for mode in core.modes)
    return select(Facts(credentials=held, secure_carrier=secure_carrier, allowed=allowed))


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
        if data is None:
            if initiator.message.header.v:
                raise PeerError("the answer has no MIKEY message", mikey_error=None, section=SECTION)  # [4567-8-5]
            bundle, peer = initiator.early_bundle, self._leg.peer
            if bundle is None:
                raise PeerError("the answer has no MIKEY message", mikey_error=None, section=SECTION)
        else:
            established = initiator.complete(data)
            bundle, peer = established.bundle, established.peer
            check_own_ssrcs(initiator.message.header.sessions, bundle.sessions)
        check_peer(expected=self._leg.peer, proved=peer, retarget=retarget)
        return LevelState(
            keyed=proposal.keyed,
            bundle=bundle,
            initiated=True,
            mode=initiator.mode,
            peer=peer,
            sent=initiator.message.octets,
            received=data,
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
    ssrcs = own_ssrcs(body)
    proposals = {}
    for keyed in levels:
        proposal = _propose(leg, keyed, Mode(decision.mode), identifiers, ssrcs, rekey)
        proposals[keyed.level] = proposal
        body = fill_line(body, keyed.level, _octets_of(proposal))
    return Offer(leg, body, proposals, decision, rekey=rekey)


def _octets_of(proposal: Proposal) -> bytes:
    if proposal.initiator is not None:
        return proposal.initiator.message.octets
    return proposal.before.standing if proposal.before else b""


def _propose(
    leg: LegState, keyed: KeyedLevel, mode: Mode, identifiers: str, ssrcs: Mapping[int, int], rekey: bool
) -> Proposal:
    before = leg.levels.get(keyed.level)
    sessions = keyed.sessions(ssrcs)
    if before is not None:
        grown = len(sessions) > len(before.bundle.sessions)
        if not rekey and not grown:
            return Proposal(keyed=keyed, initiator=None, before=before)
        if before.initiated:
            kept = _with_rollover(leg, keyed, tuple(replace(entry, roc=0) for entry in before.bundle.sessions))
            bundle = before.bundle.updated(
                sessions=kept + sessions[len(kept) :],
                policies={POLICY_NO: leg.srtp} if rekey else None,
                keys=leg.core.fresh_keys(leg.srtp, before.bundle) if rekey else (),
            )
            return _proposal(leg, keyed, before.mode, identifiers, bundle, before)
    core = leg.core
    sessions = _with_rollover(leg, keyed, sessions)
    bundle = Bundle(
        csb_id=core.bundles.draw_csb_id(core.entropy, leg.peer),
        prf_func=PrfFunc.MIKEY_1,
        rand=fresh_rand(core.entropy),
        sessions=sessions,
        policies={POLICY_NO: leg.srtp},
        keys=core.fresh_keys(leg.srtp, before.bundle if before else None),
        own=True,
    )
    return _proposal(leg, keyed, mode, identifiers, bundle, before)


def _with_rollover(leg: LegState, keyed: KeyedLevel, sessions: tuple[SrtpIdEntry, ...]) -> tuple[SrtpIdEntry, ...]:
    """The map with the rollover counters of streams that run already, as the Initiator has them. # [3830-6.1.1-6]"""
    rocs: dict[int, int] = {}
    for media in keyed.media:
        running = leg.sessions.rollover(media)
        if running is not None:
            rocs |= dict(zip(keyed.cs_pair(media), running, strict=True))
    return tuple(replace(entry, roc=rocs.get(cs_id, entry.roc)) for cs_id, entry in enumerate(sessions, start=1))


def _proposal(
    leg: LegState, keyed: KeyedLevel, mode: Mode, identifiers: str, bundle: Bundle, before: LevelState | None
) -> Proposal:
    core = leg.core
    updates = before is not None and before.bundle.csb_id == bundle.csb_id
    setup = InitiatorSetup(
        own=identity_of(core.identity),
        peer=identity_of(leg.peer) if leg.names_peer else None,
        bundle=bundle,
        previous=before.bundle if before and updates else None,
        timestamp=core.stamps.stamp(core.clock()),
        verification=core.options.verification,
        extensions=(identifiers_extension(identifiers),),
    )
    row = MODES[mode]
    credential = core.credentials.find(row.credential, leg.peer)
    if credential is None:
        raise PolicyRefused("no-credential", f"{leg.peer} is known by no credential for {mode}")
    initiator = row.initiate(setup, credential, leg.secure_carrier)
    return Proposal(keyed=keyed, initiator=initiator, before=before)
