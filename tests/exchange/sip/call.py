"""A call between two user agents that tests begin with."""

from __future__ import annotations

from typing import Any

from mikey_sdp.sip import (
    AnswerReceived,
    Dialog,
    Hop,
    IncomingRequest,
    InviteReceived,
    OutgoingInvite,
)
from tests.exchange.sip.network import ANSWER, OFFER, Agent, Network

CALLEE, CALLER = '"Bob" <sip:bob@example.com>', "sip:alice@example.com"


class Call:
    """Alice calls Bob, who rings at once and answers 300 ms later; she acknowledges at once."""

    def __init__(self, transport: str = "UDP", *, answers: bool = True, **settings: Any) -> None:
        self.net = Network(transport=transport)
        self.alice = self.net.agent("alice", 1, **settings)
        self.bob = self.net.agent("bob", 2, **settings)
        self.answers = answers
        self.bob.on(InviteReceived, self._ring)
        self.alice.on(AnswerReceived, lambda event: self.alice.core.acknowledge(event.invite, event.dialog))
        self.invite: OutgoingInvite

    def _ring(self, event: InviteReceived) -> list[Any]:
        if event.dialog is not None:
            return []
        if self.answers:
            self.net.at(300_000, lambda: self._answer(event.incoming))
        return self.bob.core.respond(event.incoming, 180)

    def _answer(self, incoming: IncomingRequest) -> None:
        if incoming.open:
            self.net.do(self.bob, self.bob.core.respond(incoming, 200, body=ANSWER))

    def dial(self, **named: Any) -> Call:
        hop = Hop(self.net.transport, "192.0.2.2", 5060)
        self.invite, outputs = self.alice.core.invite(CALLEE, caller=CALLER, hop=hop, body=OFFER, **named)
        self.net.do(self.alice, outputs)
        return self

    def talk(self) -> Call:
        """Up to the ACK."""
        self.dial()
        self.net.run(1_000_000)
        return self

    def dialog(self, agent: Agent) -> Dialog:
        (dialog,) = agent.core._party.dialogs.values()
        return dialog

    def hang_up(self, agent: Agent) -> None:
        self.net.do(agent, agent.core.request(self.dialog(agent), "BYE")[1])

    def finish(self) -> None:
        """Let every timer run out: nothing may be left."""
        self.net.run()
        assert self.alice.core.held == self.bob.core.held == 0
