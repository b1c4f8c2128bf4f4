"""What a user agent's SIP takes from the network and from its timers, sorted for the asking and the answering side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mikey_sdp.secret import Entropy
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
from mikey_sdp.sip.calls import REL
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.events import Output
from mikey_sdp.sip.party import ALLOW, Party, Settings
from mikey_sdp.sip.replies import Replies
from mikey_sdp.sip.routing import Locate, locate_literal
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.uac import Asking
from mikey_sdp.sip.uas import Answering

_CONFIRMS: Final = "PRACK"


class Intake:
    """The inputs of one user agent's SIP; neither side sees repetitions."""

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
        confirms = (_CONFIRMS,) if REL in supported and _CONFIRMS not in allow else ()
        settings = Settings(
            contact=contact,
            timers=timers or Timers(),
            locate=locate,
            allow=(*allow, *confirms),
            supported=tuple(supported),
            agent=agent,
            largest_datagram=largest_datagram,
        )
        self._party = Party(local=local, entropy=entropy, settings=settings)
        self._asking = Asking(self._party)
        self._replies = Replies(self._party)
        self._answering = Answering(self._party, self._replies)

    @property
    def held(self) -> int:
        """How many transactions, dialogs and requests are remembered; 0 when all calls are over and done with."""
        above = len(self._asking) + len(self._replies) + len(self._answering)
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

    _MEANING: Final[dict[type, Callable[[Intake, Any], list[Any]]]] = {
        RequestArrived: lambda self, event: self._answering.request(event),
        AckArrived: lambda self, event: self._replies.acknowledged(event),
        ResponseArrived: lambda self, event: self._asking.response(event),
        TransactionTimedOut: _timed_out,
        TransportFailed: _failed,
        TransactionTerminated: _terminated,
    }
    _TIMERS: Final[dict[str, Callable[[Intake, int], list[Any]]]] = {
        "2xx": lambda self, number: self._replies.repeat_answer(number),
        "ack": lambda self, number: self._replies.give_up_answer(number),
        "1xx": lambda self, number: self._replies.repeat_progress(number),
        "prack": lambda self, number: self._replies.give_up_progress(number),
        "cancel": lambda self, number: self._asking.cancel_timed_out(number),
    }
