"""A situation of the matrix as a run of real calls: phones, servers and links, played in virtual time and captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mikey_sdp.clock import Micros
from mikey_sdp.dissect.known import Known
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.nodes.commands import Call
from mikey_sdp.nodes.config import Answering, Contact, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Link, NetworkPlan, Node, TimedCommand, Transport
from mikey_sdp.nodes.focus import Focus, Passing
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.matrix_cast import CALLER, Actor, address
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.trace import AnyRecord, CallChanged, MediaCounted

DOMAIN: Final = "example.com"
MS: Final = 1_000
PACKETS: Final = 20
_END_US: Final = Micros(60_000 * MS)
_NULL: Final = "unprotected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A proxy or a redirect server on the way.

    Keeps: `services` by address; `redirects`, whether it answers with 302 instead of passing calls on; `holds`, what it
    was given of secrets, which is nothing unless a test gives it something.
    """

    name: str
    host: int
    services: Mapping[str, Service]
    redirects: bool = False
    holds: tuple[Known, ...] = field(default=(), repr=False)

    @property
    def address(self) -> Address:
        """Where it takes SIP."""
        return address(self.host)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One run, before it is played.

    Keeps: `name`, by which the run is told in the table; `actors`, the caller among them; `ways`, by user the phone or
    server that the caller turns to; `answers`, the phones that are meant to answer; `answering` by phone; `phones`,
    further settings for all of them, and `caller` for the one who calls bob; `options` of everybody's key exchanges;
    `expects`, what the caller knows of the call beforehand; `commands`, what is done, which is to call bob unless
    something else is said; `contacts`, further ones; `group`, the key of the conference that the caller conducts, who
    relays what its members send; `counts_from_us`, from when on media counts.
    """

    name: str
    case: ModeCase
    actors: Mapping[str, Actor]
    servers: Sequence[Server] = ()
    ways: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[str, ...]
    answering: Mapping[str, Answering] = field(default_factory=dict)
    phones: Mapping[str, Any] = field(default_factory=dict)
    caller: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    signalling_us: int = 20 * MS
    media_us: int = 20 * MS
    expects: Expectations = NOTHING_SPECIAL
    commands: Sequence[TimedCommand] = (TimedCommand(at_us=Micros(0), node=CALLER, command=Call("bob")),)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    group: GroupKeys | None = None
    counts_from_us: int = 0

    @property
    def transport(self) -> Transport:
        """What carries the signalling."""
        return carrier_of(self.case)

    def play(self) -> Played:
        """Run it."""
        capture, keys = Capture(), _KeyLog()
        nodes = [*(self._phone(actor, keys) for actor in self.actors.values()), *map(self._server, self.servers)]
        plan = NetworkPlan(
            nodes=tuple(nodes),
            commands=tuple(self.commands),
            signalling=Link(delay_us=self.signalling_us),
            media=Link(delay_us=self.media_us),
            epoch_unix_us=EPOCH_UNIX_US,
            end_us=_END_US,
        )
        records = simulate(plan, capture=capture)
        return Played(scene=self, records=records, capture=capture, keys=tuple(keys.seen))

    def _phone(self, actor: Actor, keys: _KeyLog) -> Node:
        settings: dict[str, Any] = {
            "name": actor.name,
            "identity": actor.role.identity,
            "address": actor.address,
            "transport": self.transport,
            "credentials": actor.credentials,
            "modes": None if self.case.free_choice else [self.case.mode],
            "expects": self.expects,
            "contacts": self._contacts(),
            "answering": self.answering.get(actor.name, Answering()),
            "streams": Streams(packets=PACKETS),
            "options": replace(Options(choices=Choices(dh_group=self.case.dh_group)), **self.options),
            "entropy": actor.entropy,
            "key_log": keys,
            "seed": actor.seed,
            "epoch_unix_us": EPOCH_UNIX_US,
        }
        more = self.caller if actor.name == CALLER else {}
        if self.group is not None and actor.name == CALLER:
            conducted = UserAgentConfig(**{**settings, **self.phones, "group": self.group, **more})
            return Focus(conducted, passing=Passing.RELAYED)
        return UserAgent(UserAgentConfig(**{**settings, **self.phones, **more}))

    def _contacts(self) -> dict[str, Contact]:
        """The users that can be called, each at the phone or server that leads to them; and every phone by its name, so
        that the trace tells which of them answered."""
        phones = {actor.name: actor.address for actor in self.actors.values()}
        places = phones | {server.name: server.address for server in self.servers}
        return {
            user: Contact(
                uri=f"sip:{user}@{DOMAIN}", address=places[way], transport=self.transport, phone=phones.get(user)
            )
            for user, way in {**{name: name for name in phones}, **self.ways}.items()
        } | dict(self.contacts)

    def _server(self, server: Server) -> Node:
        config = ServerConfig(
            name=server.name,
            address=server.address,
            transport=self.transport,
            domains=(DOMAIN,) if not server.redirects else (DOMAIN, server.address.host),
            services=server.services,
            seed=f"matrix|{server.name}".encode(),
            epoch_unix_us=EPOCH_UNIX_US,
        )
        return RedirectServer(config) if server.redirects else Proxy(config)


def answers_after(after_ms: int, **more: Any) -> Answering:
    """A phone that rings and answers after that long."""
    return Answering(ringing_after_us=50 * MS, decide_after_us=after_ms * MS, **more)


def carrier_of(case: ModeCase) -> Transport:
    """What carries the signalling: keys that nothing protects need TLS, all others are seen by everybody."""
    return Transport.TLS if case.word == _NULL else Transport.UDP


def destination(case: ModeCase, user: str, host: int) -> Destination:
    """Where a phone takes its calls, as a proxy or a redirect server knows it."""
    transport = carrier_of(case)
    suffix = "" if transport is Transport.UDP else f";transport={transport.lower()}"
    return Destination(uri=f"sip:{user}@{address(host).host}:5060{suffix}")


class _KeyLog:
    """Every key that came into use, each once."""

    def __init__(self) -> None:
        self.seen: Final[list[DataSa]] = []

    def __call__(self, sa: DataSa) -> None:
        """One more key is used."""
        self.seen.append(sa)


@dataclass(frozen=True, kw_only=True)
class Played:
    """A run that is over: its trace, all that passed over the network, and the keys that were in use."""

    scene: Scene
    records: Sequence[AnyRecord]
    capture: Capture
    keys: tuple[DataSa, ...] = field(repr=False)

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The phones that answered and saw that confirmed, in that order."""
        return tuple(
            record.party
            for record in self.records
            if isinstance(record, CallChanged) and record.state == "confirmed" and record.party != CALLER
        )

    def counted(self, party: str, direction: str) -> list[MediaCounted]:
        """The streams that a party sent or received, of calls that were not over before media counts."""
        return [
            record
            for record in self.records
            if isinstance(record, MediaCounted)
            and (record.party, record.direction) == (party, direction)
            and record.at_us >= self.scene.counts_from_us
        ]
