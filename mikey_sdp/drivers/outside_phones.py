"""Phones of others as parties of a live run: a phone by its protocol of commands and states."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

from mikey_sdp.drivers.outside import Onlooker
from mikey_sdp.drivers.phones import CallState, Phone
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.nodes.commands import Call, Cancel, HangUp
from mikey_sdp.trace import Warned

_LONGEST_S: Final = 600.0


class PlainPhone:
    """One party played by a phone that knows nothing of MIKEY; `answer_s` is when it takes a call, None for never."""

    def __init__(self, phone: Phone, ports: Ports, *, answer_s: float | None) -> None:
        self._phone: Final = phone
        self._ports: Final = ports
        self._answer_s: Final = answer_s
        self._run: Onlooker | None = None
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    async def start(self, run: Onlooker) -> None:
        """Start the phone, and take the call that comes in when its time has come."""
        self._run = run
        await self._phone.start(ports=self._ports)
        if self._answer_s is not None and not self._phone.plan.answers:
            self._do(self._taken(self._answer_s))

    def give(self, command: object) -> None:
        """Have it call or hang up."""
        if isinstance(command, Call):
            self._do(self._phone.call(f"sip:{command.peer}@{self._phone.plan.own.partition('@')[2]}"))
        elif isinstance(command, HangUp | Cancel):
            self._do(self._phone.hang_up())
        else:
            raise UsageError(f"{self._phone.plan.name} can't do {type(command).__name__}")

    async def stop(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await self._phone.stop()

    async def _taken(self, after_s: float) -> None:
        await self._phone.until(CallState.INCOMING, within_s=_LONGEST_S)
        await asyncio.sleep(after_s)
        await self._phone.answer()

    def _do(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._told(doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, doing: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await doing
            except MikeySdpError as error:
                if self._run is not None:
                    self._run.report(Warned(at_us=self._run.now_us, party=self._phone.plan.name, text=str(error)))
