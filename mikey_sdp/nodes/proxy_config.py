"""How a proxy, a registrar or a redirect server of a scripted call is set up."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.sip import Timers

Q_MOST: Final = 1000
TIMER_C_US: Final = 181_000_000
"""How long a branch may ring: a little more than three minutes (RFC 3261 section 16.6 step 11)."""


class Forking(enum.StrEnum):
    """In which order the places of one address are tried."""

    PARALLEL = "parallel"
    SERIAL = "serial"
    BY_Q = "by q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One place where an address can be reached.

    Units: `q` is thousandths; `after_us` is how much later than its group this branch is tried.
    """

    uri: str
    q: int = Q_MOST
    after_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is done with requests for one address.

    Keeps: `destinations`, places beside those that register; `forking`, their order: all at once, one by one (the
    highest q first), or all of one q at once; `retarget`, another address that is meant instead, which rewrites the
    Request-URI; `follow_redirects`, whether a 3xx is followed here rather than passed to the caller.
    Units: `patience_us` is how long one group of places may ring before the next is tried; None waits for its end.
    """

    destinations: tuple[Destination, ...] = ()
    forking: Forking = Forking.BY_Q
    retarget: str = ""
    follow_redirects: bool = False
    patience_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a host name leads, as DNS would say."""

    address: Address
    transport: Transport = Transport.UDP


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """A server as a scenario describes it.

    Keeps: `domains`, those whose addresses it is responsible for; `services`, by address; `default`, the service of an
    address that has none of its own; `places`, where other domains are; `registrar`, whether phones may register here;
    `record_route`, whether it stays on the way of a dialog's later requests.
    Units: `clock_skew_us` is what its wall clock shows too much. `seed` decides its tokens.
    """

    name: str
    address: Address
    transport: Transport = Transport.UDP
    domains: tuple[str, ...] = ()
    services: Mapping[str, Service] = field(default_factory=dict)
    default: Service = field(default_factory=Service)
    places: Mapping[str, Place] = field(default_factory=dict)
    registrar: bool = True
    record_route: bool = False
    timers: Timers = field(default_factory=Timers)
    timer_c_us: int = TIMER_C_US
    seed: bytes
    epoch_unix_us: int
    clock_skew_us: int = 0
