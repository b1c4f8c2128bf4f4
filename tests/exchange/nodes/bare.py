"""A party that is nothing but its SIP: tests tell it what to do, and read what it was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CancelTimer,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Event,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import AgentCore, Hop
from tests.exchange.nodes.servers import address

_E = TypeVar("_E")
ALLOW = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "REFER", "NOTIFY")
OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


class Bare:
    """A node whose commands are functions that return outputs of its core."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = address(name)
        self.core = AgentCore(
            local=Hop("UDP", self.address.host, self.address.port),
            contact=f"sip:{name}@{self.address.host}:{self.address.port}",
            entropy=SeededEntropy(name.encode()),
            allow=ALLOW,
            supported=("100rel", "replaces"),
        )
        self.events: list[Any] = []
        self._reactions: dict[type, Callable[[Any], Iterable[Any]]] = {}

    @property
    def addresses(self) -> Sequence[Address]:
        return (self.address,)

    def on(self, kind: type[_E], reaction: Callable[[_E], Iterable[Any]]) -> None:
        """Do that whenever such an event comes."""
        self._reactions[kind] = reaction

    def all(self, kind: type[_E]) -> list[_E]:
        """The events of that kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, DatagramReceived):
            source = event.datagram.source
            hop = Hop(event.datagram.transport, source.host, source.port)
            return self._carried(self.core.receive(event.datagram.octets, hop))
        if isinstance(event, TimerFired):
            return self._carried(self.core.timer_fired(event.name))
        if isinstance(event, CommandGiven):
            command: Any = event.command
            return self._carried(command(self))
        return []

    def _carried(self, outputs: Iterable[Any]) -> list[Action]:
        actions: list[Action] = []
        for output in outputs:
            if isinstance(output, sip.Send):
                datagram = Datagram(
                    source=self.address,
                    destination=Address(output.hop.host, output.hop.port),
                    transport=Transport(output.hop.transport),
                    octets=output.octets,
                )
                actions.append(SendDatagram(datagram=datagram, summary=output.message.summary))
            elif isinstance(output, sip.SetTimer):
                actions.append(SetTimer(output.name, output.delay_us))
            elif isinstance(output, sip.CancelTimer):
                actions.append(CancelTimer(output.name))
            else:
                self.events.append(output)
                actions += self._carried(self._reactions.get(type(output), lambda _: ())(output))
        return actions
