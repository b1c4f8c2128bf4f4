"""The asking side of a user agent: INVITEs with their forks, ACKs and CANCELs, and every other request.

Source: RFC 3261 sections 8.1, 9.1, 13.2, 14.1 and 15.1.1.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.sip.actions import TIMER_PREFIX, CancelTimer, Discarded, Hop, ResponseArrived, SetTimer
from mikey_sdp.sip.build import HeaderPairs, build_cancel
from mikey_sdp.sip.calls import OutgoingInvite, OutgoingRequest
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.confirming import is_next, rseq_of
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.events import AnswerReceived, DialogEnded, InviteRefused, ProvisionalReceived, ResponseReceived
from mikey_sdp.sip.message import Response
from mikey_sdp.sip.negotiation import Side
from mikey_sdp.sip.outgoing import REFRESHING, Content, Target, build_inside, build_outside
from mikey_sdp.sip.party import Party, Raw
from mikey_sdp.sip.transaction import State

MAX_FORKS: Final = 512


class Asking:
    """What we asked and have not heard the end of."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._invites: dict[int, OutgoingInvite] = {}
        self._requests: dict[int, OutgoingRequest] = {}

    def __len__(self) -> int:
        return len(self._invites) + len(self._requests)

    # -- commands ------------------------------------------------------------------------------------------------

    def outside(self, method: str, target: Target, content: Content) -> tuple[ClientTransaction, Raw, str]:
        """Send a request that belongs to no dialog; the third value is the Contact in it."""
        request, hop, contact = build_outside(self._party, method, target, content)
        transaction, outputs = self._party.layer.send(request, hop)
        return transaction, [*outputs], contact

    def inside(self, dialog: Dialog, method: str, content: Content) -> tuple[ClientTransaction, Raw]:
        """Send a request that belongs to a dialog; a BYE ends it.

        Raises: UsageError where the dialog's state forbids it.
        """
        request, hop = build_inside(self._party, dialog, method, content)
        if method == "BYE":
            dialog.state = DialogState.TERMINATED
        dialog.negotiation.request(request, Side.OWN)
        transaction, outputs = self._party.layer.send(request, hop)
        return transaction, [*outputs]

    def track_invite(self, transaction: ClientTransaction, contact: str, dialog: Dialog | None) -> OutgoingInvite:
        """Follow an INVITE that was sent."""
        invite = OutgoingInvite(transaction, transaction.hop, contact, dialog)
        self._invites[transaction.number] = invite
        if dialog is not None:
            dialog.own_invite = invite
        return invite

    def track_request(self, transaction: ClientTransaction, dialog: Dialog | None) -> OutgoingRequest:
        """Follow any other request that was sent."""
        outgoing = OutgoingRequest(transaction, dialog)
        self._requests[transaction.number] = outgoing
        return outgoing

    def cancel(self, invite: OutgoingInvite, headers: HeaderPairs) -> Raw:
        """Take an INVITE back, as soon as it is known to have arrived (RFC 3261 section 9.1)."""
        if not invite.open or invite.cancelled:
            return []
        invite.cancelled = True
        if invite.transaction.state is State.CALLING:
            invite.pending_cancel = tuple(headers)
            return []
        return self._send_cancel(invite, headers)

    def _send_cancel(self, invite: OutgoingInvite, headers: HeaderPairs) -> Raw:
        _, outputs = self._party.layer.send(build_cancel(invite.request, headers), invite.hop)
        return [*outputs, SetTimer(_cancel_timer(invite), self._party.timers.transaction_us)]

    # -- what comes back -----------------------------------------------------------------------------------------

    def response(self, arrived: ResponseArrived) -> Raw:
        """A response that its transaction let through."""
        transaction, response = arrived.transaction, arrived.response
        invite = self._invites.get(transaction.number)
        if invite is None:
            return self._other_response(transaction, response.status, response)
        if response.status < 200:
            return self._provisional(invite, response, arrived.source)
        if response.status < 300:
            return self._success(invite, response, arrived.source)
        return self._refused(invite, response.status, response)

    def lost(self, transaction: ClientTransaction, status: int) -> Raw:
        """A transaction that failed without a response counts as one with that status (RFC 3261 section 8.1.3.1)."""
        invite = self._invites.get(transaction.number)
        if invite is None:
            return self._other_response(transaction, status, None)
        return self._refused(invite, status, None) if invite.open else []

    def cancel_timed_out(self, number: int) -> Raw:
        """64*T1 after a CANCEL nothing final came: the INVITE counts as cancelled (RFC 3261 section 9.1)."""
        invite = self._invites.get(number)
        if invite is None or not invite.open:
            return []
        return [*self._refused(invite, 487, None), *self._party.layer.abandon(invite.transaction)]

    def terminated(self, transaction: ClientTransaction) -> Raw:
        """A transaction of ours is over; early dialogs that it leaves behind are too."""
        self._requests.pop(transaction.number, None)
        invite = self._invites.pop(transaction.number, None)
        if invite is None:
            return []
        return self._refused(invite, 408, None) if invite.open else self._end_early(invite, "another branch answered")

    def _provisional(self, invite: OutgoingInvite, response: Response, source: Hop) -> Raw:
        tag = response.to.tag
        dialog = invite.dialog
        if dialog is None and response.status > 100 and tag:
            dialog = self._dialog_of(invite, response, source)
            if dialog is None:
                return [Discarded(f"more than {MAX_FORKS} answers to one INVITE", source)]
        rseq = rseq_of(self._party, response)
        if rseq is not None and dialog is not None:
            due = is_next(invite, response, rseq)
            if not due:
                return [] if due is None else [Discarded("a reliable provisional response out of order", source)]
            dialog.negotiation.response(invite.request, response, Side.PEER, reliable=True)
        event = ProvisionalReceived(invite, response, dialog, rseq is not None)
        if invite.pending_cancel is None:
            return [event]
        headers, invite.pending_cancel = invite.pending_cancel, None
        return [event, *self._send_cancel(invite, headers)]

    def _success(self, invite: OutgoingInvite, response: Response, source: Hop) -> Raw:
        tag = response.to.tag if invite.dialog is None else invite.dialog.remote_tag
        if tag in invite.acks:
            repeated = invite.acks[tag]
            return [] if repeated is None else [repeated]
        dialog = invite.dialog or self._dialog_of(invite, response, source)
        if dialog is None:
            return [Discarded(f"more than {MAX_FORKS} answers to one INVITE", source)]
        invite.acks[tag] = None
        dialog.confirm(response)
        dialog.negotiation.response(invite.request, response, Side.PEER)
        self._party.remember(dialog)
        return [*self._close(invite), AnswerReceived(invite, response, dialog)]

    def _refused(self, invite: OutgoingInvite, status: int, response: Response | None) -> Raw:
        closed = self._close(invite)
        if invite.dialog is not None:
            invite.dialog.negotiation.failed(invite.request, Side.OWN)
        why = "cancelled" if invite.cancelled else "timeout" if response is None else "refused"
        return [*closed, *self._end_early(invite, why), InviteRefused(invite, status, response)]

    def _close(self, invite: OutgoingInvite) -> Raw:
        """The INVITE has a final answer; a fork may still bring more of them."""
        if not invite.open:
            return []
        invite.open = False
        invite.pending_cancel = None
        for dialog in (invite.dialog, *invite.dialogs.values()):
            if dialog is not None:
                dialog.own_invite = None
        return [CancelTimer(_cancel_timer(invite))] if invite.cancelled else []

    def _end_early(self, invite: OutgoingInvite, why: str) -> Raw:
        early = [dialog for dialog in invite.dialogs.values() if dialog.state is DialogState.EARLY]
        for dialog in early:
            self._party.forget(dialog)
        return [DialogEnded(dialog, why) for dialog in early]

    def _dialog_of(self, invite: OutgoingInvite, response: Response, source: Hop) -> Dialog | None:
        tag = response.to.tag
        dialog = invite.dialogs.get(tag)
        if dialog is None and len(invite.dialogs) < MAX_FORKS:
            dialog = Dialog.of_caller(invite.request, response, contact=invite.contact, hop=source)
            dialog.own_invite = invite if invite.open else None
            dialog.negotiation.request(invite.request, Side.OWN)
            invite.dialogs[tag] = dialog
            self._party.remember(dialog)
        return dialog

    def _other_response(self, transaction: ClientTransaction, status: int, response: Response | None) -> Raw:
        outgoing = self._requests.get(transaction.number)
        if outgoing is None:
            return []
        dialog = outgoing.dialog
        if dialog is not None and status >= 200:
            self._settle(outgoing, dialog, status, response)
        return [ResponseReceived(outgoing, status, response, dialog)]

    def _settle(self, outgoing: OutgoingRequest, dialog: Dialog, status: int, response: Response | None) -> None:
        """What a final response to a request other than INVITE changes in the dialog."""
        if outgoing.method == "BYE":
            self._party.forget(dialog)
        elif response is None or status >= 300:
            dialog.negotiation.failed(outgoing.request, Side.OWN)
            dialog.referrals = [one for one in dialog.referrals if one is not outgoing.referral]
        else:
            dialog.negotiation.response(outgoing.request, response, Side.PEER)
            if outgoing.method in REFRESHING:
                dialog.refresh_target(response)


def _cancel_timer(invite: OutgoingInvite) -> str:
    return f"{TIMER_PREFIX}cancel/{invite.transaction.number}"
