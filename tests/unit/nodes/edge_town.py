"""Phones behind edges, a proxy between these, and what is measured of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.nodes.config import Contact, Security, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Link, NetworkPlan, Node, TimedCommand, Transport
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig, Interface, PhoneMedia
from mikey_sdp.nodes.edge_ports import DrivenEdge, DrivenPorts
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import Hop
from mikey_sdp.trace import AnyRecord, MediaCounted, MessageSent, Passed
from tests.exchange.nodes.phones import EPOCH_UNIX_US, MS, psk, uri

HOSTS = {
    "alice": "192.0.2.1",
    "bob": "192.0.2.2",
    "carol": "192.0.2.3",
    "dave": "192.0.2.4",
    "alice edge": "192.0.2.51",
    "bob edge": "192.0.2.52",
    "carol edge": "192.0.2.53",
    "proxy": "192.0.2.100",
    "redirect": "192.0.2.102",
}
NAMES = ("alice", "bob", "carol")
PROXY = Hop("UDP", HOSTS["proxy"], 5060)


def address(name: str) -> Address:
    return Address(HOSTS[name], 5060)


def network_address(owner: str) -> Address:
    """Where an edge takes SIP from the network."""
    return Address(HOSTS[f"{owner} edge"], 5080)


def phone(name: str, *, security: Security = Security.SDES, by: str | None = None, **settings: Any) -> UserAgent:
    """A phone that calls through its edge."""
    way = address(by or f"{name} edge")
    values: dict[str, Any] = {
        "name": name,
        "identity": uri(name),
        "address": address(name),
        "contacts": {other: Contact(uri=uri(other), address=way) for other in NAMES if other != name},
        "security": security,
        "streams": Streams(packets=20),
        "seed": name.encode(),
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return UserAgent(UserAgentConfig(**(values | settings)))


def secured(name: str, **settings: Any) -> UserAgent:
    """A phone that knows MIKEY, and calls through the proxy."""
    others = [other for other in NAMES if other != name]
    values = {"security": Security.MIKEY, "credentials": psk(name, *others), "by": "proxy"}
    return phone(name, **(values | settings))


def edge(
    owner: str, media: PhoneMedia = PhoneMedia.SDES, *, pairs: int = 16, account: Any = None, **settings: Any
) -> DrivenEdge:
    """The edge of one phone."""
    others = [other for other in NAMES if other != owner]
    own: dict[str, Any] = {
        "identity": uri(owner),
        "credentials": psk(owner, *others),
        "phone": media,
        "contact": f"sip:{owner}@{HOSTS[owner]}:5060",
    }
    here = address(f"{owner} edge")
    values: dict[str, Any] = {
        "name": f"{owner} edge",
        "phone_side": (Interface(address=here),),
        "network_side": (Interface(address=network_address(owner)),),
        "accounts": (EdgeAccount(**(own | (account or {}))),),
        "outbound": PROXY,
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    ports = DrivenPorts(Address(here.host, 20_000), Address(here.host, 30_000), pairs=pairs)
    config = EdgeConfig(**(values | settings))
    return DrivenEdge(config, ports=ports, entropy=SeededEntropy(owner.encode() + b" edge"))


def proxy(*destinations: Destination, of: str = "bob", **settings: Any) -> Proxy:
    """The proxy of example.com, which knows where everybody's edge is."""
    services = {
        uri(name): Service(destinations=(Destination(uri=f"sip:{name}@{place.host}:{place.port}"),))
        for name in NAMES
        for place in [network_address(name)]
    }
    service = settings.pop("service", {})
    if destinations or service:
        services[uri(of)] = Service(destinations=destinations or services[uri(of)].destinations, **service)
    values: dict[str, Any] = {
        "name": "proxy",
        "address": address("proxy"),
        "domains": ("example.com",),
        "services": services,
        "seed": b"proxy",
        "record_route": True,
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return Proxy(ServerConfig(**(values | settings)))


def run(
    *nodes: Node, steps: Sequence[tuple[int, str, object]], capture: Capture | None = None, **changes: Any
) -> list[AnyRecord]:
    """Play steps (milliseconds, party, command); signalling takes 20 ms and media 5 ms a link, and both 1 ms between a
    phone and its edge."""
    near = Link(delay_us=MS)
    names = {node.name for node in nodes}
    pairs = [(name, f"{name} edge") for name in NAMES if {name, f"{name} edge"} <= names]
    settings: dict[str, Any] = {
        "signalling": Link(delay_us=20 * MS),
        "media": Link(delay_us=5 * MS),
        "links": {way: (near, near) for one, other in pairs for way in ((one, other), (other, one))},
        "epoch_unix_us": EPOCH_UNIX_US,
        "end_us": Micros(200_000 * MS),
    }
    commands = tuple(TimedCommand(at_us=Micros(at * MS), node=node, command=command) for at, node, command in steps)
    return simulate(NetworkPlan(nodes=nodes, commands=commands, **(settings | changes)), capture=capture)


def heard(records: Sequence[AnyRecord], party: str) -> list[tuple[int, int]]:
    """Of each stream that a party received: how many packets, and how many of them it could read."""
    return [
        (record.packets, record.decrypted)
        for record in records
        if isinstance(record, MediaCounted) and record.party == party and record.direction == "received"
    ]


def to_network(capture: Capture, owner: str) -> list[Passed]:
    """The media that an edge sent from its ports towards the network."""
    return [
        passed
        for passed in capture.passed
        if passed.party == f"{owner} edge" and passed.transport == Transport.MEDIA and passed.source[1] >= 30_000
    ]


def bodies(records: Sequence[AnyRecord], party: str, start: str) -> list[str]:
    """The bodies of the messages of a party that begin so."""
    return [
        record.octets.partition(b"\r\n\r\n")[2].decode()
        for record in records
        if isinstance(record, MessageSent) and record.party == party and record.summary.startswith(start)
    ]
