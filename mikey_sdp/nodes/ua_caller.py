"""The calling side of a user agent: from the first INVITE to a confirmed call, a refusal or a cancelled attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker, sdp_octets
from mikey_sdp.nodes.commands import Call, Cancel, ReKey
from mikey_sdp.nodes.config import Keeps
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg, Stage
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.nodes.told import warnings_of
from mikey_sdp.nodes.ua_answers import Answers
from mikey_sdp.nodes.ua_attempts import Attempt, Order, Target, redirection, report
from mikey_sdp.nodes.ua_changes import OVERLAP_US
from mikey_sdp.nodes.ua_early import EarlyDialogs
from mikey_sdp.nodes.ua_offers import Made, Offers
from mikey_sdp.nodes.ua_timers import TOO_SMALL, longer

_REQUEST_TERMINATED: Final = 487
_NOT_ACCEPTABLE: Final = 488
_RINGING: Final = 180
_REDIRECTIONS: Final = range(300, 400)
_OTHER_ANSWERED: Final = "another branch answered"


class Caller:
    """Places calls.

    Keeps: `answers`, what is made of the answers to them.
    """

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker, early: EarlyDialogs) -> None:
        self._desk: Final = desk
        self._early: Final = early
        self._board: Final = board
        self._offers: Final = Offers(desk, bodies)
        self.answers: Final = Answers(desk, board, bodies)
        self._attempts: Final[dict[str, Attempt]] = {}
        board.forgotten = self._tidy_up

    @property
    def attempts(self) -> int:
        """How many INVITEs of ours are not over."""
        return len(self._attempts)

    def call(self, command: Call) -> None:
        """Start a call. What can't be offered is recorded, and no INVITE leaves."""
        desk = self._desk
        contact = desk.config.contacts.get(command.peer)
        if contact is None:
            raise UsageError(f"{desk.config.name} has no contact {command.peer!r}")
        self.place(Order(called=command.peer, offerless=command.offerless), Target(contact=contact))

    def place(self, order: Order, target: Target) -> None:
        """Call one target. What can't be offered is recorded, and no INVITE leaves."""
        try:
            made = self._offers.first(target.contact, offerless=order.offerless)
        except (PolicyRefused, UsageError) as error:
            self._desk.refused("", order.called, error)
            report(self._desk, order, _NOT_ACCEPTABLE)
            return
        self._invite(order, target, made)

    def _redirect(self, attempt: Attempt) -> None:
        """Call the next target of a call to whom something can be offered; each to whom nothing can is recorded."""
        while (target := attempt.next_target) is not None:
            attempt.tried = (*attempt.tried, target.name)
            try:
                made = self._offers.redirected(attempt, target.contact)
            except (PolicyRefused, UsageError) as error:
                self._desk.refused("", attempt.called, error)
                continue
            self._invite(attempt.order, target, made, tried=attempt.tried, others=attempt.others)
            return
        report(self._desk, attempt.order, _NOT_ACCEPTABLE)

    def _invite(
        self, order: Order, target: Target, made: Made, *, tried: tuple[str, ...] = (), others: Sequence[Target] = ()
    ) -> None:
        desk, contact = self._desk, target.contact
        body, offer = made
        required = self._offers.required(offer)
        invite, outputs = desk.core.invite(
            contact.uri,
            caller=desk.config.identity,
            hop=sip.Hop(contact.transport, contact.address.host, contact.address.port),
            uri=target.uri,
            headers=[*order.headers, *required, *self._board.timers.asked(least_s=order.session_s)],
            body=b"" if offer is None else offer.sdp.encode(),
        )
        self._attempts[invite.call_id] = Attempt(
            order=order,
            target=target,
            invite=invite,
            body=body,
            offer=offer,
            tried=tried if target.name in tried else (*tried, target.name),
            others=list(others),
        )
        # Who waits for preconditions works on no media before there is an answer. # [5027-3-9]
        desk.lobby.open(invite.call_id, body, None if required else offer)
        desk.call_changed(invite.call_id, order.called, "calling")
        desk.do(outputs)

    def run_ended(self) -> None:
        """Report what came for attempts that are not over."""
        for attempt in self._attempts.values():
            self.answers.close(attempt)

    def cancel(self, command: Cancel) -> None:
        """Give up the attempts that nobody has answered."""
        attempts = [one for one in self._attempts.values() if one.called == command.peer and one.invite.open]
        if not attempts:
            self._desk.warn(f"there is no call to {command.peer} to cancel")
        for attempt in attempts:
            self._desk.do(self._desk.core.cancel(attempt.invite))

    def provisional(self, event: sip.ProvisionalReceived) -> None:
        """Someone rings, or more: describes himself before he answers."""
        attempt, dialog = self._attempts.get(event.invite.call_id), event.dialog
        if attempt is None or dialog is None or dialog.state is sip.DialogState.TERMINATED:
            return
        leg = self._leg(attempt, dialog)
        state = "ringing" if event.response.status == _RINGING else "early"
        if leg.state != state and leg.stage is Stage.EARLY:
            leg.state = state
            self._desk.call_changed(leg.call_id, leg.peer, state, status=event.response.status)
            report(self._desk, attempt.order, event.response.status)
        if not self.answers.early(attempt, leg, event):
            self._board.hang_up(leg, KEYS_FAILED)  # a PRACK would only have it send
        elif event.reliable:
            self._early.confirm(leg, event, dialog)

    def answered(self, event: sip.AnswerReceived) -> None:
        """A 2xx: take it as the call, or acknowledge it and hang up at once."""
        desk, attempt = self._desk, self._attempts.get(event.invite.call_id)
        hung_up = event.dialog.id in desk.left
        if attempt is None or hung_up:
            # A branch answers after the call is over: RFC 3261 section 13.2.2.4 asks for ACK and BYE.
            desk.do(desk.core.acknowledge(event.invite, event.dialog))
            if hung_up:
                desk.core.end_dialog(event.dialog)  # its BYE has gone before
            else:
                desk.do(desk.core.request(event.dialog, "BYE")[1])
            self._tidy_up(event.invite.call_id)
            return
        leg = self._leg(attempt, event.dialog)
        leg.stage = Stage.ANSWERED
        desk.call_changed(leg.call_id, leg.peer, "answered", status=event.response.status)
        unwanted = self._unwanted(attempt)
        taken = not unwanted and self.answers.final(attempt, leg, event.response)
        # The ACK brings our answer if the offer was the other side's.
        answer = self.answers.decline(event.response) if leg.answer is None and attempt.offer is None else leg.answer
        body = b"" if leg.answer_confirmed else sdp_octets(answer or "")
        desk.do(desk.core.acknowledge(event.invite, event.dialog, body=body))
        if not taken:
            self._board.hang_up(leg, unwanted or KEYS_FAILED)
            if not attempt.taken:
                self.answers.close(attempt)
                report(self._desk, attempt.order, _NOT_ACCEPTABLE)
            return
        attempt.taken = True
        leg.stage = Stage.CONFIRMED
        desk.call_changed(leg.call_id, leg.peer, "confirmed")
        report(self._desk, attempt.order, event.response.status)
        self._board.timers.answered(leg, event.response)
        self._connect(leg)
        if desk.config.keeps is Keeps.FIRST:
            self._end_others(attempt, leg)

    def _unwanted(self, attempt: Attempt) -> str:
        if attempt.invite.cancelled:
            return "cancelled"
        return _OTHER_ANSWERED if attempt.taken and self._desk.config.keeps is Keeps.FIRST else ""

    def _connect(self, leg: Leg) -> None:
        """Send, unless it were under a key of another branch: then fresh ones are offered first.

        Two streams of ours under one key and SSRC would be a two-time pad.
        """
        agreed, leg.on_ack = leg.on_ack, None
        if agreed is None:
            return
        if leg.fresh:
            self._desk.set_timer(leg.timer("overlap"), OVERLAP_US)
        if self.answers.shares_keys(leg, agreed):
            leg.agreed, leg.body = agreed, agreed.body
            leg.waiting.append(ReKey(leg.peer))
        else:
            self._board.speak(leg, agreed)

    def _end_others(self, attempt: Attempt, kept: Leg) -> None:
        """The call is up: what the other branches sent before is over, and their keys are forgotten."""
        for leg in [*self._desk.legs.values()]:
            if leg is not kept and leg.call_id == kept.call_id and leg.stage is Stage.EARLY and leg.media.receivers:
                self._board.end(leg, reason=_OTHER_ANSWERED)
        self.answers.close(attempt)

    def refused(self, event: sip.InviteRefused) -> None:
        """The attempt came to nothing."""
        attempt = self._attempts.pop(event.invite.call_id, None)
        if attempt is None:
            return
        desk, response = self._desk, event.response
        self.answers.close(attempt)
        if response is not None and b"a=key-mgmt:" in response.body:
            self.answers.read_failure(attempt, event.status, response)
        if event.status == _REQUEST_TERMINATED and event.invite.cancelled:
            desk.call_changed(event.invite.call_id, attempt.called, "cancelled", status=event.status)
            report(self._desk, attempt.order, event.status)
            return
        if response is not None and desk.config.follows_redirects and event.status in _REDIRECTIONS:
            attempt.others = [*redirection(attempt, response, desk.config), *attempt.others]
        target = attempt.next_target
        again = None if target is not None else self._offers.in_next_mode(attempt, event.status, response)
        redirected = target is not None and event.status in _REDIRECTIONS
        desk.call_changed(
            event.invite.call_id,
            attempt.called,
            "redirected" if redirected else "rejected",
            status=event.status,
            reason=response.reason if response is not None else "no answer",
            warning=warnings_of(response),
        )
        longer_s = self._longer(attempt, event)
        if longer_s:
            self.place(replace(attempt.order, session_s=longer_s), attempt.target)
        elif target is not None and not event.invite.cancelled:
            self._redirect(attempt)
        elif again is not None:
            self._invite(attempt.order, attempt.target, again, tried=attempt.tried)
        else:
            report(self._desk, attempt.order, event.status)

    def _longer(self, attempt: Attempt, event: sip.InviteRefused) -> int:
        """How long the session has to be for another try, if only that was in the way; else 0."""
        if event.status != TOO_SMALL or event.invite.cancelled or attempt.order.session_s:
            return 0
        return longer(event.response, self._desk.config.session_expires_s)

    def dialog_ended(self, event: sip.DialogEnded) -> None:
        """An early dialog is over without an answer of its own. If no other was answered, the refusal follows."""
        leg = self._desk.leg_of(event.dialog)
        if leg is None or leg.stage is not Stage.EARLY:
            return
        if leg.media.receivers:
            self._board.end(leg, reason=event.why)
            return
        del self._desk.legs[leg.number]
        if leg.invite is not None and leg.invite.answered:
            self._tidy_up(leg.call_id)

    def _tidy_up(self, call_id: str) -> None:
        """With the last leg of an attempt goes the attempt."""
        attempt = self._attempts.get(call_id)
        if attempt is None or attempt.invite.open or any(leg.call_id == call_id for leg in self._desk.legs.values()):
            return
        self.answers.close(self._attempts.pop(call_id))

    def _leg(self, attempt: Attempt, dialog: sip.Dialog) -> Leg:
        leg = self._desk.leg_of(dialog)
        if leg is None:
            peer = self._desk.name_at(dialog, attempt.called)
            leg = self._desk.new_leg(
                peer=peer, called=attempt.called, call_id=attempt.invite.call_id, body=attempt.body
            )
            leg.dialog, leg.invite = dialog, attempt.invite
        return leg
