"""What a user agent is told about its calls.

Events are past tense. Each is delivered once; repetitions never reach the user agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.sip.actions import CancelTimer, Discarded, Send, SetTimer
from mikey_sdp.sip.calls import IncomingRequest, OutgoingInvite, OutgoingRequest
from mikey_sdp.sip.dialog import Dialog
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.refer import Referral
from mikey_sdp.sip.values import NameAddr


@dataclass(frozen=True, slots=True)
class ProvisionalReceived:
    """Someone works on our INVITE; with a To tag, an early dialog stands for who it is.

    Keeps: `reliable`, whether it was sent so that it must arrive; then it has to be confirmed with `prack`.
    """

    invite: OutgoingInvite
    response: Response
    dialog: Dialog | None
    reliable: bool = False


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
    """Someone invites us, or inside a dialog wants to change the session.

    Keeps: `replaces`, the dialog that this call is to take the place of. Whoever answers with 2xx has to check that the
    caller may ask for that, and to end the other dialog: with BYE, or by cancelling its INVITE while it is early.
    """

    incoming: IncomingRequest
    request: Request
    dialog: Dialog | None
    replaces: Dialog | None = None


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
class PrackReceived:
    """The peer has our reliable provisional response to `invite`.

    Keeps: `incoming`, the PRACK if it has a body and so waits for an answer; one without has been answered with 200.
    """

    invite: IncomingRequest
    request: Request
    incoming: IncomingRequest | None


@dataclass(frozen=True, slots=True)
class PrackMissing:
    """Nobody confirmed a reliable provisional response in 64*T1; the INVITE has been refused with 504."""

    invite: IncomingRequest
    response: Response


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The peer asks us to call somebody; 202 lets it follow what comes of it, as `report_referral` tells."""

    incoming: IncomingRequest
    request: Request
    dialog: Dialog
    target: NameAddr


@dataclass(frozen=True, slots=True)
class ReferralReported:
    """The peer tells how far it has come with what we asked for in a REFER; 200 has been sent.

    Keeps: `over`, whether this is the last that we hear of it.
    """

    referral: Referral
    status: int
    reason: str
    over: bool


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
    | PrackReceived
    | PrackMissing
    | ReferReceived
    | ReferralReported
    | ByeReceived
    | RequestReceived
    | ResponseReceived
    | Discarded
)
Output = Send | SetTimer | CancelTimer | CallEvent
