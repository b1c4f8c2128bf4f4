"""Phones that are programs of others: what a run can have any of them do, whichever it is."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import vacate
from mikey_sdp.nodes.contract import Address, Transport

READY_S: Final = 10.0
"""How long a phone may take until it can be used."""


class Media(enum.StrEnum):
    """What a phone knows of securing its media: nothing, or keys in a=crypto lines, without which it takes no call."""

    PLAIN = "plain"
    SDES = "sdes"


class CallState(enum.StrEnum):
    """Where a phone's call stands; `RINGING` is said of the other end's phone, `INCOMING` of this one."""

    IDLE = "idle"
    CALLING = "calling"
    RINGING = "ringing"
    INCOMING = "incoming"
    TALKING = "talking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePlan:
    """How a phone is set up.

    Keeps: `sip`, where it listens; `rtp`, the port of its audio (even; the next one is for RTCP); `outbound`, the proxy
    through which all its calls go; `registers`, whether it tells that proxy where it is; `identity`, who it says it
    is, `sip:name@host:port` where left out; `answers`, whether it takes calls by itself; `tone`, a WAV file of 8,000
    samples a second that it plays into each call.
    """

    name: str
    sip: Address
    rtp: Address
    transport: Transport = Transport.UDP
    media: Media = Media.PLAIN
    outbound: Address | None = None
    registers: bool = False
    identity: str = ""
    answers: bool = False
    tone: Path | None = None

    @property
    def uri(self) -> str:
        """Where it can be called directly."""
        return f"sip:{self.name}@{authority(self.sip)}"

    @property
    def own(self) -> str:
        """Who it says it is."""
        return self.identity or self.uri

    def vacate(self, ports: Ports | None) -> None:
        """Let go of what holds its addresses, since the program opens them itself.

        Raises: UsageError where somebody else has one of them.
        """
        vacate(self.sip, Transport.UDP, Transport.TCP, ports=ports)
        for port in (self.rtp.port, self.rtp.port + 1):
            vacate(Address(self.rtp.host, port), Transport.MEDIA, ports=ports)


class Phone(Protocol):
    """A phone in a run.

    Raises: BackendUnavailable by `start` where the program isn't installed, ProgramFailed where it doesn't do what it
    is told, with the last lines that it printed.
    """

    @property
    def plan(self) -> PhonePlan:
        """How it is set up."""

    @property
    def state(self) -> CallState:
        """Where its call stands."""

    @property
    def recording(self) -> Path | None:
        """What it heard in its last call, as a WAV file that is whole once the phone is stopped; None for no file."""

    async def start(self, *, ports: Ports | None = None) -> None:
        """Start it and wait until it is ready; `ports` may hold its addresses until then."""

    async def call(self, uri: str) -> None:
        """Call somebody."""

    async def answer(self) -> None:
        """Take the call that comes in."""

    async def hang_up(self) -> None:
        """End the call, or refuse the one that comes in."""

    async def until(self, state: CallState, *, within_s: float) -> None:
        """Wait until the call stands there, or came past it."""

    async def stop(self) -> None:
        """End the phone; nothing of it goes on."""


class Calls:
    """The states that a phone's call came through, to be waited for."""

    def __init__(self, failed: Callable[[str], Exception]) -> None:
        self._failed: Final = failed
        self._news: Final = asyncio.Event()
        self.states: Final[list[CallState]] = [CallState.IDLE]

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        return self.states[-1]

    def now(self, state: CallState) -> None:
        """The call moves on; one that begins makes a new list of it."""
        if state in (CallState.CALLING, CallState.INCOMING):
            self.states.clear()
        self.states.append(state)
        self._news.set()

    async def until(self, state: CallState, within_s: float) -> None:
        """Wait until the call has been there; one that ended meanwhile won't come there any more.

        Raises: the phone's failure for that, and where the time is up.
        """
        try:
            async with asyncio.timeout(within_s):
                while state not in self.states:
                    if self.state is CallState.ENDED:
                        raise self._failed(f"the call ended and never was {state}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise self._failed(f"the call is {self.state}, not {state}, after {within_s:g} s") from None


def authority(address: Address) -> str:
    """Host and port as a URI has them."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


def by(transport: Transport) -> str:
    """The parameter by which a URI asks for a transport."""
    return f";transport={transport.lower()}"
