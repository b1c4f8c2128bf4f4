"""What a live run and another program that plays one of its parties have to do with each other."""

from __future__ import annotations

from typing import Protocol

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import Datagram
from mikey_sdp.trace import AnyRecord


class Onlooker(Protocol):
    """A live run as those see it who watch on its behalf what it can't see itself."""

    @property
    def now_us(self) -> Micros:
        """What the run's clock shows."""

    def saw(self, datagram: Datagram) -> None:
        """A tap on the wire saw a datagram; only one between two outside parties is news."""

    def report(self, record: AnyRecord) -> None:
        """Put a record into the trace; its time is `now_us`."""


class Outside(Protocol):
    """A party of the plan that another program plays, at the addresses that the plan's node of that name has.

    What passes between it and a party inside is recorded where that party sends or takes it.
    """

    async def start(self, run: Onlooker) -> None:
        """Start the program; back when it takes SIP.

        Raises: MikeySdpError where it doesn't come up.
        """

    def give(self, command: object) -> None:
        """Tell it to do what a step of the scenario says; `command` is one of the commands of nodes."""

    async def stop(self) -> None:
        """End the program and free what it held; also called for one whose start failed or never came about."""
