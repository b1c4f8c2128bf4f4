"""A proxy under test with a caller and the phones that a test names around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mikey_sdp.drivers.kamailio import Kamailio
from mikey_sdp.drivers.kamailio_plan import ProxyPlan
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy_config import Destination, Service
from tests.interop.proxied import Callee, Caller, Script
from tests.interop.sockets import HOST, within_limit

BOB, CAROL = "sip:bob@example.com", "sip:carol@example.com"
BODY = b"v=0\r\n" + b"a=key-mgmt:mikey " + b"QUJD" * 2_000 + b"\r\n"
ANSWERS = Script(says=((0, 180), (60, 200)))
RINGS = Script(says=((0, 180),))
BUSY = Script(says=((0, 180), (30, 486)))


class Scene:
    """One proxy, one caller, and the phones that a test names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports()
        self.address = self.ports.sip(HOST, Transport.UDP, Transport.TCP)
        self.phones: dict[str, Callee] = {}
        self.servers: list[Kamailio] = []
        self.caller = Caller("alice", self.ports, self.address)

    def phone(self, name: str, script: Script = ANSWERS) -> Callee:
        self.phones[name] = Callee(name, self.ports, script)
        return self.phones[name]

    def at(self, name: str, **how: Any) -> Destination:
        return Destination(uri=self.phones[name].uri, **how)

    async def serve(self, address: Address | None = None, **plan: Any) -> Kamailio:
        """A server for these services, ready; the phones are opened with the first."""
        address = address or self.address
        made = Kamailio(
            ProxyPlan(name=f"p{address.port}", address=address, domains=("example.com",), **plan),
            self.folder,
            ports=self.ports,
        )
        self.servers.append(made)
        await made.start()
        if len(self.servers) == 1:
            for one in (*self.phones.values(), self.caller):
                await one.open()
        return made

    async def stop(self) -> None:
        for server in self.servers:
            await server.stop()
        self.ports.close()

    def after(self, name: str, method: str = "INVITE") -> float:
        """How long after the call began a phone first got that."""
        return self.phones[name].when(method)[0] - self.caller.started


Main = Callable[[Scene], Awaitable[None]]
Play = Callable[[Main], None]


def played(folder: Path, main: Main) -> None:
    """Run a test in a scene of its own, which is over whatever becomes of it."""

    async def scene() -> None:
        made = Scene(folder)
        try:
            await main(made)
        finally:
            await made.stop()

    within_limit(scene)


def service(*destinations: Destination, **how: Any) -> Service:
    return Service(destinations=destinations, **how)
