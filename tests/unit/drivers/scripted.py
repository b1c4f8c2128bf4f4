"""Small nodes whose every move a test writes down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Event,
    NetworkPlan,
    Report,
    SendDatagram,
    TimedCommand,
    Transport,
)
from mikey_sdp.trace import Warned

Script = Callable[[Event, int], list[Action]]


class ScriptedNode:
    """Does what its script says and keeps what it was given."""

    def __init__(self, name: str, script: Script | None = None, *, address: Address | None = None) -> None:
        self.name = name
        self.address = address or Address(name, 5060)
        self.script = script
        self.seen: list[tuple[int, Event]] = []

    @property
    def addresses(self) -> Sequence[Address]:
        return (self.address,)

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        self.seen.append((now_us, event))
        return [] if self.script is None else self.script(event, now_us)


def datagram(source: str, destination: str, octets: bytes = b"x", transport: Transport = Transport.UDP) -> Datagram:
    return Datagram(
        source=Address(source, 5060), destination=Address(destination, 5060), transport=transport, octets=octets
    )


def send(source: str, destination: str, octets: bytes = b"x", transport: Transport = Transport.UDP) -> SendDatagram:
    summary = "" if transport is Transport.MEDIA else octets.decode()
    return SendDatagram(datagram=datagram(source, destination, octets, transport), summary=summary)


def say(party: str, now_us: int, text: str) -> Report:
    return Report(Warned(at_us=now_us, party=party, text=text))


def plan(*nodes: ScriptedNode, commands: Sequence[tuple[int, str, object]] = (), **changes: object) -> NetworkPlan:
    settings: dict[str, object] = {"epoch_unix_us": 0, "end_us": Micros(60_000_000)} | changes
    return NetworkPlan(
        nodes=nodes,
        commands=tuple(TimedCommand(at_us=Micros(at), node=node, command=command) for at, node, command in commands),
        **settings,  # type: ignore[arg-type]
    )


def on_command(*actions: Action):
    """A script that answers every command with these actions and nothing else."""
    return lambda event, now_us: list(actions) if isinstance(event, CommandGiven) else []


def bursts(source: str, destination: str, count: int, transport: Transport = Transport.UDP):
    """A script that sends `count` numbered datagrams at each command."""
    return on_command(*[send(source, destination, f"{n:04}".encode(), transport) for n in range(count)])


def arrivals(node: ScriptedNode) -> list[tuple[int, bytes]]:
    return [(at, event.datagram.octets) for at, event in node.seen if isinstance(event, DatagramReceived)]
