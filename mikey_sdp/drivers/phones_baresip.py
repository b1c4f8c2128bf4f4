"""baresip as a phone of a run, told what to do through its control port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from mikey_sdp.drivers.phones import READY_S, Calls, CallState, Media, PhonePlan, authority, by
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, vacate
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.contract import Address, Transport

_ANSWER_S: Final = 3.0
_LONGEST: Final = 65_536
_EVENTS: Final = {
    "CALL_INCOMING": CallState.INCOMING,
    "CALL_RINGING": CallState.RINGING,
    "CALL_PROGRESS": CallState.RINGING,
    "CALL_ESTABLISHED": CallState.TALKING,
    "CALL_CLOSED": CallState.ENDED,
}
_ENCRYPTION: Final = {Media.PLAIN: "", Media.SDES: ";mediaenc=srtp-mand"}


def _modules() -> Path:
    """Where baresip's modules are: beside the program, or where Debian has them."""
    found = shutil.which("baresip")
    beside = [Path(found).resolve().parents[1] / "lib" / "baresip" / "modules"] if found else []
    return next((path for path in beside if path.is_dir()), Path("/usr/lib/baresip/modules"))


class Baresip:
    """One baresip in a folder of its own."""

    def __init__(self, plan: PhonePlan, folder: Path) -> None:
        self.plan: Final = plan
        self._folder: Final = Path(tempfile.mkdtemp(prefix=f"baresip-{plan.name}-", dir=folder))
        self._program: Program | None = None
        self._calls: Final = Calls(self._failed)
        self._answers: Final[asyncio.Queue[dict[str, Any]]] = asyncio.Queue(64)
        self._listener: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def state(self) -> CallState:
        """Where its call stands."""
        return self._calls.state

    @property
    def recording(self) -> Path | None:
        """What it heard in its last call."""
        found = sorted(self._folder.glob("dump-*-dec.wav"))
        return found[-1] if found else None

    async def start(self, *, ports: Ports | None = None) -> None:
        """Start it and wait until its control port is there."""
        own = ports or Ports()
        # It listens for TLS at the port behind its own, and ends where it can't.
        tls = Address(self.plan.sip.host, self.plan.sip.port + 1)
        control = own.sip(self.plan.sip.host, Transport.TCP)
        if control.port == tls.port:
            control = own.sip(self.plan.sip.host, Transport.TCP)
        (self._folder / "config").write_text(self._config(authority(control)), encoding="utf-8")
        (self._folder / "accounts").write_text(self._account(), encoding="utf-8")
        (self._folder / "contacts").write_text("", encoding="utf-8")
        self.plan.vacate(ports)
        vacate(control, Transport.TCP, ports=own)
        vacate(tls, Transport.TCP, ports=own)
        launch = Launch(
            name=f"baresip ({self.plan.name})",
            program="baresip",
            arguments=("-f", str(self._folder)),
            folder=self._folder,
            install="apt-get install baresip-core",
        )
        self._program = await Program.started(launch)
        try:
            await self._program.expect("baresip is ready", within_s=READY_S)
            reader, self._writer = await asyncio.open_connection(control.host, control.port)
        except (MikeySdpError, OSError) as error:
            await self.stop()
            raise self._failed(f"is not to be had: {error}") from None
        self._listener = asyncio.create_task(self._listen(reader))

    async def call(self, uri: str) -> None:
        """Call somebody."""
        self._calls.now(CallState.CALLING)
        await self._do("dial", uri)

    async def answer(self) -> None:
        """Take the call that comes in."""
        await self._do("accept")

    async def hang_up(self) -> None:
        """End the call."""
        await self._do("hangup")

    async def until(self, state: CallState, *, within_s: float) -> None:
        """Wait until the call stands there, or came past it."""
        await self._calls.until(state, within_s)

    async def stop(self) -> None:
        """End the phone."""
        if self._listener is not None:
            self._listener.cancel()
        if self._writer is not None:
            self._writer.close()
        if self._program is not None:
            await self._program.stop()

    # -- how it is set up ------------------------------------------------------------------------------------------

    def _config(self, control: str) -> str:
        plan = self.plan
        modules = ["g711", "aufile", "aubridge", "sndfile", *(["srtp"] if plan.media is Media.SDES else [])]
        tone = f"aufile,{plan.tone}" if plan.tone else "aubridge,silence"
        lines = [
            f"sip_listen {authority(plan.sip)}",
            f"net_interface {plan.sip.host}",
            f"audio_source {tone}",
            "audio_player aubridge,heard",
            "audio_alert aubridge,alert",
            f"rtp_ports {plan.rtp.port}-{plan.rtp.port + 1}",
            "snd_path .",  # its own folder; of a long path it would cut off the end
            f"ctrl_tcp_listen {control}",
            f"module_path {_modules()}",
            *(f"module {name}.so" for name in modules),
            *(f"module_app {name}.so" for name in ("account", "menu")),
            "module ctrl_tcp.so",
        ]
        return "\n".join([*lines, ""])

    def _account(self) -> str:
        plan = self.plan
        out = f';outbound="sip:{authority(plan.outbound)}{by(plan.transport)}"' if plan.outbound else ""
        takes = "auto" if plan.answers else "manual"
        registers = 60 if plan.registers else 0
        more = f";regint={registers};answermode={takes};audio_codecs=pcmu{_ENCRYPTION[plan.media]}{out}"
        return f"<{plan.own}{by(plan.transport)}>{more}\n"

    # -- its control port ------------------------------------------------------------------------------------------

    async def _do(self, command: str, parameters: str = "") -> None:
        if self._writer is None:
            raise self._failed("has not been started")
        while not self._answers.empty():
            self._answers.get_nowait()
        octets = json.dumps({"command": command, "params": parameters, "token": command}).encode()
        self._writer.write(b"%d:%s," % (len(octets), octets))
        try:
            answer = await asyncio.wait_for(self._answers.get(), _ANSWER_S)
        except TimeoutError:
            raise self._failed(f"did not answer to {command!r}") from None
        if not answer.get("ok"):
            raise self._failed(f"refused {command!r}: {answer.get('data')}")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Take its netstrings of JSON until there are no more."""
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                if not 0 <= length <= _LONGEST:
                    return
                told = json.loads((await reader.readexactly(length + 1))[:-1])
                if told.get("response"):
                    self._answers.put_nowait(told)
                elif told.get("type") in _EVENTS:
                    self._calls.now(_EVENTS[told["type"]])

    def _failed(self, reason: str) -> Exception:
        if self._program is None:
            return MikeySdpError(f"baresip ({self.plan.name}): {reason}")
        return self._program.failed(reason)
