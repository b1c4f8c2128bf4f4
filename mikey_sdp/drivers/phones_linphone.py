"""linphonec, Linphone's console phone, as a phone of a run."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
from pathlib import Path
from typing import Final

from mikey_sdp.drivers.phones import READY_S, Calls, CallState, Media, PhonePlan, authority, by
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, ProgramFailed
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.contract import Transport

_LONGEST_RUN_S: Final = 86_400.0
_DATA_FOLDERS: Final = (".local/share/linphone", ".config/linphone")
_EVENT: Final = re.compile(
    r"(?P<incoming>Receiving new incoming call)"
    r"|Call \d+ (?:with|to) .* (?P<state>ringing|early media|connected|ended|error)(?: \(.*\))?\."
)
_STATES: Final = {
    "ringing": CallState.RINGING,
    "early media": CallState.RINGING,
    "connected": CallState.TALKING,
    "ended": CallState.ENDED,
    "error": CallState.ENDED,
}


class Linphone:
    """One linphonec in a folder of its own, which is its HOME too."""

    def __init__(self, plan: PhonePlan, folder: Path) -> None:
        self.plan: Final = plan
        self._folder: Final = Path(tempfile.mkdtemp(prefix=f"linphone-{plan.name}-", dir=folder))
        self._heard: Final = self._folder / "heard.wav"
        self._program: Program | None = None
        self._calls: Final = Calls(self._failed)
        self._listener: asyncio.Task[None] | None = None

    @property
    def state(self) -> CallState:
        """Where its call stands."""
        return self._calls.state

    @property
    def recording(self) -> Path | None:
        """What it heard in its last call."""
        return self._heard if self._heard.exists() else None

    async def start(self, *, ports: Ports | None = None) -> None:
        """Start it and wait until it takes commands."""
        written = self._folder / "linphonerc"
        written.write_text(self._config(), encoding="utf-8")
        for name in _DATA_FOLDERS:
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self.plan.vacate(ports)
        takes = ("-a",) if self.plan.answers else ()
        launch = Launch(
            name=f"linphonec ({self.plan.name})",
            program="linphonec",
            arguments=("-c", str(written), *takes),
            folder=self._folder,
            install="apt-get install linphone-cli",
        )
        self._program = program = await Program.started(launch)
        try:
            await program.expect("linphonec> ", within_s=READY_S)
            # Else its offers name the machine's own IPv6 address, whatever it is bound to.
            await self._told(program, "ipv6 disable", "ipv6 use disabled")
            await self._told(program, "soundcard use files", "Using wav files")
            await self._told(program, f"record {self._heard}", "linphonec> ")
            if self.plan.tone is not None:
                await self._told(program, f"play {self.plan.tone}", "linphonec> ")
        except MikeySdpError:
            await self.stop()
            raise
        self._listener = asyncio.create_task(self._listen(program))

    async def call(self, uri: str) -> None:
        """Call somebody."""
        self._calls.now(CallState.CALLING)
        self._say(f"call {uri}")

    async def answer(self) -> None:
        """Take the call that comes in."""
        self._say("answer")

    async def hang_up(self) -> None:
        """End the call."""
        self._say("terminate")

    async def until(self, state: CallState, *, within_s: float) -> None:
        """Wait until the call stands there, or came past it."""
        await self._calls.until(state, within_s)

    async def stop(self) -> None:
        """End the phone, by its own command first: killed, it would leave its recording without a length."""
        program = self._program
        if program is None:
            return
        if self._listener is not None:
            self._listener.cancel()
        if program.runs:
            with contextlib.suppress(ProgramFailed):
                program.say("quit")
                await program.ended(within_s=READY_S / 2)
        await program.stop()

    # -- how it is set up ------------------------------------------------------------------------------------------

    def _config(self) -> str:
        plan = self.plan
        secured = plan.media is Media.SDES
        udp = plan.transport is Transport.UDP
        lines = [
            "[sip]",
            f"sip_port={plan.sip.port if udp else -1}",
            f"sip_tcp_port={-1 if udp else plan.sip.port}",
            "sip_tls_port=-1",
            f"bind_address={plan.sip.host}",
            f"contact=<{plan.own}>",
            "guess_hostname=0",
            f"media_encryption={'srtp' if secured else 'none'}",
            f"media_encryption_mandatory={int(secured)}",
            f"default_proxy={-1 if plan.outbound is None else 0}",
            "[rtp]",
            f"audio_rtp_port={plan.rtp.port}",
            f"bind_address={plan.rtp.host}",
        ]
        if plan.outbound is not None:
            way = f"<sip:{authority(plan.outbound)}{by(plan.transport)};lr>"
            lines += [
                "[proxy_0]",
                f"reg_proxy={way}",
                f"reg_route={way}",
                f"reg_identity=<{plan.own}>",
                f"reg_sendregister={int(plan.registers)}",
                "publish=0",
            ]
        return "\n".join([*lines, ""])

    # -- talking to it ---------------------------------------------------------------------------------------------

    @staticmethod
    async def _told(program: Program, command: str, answer: str) -> None:
        program.say(command)
        await program.expect(re.escape(answer), within_s=READY_S)

    def _say(self, command: str) -> None:
        if self._program is None:
            raise self._failed("has not been started")
        self._program.say(command)

    async def _listen(self, program: Program) -> None:
        """Take what it says of its calls until it ends."""
        with contextlib.suppress(ProgramFailed):
            while True:
                told = await program.expect(_EVENT, within_s=_LONGEST_RUN_S)
                self._calls.now(CallState.INCOMING if told["incoming"] else _STATES[told["state"]])

    def _failed(self, reason: str) -> Exception:
        if self._program is None:
            return MikeySdpError(f"linphonec ({self.plan.name}): {reason}")
        return self._program.failed(reason)
