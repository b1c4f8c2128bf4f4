"""What the four transaction machines share: states, inputs, a table of moves, named timers.

A machine takes one input and returns the list of what to do. A pair of state and input that its table does not name is
absorbed: that is how repetitions and late timers come to nothing.
Source: RFC 3261 section 17, RFC 6026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from mikey_sdp.sip.actions import TIMER_PREFIX, CancelTimer, Hop, LayerOutput, Send, SetTimer
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.timers import Timers


class State(StrEnum):
    """Where a transaction stands; not every machine has every state."""

    IDLE = "Idle"
    CALLING = "Calling"
    TRYING = "Trying"
    PROCEEDING = "Proceeding"
    ACCEPTED = "Accepted"
    COMPLETED = "Completed"
    CONFIRMED = "Confirmed"
    TERMINATED = "Terminated"


class Input(StrEnum):
    """What can happen to a transaction. Responses come from the network to a client, from above to a server."""

    START = "start"
    REQUEST = "request"
    ACK = "ACK"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "3xx-6xx"
    TRANSPORT_FAILED = "transport failed"
    TIMER_A = "A"
    TIMER_B = "B"
    TIMER_D = "D"
    TIMER_E = "E"
    TIMER_F = "F"
    TIMER_G = "G"
    TIMER_H = "H"
    TIMER_I = "I"
    TIMER_J = "J"
    TIMER_K = "K"
    TIMER_L = "L"
    TIMER_M = "M"
    TIMER_TRYING = "trying"


def kind_of(status: int) -> Input:
    """The input that a response of that status is."""
    if status < 200:
        return Input.PROVISIONAL
    return Input.SUCCESS if status < 300 else Input.FAILURE


Handler = Callable[[Any, Any], list[LayerOutput]]
Table = Mapping[tuple[State, Input], Handler]


class Machine:
    """One transaction: the request it is about, where its messages go, and how far it has come.

    Keeps: the timers that run, so that none is left behind when it ends.
    """

    __slots__ = ("_running", "hop", "number", "request", "state", "timers")

    TABLE: ClassVar[Table] = {}

    def __init__(self, *, request: Request, hop: Hop, number: int, timers: Timers) -> None:
        self.request = request
        self.hop = hop
        self.number = number
        self.timers = timers
        self.state = State.IDLE
        self._running: list[Input] = []

    def take(self, what: Input, message: object = None) -> list[LayerOutput]:
        """Make the move that the table names for this state and input, or none."""
        handler = self.TABLE.get((self.state, what))
        return [] if handler is None else handler(self, message)

    def fire(self, letter: str) -> list[LayerOutput]:
        """The timer of that letter ran out."""
        timer = next((running for running in self._running if running.value == letter), None)
        if timer is None:
            return []
        self._running.remove(timer)
        return self.take(timer)

    def _set(self, timer: Input, delay_us: int) -> SetTimer:
        self._running.append(timer)
        return SetTimer(f"{TIMER_PREFIX}{timer.value}/{self.number}", delay_us)

    def _enter(self, state: State) -> list[LayerOutput]:
        """Go to a state; the timers of the old one end with it."""
        self.state = state
        stopped: list[LayerOutput] = [
            CancelTimer(f"{TIMER_PREFIX}{timer.value}/{self.number}") for timer in self._running
        ]
        self._running.clear()
        return stopped

    def _send(self, message: Request | Response, *, again: bool = False) -> Send:
        return Send(self.hop, message.octets, message, again)
