"""A user agent's SIP in one object: octets and timers in, octets, timers and call events out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip.actions import Hop
from mikey_sdp.sip.build import SDP, HeaderPairs
from mikey_sdp.sip.calls import IncomingRequest, OutgoingInvite, OutgoingRequest
from mikey_sdp.sip.confirming import acknowledge, confirming
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.events import Output
from mikey_sdp.sip.intake import Intake
from mikey_sdp.sip.outgoing import Content, Target
from mikey_sdp.sip.refer import MAX_REFERRALS, Referral
from mikey_sdp.sip.uri import Uri

_OWN_METHODS: Final = {"INVITE": "reinvite", "PRACK": "prack", "REFER": "refer"}


class AgentCore(Intake):
    """The SIP of one user agent.

    Every method that does something returns what to do, in order: `Send`, `SetTimer` and `CancelTimer` for the network,
    and events for the user agent. Timers are named `sip/...`. Requests of more than `largest_datagram` octets take TCP
    where they would have taken UDP; RFC 3261 section 18.1.1 asks for that beyond 1300. Who has `100rel` in `supported`
    allows PRACK by that alone; `replaces` there has Replaces heeded; UPDATE, REFER and NOTIFY have to stand in `allow`.
    Keeps: nothing of a call once its dialog is over and its transactions have run out.
    """

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
        """Ask something outside of any dialog: OPTIONS, REGISTER and the like."""
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
        """Ask something inside a dialog: BYE, UPDATE, INFO and the like. BYE ends the dialog at once.

        Raises: UsageError where the state forbids it: the callee's BYE before he has an ACK, an offer while another
        waits for its answer, anything once it is over.
        """
        if method in _OWN_METHODS:
            raise UsageError(f"{method} inside a dialog is sent with {_OWN_METHODS[method]}")
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
        return acknowledge(self._party, invite, dialog, content)

    def prack(
        self,
        invite: OutgoingInvite,
        dialog: Dialog,
        *,
        headers: HeaderPairs = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> tuple[OutgoingRequest, list[Output]]:
        """Confirm a provisional response; due after every `ProvisionalReceived` that is reliable, at once.

        Raises: UsageError if there is none, or if it made an offer and `body` is no answer.
        """
        content = confirming(invite, dialog, Content(headers=headers, body=body, content_type=content_type))
        transaction, outputs = self._asking.inside(dialog, "PRACK", content)
        return self._asking.track_request(transaction, dialog), self._sorted(outputs)

    def refer(self, dialog: Dialog, target: str, *, headers: HeaderPairs = ()) -> tuple[OutgoingRequest, list[Output]]:
        """Ask the peer to call somebody; `target` as `refer_to` writes it. Its `referral` names what comes of it.

        Raises: UsageError while too many others are open.
        """
        if len(dialog.referrals) >= MAX_REFERRALS:
            raise UsageError(f"{MAX_REFERRALS} references of this dialog are open")
        transaction, outputs = self._asking.inside(dialog, "REFER", Content(headers=[("Refer-To", target), *headers]))
        outgoing = self._asking.track_request(transaction, dialog)
        outgoing.referral = self._referral(dialog, transaction.request.cseq.number, target, own=True)
        return outgoing, self._sorted(outputs)

    def accept_referral(self, incoming: IncomingRequest) -> tuple[Referral, list[Output]]:
        """Answer a REFER with 202, and tell the peer at once that it is being tried (RFC 3515 section 2.4.4).

        Raises: UsageError if it has been answered.
        """
        dialog = incoming.dialog
        if incoming.method != "REFER" or dialog is None:
            raise UsageError(f"this {incoming.method} refers to nobody")
        outputs = self.respond(incoming, 202)
        request = incoming.request
        referral = self._referral(dialog, request.cseq.number, request.get("Refer-To") or "", own=False)
        return referral, [*outputs, *self.report_referral(referral, 100)]

    def report_referral(self, referral: Referral, status: int, reason: str = "") -> list[Output]:
        """Tell who sent a REFER how far it has come; a final status is the last word. Nothing once the dialog is over.

        Raises: UsageError after the last word.
        """
        dialog = referral.dialog
        if dialog.state is DialogState.TERMINATED:
            return []
        if referral not in dialog.referrals:
            raise UsageError("the end of this reference has been told already")
        if status >= 200:
            dialog.referrals.remove(referral)
        transaction, outputs = self._asking.inside(dialog, "NOTIFY", referral.notification(status, reason))
        self._asking.track_request(transaction, dialog)
        return self._sorted(outputs)

    def _referral(self, dialog: Dialog, number: int, target: str, *, own: bool) -> Referral:
        referral = Referral(dialog=dialog, number=number, own=own, target=target)
        dialog.referrals.append(referral)
        return referral

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
        reliable: bool = False,
    ) -> list[Output]:
        """Answer a request. A 1xx other than 100 or a 2xx to an INVITE makes or confirms `incoming.dialog`.

        A provisional response is `reliable` if that is wanted or if the peer insists; then it is repeated until its
        PRACK comes. Meanwhile a further reliable one is held back, and so is a 2xx if one of them has a description.
        Raises: UsageError if it has had its final response, or if the peer doesn't know 100rel.
        """
        content = Content(headers=headers, body=body, content_type=content_type)
        return self._sorted(
            self._replies.respond(incoming, status, reason, warnings=warnings, content=content, reliable=reliable)
        )
