"""One dialog of a user agent: where the call stands, what was described, which keys are in use, what was sent."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from mikey_sdp.endpoint.answering import Answer
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.leg import CallLeg
from mikey_sdp.endpoint.offering import Offer
from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.nodes.commands import AddMedia, ChangeSsrc, FurtherRound, Hold, Refresh, ReKey, RemoveMedia, Resume
from mikey_sdp.nodes.crowd import Crowd
from mikey_sdp.nodes.leg_media import LegMedia
from mikey_sdp.nodes.media import Protection
from mikey_sdp.nodes.plain import PlainAnswer, PlainLeg, PlainOffer
from mikey_sdp.nodes.sdes import SdesAnswer, SdesKeys, SdesLeg, SdesOffer
from mikey_sdp.nodes.session_body import RemoteStream, SessionBody
from mikey_sdp.sip import Dialog, IncomingRequest, OutgoingInvite, OutgoingRequest

AnyKeys = KeySet | SdesKeys
AnyOffer = Offer | PlainOffer | SdesOffer
AnyAnswer = Answer | PlainAnswer | SdesAnswer
AnySecured = CallLeg | PlainLeg | SdesLeg
Change = ReKey | FurtherRound | ChangeSsrc | Refresh | Hold | Resume | AddMedia | RemoveMedia
"""The commands that take a re-INVITE."""


class Stage(enum.Enum):
    """How far a leg has come."""

    EARLY = "early"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    ENDED = "ended"


@dataclass(slots=True)
class Agreed:
    """What an offer and its answer agreed on: both descriptions, and the keys that hold now.

    Keeps: `protections`, by m= line what packets go through; `fresh`, the m= lines whose keys are new.
    """

    body: SessionBody
    remote: tuple[RemoteStream, ...]
    keys: AnyKeys | None
    protections: dict[int, Protection]
    fresh: tuple[int, ...]


@dataclass(slots=True)
class OwnChange:
    """A re-INVITE of ours that waits for its answer."""

    command: Change
    offer: AnyOffer
    body: SessionBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """When a session is over that nobody refreshes.

    Keeps: `ours`, whether we refresh it; `by_update`, whether the peer takes an UPDATE for that.
    """

    seconds: int
    ours: bool
    by_update: bool


@dataclass(slots=True, eq=False)
class Leg:
    """One dialog of one call.

    Keeps: `peer`, the name of whoever is at the other end, and `called`, of whoever was called (the same unless the
    call was forked); `incoming`, the peer's INVITE that we have not done with; `invite`, ours that started the call;
    `answer`, our description, worked out before it rings, and `offer`, what it is if the peer left the offer to us;
    `agreed`, what holds now; `on_ack`, what will hold once the peer's ACK shows that it has our answer, and `fresh`,
    whether that brings other keys than those before; `change`, our offer in the air, and `waiting`, changes to
    offer when it is over; `asking`, the PRACK or UPDATE that carries `change` before the call is up; `backs_off`, set
    between a glare and our next try; `holding`, whether we hold the call; `hang_up_on_ack`, why to hang up once our 200
    is acknowledged, since before a callee must not (RFC 3261 section 15); `answer_confirmed`, whether our answer went
    out reliably before the 200, which then says nothing of it again; `waits`, whether it may not ring before security
    preconditions are met; `installed`, by direction the keys that the trace has as in use;
    `expiry`, how long the session goes on by itself, None for ever, and `refreshing`, our UPDATE that prolongs it;
    `crowds`, by m= line what a member of a conference opens the media of all others with.
    """

    number: int
    peer: str
    called: str
    call_id: str
    body: SessionBody
    media: LegMedia
    stage: Stage = Stage.EARLY
    state: str = ""
    dialog: Dialog | None = None
    incoming: IncomingRequest | None = None
    invite: OutgoingInvite | None = None
    answer: str | None = None
    offer: AnyOffer | None = None
    secured: AnySecured | None = None
    agreed: Agreed | None = None
    on_ack: Agreed | None = None
    change: OwnChange | None = None
    waiting: deque[Change] = field(default_factory=deque)
    holding: bool = False
    backs_off: bool = False
    hang_up_on_ack: str = ""
    answer_confirmed: bool = False
    waits: bool = False
    fresh: bool = False
    asking: OutgoingRequest | None = None
    installed: dict[str, Mapping[int, MediaKeys]] = field(default_factory=dict)
    expiry: Expiry | None = None
    refreshing: OutgoingRequest | None = None
    crowds: dict[int, Crowd] = field(default_factory=dict)

    def timer(self, what: str) -> str:
        """The name of one of this leg's timers."""
        return f"leg/{self.number}/{what}"
