"""The answering side of a user agent: what is refused at once, what is dealt with, what is passed up.

Source: RFC 3261 sections 8.2, 9.2, 12.2.2, 13.3, 14.2 and 15.1.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.accepting import Accepting
from mikey_sdp.sip.actions import RequestArrived
from mikey_sdp.sip.build import HeaderPairs, build_response
from mikey_sdp.sip.calls import ByeReceived, IncomingRequest, InviteCancelled, InviteReceived, RequestReceived
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.outgoing import REFRESHING, Content
from mikey_sdp.sip.party import Party, Raw
from mikey_sdp.sip.server import ServerTransaction

_SCHEMES: Final = frozenset({"sip", "sips", "tel"})
_RETRY_WITHIN_S: Final = 10
_NOTHING: Final = Content()

MergeKey = tuple[str, str, int, str]


class Answering:
    """What peers asked and have not had the end of."""

    def __init__(self, party: Party, accepting: Accepting) -> None:
        self._party = party
        self._accepting = accepting
        self._incoming: dict[int, IncomingRequest] = {}
        self._merging: dict[MergeKey, int] = {}

    def __len__(self) -> int:
        return len(self._incoming) + len(self._merging)

    # -- requests ------------------------------------------------------------------------------------------------

    def request(self, arrived: RequestArrived) -> Raw:
        """A request that is no repetition: refuse it, deal with it, or pass it up."""
        transaction, request = arrived.transaction, arrived.request
        if request.method == "CANCEL":
            return self._cancel(transaction, request)
        refusal = self._unfit(transaction, request)
        if refusal is not None:
            status, headers = refusal
            return self._refuse(transaction, status, headers)
        if request.to.tag:
            return self._inside(transaction, request)
        return self._outside(transaction, request)

    def _unfit(self, transaction: ServerTransaction, request: Request) -> tuple[int, HeaderPairs] | None:
        """The status and fields with which a request is refused before anybody looks at its meaning (section 8.2)."""
        settings = self._party.settings
        if request.method not in settings.allow:
            return 405, [("Allow", ", ".join(settings.allow))]
        if request.uri.scheme not in _SCHEMES:
            return 416, ()
        if not request.to.tag and self._came_before(transaction, request):
            return 482, ()
        unknown = [option for option in request.options("Require") if option not in settings.supported]
        if unknown:
            return 420, [("Unsupported", ", ".join(unknown))]
        return None

    def _came_before(self, transaction: ServerTransaction, request: Request) -> bool:
        """Whether the same request is here already by another way, under another branch (section 8.2.2.2)."""
        return self._merging.setdefault(_merge_key(request), transaction.number) != transaction.number

    def _outside(self, transaction: ServerTransaction, request: Request) -> Raw:
        if request.method == "BYE":
            return self._refuse(transaction, 481)
        incoming = self._track(transaction, None)
        if request.method != "INVITE":
            return [RequestReceived(incoming, request, None)]
        if len(request.contacts) != 1:
            return self._refuse(transaction, 400, reason="Bad Request (one Contact is needed)")
        return [InviteReceived(incoming, request, None)]

    def _inside(self, transaction: ServerTransaction, request: Request) -> Raw:
        dialog = self._party.dialog_of(request)
        if dialog is None:
            return self._refuse(transaction, 481)
        if dialog.state is DialogState.TERMINATED:
            return self._refuse(transaction, 200 if request.method == "BYE" else 481)
        if not dialog.is_in_order(request.cseq.number):
            return self._refuse(transaction, 500, reason="Server Internal Error (CSeq out of order)")
        dialog.remote_cseq = request.cseq.number
        if request.method == "INVITE":
            return self._reinvite(transaction, request, dialog)
        if request.method == "BYE":
            return self._bye(transaction, request, dialog)
        return [RequestReceived(self._track(transaction, dialog), request, dialog)]

    def _reinvite(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        """Only one INVITE at a time in a dialog (section 14.2)."""
        if dialog.own_invite is not None:
            return self._refuse(transaction, 491)
        if dialog.peer_invite is not None:
            wait = str(self._party.draw(_RETRY_WITHIN_S + 1))
            return self._refuse(transaction, 500, [("Retry-After", wait)])
        incoming = self._track(transaction, dialog)
        dialog.peer_invite = incoming
        return [InviteReceived(incoming, request, dialog)]

    def _bye(self, transaction: ServerTransaction, request: Request, dialog: Dialog) -> Raw:
        outputs = self._refuse(transaction, 200)
        if dialog.peer_invite is not None:
            outputs += self.respond(dialog.peer_invite, 487)
        if dialog.awaiting_ack is not None:
            outputs += self._accepting.stop(dialog.awaiting_ack)
        self._party.forget(dialog)
        return [*outputs, ByeReceived(dialog, request)]

    def _cancel(self, transaction: ServerTransaction, request: Request) -> Raw:
        invite = self._party.layer.invite_of(request)
        if invite is None:
            return self._refuse(transaction, 481)
        incoming = self._incoming.get(invite.number)
        if incoming is None or incoming.answered:
            return self._refuse(transaction, 200)
        outputs = self._reply(transaction, build_response(request, 200, to_tag=incoming.tag))
        return [*outputs, *self.respond(incoming, 487), InviteCancelled(incoming, request)]

    # -- responses -----------------------------------------------------------------------------------------------

    def respond(
        self,
        incoming: IncomingRequest,
        status: int,
        reason: str = "",
        *,
        warnings: Iterable[tuple[int, str]] = (),
        content: Content = _NOTHING,
    ) -> Raw:
        """Answer a request that was passed up.

        Raises: UsageError if it has had its final response.
        """
        if incoming.answered:
            raise UsageError(f"this {incoming.method} has been answered already")
        makes_dialog = incoming.method == "INVITE" and 100 < status < 300
        contact = self._contact(incoming) if makes_dialog or _refreshes(incoming, status) else ""
        own = self._party.capabilities() if makes_dialog and status >= 200 else []
        agent = self._party.layer.local.host
        told = [("Warning", f"{code} {agent} {grammar.quote(text)}") for code, text in warnings]
        response = build_response(
            incoming.request,
            status,
            reason,
            to_tag=incoming.tag if status > 100 else "",
            contact=contact,
            record_route=makes_dialog,
            headers=[*own, *self._party.signature("Server"), *told, *content.headers],
            body=content.body,
            content_type=content.content_type,
        )
        outputs = self._reply(incoming.transaction, response)
        return [*outputs, *self._follow(incoming, response, contact)]

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
        dialog.peer_invite = incoming
        incoming.dialog = dialog
        self._party.remember(dialog)
        return dialog

    def terminated(self, transaction: ServerTransaction) -> None:
        """A transaction is over; nothing is kept for it."""
        self._incoming.pop(transaction.number, None)
        key = _merge_key(transaction.request)
        if self._merging.get(key) == transaction.number:
            del self._merging[key]

    # -- helpers -------------------------------------------------------------------------------------------------

    def _track(self, transaction: ServerTransaction, dialog: Dialog | None) -> IncomingRequest:
        tag = transaction.request.to.tag or self._party.layer.new_tag()
        incoming = IncomingRequest(transaction, dialog, tag)
        self._incoming[transaction.number] = incoming
        return incoming

    def _refuse(
        self, transaction: ServerTransaction, status: int, headers: HeaderPairs = (), *, reason: str = ""
    ) -> Raw:
        """Answer without asking anybody."""
        request = transaction.request
        signed = [*self._party.signature("Server"), *headers]
        tag = "" if request.to.tag else self._party.layer.new_tag()
        return self._reply(transaction, build_response(request, status, reason, to_tag=tag, headers=signed))

    def _reply(self, transaction: ServerTransaction, response: Response) -> Raw:
        return [*self._party.layer.reply(transaction, response)]


def _refreshes(incoming: IncomingRequest, status: int) -> bool:
    return incoming.method in REFRESHING and 200 <= status < 300


def _merge_key(request: Request) -> MergeKey:
    """What a request keeps when it reaches us by two ways (RFC 3261 section 8.2.2.2)."""
    return request.from_.tag, request.call_id, request.cseq.number, request.method
