"""Proxies and redirect servers between plain phones, and their messages as lines that a test can write down."""

from __future__ import annotations

from collections.abc import Sequence

from mikey_sdp.nodes.commands import Call
from mikey_sdp.nodes.config import Answering, Contact, Reaction, Security, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.trace import AnyRecord, MessageLost, MessageSent
from tests.exchange.nodes.phones import EPOCH_UNIX_US, MS, signalling

HOSTS = {
    "alice": "192.0.2.1",
    "desk": "192.0.2.11",
    "mobile": "192.0.2.12",
    "carol": "192.0.2.13",
    "mallory": "192.0.2.66",
    "proxy": "192.0.2.100",
    "second": "192.0.2.101",
    "redirect": "192.0.2.102",
}
BOB = "sip:bob@example.com"
CAROL = "sip:carol@example.com"
RINGS = Answering(ringing_after_us=50 * MS, decide_after_us=1_000 * MS)
NEVER = Answering(decide_after_us=None)
OFF = Answering(reaction=Reaction.IGNORE)
CALL = (0, "alice", Call("bob"))


def address(name: str) -> Address:
    return Address(HOSTS[name], 5060)


def at(name: str, q: int = 1000, **more: int) -> Destination:
    return Destination(uri=f"sip:bob@{HOSTS[name]}:5060", q=q, **more)


def plain(name: str, answering: Answering | None = None, *, by: str = "proxy", **settings: object) -> UserAgent:
    """A phone without key management that calls through a server."""
    contacts = {who: Contact(uri=f"sip:{who}@example.com", address=address(by)) for who in ("bob", "carol")}
    values: dict[str, object] = {
        "name": name,
        "address": address(name),
        "contacts": contacts,
        "identity": f"sip:{'bob' if name in ('desk', 'mobile') else name}@example.com",
        "security": Security.NONE,
        "answering": answering or RINGS,
        "streams": Streams(packets=5),
        "seed": name.encode(),
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return UserAgent(UserAgentConfig(**(values | settings)))  # type: ignore[arg-type]


def config(name: str = "proxy", **settings: object) -> ServerConfig:
    values: dict[str, object] = {
        "name": name,
        "address": address(name),
        "domains": ("example.com",),
        "seed": name.encode(),
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return ServerConfig(**(values | settings))  # type: ignore[arg-type]


def proxy(*destinations: Destination, name: str = "proxy", forking: Forking = Forking.BY_Q, **service: object) -> Proxy:
    """A proxy that knows where bob is."""
    bob = Service(destinations=destinations, forking=forking, **service)  # type: ignore[arg-type]
    return Proxy(config(name, services={BOB: bob}))


def redirect(*destinations: Destination) -> RedirectServer:
    """A redirect server that knows where bob is."""
    return RedirectServer(config("redirect", services={BOB: Service(destinations=destinations)}))


def messages(records: Sequence[AnyRecord], *, of: str = "", but: str = "") -> list[str]:
    """Who sent what to whom and when, in milliseconds; lost ones are marked."""
    lost = {record.number for record in records if isinstance(record, MessageLost)}
    return [
        f"{record.at_us // MS} {record.party} > {record.to} {_short(record.summary)}"
        f"{' LOST' if record.number in lost else ''}"
        for record in records
        if isinstance(record, MessageSent) and of in (record.party, "") and not (but and record.summary.startswith(but))
    ]


def _short(summary: str) -> str:
    """`INVITE sip:bob@192.0.2.11:5060` as `INVITE`, `180 Ringing (INVITE)` as `180`."""
    word = summary.split()[0]
    return f"{word} ({summary.rpartition('(')[2]}" if word.isdigit() and not summary.endswith("(INVITE)") else word


def octets(records: Sequence[AnyRecord], party: str, start: str, number: int = 0) -> bytes:
    """A message that a party sent."""
    found = [
        record.octets
        for record in records
        if isinstance(record, MessageSent) and record.party == party and record.summary.startswith(start)
    ]
    return found[number]


def answers(after_ms: int) -> Answering:
    """Rings after 50 ms and answers after that long."""
    return Answering(ringing_after_us=50 * MS, decide_after_us=after_ms * MS)


def refuses(status: int, after_ms: int = 300) -> Answering:
    """Rings after 50 ms and refuses after that long."""
    return Answering(reaction=Reaction.REJECT, ringing_after_us=50 * MS, decide_after_us=after_ms * MS, status=status)


def steps_of(records: Sequence[AnyRecord], party: str = "alice") -> list[str]:
    """The steps of a party's calls, with their times."""
    return [line for line in signalling(records) if line.split()[1] == party and ">" not in line]
