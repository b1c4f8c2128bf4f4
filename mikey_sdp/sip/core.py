"""A user agent's SIP in one object: octets and timers in, octets, timers and call events out.

It sorts what the transaction layer says into the asking and the answering side and lets neither see repetitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.secret import Entropy
from mikey_sdp.sip.accepting import Accepting
from mikey_sdp.sip.actions import (
    TIMER_PREFIX,
    AckArrived,
    Hop,
    RequestArrived,
    ResponseArrived,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)
from mikey_sdp.sip.build import SDP, HeaderPairs
from mikey_sdp.sip.calls import IncomingRequest, OutgoingInvite, OutgoingRequest, Output
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.dialog import Dialog
from mikey_sdp.sip.outgoing import Content, Target
from mikey_sdp.sip.party import ALLOW, Party, Settings
from mikey_sdp.sip.routing import Locate, locate_literal
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.uac import Asking
from mikey_sdp.sip.uas import Answering
from mikey_sdp.sip.uri import Uri


class AgentCore:
    """The SIP of one user agent.

    Every method that does something returns what to do, in order: `Send`, `SetTimer` and `CancelTimer` for the network,
    and events for the user agent. Timers are named `sip/...`. Requests of more than `largest_datagram` octets take TCP
    where they would have taken UDP; RFC 3261 section 18.1.1 asks for that beyond 1300.
    Keeps: nothing of a call once its dialog is over and its transactions have run out.
    """

    def __init__(
        self,
        *,
        local: Hop,
        contact: str,
        entropy: Entropy,
        timers: Timers | None = None,
        locate: Locate = locate_literal,
        allow: Sequence[str] = ALLOW,
        supported: Sequence[str] = (),
        agent: str = "",
        largest_datagram: int | None = None,
    ) -> None:
        settings = Settings(
            contact=contact,
            timers=timers or Timers(),
            locate=locate,
            allow=tuple(allow),
            supported=tuple(supported),
            agent=agent,
            largest_datagram=largest_datagram,
        )
        self._party = Party(local=local, entropy=entropy, settings=settings)
        self._asking = Asking(self._party)
        self._accepting = Accepting(self._party)
        self._answering = Answering(self._party, self._accepting)

    @property
    def held(self) -> int:
        """How many transactions, dialogs and requests are remembered; 0 when all calls are over and done with."""
        above = len(self._asking) + len(self._accepting) + len(self._answering)
        return len(self._party.layer) + len(self._party.dialogs) + above

    def receive(self, octets: bytes, source: Hop) -> list[Output]:
        """Take one datagram, or one message that a `StreamFramer` cut out."""
        return self._sorted(self._party.layer.receive(octets, source))

    def timer_fired(self, name: str) -> list[Output]:
        """Take a timer that an earlier output set."""
        which, _, number = name.removeprefix(TIMER_PREFIX).partition("/")
        handler = self._TIMERS.get(which)
        if handler is None:
            return self._sorted(self._party.layer.timer_fired(name))
        return self._sorted(handler(self, int(number))) if number.isdecimal() else []

    @staticmethod
    def owns_timer(name: str) -> bool:
        """Whether a timer of that name is one of a core's."""
        return name.startswith(TIMER_PREFIX)

    def transport_failed(self, hop: Hop) -> list[Output]:
        """The network says that nothing can be delivered to that address."""
        return self._sorted(self._party.layer.transport_failed(hop))

    def invite(
        self,
        to: str,
        *,
        caller: str,
        hop: Hop | None = None,
        uri: Uri | None = None,
        routes: Sequence[str] = (),
        headers: HeaderPairs = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> tuple[OutgoingInvite, list[Output]]:
        """Call someone. `hop` says where to send it; without it the first route or the URI must hold an IP address.

        Raises: UsageError for addresses that are none and for text with line ends.
        """
        transaction, outputs, contact = self._asking.outside(
            "INVITE",
            Target(to=to, caller=caller, hop=hop, uri=uri, routes=routes),
            Content(headers=headers, body=body, content_type=content_type),
        )
        return self._asking.track_invite(transaction, contact, None), self._sorted(outputs)

    def request_outside(
        self,
        method: str,
        to: str,
        *,
        caller: str,
        hop: Hop | None = None,
        uri: Uri | None = None,
        routes: Sequence[str] = (),
        headers: HeaderPairs = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> tuple[OutgoingRequest, list[Output]]:
        """Ask something outside of any dialog: OPTIONS, REFER and the like."""
        if method in ("INVITE", "ACK", "CANCEL", "BYE"):
            raise UsageError(f"{method} is not sent this way")
        transaction, outputs, _ = self._asking.outside(
            method,
            Target(to=to, caller=caller, hop=hop, uri=uri, routes=routes),
            Content(headers=headers, body=body, content_type=content_type),
        )
        return self._asking.track_request(transaction, None), self._sorted(outputs)

    def reinvite(
        self, dialog: Dialog, *, headers: HeaderPairs = (), body: bytes = b"", content_type: str = SDP
    ) -> tuple[OutgoingInvite, list[Output]]:
        """Ask the peer of a dialog to change the session.

        Raises: UsageError while another INVITE is open in it (`dialog.invite_open`).
        """
        content = Content(headers=headers, body=body, content_type=content_type)
        transaction, outputs = self._asking.inside(dialog, "INVITE", content)
        return self._asking.track_invite(transaction, dialog.contact, dialog), self._sorted(outputs)

    def request(
        self, dialog: Dialog, method: str, *, headers: HeaderPairs = (), body: bytes = b"", content_type: str = SDP
    ) -> tuple[OutgoingRequest, list[Output]]:
        """Ask something inside a dialog: BYE, UPDATE, PRACK, REFER and the like. BYE ends the dialog at once.

        Raises: UsageError where the state forbids it: the callee's BYE before he has an ACK, anything once it is over.
        """
        if method == "INVITE":
            raise UsageError("an INVITE inside a dialog is sent with reinvite")
        content = Content(headers=headers, body=body, content_type=content_type)
        transaction, outputs = self._asking.inside(dialog, method, content)
        return self._asking.track_request(transaction, dialog), self._sorted(outputs)

    def acknowledge(
        self,
        invite: OutgoingInvite,
        dialog: Dialog,
        *,
        headers: HeaderPairs = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> list[Output]:
        """Confirm a 2xx; due after every `AnswerReceived`. Repetitions of the 2xx get the same ACK by themselves."""
        content = Content(headers=headers, body=body, content_type=content_type)
        return self._asking.acknowledge(invite, dialog, content)

    def cancel(self, invite: OutgoingInvite, *, headers: HeaderPairs = ()) -> list[Output]:
        """Take an INVITE back; a 2xx may still cross it, and must then be acknowledged and ended with BYE."""
        return self._sorted(self._asking.cancel(invite, headers))

    def glare_delay_us(self, dialog: Dialog) -> int:
        """How long to wait after a 491 before trying again (RFC 3261 section 14.1)."""
        return self._party.glare_delay_us(dialog)

    def end_dialog(self, dialog: Dialog) -> None:
        """Forget a dialog without a BYE, after 481 or 408 to a request inside it."""
        self._party.forget(dialog)

    def respond(
        self,
        incoming: IncomingRequest,
        status: int,
        reason: str = "",
        *,
        headers: HeaderPairs = (),
        warnings: Iterable[tuple[int, str]] = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> list[Output]:
        """Answer a request. A 1xx other than 100 or a 2xx to an INVITE makes or confirms `incoming.dialog`.

        Raises: UsageError if it has had its final response.
        """
        content = Content(headers=headers, body=body, content_type=content_type)
        return self._sorted(self._answering.respond(incoming, status, reason, warnings=warnings, content=content))

    def _sorted(self, raw: Iterable[Any]) -> list[Output]:
        """Commands and call events as they are; events of the transaction layer as what they mean to a user agent."""
        outputs: list[Output] = []
        for item in raw:
            handler = self._MEANING.get(type(item))
            if handler is None:
                outputs.append(item)
            else:
                outputs += self._sorted(handler(self, item))
        return outputs

    def _timed_out(self, event: TransactionTimedOut) -> list[Any]:
        transaction = event.transaction
        return self._asking.lost(transaction, 408) if isinstance(transaction, ClientTransaction) else []

    def _failed(self, event: TransportFailed) -> list[Any]:
        transaction = event.transaction
        return self._asking.lost(transaction, 503) if isinstance(transaction, ClientTransaction) else []

    def _terminated(self, event: TransactionTerminated) -> list[Any]:
        if isinstance(event.transaction, ClientTransaction):
            return self._asking.terminated(event.transaction)
        self._answering.terminated(event.transaction)
        return []

    _MEANING: Final[dict[type, Callable[[AgentCore, Any], list[Any]]]] = {
        RequestArrived: lambda self, event: self._answering.request(event),
        AckArrived: lambda self, event: self._accepting.acknowledged(event),
        ResponseArrived: lambda self, event: self._asking.response(event),
        TransactionTimedOut: _timed_out,
        TransportFailed: _failed,
        TransactionTerminated: _terminated,
    }
    _TIMERS: Final[dict[str, Callable[[AgentCore, int], list[Any]]]] = {
        "2xx": lambda self, number: self._accepting.repeat(number),
        "ack": lambda self, number: self._accepting.give_up(number),
        "cancel": lambda self, number: self._asking.cancel_timed_out(number),
    }
