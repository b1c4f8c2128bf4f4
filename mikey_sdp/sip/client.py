"""The two machines behind a request that we send."""

from __future__ import annotations

from typing import ClassVar

from mikey_sdp.sip.actions import (
    Hop,
    LayerOutput,
    ResponseArrived,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)
from mikey_sdp.sip.build import build_ack
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.transaction import Input, Machine, State, Table

Arrival = tuple[Response, Hop]
"""A response and where it came from."""


class ClientTransaction(Machine):
    """A request of ours, until everything that can come back for it has come back."""

    __slots__ = ("_interval_us",)

    def __init__(self, *, request: Request, hop: Hop, number: int, timers: Timers) -> None:
        super().__init__(request=request, hop=hop, number=number, timers=timers)
        self._interval_us = timers.t1_us

    @property
    def key(self) -> tuple[str, str]:
        """Branch and method, by which responses find it (RFC 3261 section 17.1.3)."""
        return self.request.via.branch, self.request.method

    def abandon(self) -> list[LayerOutput]:
        """Wait no longer for a response."""
        return self._end(None)

    def _pass(self, arrival: Arrival) -> list[LayerOutput]:
        return [ResponseArrived(self, *arrival)]

    def _proceed(self, arrival: Arrival) -> list[LayerOutput]:
        return [*self._enter(State.PROCEEDING), *self._pass(arrival)]

    def _time_out(self, _message: object) -> list[LayerOutput]:
        return [TransactionTimedOut(self), *self._end(None)]

    def _lose(self, _message: object) -> list[LayerOutput]:
        return [TransportFailed(self), *self._end(None)]

    def _end(self, _message: object) -> list[LayerOutput]:
        return [*self._enter(State.TERMINATED), TransactionTerminated(self)]


class InviteClient(ClientTransaction):
    """Our INVITE: repeated until something comes back, ACKed by itself when refused, open for every 2xx of a fork.

    Source: RFC 3261 section 17.1.1, RFC 6026 sections 7.2 and 8.4.
    """

    __slots__ = ("_ack",)

    def __init__(self, *, request: Request, hop: Hop, number: int, timers: Timers) -> None:
        super().__init__(request=request, hop=hop, number=number, timers=timers)
        self._ack: Request | None = None

    def _start(self, _message: object) -> list[LayerOutput]:
        self.state = State.CALLING
        repeat: list[LayerOutput] = [] if self.hop.reliable else [self._set(Input.TIMER_A, self._interval_us)]
        return [self._send(self.request), *repeat, self._set(Input.TIMER_B, self.timers.transaction_us)]

    def _repeat(self, _message: object) -> list[LayerOutput]:
        self._interval_us *= 2
        return [self._send(self.request, again=True), self._set(Input.TIMER_A, self._interval_us)]

    def _accept(self, arrival: Arrival) -> list[LayerOutput]:
        stopped = self._enter(State.ACCEPTED)
        return [*stopped, self._set(Input.TIMER_M, self.timers.transaction_us), *self._pass(arrival)]

    def _refuse(self, arrival: Arrival) -> list[LayerOutput]:
        stopped = self._enter(State.COMPLETED)
        self._ack = build_ack(self.request, arrival[0])
        acked: list[LayerOutput] = [*stopped, self._send(self._ack), *self._pass(arrival)]
        if self.hop.reliable:
            return [*acked, *self._end(None)]
        return [*acked, self._set(Input.TIMER_D, self.timers.d_us)]

    def _acknowledge_again(self, _arrival: Arrival) -> list[LayerOutput]:
        return [] if self._ack is None else [self._send(self._ack, again=True)]

    TABLE: ClassVar[Table] = {
        (State.IDLE, Input.START): _start,
        (State.CALLING, Input.TIMER_A): _repeat,
        (State.CALLING, Input.TIMER_B): ClientTransaction._time_out,
        (State.CALLING, Input.PROVISIONAL): ClientTransaction._proceed,
        (State.CALLING, Input.SUCCESS): _accept,
        (State.CALLING, Input.FAILURE): _refuse,
        (State.CALLING, Input.TRANSPORT_FAILED): ClientTransaction._lose,
        (State.PROCEEDING, Input.PROVISIONAL): ClientTransaction._pass,
        (State.PROCEEDING, Input.SUCCESS): _accept,
        (State.PROCEEDING, Input.FAILURE): _refuse,
        (State.ACCEPTED, Input.SUCCESS): ClientTransaction._pass,
        (State.ACCEPTED, Input.TIMER_M): ClientTransaction._end,
        (State.COMPLETED, Input.FAILURE): _acknowledge_again,
        (State.COMPLETED, Input.TIMER_D): ClientTransaction._end,
        (State.COMPLETED, Input.TRANSPORT_FAILED): ClientTransaction._lose,
    }


class NonInviteClient(ClientTransaction):
    """Any other request of ours but ACK: repeated until a final response comes.

    Source: RFC 3261 section 17.1.2.
    """

    __slots__ = ()

    def _start(self, _message: object) -> list[LayerOutput]:
        self.state = State.TRYING
        repeat: list[LayerOutput] = [] if self.hop.reliable else [self._set(Input.TIMER_E, self._interval_us)]
        return [self._send(self.request), *repeat, self._set(Input.TIMER_F, self.timers.transaction_us)]

    def _repeat(self, _message: object) -> list[LayerOutput]:
        self._interval_us = self.timers.doubled(self._interval_us)
        return [self._send(self.request, again=True), self._set(Input.TIMER_E, self._interval_us)]

    def _repeat_slowly(self, _message: object) -> list[LayerOutput]:
        return [self._send(self.request, again=True), self._set(Input.TIMER_E, self.timers.t2_us)]

    def _proceed_on(self, arrival: Arrival) -> list[LayerOutput]:
        self.state = State.PROCEEDING
        return self._pass(arrival)

    def _complete(self, arrival: Arrival) -> list[LayerOutput]:
        done = [*self._enter(State.COMPLETED), *self._pass(arrival)]
        if self.hop.reliable:
            return [*done, *self._end(None)]
        return [*done, self._set(Input.TIMER_K, self.timers.t4_us)]

    TABLE: ClassVar[Table] = {
        (State.IDLE, Input.START): _start,
        (State.TRYING, Input.TIMER_E): _repeat,
        (State.TRYING, Input.TIMER_F): ClientTransaction._time_out,
        (State.TRYING, Input.PROVISIONAL): _proceed_on,
        (State.TRYING, Input.SUCCESS): _complete,
        (State.TRYING, Input.FAILURE): _complete,
        (State.TRYING, Input.TRANSPORT_FAILED): ClientTransaction._lose,
        (State.PROCEEDING, Input.TIMER_E): _repeat_slowly,
        (State.PROCEEDING, Input.TIMER_F): ClientTransaction._time_out,
        (State.PROCEEDING, Input.PROVISIONAL): ClientTransaction._pass,
        (State.PROCEEDING, Input.SUCCESS): _complete,
        (State.PROCEEDING, Input.FAILURE): _complete,
        (State.PROCEEDING, Input.TRANSPORT_FAILED): ClientTransaction._lose,
        (State.COMPLETED, Input.TIMER_K): ClientTransaction._end,
    }
