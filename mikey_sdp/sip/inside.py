"""Requests of a peer inside a dialog: in order or not, in each other's way or not, and what each method means.

Source: RFC 3261 sections 12.2.2, 14.2 and 15.1.2, RFC 3262 section 3, RFC 3311 section 5.2, RFC 3515 section 2.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.events import (
    ByeReceived,
    InviteReceived,
    PrackReceived,
    ReferralReported,
    ReferReceived,
    RequestReceived,
)
from mikey_sdp.sip.extensions import parse_sipfrag
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.negotiation import Side, carries_sdp
from mikey_sdp.sip.party import Party, Raw
from mikey_sdp.sip.refer import MAX_REFERRALS, is_about_refer, is_last, referral_of, target_of
from mikey_sdp.sip.replies import Replies
from mikey_sdp.sip.server import ServerTransaction

_RETRY_WITHIN_S: Final = 10


class Inside:
    """Deals with what comes in a dialog, or passes it up."""

    def __init__(self, party: Party, replies: Replies) -> None:
        self._party = party
        self._replies = replies

    def request(self, transaction: ServerTransaction, request: Request) -> Raw:
        """A request with a To tag."""
        dialog = self._party.dialog_of(request)
        if dialog is None:
            return self._replies.refuse(transaction, 481)
        if dialog.state is DialogState.TERMINATED:
            return self._replies.refuse(transaction, 200 if request.method == "BYE" else 481)
        if not dialog.is_in_order(request.cseq.number):
            return self._replies.refuse(transaction, 500, reason="Server Internal Error (CSeq out of order)")
        dialog.remote_cseq = request.cseq.number
        handler = self._METHODS.get(request.method)
        if handler is not None:
            return handler(self, transaction, request, dialog)
        return [RequestReceived(self._replies.track(transaction, dialog), request, dialog)]

    def _reinvite(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        """Only one INVITE at a time in a dialog, and only one offer."""
        if dialog.own_invite is not None:
            return self._replies.refuse(transaction, 491)
        if dialog.peer_invite is not None:
            return self._later(transaction)
        crossing = self._crossing(transaction, request, dialog)
        if crossing:
            return crossing
        incoming = self._replies.track(transaction, dialog)
        dialog.peer_invite = incoming
        dialog.negotiation.request(request, Side.PEER)
        return [InviteReceived(incoming, request, dialog)]

    def _update(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        if dialog.peer_update is not None:
            return self._later(transaction)
        crossing = self._crossing(transaction, request, dialog)
        if crossing:
            return crossing
        incoming = self._replies.track(transaction, dialog)
        dialog.peer_update = incoming
        dialog.negotiation.request(request, Side.PEER)
        return [RequestReceived(incoming, request, dialog)]

    def _crossing(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        """The refusal of an offer that meets one of ours, or comes before its sender had the answer to his last."""
        pending = dialog.negotiation.pending
        # A new INVITE shows that the peer is done with the last one, be its ACK lost or not.
        if pending is None or not carries_sdp(request) or (request.method == "INVITE" and dialog.awaiting_ack):
            return []
        return self._replies.refuse(transaction, 491) if pending is Side.OWN else self._later(transaction)

    def _later(self, transaction: ServerTransaction) -> Raw:
        wait = str(self._party.draw(_RETRY_WITHIN_S + 1))
        return self._replies.refuse(transaction, 500, [("Retry-After", wait)])

    def _bye(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        outputs = [*self._replies.refuse(transaction, 200), *self._replies.end_of(dialog)]
        self._party.forget(dialog)
        return [*outputs, ByeReceived(dialog, request)]

    def _prack(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        invite = self._replies.confirmed(dialog, request)
        if invite is None:
            return self._replies.refuse(transaction, 481)
        stopped = self._replies.stop_confirming(invite)
        dialog.negotiation.request(request, Side.PEER)
        if request.body:
            incoming = self._replies.track(transaction, dialog)
            incoming.confirms = invite
            return [*stopped, PrackReceived(invite, request, incoming)]
        answered = self._replies.refuse(transaction, 200)
        return [*stopped, *answered, PrackReceived(invite, request, None), *self._replies.release(invite)]

    def _refer(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        target = target_of(request)
        if target is None:
            return self._replies.refuse(transaction, 400, reason="Bad Request (one Refer-To is needed)")
        if sum(not referral.own for referral in dialog.referrals) >= MAX_REFERRALS:
            return self._later(transaction)
        return [ReferReceived(self._replies.track(transaction, dialog), request, dialog, target)]

    def _notify(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        """A notification of REFER, which SUBSCRIBE can't have asked for here; of other events we asked for none."""
        if not is_about_refer(request):
            return self._replies.refuse(transaction, 489)
        try:
            referral = referral_of(dialog, request)
            status, reason = parse_sipfrag(request.body)
        except DecodeError as error:
            return self._replies.refuse(transaction, 400, reason=f"Bad Request ({error.field}: {error.reason})")
        if referral is None:
            return self._replies.refuse(transaction, 481)
        over = is_last(request)
        if over:
            dialog.referrals.remove(referral)
        return [*self._replies.refuse(transaction, 200), ReferralReported(referral, status, reason, over)]

    _METHODS: Final[dict[str, Callable[[Inside, ServerTransaction, Request, Dialog], Raw]]] = {
        "INVITE": _reinvite,
        "UPDATE": _update,
        "BYE": _bye,
        "PRACK": _prack,
        "REFER": _refer,
        "NOTIFY": _notify,
    }
