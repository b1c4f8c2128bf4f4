"""Kamailio as the proxy or redirect server of a run: configured from a plan, started, asked for an answer, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Final, Self

from mikey_sdp.drivers.kamailio_config import configuration
from mikey_sdp.drivers.kamailio_plan import ProxyPlan
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, vacate
from mikey_sdp.nodes.contract import Transport

READY_S: Final = 10.0
_ASK_AGAIN_S: Final = 0.05
_LARGEST: Final = 65_535
_SHARED_MIB: Final = 64
_PRIVATE_MIB: Final = 8


class Kamailio:
    """One Kamailio that plays one proxy or redirect server, in a folder of its own, unprivileged and without a disk."""

    def __init__(self, plan: ProxyPlan, folder: Path, *, ports: Ports | None = None) -> None:
        """The folder is where one of its own is made; `ports` may hold the plan's address until it starts."""
        self.plan: Final = plan
        self._folder: Final = folder / f"kamailio-{plan.name}"
        self._ports: Final = ports
        self._program: Program | None = None

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._program is not None and self._program.runs

    @property
    def text(self) -> str:
        """What it printed: its log."""
        return "" if self._program is None else self._program.text

    async def start(self, *, within_s: float = READY_S) -> None:
        """Start it and wait until it answers.

        Raises: BackendUnavailable where it isn't installed; UsageError where its address is taken; ProgramFailed where
        it ends or doesn't answer in time.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / "kamailio.cfg"
        written.write_text(configuration(self.plan), encoding="utf-8")
        vacate(self.plan.address, Transport.UDP, Transport.TCP, ports=self._ports)
        folder = str(self._folder)
        memory = ("-m", str(_SHARED_MIB), "-M", str(_PRIVATE_MIB))
        # -DD: stay in the foreground and don't fork from us; -E: log to us.
        arguments = ("-f", str(written), "-DD", "-E", "-w", folder, "-Y", folder, "-P", f"{folder}/pid", *memory)
        launch = Launch(
            name=f"kamailio ({self.plan.name})",
            program="kamailio",
            arguments=arguments,
            folder=self._folder,
            install="apt-get install kamailio",
        )
        self._program = await Program.started(launch)
        try:
            await self._ready(self._program, within_s)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it, if it runs."""
        if self._program is not None:
            await self._program.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _ready(self, program: Program, within_s: float) -> None:
        address = self.plan.address
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        loop = asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.bind((address.host, 0))
            question = _options(self.plan, asking.getsockname()[1])
            deadline = loop.time() + within_s
            while loop.time() < deadline:
                if not program.runs:
                    raise program.failed(f"ended with {program.returncode} instead of answering")
                await loop.sock_sendto(asking, question, (address.host, address.port))
                # What is refused while nobody listens yet shows here too.
                with contextlib.suppress(TimeoutError, ConnectionError):
                    answer = await asyncio.wait_for(loop.sock_recv(asking, _LARGEST), _ASK_AGAIN_S)
                    if answer.startswith(b"SIP/2.0 200"):
                        return
                await asyncio.sleep(_ASK_AGAIN_S / 5)
        raise program.failed(f"answered no OPTIONS within {within_s:g} s")


def _options(plan: ProxyPlan, port: int) -> bytes:
    host = f"[{plan.address.host}]" if ":" in plan.address.host else plan.address.host
    there = f"{host}:{plan.address.port}"
    lines = (
        f"OPTIONS sip:{there} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-ready-{port}",
        "Max-Forwards: 1",
        f"From: <sip:{host}:{port}>;tag=ready",
        f"To: <sip:{there}>",
        f"Call-ID: ready-{port}@{host}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
