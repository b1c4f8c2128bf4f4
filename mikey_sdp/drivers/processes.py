"""Other people's programs as parts of a run: started in a folder of their own, talked to, and stopped for certain."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mikey_sdp.drivers.ports import Ports, bound
from mikey_sdp.errors import BackendUnavailable, MikeySdpError, UsageError
from mikey_sdp.nodes.contract import Address, Transport

STOP_S: Final = 3.0
"""How long a program may take to end by itself before it is killed."""
_KEPT_CHARACTERS: Final = 262_144
_CHUNK_OCTETS: Final = 65_536
_LAST_LINES: Final = 12
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_JSON_LINE: Final = re.compile(r"^(\{.*\})\r?\n", re.MULTILINE)


class ProgramFailed(MikeySdpError):
    """An external program ended, said nothing, or said the wrong thing; carries the last lines of what it printed."""

    def __init__(self, name: str, reason: str, *, last_lines: Sequence[str] = ()) -> None:
        self.name = name
        self.reason = reason
        self.last_lines = tuple(last_lines)
        super().__init__(reason)

    def __str__(self) -> str:
        told = "".join(f"\n  | {line}" for line in self.last_lines)
        return f"{self.name}: {self.reason}" + (f"; it said last:{told}" if told else "; it said nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a program is started.

    Keeps: `name`, what messages call it; `program`, a name to be found on the path or a path; `folder`, its working
    folder and its HOME, made if it isn't there; `environment`, beside the few variables that every program gets;
    `install`, what brings the program where it is missing. Nothing secret belongs into `arguments`.
    """

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    install: str = ""


