"""Dialogs: what two user agents keep in common between the requests of one call.

Source: RFC 3261 section 12.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from mikey_sdp.sip.actions import Hop
from mikey_sdp.sip.build import SDP, HeaderPairs, build_request
from mikey_sdp.sip.extensions import Replaces
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.negotiation import Negotiation
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import NameAddr

if TYPE_CHECKING:
    from mikey_sdp.sip.calls import IncomingRequest, OutgoingInvite
    from mikey_sdp.sip.refer import Referral


class DialogState(StrEnum):
    """How firm a dialog is: begun by a provisional response, by a 2xx, or over."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class DialogId(NamedTuple):
    """What names a dialog at one of its ends."""

    call_id: str
    local_tag: str
    remote_tag: str


class Dialog:
    """One end's view of the relation between two user agents.

    Keeps: `caller`, whether this end sent the INVITE that began it; `own_invite` and `peer_invite`, an INVITE inside it
    that has no final response yet; `peer_update`, an UPDATE likewise; `awaiting_ack`, the INVITE whose 2xx the peer has
    not acknowledged; `negotiation`, whose offer waits for an answer; `referrals`, REFERs in it whose outcome is open.
    """

    __slots__ = (
        "awaiting_ack",
        "caller",
        "contact",
        "hop",
        "id",
        "local",
        "local_cseq",
        "negotiation",
        "own_invite",
        "peer_invite",
        "peer_update",
        "referrals",
        "remote",
        "remote_cseq",
        "remote_target",
        "route_set",
        "state",
    )

    def __init__(
        self,
        *,
        caller: bool,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        remote_target: Uri,
        route_set: tuple[NameAddr, ...],
        local_cseq: int,
        remote_cseq: int | None,
        contact: str,
        hop: Hop,
    ) -> None:
        self.id = DialogId(call_id, local.tag, remote.tag)
        self.caller = caller
        self.state = DialogState.EARLY
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.route_set = route_set
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.contact = contact
        self.hop = hop
        self.own_invite: OutgoingInvite | None = None
        self.peer_invite: IncomingRequest | None = None
        self.peer_update: IncomingRequest | None = None
        self.awaiting_ack: IncomingRequest | None = None
        self.negotiation = Negotiation()
        self.referrals: list[Referral] = []

    @classmethod
    def of_caller(cls, request: Request, response: Response, *, contact: str, hop: Hop) -> Dialog:
        """The dialog that a response with a To tag makes for who sent the INVITE (section 12.1.2)."""
        return cls(
            caller=True,
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            remote_target=_target(response) or request.uri,
            route_set=tuple(reversed(response.record_routes)),
            local_cseq=request.cseq.number,
            remote_cseq=None,
            contact=contact,
            hop=hop,
        )

    @classmethod
    def of_callee(cls, request: Request, tag: str, *, contact: str, hop: Hop) -> Dialog:
        """The dialog that our response with that To tag makes for us, who got the INVITE (section 12.1.1)."""
        return cls(
            caller=False,
            call_id=request.call_id,
            local=request.to.with_tag(tag),
            remote=request.from_,
            remote_target=_target(request) or request.from_.uri,
            route_set=request.record_routes,
            local_cseq=0,
            remote_cseq=request.cseq.number,
            contact=contact,
            hop=hop,
        )

    @property
    def call_id(self) -> str:
        """The Call-ID of every message in it."""
        return self.id.call_id

    @property
    def local_tag(self) -> str:
        """Our tag."""
        return self.id.local_tag

    @property
    def remote_tag(self) -> str:
        """The peer's tag; empty if it never gave one."""
        return self.id.remote_tag

    @property
    def invite_open(self) -> bool:
        """Whether an INVITE is under way in either direction, so that no new one may be sent (section 14.1)."""
        return not (self.own_invite is None and self.peer_invite is None and self.awaiting_ack is None)

    @property
    def replaces(self) -> Replaces:
        """What a third party says to our peer to take this dialog over (RFC 3891)."""
        return Replaces(call_id=self.call_id, to_tag=self.remote_tag or "0", from_tag=self.local_tag or "0")

    @property
    def next_hop(self) -> Uri:
        """The URI whose address the next request goes to."""
        return self.route_set[0].uri if self.route_set else self.remote_target

    def confirm(self, response: Response) -> None:
        """A 2xx to our INVITE came: the route set is taken from it once more, and the target (section 13.2.2.4)."""
        if self.state is DialogState.EARLY:
            self.route_set = tuple(reversed(response.record_routes))
        self.state = DialogState.CONFIRMED
        self.refresh_target(response)

    def refresh_target(self, message: Request | Response) -> None:
        """A target refresh was accepted: further requests go to its Contact, if it has one (section 12.2)."""
        self.remote_target = _target(message) or self.remote_target

    def is_in_order(self, number: int) -> bool:
        """Whether a request of the peer with that CSeq number is newer than every one before (section 12.2.2)."""
        return self.remote_cseq is None or number > self.remote_cseq

    def build(
        self,
        method: str,
        *,
        via: str,
        contact: bool = False,
        headers: HeaderPairs = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> Request:
        """The next request inside the dialog (section 12.2.1.1)."""
        self.local_cseq += 1
        return self._build(method, self.local_cseq, via, contact, headers, body, content_type)

    def build_ack(
        self, number: int, *, via: str, headers: HeaderPairs = (), body: bytes = b"", content_type: str = SDP
    ) -> Request:
        """The ACK for a 2xx to the INVITE of that CSeq number (section 13.2.2.4)."""
        return self._build("ACK", number, via, False, headers, body, content_type)

    def _build(
        self, method: str, number: int, via: str, contact: bool, headers: HeaderPairs, body: bytes, content_type: str
    ) -> Request:
        uri, routes = self._way()
        return build_request(
            method,
            uri,
            via=via,
            from_=str(self.local),
            to=str(self.remote),
            call_id=self.call_id,
            cseq=number,
            routes=routes,
            contact=self.contact if contact else "",
            headers=headers,
            body=body,
            content_type=content_type,
        )

    def _way(self) -> tuple[Uri, list[str]]:
        """Request-URI and Route values; the odd second form is for a proxy that routes strictly, as RFC 2543 did."""
        if not self.route_set:
            return self.remote_target, []
        if self.route_set[0].uri.parameters.has("lr"):
            return self.remote_target, [str(route) for route in self.route_set]
        others = [str(route) for route in self.route_set[1:]]
        return bare_target(self.route_set[0].uri), [*others, f"<{self.remote_target}>"]


def bare_target(uri: Uri) -> Uri:
    """The URI without what must not stand in a Request-URI (section 19.1.1, table 1)."""
    if not uri.headers and not uri.parameters.has("method"):
        return uri
    return uri.with_parameters(uri.parameters.without("method"))


def _target(message: Request | Response) -> Uri | None:
    contacts = message.contacts
    return contacts[0].uri if contacts and contacts[0].uri.is_sip else None
