"""Runs a call in virtual time: a heap of (time, sequence), and a trace of what every party saw.

The same plan gives the same records, whatever the machine, its clock or the hash seed.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

import msgspec

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.topology import Party, Route, Topology
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Action,
    CancelTimer,
    CommandGiven,
    Datagram,
    DatagramIntercepted,
    DatagramReceived,
    Event,
    NetworkPlan,
    Report,
    RunEnded,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.trace import AnyRecord, AttackMade, MessageArrived, MessageLost, MessageSent, Passed

MAX_EVENTS: Final = 1_000_000
"""Events that one run may take before it counts as spinning."""

_MEDIA: Final = Transport.MEDIA
_NO_NUMBER: Final = -1

Watch = Callable[[AnyRecord], None]
"""Told of every record as it is made, in the order of the trace."""


def simulate(
    plan: NetworkPlan, *, watch: Watch | None = None, capture: Capture | None = None, max_events: int = MAX_EVENTS
) -> list[AnyRecord]:
    """Run a plan to its end in virtual time and return the trace; `capture` gets every datagram that passes.

    Raises: UsageError if the plan contradicts itself, asks for a loss on a reliable transport, or takes more than
    `max_events` events (naming the node that took most of them).
    """
    return _Simulation(plan, watch, max_events, capture).run()


class _Simulation:
    """One run. Events of equal times happen in the order in which they were caused."""

    def __init__(self, plan: NetworkPlan, watch: Watch | None, max_events: int, capture: Capture | None = None) -> None:
        self._topology = Topology(plan)
        self._end_us = plan.end_us
        self._watch = watch
        self._passed = None if capture is None else capture.passed
        self._max_events = max_events
        self._heap: list[tuple[Micros, int, Party, Event, int]] = []
        self._sequence = 0
        self._numbers = 0
        self._records: list[AnyRecord] = []
        for command in plan.commands:
            party = self._topology.parties[command.node]
            self._push(command.at_us, party, CommandGiven(command.command), _NO_NUMBER)

    def run(self) -> list[AnyRecord]:
        """Take events until none is left or the end is reached, then let every node report its counts."""
        heap, end_us = self._heap, self._end_us
        left = self._max_events
        while heap:
            now_us, sequence, party, event, number = heappop(heap)
            if now_us > end_us:
                break
            if isinstance(event, TimerFired):
                # A timer that was stopped or set again since is void: its name stands for another event, or for none.
                if party.timers.get(event.name) != sequence:
                    continue
                del party.timers[event.name]
            elif number >= 0:
                self._record(MessageArrived(at_us=now_us, party=party.name, number=number))
            left -= 1
            if left < 0:
                raise UsageError(self._spinning(now_us, party, event))
            party.events += 1
            if actions := party.handle(event, now_us):
                self._carry_out(party, actions, now_us)
        for party in self._topology.parties.values():
            self._finish(party)
        return self._records

    def _carry_out(self, party: Party, actions: list[Action], now_us: Micros) -> None:
        last_number: int | None = None
        for action in actions:
            if isinstance(action, SendDatagram):
                if action.datagram.transport is _MEDIA:
                    self._send_media(party, action.datagram, now_us)
                else:
                    last_number = self._send_signalling(party, action, now_us)
            elif isinstance(action, SetTimer):
                self._set_timer(party, action, now_us)
            elif isinstance(action, CancelTimer):
                party.timers.pop(action.name, None)
            else:
                self._report(action, last_number)

    def _set_timer(self, party: Party, action: SetTimer, now_us: int) -> None:
        if action.delay_us < 0:
            raise UsageError(f"node {party.name!r} set its timer {action.name!r} into the past")
        name = action.name
        party.timers[name] = self._push(now_us + action.delay_us, party, TimerFired(name), _NO_NUMBER)

    def _send_media(self, party: Party, datagram: Datagram, now_us: int) -> None:
        route = party.media_routes.get(datagram.destination)
        if route is None or route.source != datagram.source:
            route = self._topology.route(party, datagram.source, datagram.destination, media=True)
        arrival_us: int | None = None
        if route.tap is not None:
            arrival_us = now_us
            self._push(now_us, route.tap, DatagramIntercepted(datagram), _NO_NUMBER)
        elif route.to is not None:
            pipe = route.pipe
            arrival_us = now_us + pipe.delay_us if pipe.calm else pipe.arrival_us(now_us)
            if arrival_us is not None:
                self._push(arrival_us, route.to, DatagramReceived(datagram), _NO_NUMBER)
        if self._passed is not None:
            self._passed.append(_passed(party, route, datagram, now_us, arrival_us))

    def _send_signalling(self, party: Party, action: SendDatagram, now_us: int) -> int:
        datagram = action.datagram
        route = self._topology.route(party, datagram.source, datagram.destination, media=False)
        number = self._numbers
        self._numbers += 1
        self._record(
            MessageSent(
                at_us=now_us,
                party=party.name,
                number=number,
                to=route.to_name,
                transport=datagram.transport.value,
                summary=action.summary,
                octets=datagram.octets,
                notes=action.notes,
            )
        )
        if route.tap is not None and datagram.transport is not Transport.TLS:
            self._push(now_us, route.tap, DatagramIntercepted(datagram), number)
            arrival_us: int | None = now_us
        else:
            arrival_us = self._arrival_us(route, datagram.transport, now_us)
            if arrival_us is None or route.to is None:
                self._record(MessageLost(at_us=now_us, party=party.name, number=number))
            else:
                self._push(arrival_us, route.to, DatagramReceived(datagram), number)
        if self._passed is not None:
            self._passed.append(_passed(party, route, datagram, now_us, arrival_us))
        return number

    def _arrival_us(self, route: Route, transport: Transport, now_us: int) -> int | None:
        lost = route.pipe.scripted_loss()
        if not transport.reliable:
            return None if lost else route.pipe.arrival_us(now_us)
        if lost:
            number = route.pipe.carried - 1
            raise UsageError(f"the script loses message {number} to {route.to_name!r}, but {transport} loses nothing")
        return route.pipe.ordered_arrival_us(now_us)

    def _report(self, action: Report, last_number: int | None) -> None:
        record = action.record
        if isinstance(record, AttackMade) and record.number is None and last_number is not None:
            # Only the driver knows the number of the message that the attacker has just sent.
            record = msgspec.structs.replace(record, number=last_number)
        self._record(record)

    def _record(self, record: AnyRecord) -> None:
        self._records.append(record)
        if self._watch is not None:
            self._watch(record)

    def _push(self, at_us: int, party: Party, event: Event, number: int) -> int:
        sequence = self._sequence
        self._sequence = sequence + 1
        heappush(self._heap, (at_us, sequence, party, event, number))  # type: ignore[misc]
        return sequence

    def _finish(self, party: Party) -> None:
        for action in party.handle(RunEnded(), self._end_us):
            if not isinstance(action, Report):
                raise UsageError(f"node {party.name!r} answered the end of the run with {type(action).__name__}")
            self._report(action, None)

    def _spinning(self, now_us: int, party: Party, event: Event) -> str:
        busiest = max(self._topology.parties.values(), key=lambda candidate: candidate.events)
        last = f"timer {event.name!r}" if isinstance(event, TimerFired) else type(event).__name__
        return (
            f"the run doesn't settle: {self._max_events} events by {now_us} us, "
            f"{busiest.events} of them at node {busiest.name!r}; the next is {last} at {party.name!r}"
        )


def _passed(party: Party, route: Route, datagram: Datagram, now_us: int, arrival_us: int | None) -> Passed:
    """A datagram as a capture keeps it."""
    tapped = route.tap is not None and datagram.transport is not Transport.TLS
    taken = route.tap if tapped else route.to
    return Passed(
        at_us=now_us,
        arrived_us=None if taken is None else arrival_us,
        party=party.name,
        to=route.to_name if taken is None else taken.name,
        transport=datagram.transport.value,
        source=datagram.source,
        destination=datagram.destination,
        octets=datagram.octets,
    )
