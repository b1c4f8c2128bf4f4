"""A phone as a scenario plays it: sans-IO, told what to do by commands, meeting calls as configured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.commands import (
    AddMedia,
    Call,
    Cancel,
    HangUp,
    Hold,
    Register,
    ReKey,
    RemoveMedia,
    Resume,
    Transfer,
)
from mikey_sdp.nodes.config import UserAgentConfig
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Event,
    RunEnded,
    TimerFired,
    Transport,
)
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Stage
from mikey_sdp.nodes.session_body import MAX_STREAMS
from mikey_sdp.nodes.switchboard import Switchboard
from mikey_sdp.nodes.ua_callee import Callee
from mikey_sdp.nodes.ua_caller import Caller
from mikey_sdp.nodes.ua_changes import Changes
from mikey_sdp.nodes.ua_early import EarlyDialogs
from mikey_sdp.nodes.ua_ends import Ends
from mikey_sdp.nodes.ua_registration import Registration
from mikey_sdp.nodes.ua_transfer import Transfers
from mikey_sdp.nodes.ua_updates import Updates
from mikey_sdp.secret import SeededEntropy

_MEDIA: Final = Transport.MEDIA
_OK: Final = 200
_METHOD_NOT_ALLOWED: Final = 405


class UserAgent:
    """One party: calls, rings, answers, changes running calls, hangs up, and sends and counts media.

    Keeps: state for calls that run, and nothing of those that are over.
    """

    def __init__(self, config: UserAgentConfig) -> None:
        self._config: Final = config
        self._desk: Final = Desk(config, self._take)
        self._board: Final = Switchboard(self._desk)
        bodies = BodyMaker(config, SeededEntropy(config.seed + b"|sdp"))
        self._early: Final = EarlyDialogs(self._desk, self._board, bodies)
        self._caller: Final = Caller(self._desk, self._board, bodies, self._early)
        self._callee: Final = Callee(self._desk, self._board, bodies, self._early)
        self._changes: Final = Changes(self._desk, self._board, bodies)
        self._board.collided = self._changes.ssrc_collided
        self._board.timers.reinvite = self._changes.refresh
        self._updates: Final = Updates(self._desk, self._board, bodies, self._changes)
        self._changes.by_update = self._updates.offer
        self._transfers: Final = Transfers(self._desk, self._board, self._caller)
        self._registration: Final = Registration(self._desk)
        self._ends: Final = Ends(self._desk, self._board, self._caller, self._callee.refusals)
        self._commands: Final[dict[type, Callable[[Any], None]]] = {
            Call: self._caller.call,
            Cancel: self._caller.cancel,
            HangUp: self._ends.hang_up,
            ReKey: self._changes.change,
            Hold: self._changes.change,
            Resume: self._changes.change,
            AddMedia: self._changes.change,
            RemoveMedia: self._changes.change,
            Transfer: self._transfers.transfer,
            Register: self._registration.register,
        }
        self._sip_events: Final[dict[type, Callable[[Any], None]]] = {
            sip.ProvisionalReceived: self._caller.provisional,
            sip.AnswerReceived: self._answered,
            sip.InviteRefused: self._refused,
            sip.DialogEnded: self._caller.dialog_ended,
            sip.InviteReceived: self._invited,
            sip.InviteCancelled: self._callee.refusals.cancelled,
            sip.AckReceived: self._acknowledged,
            sip.AckMissing: self._ends.ack_missing,
            sip.PrackReceived: self._callee.progress_confirmed,
            sip.PrackMissing: self._callee.refusals.unconfirmed,
            sip.ResponseReceived: self._responded,
            sip.ReferReceived: self._transfers.referred,
            sip.ReferralReported: self._transfers.reported,
            sip.ByeReceived: self._ends.bye,
            sip.RequestReceived: self._request,
            sip.Discarded: self._discarded,
        }

    @property
    def name(self) -> str:
        """The party's name."""
        return self._config.name

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it takes SIP, and the media of each m= line that it has room for."""
        config = self._config
        media = [Address(config.address.host, config.media_port + 2 * index) for index in range(MAX_STREAMS)]
        return (config.address, *media)

    @property
    def calls(self) -> int:
        """How many dialogs, transactions and attempts it keeps anything of; 0 when all calls are over and done with."""
        return len(self._desk.legs) + self._caller.attempts + self._desk.core.held

    @property
    def open_bundles(self) -> int:
        """How many CSBs are in use."""
        return self._desk.endpoint.open_bundles

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        desk = self._desk
        desk.now_us = now_us
        if isinstance(event, DatagramReceived):
            datagram = event.datagram
            if datagram.transport is _MEDIA:
                receiver = desk.places.get((datagram.destination, datagram.source))
                if receiver is not None:
                    receiver.receive(datagram.octets, now_us)
                    if not desk.actions:
                        return []
                else:
                    self._caller.answers.media_from(datagram)
            else:
                self._signalling(datagram)
        elif isinstance(event, TimerFired):
            talking = desk.talking.get(event.name)
            if talking is not None:
                return talking.tick(now_us)
            self._timer(event.name)
        elif isinstance(event, CommandGiven):
            self._command(event.command)
        elif isinstance(event, RunEnded):
            self._run_ended()
        actions, desk.actions = desk.actions, []
        return actions

    def _signalling(self, datagram: Datagram) -> None:
        if not self._callee.ignores(datagram.octets):
            hop = sip.Hop(datagram.transport, datagram.source.host, datagram.source.port)
            self._desk.do(self._desk.core.receive(datagram.octets, hop))

    def _timer(self, name: str) -> None:
        if self._desk.core.owns_timer(name):
            self._desk.do(self._desk.core.timer_fired(name))
            return
        _, number, what = name.split("/")
        leg = self._desk.legs.get(int(number))
        if leg is None:
            return
        if what == "linger":
            self._board.forget(leg)
        elif what == "glare":
            self._changes.back_on(leg)
        elif what == "overlap":
            self._changes.overlap_over(leg)
        elif what == "switch":
            self._updates.switch(leg)
        elif what == "refresh":
            self._board.timers.refresh(leg)
        elif what == "expire":
            self._board.timers.expire(leg)
        else:
            self._callee.timer(leg, what)

    def _command(self, command: object) -> None:
        handler = self._commands.get(type(command))
        if handler is None:
            raise UsageError(f"{type(command).__name__} is no command for a user agent")
        handler(command)

    def _run_ended(self) -> None:
        self._caller.run_ended()
        for leg in list(self._desk.legs.values()):
            self._board.close_lobby(leg.call_id, leg.peer)
            self._board.forget(leg)
        if self._desk.strays:
            self._desk.warn(f"media packets that belonged to no call: {self._desk.strays}")

    # Events of the SIP core

    def _take(self, event: sip.Output) -> None:
        handler = self._sip_events.get(type(event))
        if handler is not None:
            handler(event)

    def _answered(self, event: sip.AnswerReceived) -> None:
        if event.invite.dialog is None:
            self._caller.answered(event)
            leg = self._desk.leg_of(event.dialog)
            if leg is not None:
                self._changes.further_round(leg)
                self._changes.next_change(leg)
        else:
            self._changes.answered(event)

    def _refused(self, event: sip.InviteRefused) -> None:
        if event.invite.dialog is None:
            self._caller.refused(event)
        else:
            self._changes.refused(event)

    def _invited(self, event: sip.InviteReceived) -> None:
        if event.dialog is None:
            self._callee.invited(event)
            return
        leg = self._desk.leg_of(event.dialog)
        if leg is not None:
            self._changes.invited(event, leg)

    def _acknowledged(self, event: sip.AckReceived) -> None:
        leg = self._desk.leg_of(event.dialog)
        if leg is None:
            return
        if leg.stage is Stage.ANSWERED:
            self._callee.acknowledged(leg, event.request)
            self._changes.next_change(leg)
        elif leg.stage is Stage.CONFIRMED:
            self._changes.acknowledged(leg)
        if leg.hang_up_on_ack:
            self._board.hang_up(leg, leg.hang_up_on_ack)

    def _responded(self, event: sip.ResponseReceived) -> None:
        if not self._updates.responded(event):
            self._early.answered(event)
        self._board.timers.responded(event)
        self._transfers.refused(event)
        self._registration.answered(event)
        leg = self._desk.leg_of(event.dialog)
        if leg is not None:
            self._changes.next_change(leg)

    def _request(self, event: sip.RequestReceived) -> None:
        leg = self._desk.leg_of(event.dialog)
        if event.request.method == "UPDATE" and leg is not None:
            if leg.stage is Stage.CONFIRMED and event.request.body:
                self._updates.received(leg, event.incoming)
                return
            self._callee.updated(leg, event.incoming)
            return
        status = _OK if event.request.method == "OPTIONS" else _METHOD_NOT_ALLOWED
        self._desk.do(self._desk.core.respond(event.incoming, status))

    def _discarded(self, event: sip.Discarded) -> None:
        if event.error is not None:
            self._desk.warn(f"a message from {event.source.host}:{event.source.port} was malformed: {event.error}")
