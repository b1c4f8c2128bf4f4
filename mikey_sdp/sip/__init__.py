"""SIP without sockets and clocks: messages, transactions, dialogs, and a user agent's core over them.

Source: RFC 3261, RFC 3262, RFC 3311, RFC 3515, RFC 3581, RFC 3891, RFC 6026.
"""

from __future__ import annotations

from mikey_sdp.sip.actions import (
    AckArrived,
    CancelTimer,
    Discarded,
    Hop,
    RequestArrived,
    ResponseArrived,
    Send,
    SetTimer,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)
from mikey_sdp.sip.build import SDP, build_ack, build_cancel, build_request, build_response
from mikey_sdp.sip.calls import IncomingRequest, OutgoingInvite, OutgoingRequest
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.core import AgentCore
from mikey_sdp.sip.date import format_date, parse_date
from mikey_sdp.sip.dialog import Dialog, DialogId, DialogState
from mikey_sdp.sip.events import (
    AckMissing,
    AckReceived,
    AnswerReceived,
    ByeReceived,
    DialogEnded,
    InviteCancelled,
    InviteReceived,
    InviteRefused,
    Output,
    PrackMissing,
    PrackReceived,
    ProvisionalReceived,
    ReferralReported,
    ReferReceived,
    RequestReceived,
    ResponseReceived,
)
from mikey_sdp.sip.expiry import LEAST_S, TIMER, Refresher, SessionExpires, min_se, session_expires
from mikey_sdp.sip.extensions import RAck, Replaces, by_preference, q_of, q_text, refer_to, referred_headers
from mikey_sdp.sip.fields import Field
from mikey_sdp.sip.framing import StreamFramer
from mikey_sdp.sip.layer import TransactionLayer
from mikey_sdp.sip.message import Message, Request, Response
from mikey_sdp.sip.negotiation import Side
from mikey_sdp.sip.parameters import Parameters, parameter
from mikey_sdp.sip.reasons import reason_for
from mikey_sdp.sip.refer import Referral
from mikey_sdp.sip.routing import Locate, locate_literal
from mikey_sdp.sip.server import ServerTransaction
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.uri import Uri, sip_uri
from mikey_sdp.sip.values import CSeq, NameAddr, SipWarning, Via, identity

__all__ = [
    "LEAST_S",
    "SDP",
    "TIMER",
    "AckArrived",
    "AckMissing",
    "AckReceived",
    "AgentCore",
    "AnswerReceived",
    "ByeReceived",
    "CSeq",
    "CancelTimer",
    "ClientTransaction",
    "Dialog",
    "DialogEnded",
    "DialogId",
    "DialogState",
    "Discarded",
    "Field",
    "Hop",
    "IncomingRequest",
    "InviteCancelled",
    "InviteReceived",
    "InviteRefused",
    "Locate",
    "Message",
    "NameAddr",
    "OutgoingInvite",
    "OutgoingRequest",
    "Output",
    "Parameters",
    "PrackMissing",
    "PrackReceived",
    "ProvisionalReceived",
    "RAck",
    "ReferReceived",
    "Referral",
    "ReferralReported",
    "Refresher",
    "Replaces",
    "Request",
    "RequestArrived",
    "RequestReceived",
    "Response",
    "ResponseArrived",
    "ResponseReceived",
    "Send",
    "ServerTransaction",
    "SessionExpires",
    "SetTimer",
    "Side",
    "SipWarning",
    "StreamFramer",
    "Timers",
    "TransactionLayer",
    "TransactionTerminated",
    "TransactionTimedOut",
    "TransportFailed",
    "Uri",
    "Via",
    "build_ack",
    "build_cancel",
    "build_request",
    "build_response",
    "by_preference",
    "format_date",
    "identity",
    "locate_literal",
    "min_se",
    "parameter",
    "parse_date",
    "q_of",
    "q_text",
    "reason_for",
    "refer_to",
    "referred_headers",
    "session_expires",
    "sip_uri",
]
