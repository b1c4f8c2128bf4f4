"""Two edges on this machine's loopback, each with a phone that knows SDES or nothing, and calls between the phones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.drivers.host import NodeHost
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Answering, Contact, Security, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig, EdgeLimits, Interface, PeerRule, PhoneMedia
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.secret import Secret
from mikey_sdp.sip import Timers
from mikey_sdp.softphone.edge_config import EdgeSettings, LogSettings
from mikey_sdp.softphone.edge_places import Server
from mikey_sdp.softphone.edge_service import EdgeService
from mikey_sdp.trace import AnyRecord, CallChanged, MediaCounted
from tests.interop.between import Between
from tests.interop.free_ports import free_range
from tests.interop.sockets import HOST

ALICE: Final = "sip:alice@example.com"
BOB: Final = "sip:bob@example.com"
KEY: Final = Secret(bytes(range(16)))
_SECURITY: Final = {PhoneMedia.SDES: Security.SDES, PhoneMedia.PLAIN: Security.NONE}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How the two edges and phones are set up; what is left out is the usual.

    Keeps: `between`, the host on which the edges meet; `proxy_name`, by which each looks up the other; `pairs`, how
    many pairs of media ports each edge has.
    """

    caller: PhoneMedia = PhoneMedia.SDES
    called: PhoneMedia = PhoneMedia.SDES
    credentials: tuple[tuple[Credential, ...], tuple[Credential, ...]] = (
        (PskCredential("*", KEY),),
        (PskCredential("*", KEY),),
    )
    modes: tuple[Mode, ...] | None = None
    peers: tuple[PeerRule, ...] = ()
    transport: Transport = Transport.UDP
    limits: EdgeLimits = field(default_factory=EdgeLimits)
    timers: Timers = field(default_factory=Timers)
    packets: int | None = 20
    pairs: int = 8
    between: str = HOST
    tls: TlsContexts | None = None
    phone_tls: TlsContexts | None = None
    proxy_name: str | None = None


@dataclass
class Scene:
    """What runs: two edges, two phones, and what the phones report."""

    edges: tuple[EdgeService, EdgeService]
    phones: tuple[NodeHost, NodeHost]
    settings: tuple[EdgeSettings, EdgeSettings]
    records: list[AnyRecord]

    def changes(self, party: str) -> list[CallChanged]:
        """What a phone's calls went through."""
        return [one for one in self.records if isinstance(one, CallChanged) and one.party == party]

    def states(self, party: str) -> list[str]:
        """The same, by their words."""
        return [one.state for one in self.changes(party)]

    @property
    def sip_addresses(self) -> list[Address]:
        """Where the edges take SIP."""
        return [address for one in self.settings for address in one.listens]

    @property
    def media_addresses(self) -> list[Address]:
        """Where the edges take media now."""
        return [address for edge in self.edges for address in edge.media_addresses]

    def received(self, party: str) -> list[MediaCounted]:
        """What a phone counted of the streams to it."""
        counted = (one for one in self.records if isinstance(one, MediaCounted) and one.party == party)
        return [one for one in counted if one.direction == "received"]


@dataclass(frozen=True)
class Pair:
    """Alice's edge and bob's, each the other's proxy."""

    edges: tuple[EdgeService, EdgeService]
    settings: tuple[EdgeSettings, EdgeSettings]

    def towards_phone(self, number: int) -> Address:
        """Where a phone finds its edge."""
        return self.settings[number].node.phone_side[0].address


@asynccontextmanager
async def two_edges(given: Setting, homes: Sequence[Address], between: Between | None = None) -> AsyncIterator[Pair]:
    """Both edges, whose phones are at these addresses, until the block ends; `between` stands between them."""
    async with AsyncExitStack() as stack:
        sides = [[_looked_up(host) for host in (HOST, given.between)] for _ in range(2)]
        others = sides[1][1], sides[0][1]
        if between is not None:
            stack.callback(between.close)
            others = await between.join((sides[0][1], sides[1][1]))
        settings = [_settings(given, number, sides[number], others[number], homes[number]) for number in range(2)]
        edges = []
        for one in settings:
            service = EdgeService(one)
            await service.start()
            stack.push_async_callback(service.stop)
            edges.append(service)
        yield Pair((edges[0], edges[1]), (settings[0], settings[1]))


@asynccontextmanager
async def edged(given: Setting | None = None, between: Between | None = None) -> AsyncIterator[Scene]:
    """Both edges and both phones, alice's calling, bob's answering, until the block ends."""
    given = given or Setting()
    async with AsyncExitStack() as stack:
        ports = Ports()
        stack.callback(ports.close)
        homes = [(ports.sip(HOST, given.transport), ports.media(HOST, 8, rtcp=True)) for _ in range(2)]
        pair = await stack.enter_async_context(two_edges(given, [home for home, _ in homes], between))
        records: list[AnyRecord] = []
        phones = []
        for number, (home, media) in enumerate(homes):
            agent = _agent(given, number, (home, media), pair.towards_phone(number))
            listens = dict.fromkeys(agent.addresses, (Transport.MEDIA,)) | {home: (given.transport,)}
            watched = {"report": records.append, "failed": _fails}
            host = NodeHost(agent, listens=listens, ports=ports, tls=given.phone_tls, **watched)
            await host.start()
            stack.push_async_callback(host.stop)
            phones.append(host)
        yield Scene(pair.edges, (phones[0], phones[1]), pair.settings, records)


def _fails(_name: str, error: Exception) -> None:
    raise error


def _looked_up(host: str) -> Address:
    """A port that was free for everything a moment ago."""
    ports = Ports()
    try:
        return ports.sip(host, Transport.UDP, Transport.TCP)
    finally:
        ports.close()


def _settings(given: Setting, number: int, own: list[Address], other: Address, phone: Address) -> EdgeSettings:
    with free_range(given.pairs) as media:
        pass
    identity, name = (ALICE, BOB)[number], ("alice", "bob")[number]
    transport = "" if given.transport is Transport.UDP else f";transport={given.transport.lower()}"
    account = EdgeAccount(
        identity=identity,
        credentials=given.credentials[number],
        modes=given.modes,
        options=Options(),
        phone=(given.caller, given.called)[number],
        contact=f"sip:{name}@{phone.host}:{phone.port}{transport}",
    )
    both = (Transport.UDP, Transport.TCP) if given.transport is not Transport.TLS else (Transport.TLS,)
    return EdgeSettings(
        file="edge.toml",
        node=EdgeConfig(
            name=f"edge-{name}",
            phone_side=(Interface(address=own[0], transports=both),),
            network_side=(Interface(address=own[1], transports=both),),
            accounts=(account,),
            peers=given.peers,
            limits=given.limits,
            timers=given.timers,
        ),
        proxy=Server(transport=given.transport, host=given.proxy_name or other.host, port=other.port),
        tls=given.tls,
        ports=media,
        log=LogSettings(file=None, level=0),
    )


def _agent(given: Setting, number: int, home: tuple[Address, Address], edge: Address) -> UserAgent:
    name, peer = (("alice", "bob"), ("bob", "alice"))[number]
    contact = Contact(uri=(BOB, ALICE)[number], address=edge, transport=given.transport)
    return UserAgent(
        UserAgentConfig(
            name=name,
            identity=(ALICE, BOB)[number],
            address=home[0],
            transport=given.transport,
            media_port=home[1].port,
            contacts={peer: contact},
            security=_SECURITY[(given.caller, given.called)[number]],
            answering=Answering(),
            streams=Streams(packets=given.packets),
            seed=name.encode(),
            epoch_unix_us=1_790_000_000_000_000,
        )
    )
