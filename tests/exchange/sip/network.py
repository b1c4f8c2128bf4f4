"""Several user agents on a network in virtual time, for scripts of whole calls."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import AgentCore, CancelTimer, Hop, Message, Request, Response, Send, SetTimer

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
ANSWER = OFFER.replace(b"192.0.2.1", b"192.0.2.2")
_E = TypeVar("_E")


@dataclass
class Agent:
    """One user agent: its core, what it was told, and what it does when told something."""

    name: str
    core: AgentCore
    address: Hop
    events: list[Any] = field(default_factory=list)
    reactions: dict[type, Callable[[Any], Iterable[Any]]] = field(default_factory=dict)

    @property
    def told(self) -> list[str]:
        """The names of the events, in order."""
        return [type(event).__name__ for event in self.events]

    def one(self, kind: type[_E]) -> _E:
        """The only event of that kind."""
        (event,) = self.all(kind)
        return event

    def all(self, kind: type[_E]) -> list[_E]:
        """The events of that kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def on(self, kind: type, reaction: Callable[[Any], Iterable[Any]]) -> None:
        """Do that, and what follows from it, whenever such an event comes."""
        self.reactions[kind] = reaction


class Network:
    """Delivers in order after a delay, keeps timers, and notes every message with its time in milliseconds."""

    def __init__(self, delay_us: int = 10_000, transport: str = "UDP") -> None:
        self.now_us = 0
        self.delay_us = delay_us
        self.transport = transport
        self.agents: dict[str, Agent] = {}
        self.ladder: list[str] = []
        self.sent: list[Send] = []
        self.lose: Callable[[Send], bool] = lambda send: False
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._stopped: set[int] = set()
        self._timers: dict[tuple[str, str], int] = {}
        self._count = 0

    def agent(self, name: str, number: int, **settings: Any) -> Agent:
        """A new user agent at 192.0.2.number."""
        address = Hop(self.transport, f"192.0.2.{number}", 5060)
        core = AgentCore(
            local=address,
            contact=f"sip:{name}@{address.host}:5060",
            entropy=SeededEntropy(name.encode()),
            **settings,
        )
        self.agents[address.host] = agent = Agent(name, core, address)
        return agent

    def do(self, agent: Agent, outputs: Iterable[Any]) -> None:
        """Carry outputs of that agent's core out."""
        for output in outputs:
            if isinstance(output, Send):
                self._send(agent, output)
            elif isinstance(output, SetTimer):
                self._set(agent, output.name, output.delay_us)
            elif isinstance(output, CancelTimer):
                self._stop(agent, output.name)
            else:
                agent.events.append(output)
                self.do(agent, agent.reactions.get(type(output), lambda _: ())(output))

    def at(self, delay_us: int, what: Callable[[], None]) -> None:
        """Do something that much later."""
        self._count += 1
        heapq.heappush(self._heap, (self.now_us + delay_us, self._count, what))

    def run(self, until_us: int = 10**12) -> None:
        """Let time pass until nothing is left to happen, or until then."""
        while self._heap and self._heap[0][0] <= until_us:
            time_us, ticket, what = heapq.heappop(self._heap)
            if ticket not in self._stopped:
                self.now_us = time_us
                what()
        if until_us < 10**12:
            self.now_us = until_us

    def first_lines(self, *, since: int = 0) -> list[str]:
        """What was sent, without times."""
        return [entry.partition(" ")[2] for entry in self.ladder[since:]]

    def message(self, start: str, number: int = 0) -> Request | Response:
        """A message that was sent, by the start of its first line."""
        found = [send.message for send in self.sent if send.message.summary.startswith(start)]
        return Message.parse(found[number].octets)

    def _send(self, agent: Agent, send: Send) -> None:
        lost = self.lose(send)
        self.sent.append(send)
        word = send.message.method if isinstance(send.message, Request) else f"{send.message.status}"
        marks = ("again" if send.again else "") + ("lost" if lost else "")
        self.ladder.append(f"{self.now_us // 1000} {agent.name} {word}{' ' if marks else ''}{marks}")
        receiver = self.agents.get(send.hop.host)
        if not lost and receiver is not None:
            source = agent.address._replace(transport=send.hop.transport)
            self.at(self.delay_us, lambda: self.do(receiver, receiver.core.receive(send.octets, source)))

    def _set(self, agent: Agent, name: str, delay_us: int) -> None:
        assert AgentCore.owns_timer(name)
        self._stop(agent, name)

        def fire() -> None:
            del self._timers[agent.name, name]
            self.do(agent, agent.core.timer_fired(name))

        self.at(delay_us, fire)
        self._timers[agent.name, name] = self._count

    def _stop(self, agent: Agent, name: str) -> None:
        ticket = self._timers.pop((agent.name, name), None)
        if ticket is not None:
            self._stopped.add(ticket)
