"""Requests as a user agent puts them together, and when it may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip.actions import Hop
from mikey_sdp.sip.build import SDP, HeaderPairs, build_request
from mikey_sdp.sip.dialog import Dialog, DialogState, bare_target
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.party import Party, read_address
from mikey_sdp.sip.uri import Uri

REFRESHING: Final = frozenset({"INVITE", "UPDATE"})
"""Methods that may change where the peer is reached (RFC 3261 section 12.2, RFC 3311)."""
_FIRST_CSEQ: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the caller of a method puts into the message: further fields and a body."""

    headers: HeaderPairs = ()
    body: bytes = b""
    content_type: str = SDP


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a request outside of dialogs is for, from whom, and how it gets there."""

    to: str
    caller: str
    hop: Hop | None = None
    uri: Uri | None = None
    routes: Sequence[str] = ()


def build_outside(party: Party, method: str, target: Target, content: Content) -> tuple[Request, Hop, str]:
    """A request that belongs to no dialog, where it goes, and the Contact in it.

    Source: RFC 3261 section 8.1.1.
    """
    callee, sender = read_address(target.to), read_address(target.caller)
    uri = target.uri or bare_target(callee.uri)
    hop = target.hop or party.hop_to(target.routes, uri)
    secure = uri.scheme == "sips" or (bool(target.routes) and read_address(target.routes[0]).uri.scheme == "sips")
    contact = party.contact_by(hop.transport, secure=secure)
    request = build_request(
        method,
        uri,
        via=party.layer.new_via(hop.transport),
        from_=str(sender.with_tag(party.layer.new_tag())),
        to=str(callee.with_tag("")),
        call_id=party.new_call_id(),
        cseq=_FIRST_CSEQ,
        routes=target.routes,
        contact=contact,
        headers=[*_own(party, method), *content.headers],
        body=content.body,
        content_type=content.content_type,
    )
    return *_by_tcp_if_large(party, request, hop), contact


def build_inside(party: Party, dialog: Dialog, method: str, content: Content) -> tuple[Request, Hop]:
    """A request that belongs to a dialog, and where it goes.

    Raises: UsageError where the dialog's state forbids it.
    """
    _check_may_send(dialog, method)
    offers = method in REFRESHING and bool(content.body) and content.content_type == SDP
    if offers and dialog.negotiation.pending is not None:
        raise UsageError("an offer in this dialog still waits for its answer (RFC 3264 section 4)")
    hop = party.hop_of(dialog)
    request = dialog.build(
        method,
        via=party.layer.new_via(hop.transport),
        contact=method in REFRESHING,
        headers=[*_own(party, method), *content.headers],
        body=content.body,
        content_type=content.content_type,
    )
    return _by_tcp_if_large(party, request, hop)


def _by_tcp_if_large(party: Party, request: Request, hop: Hop) -> tuple[Request, Hop]:
    """The same over TCP if it is too large for a datagram (RFC 3261 section 18.1.1)."""
    most = party.settings.largest_datagram
    if most is None or hop.transport != "UDP" or len(request.octets) <= most:
        return request, hop
    return request.with_field("Via", party.layer.new_via("TCP")), hop._replace(transport="TCP")


def _own(party: Party, method: str) -> list[tuple[str, str]]:
    return [*(party.capabilities() if method == "INVITE" else ()), *party.signature("User-Agent")]


def _check_may_send(dialog: Dialog, method: str) -> None:
    if method in ("ACK", "CANCEL"):
        raise UsageError(f"{method} is no request of a dialog; use acknowledge or cancel")
    if dialog.state is DialogState.TERMINATED:
        raise UsageError(f"the dialog {dialog.call_id} is over")
    if method == "INVITE" and dialog.invite_open:
        raise UsageError("another INVITE is under way in this dialog (RFC 3261 section 14.1)")
    if method == "BYE" and not dialog.caller:
        _check_callee_may_end(dialog)


def _check_callee_may_end(dialog: Dialog) -> None:
    if dialog.state is DialogState.EARLY:
        raise UsageError("the callee can't BYE an early dialog; refuse the INVITE instead (RFC 3261 section 15)")
    if dialog.awaiting_ack is not None:
        raise UsageError("the callee's BYE has to wait for the ACK or its absence (RFC 3261 section 15)")
