"""An edge, sans-IO: the outbound proxy of phones that know no MIKEY, which keys their media towards the network.

All that passes keeps its Call-ID, tags and numbers, so that registering, authentication, provisional responses,
updates, transfers, subscriptions and session timers are between the ends. Session descriptions are written anew on the
way, and media goes through ports of the edge: SDES or nothing towards the phone, SRTP under MIKEY's keys towards the
network, and nothing in the clear there unless a rule for that peer says so.

Source: RFC 3261 section 16, RFC 4567 section 4.1, RFC 4568. Deviation: bodies are changed and requests of its own are
sent in the name of either end, which a proxy does not do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from mikey_sdp.clock import Clock, Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Action, Address, CommandGiven, DatagramReceived, Event, TimerFired, Transport
from mikey_sdp.nodes.edge_call import EdgeCall, Passage
from mikey_sdp.nodes.edge_contract import EdgeConfig, EdgeStatus, EndCall, PortPool, ShutDown
from mikey_sdp.nodes.edge_desk import PREFIX, EdgeDesk
from mikey_sdp.nodes.edge_endings import Endings
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_followups import FollowUps
from mikey_sdp.nodes.edge_requests import Requests
from mikey_sdp.nodes.edge_responses import Responses
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.secret import Entropy
from mikey_sdp.sip import (
    AckArrived,
    Discarded,
    Hop,
    RequestArrived,
    ResponseArrived,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)

_HELD: Final = 10
"""How many times longer a call may be silent while a side holds it."""


class Edge:
    """One edge.

    Keeps: what is under way, calls until they end, and where phones registered.
    """

    def __init__(self, config: EdgeConfig, *, ports: PortPool, entropy: Entropy, clock: Clock | None = None) -> None:
        self.config: Final = config
        self.desk: Final = EdgeDesk(config, ports, clock=clock, entropy=entropy, take=self._take)
        self._endings: Final = Endings(self.desk)
        self._requests: Final = Requests(self.desk, self._endings)
        self._follow_ups: Final = FollowUps(self.desk, self._endings)
        self._responses: Final = Responses(self.desk, self._endings, self._requests)

    @property
    def name(self) -> str:
        """The edge's name."""
        return self.config.name

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it takes SIP."""
        return tuple(line.address for line in self.desk.ways.lines)

    @property
    def open_calls(self) -> int:
        """How many calls there are."""
        return len(self.desk.calls)

    @property
    def held(self) -> int:
        """How much is remembered of calls and requests; 0 when all are over and done with."""
        desk = self.desk
        under_way = len(desk.passages) + len(desk.by_server) + len(desk.by_client)
        kept = len(desk.calls) + len(desk.dialogs) + desk.open_bundles
        return sum(len(line.layer) for line in desk.ways.lines) + under_way + kept

    def status(self) -> EdgeStatus:
        """The edge at this moment."""
        desk = self.desk
        return EdgeStatus(
            calls=tuple(call.status() for call in desk.calls.values()),
            registered=desk.bindings.registered(desk.now_us),
            taken=desk.taken,
            refused=desk.refused,
            failed=desk.failed,
            reaped=desk.reaped,
            warnings=tuple(desk.warnings),
        )

    # -- events --------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        desk = self.desk
        desk.now_us = now_us
        if isinstance(event, DatagramReceived):
            datagram = event.datagram
            line = desk.ways.at(datagram.destination)
            if line is not None and datagram.transport is not Transport.MEDIA:
                hop = Hop(datagram.transport, datagram.source.host, datagram.source.port)
                desk.do(line, line.layer.receive(datagram.octets, hop))
        elif isinstance(event, TimerFired):
            self._timer(event.name)
        elif isinstance(event, CommandGiven):
            self._command(event.command)
        actions, desk.actions = desk.actions, []
        return actions

    def _command(self, command: object) -> None:
        desk = self.desk
        if isinstance(command, ShutDown):
            desk.closing = True
            for call in [*desk.calls.values()]:
                self._endings.end(call, Refused("the edge is closing", status=503))
        elif isinstance(command, EndCall):
            ended = desk.calls.get(command.number)
            if ended is not None:
                self._endings.end(ended, Refused("ended at the edge", status=480))
        else:
            raise UsageError(f"{self.name} does not know how to {type(command).__name__}")

    def _timer(self, name: str) -> None:
        desk = self.desk
        if not name.startswith(PREFIX):
            number, _, inner = name.partition("|")
            line = desk.ways.lines[int(number)]
            desk.do(line, line.layer.timer_fired(inner))
            return
        what, _, number = name.removeprefix(PREFIX).partition("/")
        call, passage = desk.calls.get(int(number)), desk.passages.get(int(number))
        if call is not None and what == "idle":
            self._look(call)
        elif call is not None:
            self._reap(call, "has expired and was not refreshed")
        elif passage is not None:
            fired = self._responses.overdue if what == "ring" else self._responses.uncancelled
            fired(passage)

    def _look(self, call: EdgeCall) -> None:
        """See whether a call is still alive: something passes, or has passed not long ago."""
        desk = self.desk
        limits = desk.config.limits
        activity = call.activity
        if activity != call.passed:
            call.passed, call.since_us = activity, desk.now_us
        silent, age = desk.now_us - call.since_us, desk.now_us - call.begun_us
        allowed = call.allowed_us * (_HELD if call.on_hold else 1)
        if silent >= allowed or age >= limits.call_us:
            self._reap(call, "has been silent for too long" if silent >= allowed else "lasts for too long")
        else:
            desk.set_timer(f"idle/{call.number}", limits.silent_us // 4)

    def _reap(self, call: EdgeCall, why: str) -> None:
        """End a call that nobody else ends."""
        self.desk.reaped += 1
        self.desk.warn(f"the call with {call.parties.peer} {why} and is ended", call)
        self._endings.end(call, Refused(f"the call {why}", status=408))

    # -- the transactions' events --------------------------------------------------------------------------------

    def _take(self, line: Line, event: Any) -> None:
        handler = self._EVENTS.get(type(event))
        if handler is not None:
            handler(self, line, event)

    def _request(self, line: Line, event: RequestArrived) -> None:
        if event.request.method == "CANCEL":
            self._follow_ups.cancelled(line, event.transaction, event.request)
        else:
            self._requests.arrived(line, event.transaction, event.request)

    def _ack(self, line: Line, event: AckArrived) -> None:
        self._follow_ups.acknowledged(line, event.request, event.source)

    def _response(self, line: Line, event: ResponseArrived) -> None:
        passage = self.desk.by_client.get((line.number, event.transaction.number))
        if passage is not None and passage.client is event.transaction:
            self._responses.arrived(passage, event.response)

    def _lost(self, line: Line, event: TransactionTimedOut | TransportFailed) -> None:
        passage = self.desk.by_client.get((line.number, event.transaction.number))
        if passage is not None and passage.client is event.transaction:
            self._responses.lost(passage, 408 if isinstance(event, TransactionTimedOut) else 503)

    def _terminated(self, line: Line, event: TransactionTerminated) -> None:
        desk, key = self.desk, (line.number, event.transaction.number)
        for index in (desk.by_server, desk.by_client):
            passage = index.pop(key, None)
            if passage is None:
                continue
            left = (passage.line.number, passage.server.number) in desk.by_server
            if not left and not self._goes_on(passage):
                desk.passages.pop(passage.number, None)
                desk.cancel_timer(f"cancel/{passage.number}")
            if index is desk.by_client and passage.call is not None and passage.opens_call and passage.answered:
                self._endings.settled(passage.call)

    def _goes_on(self, passage: Passage) -> bool:
        """Whether a response to it may still come."""
        line, client = passage.out_line, passage.client
        return line is not None and client is not None and (line.number, client.number) in self.desk.by_client

    def _discarded(self, line: Line, event: Discarded) -> None:
        if event.error is not None:
            source = f"{event.source.host}:{event.source.port}"
            self.desk.warn(f"a message from {source} on the {line.side} side was malformed: {event.error}")

    _EVENTS: Final[dict[type, Callable[[Edge, Line, Any], None]]] = {
        RequestArrived: _request,
        AckArrived: _ack,
        ResponseArrived: _response,
        TransactionTimedOut: _lost,
        TransportFailed: _lost,
        TransactionTerminated: _terminated,
        Discarded: _discarded,
    }
