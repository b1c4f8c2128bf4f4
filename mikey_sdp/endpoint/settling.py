"""What an answer makes of the messages of our offer: which of them it answers, and what that comes to.

Source: RFC 4567 section 4.1.1, RFC 5197 sections 3 and 5.2, RFC 3711 section 9.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from mikey_sdp.endpoint.admission import check_count, check_own_ssrcs
from mikey_sdp.endpoint.peer import check_peer
from mikey_sdp.endpoint.proposing import Proposal
from mikey_sdp.endpoint.state import LevelState
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Profile, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.modes.tolerant import read_message
from mikey_sdp.sdp.offer_answer import SECTION

SHARED_BY_BRANCHES = "several branches answered one offer and have its keys in common (RFC 5197 section 5.2)"
OWN_STREAM_SHARED = (
    "our stream {ssrc:08x} has one key in several branches: what is sent to one of them must not be followed by "
    "anything else sent to another (RFC 3711 section 9.1)"
)


def settle(
    proposals: Sequence[Proposal], data: bytes | None, *, in_use: Collection[int], retarget: bool, profile: Profile
) -> LevelState | None:
    """One level of an answer: the CSB that it gives, None where the answerer took nothing there.

    Raises: DecodeError, PeerError.
    """
    level = proposals[0].keyed.level
    if level is not None and level not in in_use:
        return None
    proposal = proposals[0] if len(proposals) == 1 else _answered_by(proposals, data, profile)
    initiator = proposal.initiator
    if initiator is None:
        return _unchanged(proposal, data)
    tolerated: tuple[Tolerance, ...] = ()
    if data is None:
        early = None if initiator.message.header.v else initiator.early_bundle
        if early is None:
            raise _no_message()  # [4567-8-5]
        bundle, peer = early, proposal.peer
    else:
        established = initiator.complete(data)
        bundle, peer, tolerated = established.bundle, established.peer, established.tolerated
        check_own_ssrcs(initiator.message.header.sessions, bundle.sessions)
        check_count(bundle, proposal.keyed)
    check_peer(expected=proposal.peer, proved=peer, retarget=retarget)
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


def _answered_by(proposals: Sequence[Proposal], data: bytes | None, profile: Profile) -> Proposal:
    """The one of several messages to which an answer belongs: that of its CSB."""
    if data is None:
        raise _no_message()
    csb_id = read_message(data, Acceptance(profile)).header.csb_id
    for proposal in proposals:
        if proposal.initiator is not None and proposal.initiator.message.header.csb_id == csb_id:
            return proposal
    raise PeerError(
        f"the answer speaks of CSB {csb_id:08x}, which no message of the offer opened",
        mikey_error=None,
        section="RFC 3830 section 6.1",
    )


def _unchanged(proposal: Proposal, data: bytes | None) -> LevelState:
    before = proposal.before
    if before is None or (data is not None and not before.repeats(data)):
        raise PeerError("the answer changes keys that the offer did not", mikey_error=None, section=SECTION)
    return before.over(proposal.keyed)


def _no_message() -> PeerError:
    return PeerError("the answer has no MIKEY message", mikey_error=None, section=SECTION)


class Branches:
    """The branches of a forked call that answered so far, as far as they have keys in common.

    Keeps: the CSBs whose keys we made: every branch derives the same stream keys from them, so that nothing but the
    SSRC keeps two streams apart.
    """

    def __init__(self) -> None:
        self._taken: list[tuple[Bundle, frozenset[int]]] = []

    def check(self, levels: Iterable[LevelState], in_use: Collection[int]) -> tuple[str, ...]:
        """Look at one more answer, and say what is unwise about it.

        Two branches that send under one key with one SSRC encrypt with the same key stream, which undoes them both.
        Only one of them could choose another SSRC, and RFC 3711 allows no packet until then; so the later answer is
        refused before it has a session, for the application to hang up on that branch. The same answer given twice
        looks no different.
        Raises: PeerError.
        Source: RFC 3711 section 9.1, RFC 5197 section 3.
        """
        advice: dict[str, None] = {}
        for state in levels:
            pairs = [state.keyed.cs_pair(media) for media in state.keyed.media if media in in_use]
            for bundle, answered in self._taken:
                if not _share_keys(bundle, state.bundle):
                    continue
                advice[SHARED_BY_BRANCHES] = None
                for pair in pairs:
                    _check_apart(bundle, state.bundle, pair.responder, answered)
                    ours = state.bundle.sessions[pair.initiator - 1].ssrc
                    if ours and pair.responder in answered:
                        advice[OWN_STREAM_SHARED.format(ssrc=ours)] = None
        return tuple(advice)

    def add(self, levels: Iterable[LevelState], in_use: Collection[int]) -> None:
        """Remember a branch whose answer was taken."""
        for state in levels:
            responders = (state.keyed.cs_pair(media).responder for media in state.keyed.media if media in in_use)
            self._taken.append((state.bundle, frozenset(responders)))


def _share_keys(one: Bundle, other: Bundle) -> bool:
    return one.csb_id == other.csb_id and any(mine.key == its.key for mine in one.keys for its in other.keys)


def _check_apart(before: Bundle, now: Bundle, cs_id: int, answered: Collection[int]) -> None:
    ssrc = now.sessions[cs_id - 1].ssrc
    if ssrc and cs_id in answered and before.sessions[cs_id - 1].ssrc == ssrc:
        raise PeerError(
            f"two branches send under one key with the same SSRC {ssrc:08x}, a two-time pad",
            mikey_error=None,
            section="RFC 3711 section 9.1",
        )
