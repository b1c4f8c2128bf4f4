"""What an edge is set up with, what it needs of whoever runs it, and what it tells about itself.

An edge is an outbound proxy for phones that know no MIKEY: they speak SDES or plain RTP to it, and it speaks MIKEY and
SRTP for them towards the network.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mikey_sdp.endpoint.core import Options
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy_config import Place
from mikey_sdp.sip import Hop, Timers

UNPROTECTED: Final = "PLAIN"
"""What stands for the mode of a call that has no keys towards the network."""


class Side(enum.StrEnum):
    """The two sides between which an edge stands."""

    PHONE = "phone"
    NETWORK = "network"

    @property
    def other(self) -> Side:
        """The side across."""
        return Side.NETWORK if self is Side.PHONE else Side.PHONE


class PhoneMedia(enum.StrEnum):
    """How a phone protects its media towards the edge: keys in the description (a=crypto), or not at all."""

    SDES = "sdes"
    PLAIN = "plain"


Taker = Callable[[bytes, Address], object]
"""Takes one datagram of a media port: its octets, and where it came from (any tuple of host and port)."""


class PortPair(Protocol):
    """Two open UDP ports of the media relay, for RTP and for RTCP."""

    @property
    def rtp(self) -> Address:
        """Where RTP is taken."""

    @property
    def rtcp(self) -> Address:
        """Where RTCP is taken."""

    def send_rtp(self, octets: bytes, destination: Address) -> object:
        """Send a datagram from the RTP port."""

    def send_rtcp(self, octets: bytes, destination: Address) -> object:
        """Send a datagram from the RTCP port."""


class PortPool(Protocol):
    """Where an edge gets its media ports from: real sockets of a service, or addresses in a simulated network."""

    def open_ports(self, side: Side, rtp: Taker, rtcp: Taker) -> PortPair | None:
        """A pair of ports on that side, whose datagrams are handed to these takers; None when there is none left."""

    def close_ports(self, pair: PortPair) -> None:
        """Give a pair back; nothing is taken or sent on it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One address where the edge takes SIP, and by which transports; TLS has an address of its own."""

    address: Address
    transports: tuple[Transport, ...] = (Transport.UDP, Transport.TCP)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAccount:
    """One user whose phone stands behind the edge.

    Keeps: `identity`, the SIP URI in the From of the phone and in the certificates or keys of the user; `credentials`,
    `modes` and `options`, as for an endpoint of his own; `phone`, how media is protected towards the phone;
    `contact`, the URI of a phone that does not register, empty for one that does.
    """

    identity: str
    credentials: Sequence[Credential] = ()
    modes: Sequence[Mode] | None = None
    options: Options | None = None
    phone: PhoneMedia = PhoneMedia.SDES
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRule:
    """What is allowed with certain peers; without a rule, nothing of this is.

    Keeps: `match`, an identity (`sip:bob@example.com`), a domain (`example.com`) or `*`; `plain`, whether calls with
    them go without any protection where they offer no MIKEY, and are offered so; `retarget`, whether somebody else than
    the one called may answer.
    """

    match: str
    plain: bool = False
    retarget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """How much an edge takes on, and for how long.

    Keeps: `calls` at one time; `branches` of one call that may answer, and m= lines of it that are carried (`streams`);
    `redirects` of one call that are followed;
    `bindings`, phones that may be registered; `buffered`, packets of one stream and direction that wait for keys.
    Units: `ring_us`, how long an INVITE may go without a final answer; `silent_us`, how long a call may go on in which
    neither media nor signalling passes (ten times as long while it is on hold, and no less than a session timer asks
    for), and `call_us`, how long any call may.
    """

    calls: int = 200
    branches: int = 32
    streams: int = 8
    redirects: int = 5
    bindings: int = 1_000
    buffered: int = 64
    ring_us: int = 185_000_000
    silent_us: int = 120_000_000
    call_us: int = 14_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConfig:
    """An edge as its owner describes it.

    Keeps: `phone_side` and `network_side`, where it takes SIP, no address on both; of several on one side that with the
    transport of the next hop is used; `accounts`; `peers`, of which the first that matches counts; `outbound`, the next
    hop of whatever a phone sends to the network, None to go where the request says; `places`, where host names lead, as
    DNS would say; `follows_redirects`, whether a 3xx is followed here, with a fresh offer for the new target, rather
    than passed to the phone; `retry_after_s`, what is said when the limits are reached.
    Units: `epoch_unix_us` is the wall clock at time 0, used where no clock is given to the edge.
    """

    name: str
    phone_side: tuple[Interface, ...]
    network_side: tuple[Interface, ...]
    accounts: tuple[EdgeAccount, ...]
    peers: tuple[PeerRule, ...] = ()
    outbound: Hop | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    follows_redirects: bool = True
    limits: EdgeLimits = field(default_factory=EdgeLimits)
    timers: Timers = field(default_factory=Timers)
    retry_after_s: int = 30
    epoch_unix_us: int = 0


@dataclass(frozen=True, slots=True)
class EndCall:
    """Command: end the call of that number in the status, at both sides."""

    number: int


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Command: end all calls at both sides and take no more (503)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """The packets of one m= line between the phone and one answering branch.

    Keeps: `from_phone` and `to_phone`, passed on; `waiting`, held until keys are there; `refused`, that failed to
    authenticate or are no RTP; `strangers`, from addresses that belong to no party of the call.
    """

    media: int
    kind: str
    from_phone: int
    to_phone: int
    waiting: int
    refused: int
    strangers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStatus:
    """One call as the status page shows it.

    Keeps: `account` and `peer`, identities, the peer as MIKEY proved it once there are keys; `outgoing`, whether the
    phone called; `state`, one of calling, early, answered, ended; `mode`, that of the key exchange, `PLAIN` where there
    is no protection, empty before keys; `phone`, how the phone's media is protected; `fingerprints`, of the keys in use
    towards the network.
    Units: `since_us` is on the edge's time line.
    """

    number: int
    call_id: str
    account: str
    peer: str
    outgoing: bool
    state: str
    mode: str
    phone: str
    fingerprints: tuple[str, ...]
    since_us: int
    streams: tuple[StreamStatus, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStatus:
    """The whole edge at one moment.

    Keeps: `registered`, by identity the contact of the phone; `refused` and `failed`, calls that were not taken and
    calls that key management ended; `warnings`, the latest ones, the newest last.
    """

    calls: tuple[CallStatus, ...]
    registered: tuple[tuple[str, str], ...]
    taken: int
    refused: int
    failed: int
    reaped: int
    warnings: tuple[str, ...]
