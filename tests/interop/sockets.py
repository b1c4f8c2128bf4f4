"""What tests on real sockets share: an event loop with a limit, and nodes whose addresses are free ports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import Action, Address, Datagram, DatagramReceived, Event, Transport

HOST: Final = "127.0.0.1"
LIMIT_S: Final = 5.0

T = TypeVar("T")


def within_limit(main: Callable[[], Coroutine[Any, Any, T]], limit_s: float = LIMIT_S) -> T:
    """Run a test's coroutine in a loop of its own, and fail it when it hangs."""

    async def limited() -> T:
        async with asyncio.timeout(limit_s):
            return await main()

    return asyncio.run(limited())


async def until(true: Callable[[], object]) -> None:
    """Wait until something holds; the limit of the test is the limit of the wait."""
    while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
        await asyncio.sleep(0.002)


class LiveNode:
    """Does what its script says, and keeps what it was given."""

    def __init__(
        self, name: str, *addresses: Address, script: Callable[[Event, Micros], list[Action]] | None = None
    ) -> None:
        self.name = name
        self.addresses: list[Address] = list(addresses)
        self.script = script
        self.seen: list[tuple[int, Event]] = []

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        self.seen.append((now_us, event))
        return [] if self.script is None else self.script(event, now_us)

    @property
    def arrived(self) -> list[Datagram]:
        return [event.datagram for _, event in self.seen if isinstance(event, DatagramReceived)]

    @property
    def octets(self) -> list[bytes]:
        return [datagram.octets for datagram in self.arrived]


def request(
    to: Address, number: int = 1, *, transport: str = "TCP", via: str = "127.0.0.1:5060", body: bytes = b""
) -> bytes:
    """A SIP request that is whole, for whoever only cuts and carries it."""
    head = (
        f"OPTIONS sip:{to.host}:{to.port} SIP/2.0\r\nVia: SIP/2.0/{transport} {via};branch=z9hG4bK{number}\r\n"
        f"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: {number}@example.com\r\n"
        f"CSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def response(number: int = 1, *, transport: str = "TCP", via: str) -> bytes:
    """A SIP response that is whole."""
    head = (
        f"SIP/2.0 200 OK\r\nVia: SIP/2.0/{transport} {via};branch=z9hG4bK{number}\r\n"
        f"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\nCall-ID: {number}@example.com\r\n"
        f"CSeq: {number} OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    return head.encode()


def datagram(source: Address, destination: Address, octets: bytes, transport: Transport = Transport.UDP) -> Datagram:
    return Datagram(source=source, destination=destination, transport=transport, octets=octets)


Started = Callable[..., Awaitable[Any]]