class Program:
    """A running program: what it prints is read all the time, what it is told goes to its standard input.

    Keeps: the last of what it printed, on either output.
    """

    def __init__(self, launch: Launch, process: asyncio.subprocess.Process) -> None:
        self.launch: Final = launch
        self._process: Final = process
        self._text = ""
        self._read_to = 0
        self._over = False
        self._news: Final = asyncio.Event()
        self._reader: Final = asyncio.create_task(self._read())

    @classmethod
    async def started(cls, launch: Launch) -> Program:
        """Start a program.

        Raises: BackendUnavailable where it is not installed; ProgramFailed where it can't be started.
        """
        found = shutil.which(launch.program)
        if found is None:
            raise BackendUnavailable(launch.program, install=launch.install or f"apt-get install {launch.program}")
        launch.folder.mkdir(parents=True, exist_ok=True)
        home = {"HOME": str(launch.folder), "LANG": "C.UTF-8", "TERM": "dumb"}
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # Where we are killed ourselves, nobody is left to stop the program: the kernel does it then.
        tether = shutil.which("setpriv")
        held = (tether, "--pdeathsig", "TERM", found) if tether else (found,)
        try:
            process = await asyncio.create_subprocess_exec(
                *held,
                *launch.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=launch.folder,
                env={**passed, **home, **launch.environment},
                # A group of its own, so that its children end with it and a Ctrl-C meant for us doesn't reach it first.
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramFailed(launch.name, f"can't be started: {error.strerror or error}") from None
        return cls(launch, process)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.returncode

    @property
    def text(self) -> str:
        """All that is kept of what it printed."""
        return self._text

    def last_lines(self, count: int = _LAST_LINES) -> tuple[str, ...]:
        """The last lines that it printed, without empty ones."""
        return tuple(line for line in self._text.splitlines() if line.strip())[-count:]

    def failed(self, reason: str) -> ProgramFailed:
        """The exception for what went wrong, with the last lines that it printed."""
        return ProgramFailed(self.launch.name, reason, last_lines=self.last_lines())

    # -- talking -------------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Put a line on its standard input.

        Raises: UsageError for what is more than a line; ProgramFailed where nobody reads it any more.
        """
        if "\n" in line or "\r" in line:
            raise UsageError("one line at a time, without its end")
        entrance = self._process.stdin
        if entrance is None or entrance.is_closing() or not self.runs:
            raise self.failed(f"has ended with {self.returncode} and can't be told anything")
        entrance.write(line.encode() + b"\n")

    def say_json(self, **what: Any) -> None:
        """Put an object on its standard input, as one line of JSON."""
        self.say(json.dumps(what, separators=(",", ":")))

    async def expect(self, pattern: str | re.Pattern[str], *, within_s: float) -> re.Match[str]:
        """Wait for something in what it prints; what was printed up to there is not looked at again.

        Raises: ProgramFailed if it ends without, or the time is up.
        """
        compiled = re.compile(pattern, re.MULTILINE) if isinstance(pattern, str) else pattern
        try:
            async with asyncio.timeout(within_s):
                return await self._found(compiled)
        except TimeoutError:
            raise self.failed(f"did not say {compiled.pattern!r} within {within_s:g} s") from None

    async def expect_json(self, *, within_s: float, **having: Any) -> dict[str, Any]:
        """Wait for a line of JSON that holds an object with these values; other lines are passed over.

        Raises: ProgramFailed as `expect` does.
        """
        wanted = ", ".join(f"{name}={value!r}" for name, value in having.items()) or "any"
        try:
            async with asyncio.timeout(within_s):
                while True:
                    told = _object(await self._found(_JSON_LINE))
                    if told is not None and all(told.get(name) == value for name, value in having.items()):
                        return told
        except TimeoutError:
            raise self.failed(f"sent no line of JSON ({wanted}) within {within_s:g} s") from None

    async def _found(self, pattern: re.Pattern[str]) -> re.Match[str]:
        while True:
            self._news.clear()
            match = pattern.search(self._text, self._read_to)
            if match is not None:
                self._read_to = match.end()
                return match
            if self._over:
                raise self.failed(f"ended with {await self._process.wait()} and never said {pattern.pattern!r}")
            await self._news.wait()

    async def _read(self) -> None:
        """Take what it prints for as long as it prints, so that it never has to wait for us."""
        output = self._process.stdout
        try:
            while output is not None and (octets := await output.read(_CHUNK_OCTETS)):
                self._text += octets.decode(errors="replace")
                surplus = len(self._text) - _KEPT_CHARACTERS
                if surplus > 0:
                    self._text = self._text[surplus:]
                    self._read_to = max(0, self._read_to - surplus)
                self._news.set()
        finally:
            self._over = True
            self._news.set()

    # -- the end -------------------------------------------------------------------------------------------------

    async def ended(self, *, within_s: float) -> int:
        """Wait for its end; what it ended with.

        Raises: ProgramFailed where the time is up.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._process.wait()
        except TimeoutError:
            raise self.failed(f"did not end within {within_s:g} s") from None

    async def stop(self, *, within_s: float = STOP_S) -> int:
        """Ask it to end, kill it and its children if it doesn't, and wait until it is gone; what it ended with.

        To stop one that has ended is allowed: its children are ended then.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()
        # Where nobody of the group is left, its number may be somebody else's by now.
        somebody_left = self.runs or not self._over
        if self.runs:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), within_s)
        if somebody_left:
            self._signal(signal.SIGKILL)
        code = await self._process.wait()
        try:
            await asyncio.wait_for(self._reader, within_s)
        except TimeoutError:
            # A grandchild in a group of its own still holds the pipe.
            self._reader.cancel()
        return code

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and to all that it started; none of them may be left."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def vacate(address: Address, *transports: Transport, ports: Ports | None) -> None:
    """Let go of what holds an address for a program that is about to open it itself, and see that nobody else has it.

    Raises: UsageError where somebody has: many programs would share the port without a word.
    """
    for transport in transports:
        held = None if ports is None else ports.taken(address, transport)
        try:
            (held or bound(address, reliable=transport.reliable)).close()
        except OSError as error:
            where = f"{address.host}:{address.port} ({transport})"
            raise UsageError(f"{where} can't be had: {error.strerror or error}") from None


def _object(line: re.Match[str]) -> dict[str, Any] | None:
    try:
        told = json.loads(line[1])
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
