"""A focus and its members on a simulated network, with everything that passed, for tests that try keys on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Contact, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Link, NetworkPlan, Node, TimedCommand, Transport
from mikey_sdp.nodes.focus import Focus, Passing
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.policy import Conference
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.trace import AnyRecord, MediaCounted
from tests.exchange.ends import NOW_US
from tests.exchange.nodes.phones import MS, psk, uri
from tests.exchange.nodes.secured import credentials

ROOM = "sip:focus@example.com"
PACKETS = 10
AS_MEMBER = Expectations(conference=Conference.MEMBER)
AS_FOCUS = Expectations(conference=Conference.FOCUS)


def names(members: int) -> list[str]:
    return [f"member{number}" for number in range(1, members + 1)]


def host(name: str) -> Address:
    number = 1 if name == "focus" else 10 + int(name.removeprefix("member"))
    return Address(f"192.0.2.{number}", 5060)


@dataclass
class KeyLog:
    """The keys that came into use somewhere."""

    seen: list[DataSa] = field(default_factory=list)

    def __call__(self, sa: DataSa) -> None:
        self.seen.append(sa)

    def opens(self, octets: bytes) -> bool:
        """Whether any of the keys opens a packet that passed."""
        for sa in self.seen:
            named = DataSa(**{name: getattr(sa, name) for name in DataSa.__dataclass_fields__} | {"ssrc": 0, "roc": 0})
            try:
                SrtpReceiver((named,)).unprotect(octets)
            except (PeerError, DecodeError):
                continue
            return True
        return False


@dataclass
class Played:
    """A conference that is over."""

    records: Sequence[AnyRecord]
    capture: Capture
    keys: dict[str, KeyLog]
    focus: Focus
    group: GroupKeys

    def received(self, party: str) -> tuple[int, int]:
        """How many packets a party got, and how many it decrypted on arrival."""
        counts = [
            record
            for record in self.records
            if isinstance(record, MediaCounted) and (record.party, record.direction) == (party, "received")
        ]
        return sum(one.packets for one in counts), sum(one.decrypted for one in counts)

    def media(self, *, to: str, since_ms: float = 0, until_ms: float = 1e9) -> list[bytes]:
        """The packets that left for a party in that time."""
        return [
            passed.octets
            for passed in self.capture.passed
            if passed.transport == Transport.MEDIA and passed.to == to and since_ms * MS <= passed.at_us < until_ms * MS
        ]


def conference(
    mode: Mode,
    members: int,
    steps: Sequence[tuple[int, str, object]],
    *,
    passing: Passing = Passing.RELAYED,
    packets: int | None = PACKETS,
    group: bool = True,
    admits: Callable[[str], bool] = lambda _identity: True,
    member: dict[str, object] | None = None,
    options: Options | None = None,
    modes: Sequence[Mode] | None = None,
    end_ms: int = 60_000,
) -> Played:
    """Play steps (milliseconds, party, command): the focus and so many who may be members, who know it and it them."""
    keyed = GroupKeys(ROOM, admits=admits, entropy=SeededEntropy(b"group"))
    logs = {name: KeyLog() for name in ("focus", *names(members))}
    nodes: list[Node] = [
        Focus(
            _config("focus", mode, members, logs, {
                "group": keyed if group else None, "expects": AS_FOCUS if group else Expectations(),
                "streams": Streams(packets=0), "options": options, "modes": modes or [mode],
            }),
            passing=passing,
        ),
        *(
            UserAgent(_config(name, mode, members, logs, {
                "expects": AS_MEMBER if group else Expectations(), "streams": Streams(packets=packets),
                "options": options, "modes": modes or [mode], **(member or {}),
            }))
            for name in names(members)
        ),
    ]  # fmt: skip
    capture = Capture()
    plan = NetworkPlan(
        nodes=tuple(nodes),
        commands=tuple(TimedCommand(at_us=Micros(at * MS), node=node, command=command) for at, node, command in steps),
        signalling=Link(delay_us=20 * MS),
        media=Link(delay_us=20 * MS),
        epoch_unix_us=NOW_US,
        end_us=Micros(end_ms * MS),
    )
    focus = nodes[0]
    assert isinstance(focus, Focus)
    return Played(records=simulate(plan, capture=capture), capture=capture, keys=logs, focus=focus, group=keyed)


def _config(
    name: str, mode: Mode, members: int, logs: dict[str, KeyLog], settings: dict[str, object]
) -> UserAgentConfig:
    others = names(members) if name == "focus" else ["focus"]
    transport = Transport.TLS if mode is Mode.NULL else Transport.UDP
    values: dict[str, object] = {
        "name": name,
        "identity": uri(name),
        "address": host(name),
        "transport": transport,
        "contacts": {other: Contact(uri=uri(other), address=host(other), transport=transport) for other in others},
        "credentials": _credentials(mode, name, others),
        "seed": name.encode(),
        "epoch_unix_us": NOW_US,
        "key_log": logs[name],
        **settings,
    }
    return UserAgentConfig(**values)  # type: ignore[arg-type]


def _credentials(mode: Mode, name: str, others: Sequence[str]) -> list[object]:
    if mode is Mode.NULL:
        from mikey_sdp.mikey.credentials import NullCredential

        return [NullCredential()]
    held: list[object] = list(credentials(mode, uri(name), *(uri(other) for other in others)))
    return held if not isinstance(held[0], PskCredential) else list(psk(name, *others))
