"""Requests under way, as a user agent sees them, and what it is told about them.

Events are past tense. Each is delivered once; repetitions never reach the user agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.sip.actions import CancelTimer, Discarded, Hop, Send, SetTimer
from mikey_sdp.sip.build import HeaderPairs
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.dialog import Dialog
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.server import ServerTransaction


class OutgoingInvite:
    """An INVITE that we sent.

    Keeps: `dialogs`, one for each To tag that answered it (a fork has several); `dialog`, the one it was sent inside,
    if it is a re-INVITE; `acks`, by To tag what acknowledges each 2xx; `pending_cancel`, a CANCEL that waits for the
    first provisional response.
    """

    __slots__ = ("acks", "cancelled", "contact", "dialog", "dialogs", "hop", "open", "pending_cancel", "transaction")

    def __init__(self, transaction: ClientTransaction, hop: Hop, contact: str, dialog: Dialog | None) -> None:
        self.transaction = transaction
        self.hop = hop
        self.contact = contact
        self.dialog = dialog
        self.dialogs: dict[str, Dialog] = {}
        self.acks: dict[str, Send | None] = {}
        self.pending_cancel: HeaderPairs | None = None
        self.cancelled = False
        self.open = True

    @property
    def request(self) -> Request:
        """The INVITE itself."""
        return self.transaction.request

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.request.call_id

    @property
    def answered(self) -> bool:
        """Whether some 2xx has come."""
        return bool(self.acks)


class OutgoingRequest:
    """A request other than INVITE, ACK and CANCEL that we sent, inside a dialog or outside of any."""

    __slots__ = ("dialog", "transaction")

    def __init__(self, transaction: ClientTransaction, dialog: Dialog | None) -> None:
        self.transaction = transaction
        self.dialog = dialog

    @property
    def request(self) -> Request:
        """The request itself."""
        return self.transaction.request

    @property
    def method(self) -> str:
        """Its method."""
        return self.transaction.request.method


class IncomingRequest:
    """A request of a peer that waits for our answer.

    Keeps: `dialog`, the one it came in or made; `tag`, the To tag of our responses; `initial`, whether it came outside
    of any dialog.
    """

    __slots__ = ("dialog", "initial", "tag", "transaction")

    def __init__(self, transaction: ServerTransaction, dialog: Dialog | None, tag: str) -> None:
        self.transaction = transaction
        self.dialog = dialog
        self.initial = dialog is None
        self.tag = tag

    @property
    def request(self) -> Request:
        """The request itself, with the source noted in its Via."""
        return self.transaction.request

    @property
    def method(self) -> str:
        """Its method."""
        return self.transaction.request.method

    @property
    def source(self) -> Hop:
        """Where it came from."""
        return self.transaction.source

    @property
    def answered(self) -> bool:
        """Whether it has had its final response."""
        return self.transaction.answered

    @property
    def open(self) -> bool:
        """Whether it still waits for its final response."""
        return not self.transaction.answered


@dataclass(frozen=True, slots=True)
class ProvisionalReceived:
    """Someone works on our INVITE; with a To tag, an early dialog stands for who it is."""

    invite: OutgoingInvite
    response: Response
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """Someone took our INVITE: the first 2xx of this dialog. It must be acknowledged."""

    invite: OutgoingInvite
    response: Response
    dialog: Dialog


@dataclass(frozen=True, slots=True)
class InviteRefused:
    """Our INVITE failed for good; without a response, 408 (nothing came), 487 (nothing came after CANCEL) or 503."""

    invite: OutgoingInvite
    status: int
    response: Response | None


@dataclass(frozen=True, slots=True)
class DialogEnded:
    """An early dialog is over because no 2xx came for it."""

    dialog: Dialog
    why: str


@dataclass(frozen=True, slots=True)
class InviteReceived:
    """Someone invites us, or inside a dialog wants to change the session."""

    incoming: IncomingRequest
    request: Request
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class InviteCancelled:
    """The peer took his INVITE back; 487 has been sent."""

    incoming: IncomingRequest
    request: Request


@dataclass(frozen=True, slots=True)
class AckReceived:
    """The peer confirmed our 2xx; the ACK may bring the answer to an offer of ours."""

    incoming: IncomingRequest
    dialog: Dialog
    request: Request


@dataclass(frozen=True, slots=True)
class AckMissing:
    """Nobody confirmed our 2xx in 64*T1; the session should be ended with a BYE (RFC 3261 section 13.3.1.4)."""

    incoming: IncomingRequest
    dialog: Dialog


@dataclass(frozen=True, slots=True)
class ByeReceived:
    """The peer ended the dialog; 200 has been sent, and 487 to an INVITE of his that was open in it."""

    dialog: Dialog
    request: Request


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """Some other request wants an answer."""

    incoming: IncomingRequest
    request: Request
    dialog: Dialog | None


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """Our request was answered; without a response, 408 (nothing came) or 503 (it could not be sent)."""

    outgoing: OutgoingRequest
    status: int
    response: Response | None
    dialog: Dialog | None


CallEvent = (
    ProvisionalReceived
    | AnswerReceived
    | InviteRefused
    | DialogEnded
    | InviteReceived
    | InviteCancelled
    | AckReceived
    | AckMissing
    | ByeReceived
    | RequestReceived
    | ResponseReceived
    | Discarded
)
Output = Send | SetTimer | CancelTimer | CallEvent
