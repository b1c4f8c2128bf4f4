"""Callers and callees around a proxy under test: they say what their script has them say, and note when what came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.sip import Message, Request, Response, Uri, build_ack, build_cancel, build_request, build_response
from tests.interop.sockets import HOST, until

CALLER: Final = "sip:alice@example.com"


@dataclass(kw_only=True)
class Script:
    """What a phone does with an INVITE: after so many ms it sends a response with that status, and may go on."""

    says: tuple[tuple[int, int], ...] = ((0, 180), (20, 200))
    contacts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Sip(asyncio.DatagramProtocol):
    """One UDP socket that takes whole messages."""

    def __init__(self, name: str, ports: Ports) -> None:
        self.name = name
        self.address = ports.sip(HOST, Transport.UDP)
        self._ports = ports
        self.seen: list[tuple[float, Message]] = []
        self.now = asyncio.get_running_loop().time

    @property
    def uri(self) -> str:
        return f"sip:{self.name}@{self.address.host}:{self.address.port}"

    def of(self, method: str) -> list[Request]:
        return [one for _, one in self.seen if isinstance(one, Request) and one.method == method]

    def when(self, method: str) -> list[float]:
        return [at for at, one in self.seen if isinstance(one, Request) and one.method == method]

    async def open(self) -> None:
        held = self._ports.taken(self.address, Transport.UDP)
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=held)

    def send(self, message: Message, to: Address) -> None:
        self.transport.sendto(message.octets, (to.host, to.port))

    def datagram_received(self, octets: bytes, source: tuple[str, int]) -> None:
        message = Message.parse(octets)
        self.seen.append((self.now(), message))
        self.take(message, Address(*source[:2]))

    def take(self, message: Message, source: Address) -> None:
        raise NotImplementedError


class Callee(Sip):
    """A phone that is called."""

    def __init__(self, name: str, ports: Ports, script: Script | None = None) -> None:
        super().__init__(name, ports)
        self.script = script or Script()
        self.over: set[str] = set()
        self.invites: dict[str, Request] = {}

    def take(self, message: Message, source: Address) -> None:
        if not isinstance(message, Request) or message.method == "ACK":
            return
        if message.method == "INVITE":
            if message.via.branch not in self.invites:
                self.invites[message.via.branch] = message
                self._invited(message, source)
            return
        self.send(build_response(message, 200, to_tag=self.name), source)
        if message.method == "CANCEL" and message.via.branch not in self.over:
            self.over.add(message.via.branch)
            self.send(build_response(self.invites[message.via.branch], 487, to_tag=self.name), source)

    def _invited(self, request: Request, source: Address) -> None:
        loop = asyncio.get_running_loop()
        for after_ms, status in self.script.says:
            loop.call_later(after_ms / 1000, self._say, request, status, source)

    def _say(self, request: Request, status: int, source: Address) -> None:
        if request.via.branch in self.over:
            return
        if status >= 200:
            self.over.add(request.via.branch)
        headers = [*self.script.headers.items(), *(("Contact", f"<{uri}>") for uri in self.script.contacts)]
        contact = f"<{self.uri}>" if status < 300 else ""
        answer = build_response(request, status, to_tag=self.name, contact=contact, record_route=True, headers=headers)
        self.send(answer, source)


class Caller(Sip):
    """A phone that calls, and acknowledges what ends a call's setting up."""

    def __init__(self, name: str, ports: Ports, proxy: Address) -> None:
        super().__init__(name, ports)
        self.proxy = proxy
        self.invite: Request | None = None
        self.started = 0.0

    @property
    def responses(self) -> list[Response]:
        return self.answers("INVITE")

    def answers(self, method: str) -> list[Response]:
        return [one for _, one in self.seen if isinstance(one, Response) and one.cseq.method == method]

    @property
    def statuses(self) -> list[int]:
        """Without the 100 of each hop."""
        return [one.status for one in self.responses if one.status > 100]

    @property
    def final(self) -> Response | None:
        return next((one for one in self.responses if one.status >= 200), None)

    def request(self, method: str, to: str, *, number: int = 1, body: bytes = b"", **more: object) -> Request:
        via = f"SIP/2.0/UDP {self.address.host}:{self.address.port};branch=z9hG4bK-{self.name}-{number}"
        return build_request(
            method,
            Uri.parse(to),
            via=via,
            from_=f"<{CALLER}>;tag={self.name}",
            to=f"<{to}>",
            call_id=f"{self.name}-{number}@example.com",
            cseq=number,
            contact=f"<{self.uri}>",
            body=body,
            **more,  # type: ignore[arg-type]
        )

    def call(self, to: str, *, body: bytes = b"") -> None:
        self.invite = self.request("INVITE", to, body=body)
        self.started = self.now()
        self.send(self.invite, self.proxy)

    def cancel(self) -> None:
        assert self.invite is not None
        self.send(build_cancel(self.invite), self.proxy)

    async def ended(self) -> Response:
        """The final response, once it is there."""
        await until(lambda: self.final)
        assert self.final is not None
        return self.final

    def take(self, message: Message, source: Address) -> None:
        if isinstance(message, Request):
            self.send(build_response(message, 200, to_tag=self.name), source)
            return
        if not isinstance(message, Response) or self.invite is None or message.cseq.method != "INVITE":
            return
        if message.status >= 300:
            self.send(build_ack(self.invite, message), self.proxy)
        elif message.status >= 200:
            self.send(self._ack(message), self._next(message))

    def inside(self, method: str, response: Response, *, cseq: int = 1) -> Request:
        """A request of the dialog that a 2xx began, along its route."""
        assert self.invite is not None
        return build_request(
            method,
            response.contacts[0].uri,
            via=f"SIP/2.0/UDP {self.address.host}:{self.address.port};branch=z9hG4bK-{method}-{response.to.tag}",
            from_=str(self.invite.from_),
            to=str(response.to),
            call_id=response.call_id,
            cseq=cseq,
            routes=[str(route) for route in reversed(response.record_routes)],
        )

    def _ack(self, response: Response) -> Request:
        return self.inside("ACK", response)

    def _next(self, response: Response) -> Address:
        routes = response.record_routes
        uri = routes[-1].uri if routes else response.contacts[0].uri
        return Address(uri.host, uri.port or 5060)
