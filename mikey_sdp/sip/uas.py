"""The answering side of a user agent: what is refused at once, what is dealt with, what is passed up.

Source: RFC 3261 sections 8.2 and 9.2, RFC 3891 section 3.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.sip.actions import RequestArrived
from mikey_sdp.sip.build import HeaderPairs, build_response
from mikey_sdp.sip.dialog import Dialog, DialogId, DialogState
from mikey_sdp.sip.events import InviteCancelled, InviteReceived, RequestReceived
from mikey_sdp.sip.inside import Inside
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.party import Party, Raw
from mikey_sdp.sip.replies import Replies
from mikey_sdp.sip.server import ServerTransaction

REPLACES: Final = "replaces"
"""The option tag of those who let one dialog take the place of another (RFC 3891)."""
_SCHEMES: Final = frozenset({"sip", "sips", "tel"})
_IN_DIALOGS: Final = {"BYE": 481, "PRACK": 481, "UPDATE": 481, "NOTIFY": 481, "REFER": 403}
"""Methods that need a dialog here, and what they get without one."""

MergeKey = tuple[str, str, int, str]


class Answering:
    """Requests as they arrive."""

    def __init__(self, party: Party, replies: Replies) -> None:
        self._party = party
        self._replies = replies
        self._inside = Inside(party, replies)
        self._merging: dict[MergeKey, int] = {}

    def __len__(self) -> int:
        return len(self._merging)

    def request(self, arrived: RequestArrived) -> Raw:
        """A request that is no repetition: refuse it, deal with it, or pass it up."""
        transaction, request = arrived.transaction, arrived.request
        if request.method == "CANCEL":
            return self._cancel(transaction, request)
        refusal = self._unfit(transaction, request)
        if refusal is not None:
            status, headers = refusal
            return self._replies.refuse(transaction, status, headers)
        if request.to.tag:
            return self._inside.request(transaction, request)
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
        return (400, ()) if request.method != "INVITE" and request.replaces is not None else None

    def _came_before(self, transaction: ServerTransaction, request: Request) -> bool:
        """Whether the same request is here already by another way, under another branch (section 8.2.2.2)."""
        return self._merging.setdefault(_merge_key(request), transaction.number) != transaction.number

    def _outside(self, transaction: ServerTransaction, request: Request) -> Raw:
        if request.method in _IN_DIALOGS:
            return self._replies.refuse(transaction, _IN_DIALOGS[request.method])
        if request.method != "INVITE":
            return [RequestReceived(self._replies.track(transaction, None), request, None)]
        if len(request.contacts) != 1:
            return self._replies.refuse(transaction, 400, reason="Bad Request (one Contact is needed)")
        replaced, status = self._replaced(request)
        if status:
            return self._replies.refuse(transaction, status)
        return [InviteReceived(self._replies.track(transaction, None), request, None, replaced)]

    def _replaced(self, request: Request) -> tuple[Dialog | None, int]:
        """The dialog that an INVITE is to take the place of, or the status with which it is refused for asking."""
        asked = request.replaces
        if asked is None or REPLACES not in self._party.settings.supported:
            return None, 0
        dialog = self._party.dialogs.get(DialogId(asked.call_id, *_tags(asked.to_tag, asked.from_tag)))
        if dialog is None:
            return None, 481
        if dialog.state is DialogState.TERMINATED:
            return None, 603
        if dialog.state is DialogState.CONFIRMED:
            return dialog, 486 if asked.early_only else 0
        return dialog, 0 if dialog.caller else 481

    def _cancel(self, transaction: ServerTransaction, request: Request) -> Raw:
        invite = self._party.layer.invite_of(request)
        if invite is None:
            return self._replies.refuse(transaction, 481)
        incoming = self._replies.find(invite)
        if incoming is None or incoming.answered:
            return self._replies.refuse(transaction, 200)
        outputs = self._replies.reply(transaction, build_response(request, 200, to_tag=incoming.tag))
        return [*outputs, *self._replies.terminate(incoming), InviteCancelled(incoming, request)]

    def terminated(self, transaction: ServerTransaction) -> None:
        """A transaction is over; nothing is kept for it."""
        self._replies.terminated(transaction)
        key = _merge_key(transaction.request)
        if self._merging.get(key) == transaction.number:
            del self._merging[key]


def _tags(*tags: str) -> list[str]:
    """Tags as dialogs have them: 0 stands for none (RFC 3891 section 6.1)."""
    return ["" if tag == "0" else tag for tag in tags]


def _merge_key(request: Request) -> MergeKey:
    """What a request keeps when it reaches us by two ways (RFC 3261 section 8.2.2.2)."""
    return request.from_.tag, request.call_id, request.cseq.number, request.method
