"""An edge whose messages a test writes and reads itself, with alice's phone on one side and a network on the other."""

from __future__ import annotations

from typing import Any

from mikey_sdp.clock import Micros, NtpTime
from mikey_sdp.endpoint import CallLeg, Endpoint
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    Datagram,
    DatagramReceived,
    SendDatagram,
    Transport,
)
from mikey_sdp.nodes.edge_ports import DrivenEdge
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import Message, Request, Response
from tests.exchange.nodes.phones import EPOCH_UNIX_US, psk, uri
from tests.unit.nodes.edge_town import HOSTS, address, edge, network_address


class Wire:
    """An edge whose messages a test writes and reads itself."""

    def __init__(self, node: DrivenEdge) -> None:
        self.edge = node
        self.now = 0
        self.sent: list[Datagram] = []

    def give(self, text: str, source: Address, destination: Address, body: str = "") -> list[Request | Response]:
        head, sized = text.strip().replace("\n", "\r\n"), f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        datagram = Datagram(
            source=source,
            destination=destination,
            transport=Transport.UDP,
            octets=f"{head}\r\n{sized}".encode(),
        )
        return self.messages(self.edge.handle(DatagramReceived(datagram), Micros(self.now)))

    def messages(self, actions: list[Action]) -> list[Request | Response]:
        sent = [action.datagram for action in actions if isinstance(action, SendDatagram)]
        self.sent += sent
        return [Message.parse(datagram.octets) for datagram in sent]


def request(method: str, target: str, cseq: int, *more: str, to_tag: str = "", branch: str = "") -> str:
    tag = f";tag={to_tag}" if to_tag else ""
    return "\n".join(
        [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOSTS['alice']}:5060;branch=z9hG4bK{branch or method}{cseq}",
            "Max-Forwards: 70",
            "From: <sip:alice@example.com>;tag=a1",
            f"To: <sip:bob@example.com>{tag}",
            "Call-ID: one@alice",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:alice@{HOSTS['alice']}:5060>",
            *more,
        ]
    )


def reply(message: Request, status: str, *more: str, tag: str = "b1") -> str:
    fields = [entry.raw for entry in message.fields if entry.key in ("via", "from", "call-id", "cseq", "record-route")]
    return "\n".join([f"SIP/2.0 {status}", *fields, f"To: <{message.to.uri}>;tag={tag}", *more])


PHONE, HERE = address("alice"), address("alice edge")
BEYOND, OUTSIDE = address("proxy"), network_address("alice")
SDES = (
    "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
)
TYPE = "Content-Type: application/sdp"


BOB = f"<sip:bob@{HOSTS['bob']}:5060>"
CONTACT = f"Contact: {BOB}"
PLAIN = "v=0\r\no=bob 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"
HELD = PLAIN.replace("bob 1 1", "bob 1 2") + "a=sendonly\r\n"
OWN_KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"


class Bob:
    """The peer's keys."""

    def __init__(self) -> None:
        self.end = Endpoint(
            uri("bob"),
            credentials=psk("bob", "alice"),
            clock=lambda: NtpTime.from_unix_us(EPOCH_UNIX_US),
            entropy=SeededEntropy(b"bob"),
        )
        self.leg: CallLeg | None = None

    def answer(self, offer: Request | Response, sdp: str = PLAIN) -> str:
        text = offer.body.decode()
        answer = self.end.answer(text, sdp, caller=uri("alice")) if self.leg is None else self.leg.answer(text, sdp)
        assert answer.sdp is not None
        assert answer.keys is not None
        self.leg = answer.keys.leg
        return answer.sdp

    def offer(self, sdp: str = PLAIN) -> Any:
        return self.end.offer(sdp, to=uri("alice")) if self.leg is None else self.leg.offer(sdp)


class Dialog:
    """A call of alice's to bob as it stands at the edge."""

    def __init__(self, **settings: Any) -> None:
        self.wire = Wire(edge("alice", **settings))
        self.bob = Bob()

    def invite(self, *more: str, body: str = SDES) -> Request:
        kind = [TYPE] if body else []
        sent = self.wire.give(request("INVITE", uri("bob"), 1, *kind, *more), PHONE, HERE, body)[0]
        assert isinstance(sent, Request)
        return sent

    def up(self, *more: str) -> Request:
        invite = self.invite()
        self.back(reply(invite, "200 OK", CONTACT, TYPE, *more), self.bob.answer(invite))
        self.from_phone("ACK", 1)
        return invite

    def from_phone(self, method: str, number: int, *more: str, body: str = "") -> list[Request | Response]:
        kind = [TYPE] if body else []
        text = request(method, BOB.strip("<>"), number, *kind, *more, to_tag="b1")
        return self.wire.give(text, PHONE, HERE, body)

    def from_bob(self, method: str, number: int, *more: str, body: str = "") -> list[Request | Response]:
        kind = [TYPE] if body else []
        text = "\n".join(
            [
                f"{method} sip:alice@{HOSTS['alice']}:5060 SIP/2.0",
                f"Via: SIP/2.0/UDP {BEYOND.host}:5060;branch=z9hG4bKbob{method}{number}",
                "Max-Forwards: 70",
                "From: <sip:bob@example.com>;tag=b1",
                "To: <sip:alice@example.com>;tag=a1",
                "Call-ID: one@alice",
                f"CSeq: {number} {method}",
                CONTACT,
                *kind,
                *more,
            ]
        )
        return self.wire.give(text, BEYOND, OUTSIDE, body)

    def back(self, text: str, body: str = "") -> list[Request | Response]:
        """A message that comes back from the network."""
        return self.wire.give(text, BEYOND, OUTSIDE, body)

    def phone_says(self, text: str, body: str = "") -> list[Request | Response]:
        return self.wire.give(text, PHONE, HERE, body)


def methods(messages: list[Request | Response]) -> list[str]:
    return [one.method if isinstance(one, Request) else f"{one.status} {one.cseq.method}" for one in messages]


def to_phone(message: Request, status: str, *more: str) -> str:
    """What the phone answers to a request of bob's."""
    fields = [entry.raw for entry in message.fields if entry.key in ("via", "from", "to", "call-id", "cseq")]
    contact = f"Contact: <sip:alice@{HOSTS['alice']}:5060>"
    return "\n".join([f"SIP/2.0 {status}", *fields, contact, *more])
