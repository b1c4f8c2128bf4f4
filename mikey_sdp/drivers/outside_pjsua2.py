"""A pjsua2 phone that is keyed by MIKEY as a party of a live run: a process that speaks lines of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.outside import Onlooker
from mikey_sdp.drivers.phones import READY_S, authority
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, ProgramFailed, vacate
from mikey_sdp.errors import BackendUnavailable, MikeySdpError, UsageError
from mikey_sdp.nodes.commands import Call, Cancel, HangUp, ReKey
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.trace import CallChanged, KeyManagementFailed, MediaCounted, Warned

WORKER: Final = "mikey_sdp.softphone.pjsua2_worker"
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONGEST_S: Final = 86_400.0
_COUNT_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPlan:
    """How the phone is set up.

    Keeps: `credentials`, the words of the worker's `start` command that bring them, told on its standard input only;
    `peer`, the one party with which it has calls; `first_hop`, where its requests go; `answer_s`, when it takes a call.
    """

    name: str
    identity: str
    sip: Address
    rtp: Address
    peer: str
    first_hop: Address | None
    modes: tuple[str, ...] | None
    answer_s: float | None
    credentials: Mapping[str, Any]
    uris: Mapping[str, str]


class KeyedPhone:
    """One party played by pjsua2; what it tells of its calls and counts comes into the trace."""

    def __init__(self, plan: KeyedPlan, ports: Ports) -> None:
        self._plan: Final = plan
        self._ports: Final = ports
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._program: Program | None = None
        self._run: Onlooker | None = None
        self._tasks: Final[list[asyncio.Task[None]]] = []
        self._calling = self._up = False
        self._call_id = ""
        self._counts = (0, 0)
        self._first_us: Micros | None = None

    async def start(self, run: Onlooker) -> None:
        """Start the process; back when it takes calls."""
        if importlib.util.find_spec("pjsua2") is None:
            raise BackendUnavailable("pjsua2", install="pip install pjsua2-python")
        self._run = run
        self._folder = tempfile.TemporaryDirectory(prefix="pjsua2-")
        vacate(self._plan.sip, Transport.UDP, Transport.TCP, ports=self._ports)
        vacate(self._plan.rtp, Transport.MEDIA, ports=self._ports)
        launch = Launch(
            name=f"pjsua2 ({self._plan.name})",
            program=sys.executable,
            arguments=("-m", WORKER),
            folder=Path(self._folder.name),
            environment={"PYTHONPATH": str(_ROOT)},
        )
        self._program = program = await Program.started(launch)
        program.say_json(cmd="start", **self._setup())
        told = await program.expect_json(within_s=READY_S)
        if told.get("event") != "ready":
            raise program.failed(f"can't start: {told.get('text')}")
        self._tasks.append(asyncio.create_task(self._listen(program)))
        self._tasks.append(asyncio.create_task(self._count(program)))

    def give(self, command: object) -> None:
        """Have it call, hang up or re-key."""
        if self._program is None:
            raise UsageError(f"{self._plan.name} has not been started")
        if isinstance(command, Call):
            self._calling = True
            uri = self._plan.uris[command.peer]
            self._program.say_json(cmd="call", uri=uri, peer=uri)
        elif isinstance(command, HangUp | Cancel):
            self._program.say_json(cmd="hangup")
        elif isinstance(command, ReKey):
            self._program.say_json(cmd="rekey")
        else:
            raise UsageError(f"{self._plan.name} can't do {type(command).__name__}")

    async def stop(self) -> None:
        """End it, and tell what it heard and sent."""
        for task in self._tasks:
            task.cancel()
        self._tell_counts()
        program = self._program
        if program is not None:
            with contextlib.suppress(ProgramFailed):
                program.say_json(cmd="quit")
                await program.ended(within_s=READY_S / 2)
            await program.stop()
        if self._folder is not None:
            self._folder.cleanup()

    def _setup(self) -> dict[str, Any]:
        plan = self._plan
        setup: dict[str, Any] = {
            "identity": plan.identity,
            "host": plan.sip.host,
            "port": plan.sip.port,
            "media_port": plan.rtp.port,
            "answers": [180] if plan.answer_s != 0 else [200],
            "tone": 440,
            **plan.credentials,
        }
        if plan.modes is not None:
            setup["modes"] = list(plan.modes)
        if plan.first_hop is not None:
            setup["proxy"] = f"sip:{authority(plan.first_hop)};lr"
        return setup

    async def _listen(self, program: Program) -> None:
        with contextlib.suppress(ProgramFailed, asyncio.CancelledError):
            while True:
                told = await program.expect_json(within_s=_LONGEST_S)
                self._heard(program, told)

    async def _count(self, program: Program) -> None:
        """Ask for its counts as long as a call is up: when that is over nobody can."""
        with contextlib.suppress(MikeySdpError, asyncio.CancelledError):
            while True:
                await asyncio.sleep(_COUNT_EVERY_S)
                if self._up:
                    program.say_json(cmd="stats")

    def _heard(self, program: Program, told: Mapping[str, Any]) -> None:
        event = told.get("event")
        if event == "state":
            self._changed(told)
        elif event == "incoming" and self._plan.answer_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self._plan.answer_s, self._answer, program)
        elif event == "mikey":
            self._keyed(told)
        elif event == "stats":
            self._counts = told["sent"], told["received"]
            if told["received"] and self._first_us is None and self._run is not None:
                self._first_us = self._run.now_us
        elif event == "error" and self._run is not None and self._up:
            self._run.report(Warned(at_us=self._run.now_us, party=self._plan.name, text=str(told.get("text"))))

    @staticmethod
    def _answer(program: Program) -> None:
        with contextlib.suppress(ProgramFailed):
            program.say_json(cmd="answer", status=200)

    def _changed(self, told: Mapping[str, Any]) -> None:
        self._call_id = told["call_id"]
        state, status = told["state"], told["status"]
        if state == "CALLING":
            self._changes("calling")
        elif state == "EARLY" and self._calling:
            self._changes("ringing" if status == 180 else "early", status)
        elif state == "CONFIRMED":
            if self._calling:
                self._changes("answered", 200)
            self._up = True
            self._changes("confirmed")
        elif state == "DISCONNECTED":
            self._changes("ended" if self._up else "rejected", 0 if self._up else status, told["reason"])
            self._up = False

    def _changes(self, state: str, status: int = 0, reason: str = "") -> None:
        if self._run is not None:
            self._run.report(
                CallChanged(
                    at_us=self._run.now_us,
                    party=self._plan.name,
                    call_id=self._call_id,
                    peer=self._plan.peer,
                    state=state,
                    status=status,
                    reason=reason,
                )
            )

    def _keyed(self, told: Mapping[str, Any]) -> None:
        if told.get("kind") == "refused" and self._run is not None:
            self._run.report(
                KeyManagementFailed(
                    at_us=self._run.now_us,
                    party=self._plan.name,
                    call_id=self._call_id,
                    peer=self._plan.peer,
                    reason=str(told.get("text")),
                )
            )

    def _tell_counts(self) -> None:
        """What its streams counted: it counts a packet once it has been decrypted."""
        if self._run is None or not any(self._counts):
            return
        for direction, packets in zip(("sent", "received"), self._counts, strict=True):
            self._run.report(
                MediaCounted(
                    at_us=self._run.now_us,
                    party=self._plan.name,
                    call_id=self._call_id,
                    peer=self._plan.peer,
                    media=0,
                    direction=direction,
                    ssrc=0,
                    packets=packets,
                    decrypted=packets if direction == "received" else 0,
                    first_us=self._first_us,
                )
            )
