"""The two machines behind a request that reached us."""

from __future__ import annotations

from typing import ClassVar

from mikey_sdp.sip.actions import (
    AckArrived,
    Hop,
    LayerOutput,
    RequestArrived,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)
from mikey_sdp.sip.build import build_response
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.timers import TRYING_AFTER_US, Timers
from mikey_sdp.sip.transaction import Input, Machine, State, Table

ServerKey = tuple[str, ...]


class ServerTransaction(Machine):
    """A request of a peer, until no repetition of it can come any more.

    Keeps: `response`, the last one sent, for repetitions; `source`, where the request came from.
    """

    __slots__ = ("_interval_us", "key", "response", "source")

    def __init__(self, *, request: Request, hop: Hop, number: int, timers: Timers, source: Hop, key: ServerKey) -> None:
        super().__init__(request=request, hop=hop, number=number, timers=timers)
        self.source = source
        self.key = key
        self.response: Response | None = None
        self._interval_us = timers.t1_us

    @property
    def answered(self) -> bool:
        """Whether a final response has been given."""
        return self.response is not None and self.response.status >= 200

    def _say(self, response: Response) -> list[LayerOutput]:
        self.response = response
        return [self._send(response)]

    def _say_again(self, _message: object) -> list[LayerOutput]:
        return [] if self.response is None else [self._send(self.response, again=True)]

    def _lose(self, _message: object) -> list[LayerOutput]:
        return [TransportFailed(self)]

    def _end(self, _message: object) -> list[LayerOutput]:
        return [*self._enter(State.TERMINATED), TransactionTerminated(self)]


class InviteServer(ServerTransaction):
    """A peer's INVITE: says 100 if nobody else says anything, repeats a refusal until it is ACKed.

    A 2xx is repeated by whoever gave it, not here; this machine only absorbs the repetitions of the INVITE meanwhile,
    and lets further 2xx of a fork through.
    Source: RFC 3261 section 17.2.1, RFC 6026 sections 7.1 and 8.7.
    """

    __slots__ = ()

    def _start(self, request: Request) -> list[LayerOutput]:
        self.state = State.PROCEEDING
        return [self._set(Input.TIMER_TRYING, TRYING_AFTER_US), RequestArrived(self, request)]

    def _try(self, _message: object) -> list[LayerOutput]:
        return self._say(build_response(self.request, 100))

    def _progress(self, response: Response) -> list[LayerOutput]:
        return [*self._enter(State.PROCEEDING), *self._say(response)]

    def _accept(self, response: Response) -> list[LayerOutput]:
        stopped = self._enter(State.ACCEPTED)
        return [*stopped, *self._say(response), self._set(Input.TIMER_L, self.timers.transaction_us)]

    def _pass_on(self, response: Response) -> list[LayerOutput]:
        return [self._send(response, again=response is self.response)]

    def _refuse(self, response: Response) -> list[LayerOutput]:
        stopped = self._enter(State.COMPLETED)
        repeat: list[LayerOutput] = [] if self.hop.reliable else [self._set(Input.TIMER_G, self._interval_us)]
        return [*stopped, *self._say(response), *repeat, self._set(Input.TIMER_H, self.timers.transaction_us)]

    def _repeat(self, _message: object) -> list[LayerOutput]:
        self._interval_us = self.timers.doubled(self._interval_us)
        return [*self._say_again(None), self._set(Input.TIMER_G, self._interval_us)]

    def _give_up(self, _message: object) -> list[LayerOutput]:
        return [TransactionTimedOut(self), *self._end(None)]

    def _confirm(self, _ack: object) -> list[LayerOutput]:
        stopped = self._enter(State.CONFIRMED)
        if self.hop.reliable:
            return [*stopped, *self._end(None)]
        return [*stopped, self._set(Input.TIMER_I, self.timers.t4_us)]

    def _pass_ack(self, ack: tuple[Request, Hop]) -> list[LayerOutput]:
        return [AckArrived(*ack, transaction=self)]

    TABLE: ClassVar[Table] = {
        (State.IDLE, Input.START): _start,
        (State.PROCEEDING, Input.REQUEST): ServerTransaction._say_again,
        (State.PROCEEDING, Input.TIMER_TRYING): _try,
        (State.PROCEEDING, Input.PROVISIONAL): _progress,
        (State.PROCEEDING, Input.SUCCESS): _accept,
        (State.PROCEEDING, Input.FAILURE): _refuse,
        (State.PROCEEDING, Input.TRANSPORT_FAILED): ServerTransaction._lose,
        (State.ACCEPTED, Input.SUCCESS): _pass_on,
        (State.ACCEPTED, Input.ACK): _pass_ack,
        (State.ACCEPTED, Input.TIMER_L): ServerTransaction._end,
        (State.ACCEPTED, Input.TRANSPORT_FAILED): ServerTransaction._lose,
        (State.COMPLETED, Input.REQUEST): ServerTransaction._say_again,
        (State.COMPLETED, Input.ACK): _confirm,
        (State.COMPLETED, Input.TIMER_G): _repeat,
        (State.COMPLETED, Input.TIMER_H): _give_up,
        (State.COMPLETED, Input.TRANSPORT_FAILED): ServerTransaction._lose,
        (State.CONFIRMED, Input.TIMER_I): ServerTransaction._end,
    }


class NonInviteServer(ServerTransaction):
    """Any other request of a peer but ACK: answers its repetitions as it answered it.

    Source: RFC 3261 section 17.2.2.
    """

    __slots__ = ()

    def _start(self, request: Request) -> list[LayerOutput]:
        self.state = State.TRYING
        return [RequestArrived(self, request)]

    def _progress(self, response: Response) -> list[LayerOutput]:
        self.state = State.PROCEEDING
        return self._say(response)

    def _complete(self, response: Response) -> list[LayerOutput]:
        done = [*self._enter(State.COMPLETED), *self._say(response)]
        if self.hop.reliable:
            return [*done, *self._end(None)]
        return [*done, self._set(Input.TIMER_J, self.timers.transaction_us)]

    TABLE: ClassVar[Table] = {
        (State.IDLE, Input.START): _start,
        (State.TRYING, Input.PROVISIONAL): _progress,
        (State.TRYING, Input.SUCCESS): _complete,
        (State.TRYING, Input.FAILURE): _complete,
        (State.TRYING, Input.TRANSPORT_FAILED): ServerTransaction._lose,
        (State.PROCEEDING, Input.PROVISIONAL): _progress,
        (State.PROCEEDING, Input.SUCCESS): _complete,
        (State.PROCEEDING, Input.FAILURE): _complete,
        (State.PROCEEDING, Input.REQUEST): ServerTransaction._say_again,
        (State.PROCEEDING, Input.TRANSPORT_FAILED): ServerTransaction._lose,
        (State.COMPLETED, Input.REQUEST): ServerTransaction._say_again,
        (State.COMPLETED, Input.TIMER_J): ServerTransaction._end,
        (State.COMPLETED, Input.TRANSPORT_FAILED): ServerTransaction._lose,
    }
