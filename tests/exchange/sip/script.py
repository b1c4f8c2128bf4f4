"""Outputs of the SIP layers as short lines, so that a test reads as a script: what happens, what exactly follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import (
    AckArrived,
    CancelTimer,
    ClientTransaction,
    Discarded,
    Hop,
    Message,
    RequestArrived,
    ResponseArrived,
    Send,
    ServerTransaction,
    SetTimer,
    TransactionLayer,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
)
from mikey_sdp.sip.actions import LayerOutput
from mikey_sdp.sip.message import Request, Response

ALICE = Hop("UDP", "192.0.2.1", 5060)
BOB = Hop("UDP", "192.0.2.2", 5060)
T1_US = 500_000


def _sent(output: Send) -> str:
    assert output.octets == output.message.octets
    first = output.message.method if isinstance(output.message, Request) else str(output.message.status)
    return f"{'again' if output.again else 'send'} {first} {output.hop.transport} {output.hop.host}"


WORDS: dict[type, Callable[[Any], str]] = {
    Send: _sent,
    SetTimer: lambda output: f"set {output.name.split('/')[1]} {output.delay_us // 1000}",
    CancelTimer: lambda output: f"cancel {output.name.split('/')[1]}",
    RequestArrived: lambda output: f"request {output.request.method}",
    AckArrived: lambda output: "stray ACK" if output.transaction is None else "ACK",
    ResponseArrived: lambda output: f"response {output.response.status}",
    TransactionTimedOut: lambda _: "timed out",
    TransportFailed: lambda _: "transport failed",
    TransactionTerminated: lambda _: "terminated",
    Discarded: lambda output: f"discarded: {output.why}",
}


def lines(outputs: Iterable[LayerOutput]) -> list[str]:
    """The outputs in words, in order."""
    return [WORDS[type(output)](output) for output in outputs]


def new_layer(local: Hop = ALICE, **named: int) -> TransactionLayer:
    """A layer whose branches and tags follow from a seed."""
    return TransactionLayer(local=local, entropy=SeededEntropy(b"script"), **named)


class Client:
    """A layer with one request of ours under way."""

    def __init__(self, method: str, transport: str = "UDP") -> None:
        self.layer = new_layer()
        self.hop = Hop(transport, BOB.host, BOB.port)
        octets = (
            f"{method} sip:bob@h SIP/2.0\r\nVia: {self.layer.new_via(transport)}\r\nFrom: <sip:a@h>;tag=1\r\n"
            f"To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 7 {method}\r\nRoute: <sip:192.0.2.2;lr>\r\n\r\n"
        )
        message = Message.parse(octets.encode())
        assert isinstance(message, Request)
        self.request = message
        self.transaction: ClientTransaction
        self.transaction, started = self.layer.send(self.request, self.hop)
        self.started = lines(started)

    def get(self, status: int, tag: str = "", method: str = "") -> list[str]:
        """A response comes from the network."""
        to = f";tag={tag}" if tag else ""
        octets = (
            f"SIP/2.0 {status} X\r\nVia: {self.request.get('Via')}\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>{to}\r\n"
            f"Call-ID: c\r\nCSeq: 7 {method or self.request.method}\r\n\r\n"
        )
        return lines(self.layer.receive(octets.encode(), self.hop))

    def timer(self, letter: str) -> list[str]:
        """A timer of the transaction runs out."""
        return lines(self.layer.timer_fired(f"sip/{letter}/{self.transaction.number}"))

    @property
    def state(self) -> str:
        """Where the transaction stands."""
        return self.transaction.state.value


class Server:
    """A layer with one request of a peer under way."""

    def __init__(self, method: str, transport: str = "UDP") -> None:
        self.layer = new_layer(BOB)
        self.source = Hop(transport, ALICE.host, ALICE.port)
        self.method = method
        outputs = self.layer.receive(self.octets(), self.source)
        self.started = lines(outputs)
        self.transaction: ServerTransaction
        (self.transaction,) = [out.transaction for out in outputs if isinstance(out, RequestArrived)]

    def octets(self, method: str = "", branch: str = "z9hG4bK1", sent_by: str = "192.0.2.1") -> bytes:
        """The request, or one with the same branch and another method."""
        method = method or self.method
        return (
            f"{method} sip:bob@h SIP/2.0\r\nVia: SIP/2.0/{self.source.transport} {sent_by};branch={branch}\r\n"
            f"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 7 {method}\r\n\r\n"
        ).encode()

    def get(self, method: str = "", **named: str) -> list[str]:
        """A request comes from the network: by default the same again."""
        return lines(self.layer.receive(self.octets(method, **named), self.source))

    def say(self, status: int) -> list[str]:
        """The user of the transaction answers."""
        octets = self.octets().replace(f"{self.method} sip:bob@h SIP/2.0".encode(), f"SIP/2.0 {status} X".encode())
        response = Message.parse(octets)
        assert isinstance(response, Response)
        return lines(self.layer.reply(self.transaction, response))

    def timer(self, letter: str) -> list[str]:
        """A timer of the transaction runs out."""
        return lines(self.layer.timer_fired(f"sip/{letter}/{self.transaction.number}"))

    @property
    def state(self) -> str:
        """Where the transaction stands."""
        return self.transaction.state.value
