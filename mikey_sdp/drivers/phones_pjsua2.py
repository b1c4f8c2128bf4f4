"""A pjsua2 phone of a run: a process of ours that speaks lines of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mikey_sdp.drivers.phones import READY_S, Calls, CallState, PhonePlan, authority, by
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, ProgramFailed
from mikey_sdp.errors import BackendUnavailable, MikeySdpError

WORKER: Final = "mikey_sdp.drivers.pjsua2_worker"
"""The module that is the phone; another that takes and tells the same can stand in its place."""
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONGEST_RUN_S: Final = 86_400.0


class Pjsua2:
    """One pjsua2 phone in a process of its own."""

    def __init__(self, plan: PhonePlan, folder: Path, *, worker: str = WORKER, **more: Any) -> None:
        """What is given besides goes to the worker with its set-up; nothing secret, it takes files for that."""
        self.plan: Final = plan
        self._more: Final = more
        self._worker: Final = worker
        self._folder: Final = Path(tempfile.mkdtemp(prefix=f"pjsua2-{plan.name}-", dir=folder))
        self._heard: Final = self._folder / "heard.wav"
        self._program: Program | None = None
        self._calls: Final = Calls(self._failed)
        self._listener: asyncio.Task[None] | None = None
        self.told: Final[list[dict[str, Any]]] = []

    @property
    def state(self) -> CallState:
        """Where its call stands."""
        return self._calls.state

    @property
    def recording(self) -> Path | None:
        """What it heard in all its calls."""
        return self._heard if self._heard.exists() else None

    async def start(self, *, ports: Ports | None = None) -> None:
        """Start it and wait until it is ready."""
        if importlib.util.find_spec("pjsua2") is None:
            raise BackendUnavailable("pjsua2", install="pip install pjsua2-python")
        self.plan.vacate(ports)
        launch = Launch(
            name=f"pjsua2 ({self.plan.name})",
            program=sys.executable,
            arguments=("-m", self._worker),
            folder=self._folder,
            environment={"PYTHONPATH": str(_ROOT)},
        )
        self._program = program = await Program.started(launch)
        try:
            program.say_json(do="start", **self._setup(), **self._more)
            told = await program.expect_json(within_s=READY_S)
            if told.get("event") != "ready":
                raise program.failed(f"can't start: {told.get('reason')}")
        except MikeySdpError:
            await self.stop()
            raise
        self._listener = asyncio.create_task(self._listen(program))

    async def call(self, uri: str) -> None:
        """Call somebody."""
        self._calls.now(CallState.CALLING)
        self.do("call", uri=uri)

    async def answer(self) -> None:
        """Take the call that comes in."""
        self.do("answer")

    async def hang_up(self) -> None:
        """End the call."""
        self.do("hang_up")

    async def until(self, state: CallState, *, within_s: float) -> None:
        """Wait until the call stands there, or came past it."""
        await self._calls.until(state, within_s)

    def do(self, command: str, **what: Any) -> None:
        """Tell the worker to do something of its own."""
        if self._program is None:
            raise self._failed("has not been started")
        self._program.say_json(do=command, **what)

    async def stop(self) -> None:
        """End the phone, by its own command first: killed, it would leave its recording without a length."""
        program = self._program
        if program is None:
            return
        if self._listener is not None:
            self._listener.cancel()
        if program.runs:
            with contextlib.suppress(ProgramFailed):
                program.say_json(do="quit")
                await program.ended(within_s=READY_S / 2)
        await program.stop()

    def _setup(self) -> dict[str, Any]:
        plan = self.plan
        setup: dict[str, Any] = {
            "host": plan.sip.host,
            "sip_port": plan.sip.port,
            "rtp_port": plan.rtp.port,
            "transport": plan.transport.value,
            "own": plan.own,
            "media": plan.media.value,
            "answers": plan.answers,
            "record": str(self._heard),
        }
        if plan.tone is not None:
            setup["tone"] = str(plan.tone)
        if plan.outbound is not None:
            setup["outbound"] = f"sip:{authority(plan.outbound)}{by(plan.transport)}"
            if plan.registers:
                setup["registrar"] = f"sip:{plan.own.partition('@')[2]}"
        return setup

    async def _listen(self, program: Program) -> None:
        """Keep what it tells, and follow the states of its call, until it ends."""
        with contextlib.suppress(ProgramFailed):
            while True:
                told = await program.expect_json(within_s=_LONGEST_RUN_S)
                self.told.append(told)
                if told.get("event") == "state":
                    self._calls.now(CallState(told["state"]))
                elif told.get("event") == "failed":
                    self._calls.now(CallState.ENDED)

    def _failed(self, reason: str) -> Exception:
        if self._program is None:
            return MikeySdpError(f"pjsua2 ({self.plan.name}): {reason}")
        return self._program.failed(reason)
