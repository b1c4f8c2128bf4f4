"""What servers of SIP share: one address, a transaction layer, and no call of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mikey_sdp.clock import Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CommandGiven,
    DatagramReceived,
    Event,
    Report,
    TimerFired,
    Transport,
)
from mikey_sdp.nodes.location import LocationTable
from mikey_sdp.nodes.outgoing import Outgoing
from mikey_sdp.nodes.proxy_config import ServerConfig
from mikey_sdp.nodes.registrar import Registrar
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import Hop, Request, ServerTransaction, TransactionLayer, build_response
from mikey_sdp.trace import Warned

Raw = list[Any]
"""Commands and events of the transaction layer, in order."""


class SipServer(ABC):
    """A party that deals with requests for others.

    Keeps: transactions until they run out, and what has been registered.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config: Final = config
        self.table: Final = LocationTable(config)
        self.now_us = Micros(0)
        self.layer: Final = TransactionLayer(
            local=Hop(config.transport, config.address.host, config.address.port),
            entropy=SeededEntropy(config.seed + b"|sip"),
            timers=config.timers,
        )
        self._registrar: Final = Registrar(config, self.table)
        self._actions: list[Action] = []
        self._outgoing: Final = Outgoing(config.address)

    @property
    def name(self) -> str:
        """The party's name."""
        return self.config.name

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it takes SIP."""
        return (self.config.address,)

    @property
    def held(self) -> int:
        """How much is remembered of requests; 0 when all are over and done with."""
        return len(self.layer)

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        self.now_us = now_us
        if isinstance(event, DatagramReceived):
            datagram = event.datagram
            if datagram.transport is not Transport.MEDIA:
                hop = Hop(datagram.transport, datagram.source.host, datagram.source.port)
                self.do(self.layer.receive(datagram.octets, hop))
        elif isinstance(event, TimerFired):
            self.do(self.timer_fired(event.name))
        elif isinstance(event, CommandGiven):
            raise UsageError(f"{self.name} takes no commands, least of all {type(event.command).__name__}")
        actions, self._actions = self._actions, []
        return actions

    def do(self, outputs: Iterable[Any]) -> None:
        """Carry out commands in their order; events are taken on the spot."""
        for output in outputs:
            action = self._outgoing.action(output)
            if action is not None:
                self._actions.append(action)
            else:
                self.do(self.take(output))

    @abstractmethod
    def take(self, event: Any) -> Raw:
        """Take one event of the transaction layer."""

    def timer_fired(self, name: str) -> Raw:
        """Take a timer; those of the transaction layer go there."""
        return [*self.layer.timer_fired(name)]

    def refuse(self, server: ServerTransaction, status: int, *headers: tuple[str, str]) -> Raw:
        """Answer a request here and now."""
        response = build_response(server.request, status, to_tag=self.layer.new_tag(), headers=headers)
        return [*self.layer.reply(server, response)]

    def register(self, server: ServerTransaction, request: Request) -> Raw:
        """Answer a REGISTER for one of our domains."""
        if not self.config.registrar:
            return self.refuse(server, 405, ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"))
        return [*self.layer.reply(server, self._registrar.answer(request, self.now_us, self.layer.new_tag()))]

    def warn(self, text: str) -> None:
        """Record what a person should know."""
        self._actions.append(Report(Warned(at_us=self.now_us, party=self.name, text=text)))
