"""What peers asked of a user agent, and the answers that it gives: dialogs come of them, repetitions begin with them.

Source: RFC 3261 sections 8.2.6, 12.1.1, 13.3.1 and 14.2, RFC 3262 sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.accepting import Accepting
from mikey_sdp.sip.actions import AckArrived
from mikey_sdp.sip.assuring import Assuring
from mikey_sdp.sip.build import HeaderPairs, build_response
from mikey_sdp.sip.calls import REL, Held, IncomingRequest
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.events import PrackMissing
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.negotiation import Side
from mikey_sdp.sip.outgoing import REFRESHING, Content
from mikey_sdp.sip.party import Party, Raw
from mikey_sdp.sip.server import ServerTransaction

_NOTHING: Final = Content()
_UNCONFIRMED: Final = 504


class Replies:
    """What peers asked and have not had the end of."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._accepting = Accepting(party)
        self._assuring = Assuring(party)
        self._incoming: dict[int, IncomingRequest] = {}

    def __len__(self) -> int:
        return len(self._incoming) + len(self._accepting) + len(self._assuring)

    def track(self, transaction: ServerTransaction, dialog: Dialog | None) -> IncomingRequest:
        """A request that somebody above will answer."""
        tag = transaction.request.to.tag or self._party.layer.new_tag()
        incoming = IncomingRequest(transaction, dialog, tag)
        self._incoming[transaction.number] = incoming
        return incoming

    def find(self, transaction: ServerTransaction) -> IncomingRequest | None:
        """The request of that transaction, if it was passed up."""
        return self._incoming.get(transaction.number)

    def terminated(self, transaction: ServerTransaction) -> None:
        """A transaction is over; nothing is kept for it."""
        self._incoming.pop(transaction.number, None)
        self._assuring.forget(transaction.number)

    def refuse(
        self, transaction: ServerTransaction, status: int, headers: HeaderPairs = (), *, reason: str = ""
    ) -> Raw:
        """Answer without asking anybody."""
        request = transaction.request
        signed = [*self._party.signature("Server"), *headers]
        tag = "" if request.to.tag else self._party.layer.new_tag()
        return self.reply(transaction, build_response(request, status, reason, to_tag=tag, headers=signed))

    def reply(self, transaction: ServerTransaction, response: Response) -> Raw:
        """Send a response."""
        return [*self._party.layer.reply(transaction, response)]

    # -- answers -------------------------------------------------------------------------------------------------

    def respond(
        self,
        incoming: IncomingRequest,
        status: int,
        reason: str = "",
        *,
        warnings: Iterable[tuple[int, str]] = (),
        content: Content = _NOTHING,
        reliable: bool = False,
    ) -> Raw:
        """Answer a request that was passed up, at once or as soon as a PRACK allows it.

        Raises: UsageError if it has had its final response, or can't be answered reliably.
        """
        if incoming.decided:
            raise UsageError(f"this {incoming.method} has been answered already")
        reliable = self._must_arrive(incoming, status, reliable)
        held = Held(status, reason, tuple(warnings), content, reliable)
        if self._has_to_wait(incoming, held):
            incoming.held.append(held)
            return []
        if status >= 200:
            incoming.held.clear()
        return self._say(incoming, held)

    def _must_arrive(self, incoming: IncomingRequest, status: int, reliable: bool) -> bool:
        may = incoming.method == "INVITE" and 100 < status < 200
        if reliable and not (may and incoming.takes_reliable):
            raise UsageError("only a 101 to 199 to an INVITE whose sender knows 100rel can be sent reliably")
        return reliable or (may and incoming.wants_reliable)

    def _has_to_wait(self, incoming: IncomingRequest, held: Held) -> bool:
        """Whether an unconfirmed provisional response forbids to send this one yet (RFC 3262 section 3)."""
        unconfirmed = self._assuring.unconfirmed(incoming)
        if held.status >= 200:
            promised = unconfirmed is not None and bool(unconfirmed.body)
            return held.status < 300 and (promised or any(earlier.content.body for earlier in incoming.held))
        return held.reliable and (unconfirmed is not None or bool(incoming.held))

    def _say(self, incoming: IncomingRequest, held: Held) -> Raw:
        status, content = held.status, held.content
        makes_dialog = incoming.method == "INVITE" and 100 < status < 300
        contact = self._contact(incoming) if makes_dialog or _refreshes(incoming, status) else ""
        own = self._party.capabilities() if makes_dialog and status >= 200 else []
        agent = self._party.layer.local.host
        told = [("Warning", f"{code} {agent} {grammar.quote(text)}") for code, text in held.warnings]
        sure = [("Require", REL), ("RSeq", str(self._assuring.next_rseq(incoming)))] if held.reliable else []
        response = build_response(
            incoming.request,
            status,
            held.reason,
            to_tag=incoming.tag if status > 100 else "",
            contact=contact,
            record_route=makes_dialog,
            headers=[*own, *sure, *self._party.signature("Server"), *told, *content.headers],
            body=content.body,
            content_type=content.content_type,
        )
        outputs = self.reply(incoming.transaction, response)
        outputs += self._follow(incoming, response, contact)
        if held.reliable:
            outputs += self._assuring.begin(incoming, response)
        elif status >= 200 and incoming.method == "INVITE":
            outputs += self._assuring.stop(incoming)
        if incoming.dialog is not None:
            negotiation = incoming.dialog.negotiation
            negotiation.response(incoming.request, response, Side.OWN, reliable=held.reliable)
        return outputs if incoming.confirms is None or status < 200 else [*outputs, *self.release(incoming.confirms)]

    def _contact(self, incoming: IncomingRequest) -> str:
        if incoming.dialog is not None:
            return incoming.dialog.contact
        request = incoming.request
        first = request.record_routes[:1] or request.contacts[:1]
        secure = "sips" in (request.uri.scheme, *(address.uri.scheme for address in first))
        return self._party.contact_by(incoming.source.transport, secure=secure)

    def _follow(self, incoming: IncomingRequest, response: Response, contact: str) -> Raw:
        """What a response changes in the dialog, and the repetitions that a 2xx to an INVITE begins."""
        dialog = incoming.dialog
        if response.status >= 200 and dialog is not None:
            dialog.peer_invite = None if dialog.peer_invite is incoming else dialog.peer_invite
            dialog.peer_update = None if dialog.peer_update is incoming else dialog.peer_update
        if response.status >= 300:
            if dialog is not None and incoming.initial:
                self._party.forget(dialog)
            return []
        if dialog is not None and _refreshes(incoming, response.status):
            dialog.refresh_target(incoming.request)
        if incoming.method != "INVITE" or response.status == 100:
            return []
        if dialog is None:
            dialog = self._make_dialog(incoming, contact)
        if response.status < 200:
            return []
        dialog.state = DialogState.CONFIRMED
        dialog.peer_invite = None
        return self._accepting.begin(incoming, dialog, response)

    def _make_dialog(self, incoming: IncomingRequest, contact: str) -> Dialog:
        dialog = Dialog.of_callee(incoming.request, incoming.tag, contact=contact, hop=incoming.source)
        dialog.negotiation.request(incoming.request, Side.PEER)
        dialog.peer_invite = incoming
        incoming.dialog = dialog
        self._party.remember(dialog)
        return dialog

    # -- confirmations -------------------------------------------------------------------------------------------

    def acknowledged(self, arrived: AckArrived) -> Raw:
        """An ACK for a 2xx."""
        return self._accepting.acknowledged(arrived)

    def confirmed(self, dialog: Dialog, prack: Request) -> IncomingRequest | None:
        """The INVITE whose reliable provisional response a PRACK confirms; None if it confirms none."""
        return self._assuring.confirmed(dialog, prack)

    def stop_confirming(self, invite: IncomingRequest) -> Raw:
        """The provisional response has arrived."""
        return self._assuring.stop(invite)

    def release(self, invite: IncomingRequest) -> Raw:
        """Send what waited for a provisional response to be confirmed."""
        # Only one: a final response is the last of the queue, and a reliable one makes what follows it wait once more.
        return self._say(invite, invite.held.popleft()) if invite.held else []

    def end_of(self, dialog: Dialog) -> Raw:
        """The peer ended a dialog: nothing in it is sent again, and an INVITE that was open in it gets 487."""
        outputs: Raw = []
        if dialog.peer_invite is not None:
            outputs += self.terminate(dialog.peer_invite)
        return outputs if dialog.awaiting_ack is None else [*outputs, *self._accepting.stop(dialog.awaiting_ack)]

    def terminate(self, invite: IncomingRequest) -> Raw:
        """Answer 487, whatever else was held for it."""
        invite.held.clear()
        return self.respond(invite, 487)

    # -- timers --------------------------------------------------------------------------------------------------

    def repeat_answer(self, number: int) -> Raw:
        """The time came to send a 2xx again."""
        return self._accepting.repeat(number)

    def give_up_answer(self, number: int) -> Raw:
        """64*T1 without an ACK."""
        return self._accepting.give_up(number)

    def repeat_progress(self, number: int) -> Raw:
        """The time came to send a reliable provisional response again."""
        return self._assuring.repeat(number)

    def give_up_progress(self, number: int) -> Raw:
        """64*T1 without a PRACK: nobody can be reached there (RFC 3262 section 3)."""
        found = self._assuring.give_up(number)
        if found is None:
            return []
        invite, response, stopped = found
        invite.held.clear()
        return [*stopped, *self.respond(invite, _UNCONFIRMED), PrackMissing(invite, response)]


def _refreshes(incoming: IncomingRequest, status: int) -> bool:
    return incoming.method in REFRESHING and 200 <= status < 300
