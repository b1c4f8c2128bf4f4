"""Two phones on a simulated network, and their traces as lines that a test can write down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.nodes.config import Contact, UserAgentConfig
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    Datagram,
    DatagramIntercepted,
    Event,
    Link,
    NetworkPlan,
    Node,
    SendDatagram,
    TimedCommand,
    Transport,
)
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.secret import Secret
from mikey_sdp.trace import (
    AnyRecord,
    AttackMade,
    CallChanged,
    KeyManagementFailed,
    KeysInstalled,
    MediaCounted,
    MessageArrived,
    MessageLost,
    MessageSent,
    Warned,
)

EPOCH_UNIX_US = 1_700_000_000_000_000
MS = 1_000
HOSTS = {"alice": "192.0.2.1", "bob": "192.0.2.2", "carol": "192.0.2.3", "mallory": "192.0.2.66"}


def address(name: str) -> Address:
    return Address(HOSTS[name], 5060)


def uri(name: str) -> str:
    return f"sip:{name}@example.com"


def shared_key(*names: str) -> Secret:
    return Secret(" and ".join(sorted(names)).encode().ljust(32, b"."))


def psk(name: str, *peers: str) -> list[Credential]:
    return [PskCredential(uri(peer), shared_key(name, peer)) for peer in peers]


def phone(name: str, *, transport: Transport = Transport.UDP, **settings: object) -> UserAgent:
    """A phone that knows everybody and shares a key with each."""
    others = [other for other in ("alice", "bob", "carol") if other != name]
    config: dict[str, object] = {
        "name": name,
        "identity": uri(name),
        "address": address(name),
        "transport": transport,
        "contacts": {other: Contact(uri=uri(other), address=address(other), transport=transport) for other in others},
        "credentials": psk(name, *others),
        "seed": name.encode(),
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return UserAgent(UserAgentConfig(**(config | settings)))  # type: ignore[arg-type]


def run(*nodes: Node, steps: Sequence[tuple[int, str, object]], **changes: object) -> list[AnyRecord]:
    """Play steps (milliseconds, party, command); signalling takes 40 ms and media 10 ms."""
    settings: dict[str, object] = {
        "signalling": Link(delay_us=40 * MS),
        "media": Link(delay_us=10 * MS),
        "epoch_unix_us": EPOCH_UNIX_US,
        "end_us": Micros(120_000 * MS),
    }
    commands = tuple(TimedCommand(at_us=Micros(at * MS), node=node, command=command) for at, node, command in steps)
    return simulate(NetworkPlan(nodes=nodes, commands=commands, **(settings | changes)))  # type: ignore[arg-type]


class Meddler:
    """Someone on the path who changes signalling as a test says; None swallows a message."""

    def __init__(self, change: Callable[[bytes], bytes | None]) -> None:
        self.name = "mallory"
        self.addresses = (address("mallory"),)
        self._change = change

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        octets = datagram.octets if datagram.transport is Transport.MEDIA else self._change(datagram.octets)
        if octets is None:
            return []
        changed = Datagram(
            source=datagram.source,
            destination=datagram.destination,
            transport=datagram.transport,
            octets=octets,
        )
        return [SendDatagram(datagram=changed, summary="" if datagram.transport is Transport.MEDIA else "passed on")]


TAPPED = {frozenset({"alice", "bob"}): "mallory"}


def _ms(at_us: int) -> str:
    return f"{at_us // MS}" if at_us % MS == 0 else f"{at_us / MS}"


def _say(record: AnyRecord, lost: bool = False) -> str:
    if isinstance(record, MessageSent):
        notes = "".join(f" | {re.sub(', [0-9]+ octets, CSB [0-9a-f]{8}', '', note)}" for note in record.notes)
        return f"> {record.to} {record.transport} {record.summary}{' LOST' if lost else ''}{notes}"
    if isinstance(record, CallChanged):
        status = f" {record.status}" if record.status else ""
        reason = f" ({record.reason})" if record.reason else ""
        warning = f" [{record.warning}]" if record.warning else ""
        return f"{record.state} {record.peer}{status}{reason}{warning}"
    if isinstance(record, KeysInstalled):
        return f"key {record.direction} {record.mode} m={record.media} CS {record.cs_id} with {record.peer}"
    if isinstance(record, KeyManagementFailed):
        return f"failed with {record.peer}: status {record.status}, MIKEY error {record.mikey_error}"
    if isinstance(record, MediaCounted):
        rest = "" if record.direction == "sent" else f", {record.decrypted} decrypted, {record.undecryptable} not"
        return f"{record.direction} m={record.media} {record.packets}{rest}"
    if isinstance(record, AttackMade):
        return f"attack #{record.number}: {record.text}"
    return f"warned: {record.text}" if isinstance(record, Warned) else ""


def lines(records: Sequence[AnyRecord], *, without: tuple[type, ...] = ()) -> list[str]:
    """The trace, one line a record, arrivals left out; a lost message is marked."""
    lost = {record.number for record in records if isinstance(record, MessageLost)}
    skipped = (MessageArrived, MessageLost, *without)
    return [
        f"{_ms(record.at_us)} {record.party} {_say(record, getattr(record, 'number', None) in lost)}"
        for record in records
        if not isinstance(record, skipped)
    ]


def signalling(records: Sequence[AnyRecord]) -> list[str]:
    """Messages and steps of calls only."""
    return lines(records, without=(KeysInstalled, MediaCounted))


def states(records: Sequence[AnyRecord], party: str) -> list[str]:
    """The steps of a party's calls."""
    return [record.state for record in records if isinstance(record, CallChanged) and record.party == party]


def counted(records: Sequence[AnyRecord], party: str) -> list[str]:
    """What a party's streams came to."""
    return [_say(record) for record in records if isinstance(record, MediaCounted) and record.party == party]


def of_kind(records: Sequence[AnyRecord], kind: type, party: str) -> list[AnyRecord]:
    """The records of one kind at one party."""
    return [record for record in records if isinstance(record, kind) and record.party == party]
