"""What a party of a scripted call and the driver that runs it may say to each other.

A node takes one event and returns a list of actions. It never waits, reads a clock or opens a socket, so the same node
runs in virtual time and on loopback sockets.

Events and actions are msgspec structs, as the trace's records are: a media packet makes five of them, and a struct is
made four times faster than a frozen dataclass.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from msgspec import Struct

from mikey_sdp.clock import Micros
from mikey_sdp.trace import AnyRecord


class Address(NamedTuple):
    """A host (IP address literal) and a port."""

    host: str
    port: int


class Transport(enum.StrEnum):
    """What carries a datagram. UDP and MEDIA can be lost and reordered, TCP and TLS can't; who taps a link reads
    everything but TLS."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    MEDIA = "MEDIA"

    @property
    def reliable(self) -> bool:
        """Whether the network neither loses nor reorders what it carries."""
        return self in (Transport.TCP, Transport.TLS)


class Datagram(Struct, frozen=True, kw_only=True):
    """One SIP message or one RTP packet between two addresses."""

    source: Address
    destination: Address
    transport: Transport
    octets: bytes


class DatagramReceived(Struct, frozen=True):
    """A datagram arrived at an address of the node."""

    datagram: Datagram


class DatagramIntercepted(Struct, frozen=True):
    """A datagram passes a node that sits on the path; unless the node sends it on, it goes no further."""

    datagram: Datagram


class TimerFired(Struct, frozen=True):
    """The timer of that name, set earlier by this node, ran out."""

    name: str


class CommandGiven(Struct, frozen=True):
    """The scenario tells the party to do something; `command` is one of the node's own command classes."""

    command: object


class RunEnded(Struct, frozen=True):
    """The run is over: last chance to report counts. Nothing can be sent any more."""


Event = DatagramReceived | DatagramIntercepted | TimerFired | CommandGiven | RunEnded


class SendDatagram(Struct, frozen=True, kw_only=True):
    """Put a datagram on the network.

    Keeps: `summary`, the first line as a ladder shows it (empty for media); `notes`, the key management inside.
    """

    datagram: Datagram
    summary: str = ""
    notes: tuple[str, ...] = ()


class SetTimer(Struct, frozen=True):
    """(Re)start the named timer of this node."""

    name: str
    delay_us: int


class CancelTimer(Struct, frozen=True):
    """Stop the named timer, if it runs."""

    name: str


class Report(Struct, frozen=True):
    """Put a record into the trace. Its `at_us` and `party` are the node's own."""

    record: AnyRecord


Action = SendDatagram | SetTimer | CancelTimer | Report


class Node(Protocol):
    """One party: a user agent, a proxy, an attacker."""

    @property
    def name(self) -> str:
        """The party's name in the scenario and in the trace."""

    @property
    def addresses(self) -> Sequence[Address]:
        """Every address whose datagrams are this node's."""

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event at that time; return what to do, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How the network treats datagrams on one way of a link between two nodes.

    Units: `loss` and `reorder` are shares from 0 to 1; a reordered datagram is held back by `reorder_us` more.
    """

    delay_us: int = 0
    jitter_us: int = 0
    loss: float = 0.0
    reorder: float = 0.0
    reorder_us: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedCommand:
    """A command for one node at one time."""

    at_us: Micros
    node: str
    command: object


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """A whole run as a driver takes it.

    Keeps: `links`, by (from, to) how signalling and media go that one way, where it differs from `signalling` and
    `media`; `lose`, by (from, to) the numbers (from 0) of signalling datagrams to lose, for exact scripts; `taps`, by
    pair of nodes the one that intercepts what passes between them, either way.
    Units: `epoch_unix_us` is the wall clock at time 0; `seed` decides every draw of the network.
    """

    nodes: tuple[Node, ...]
    commands: tuple[TimedCommand, ...]
    signalling: Link = field(default_factory=Link)
    media: Link = field(default_factory=Link)
    links: Mapping[tuple[str, str], tuple[Link, Link]] = field(default_factory=dict)
    lose: Mapping[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    taps: Mapping[frozenset[str], str] = field(default_factory=dict)
    seed: int = 0
    epoch_unix_us: int
    end_us: Micros
