"""What Kamailio is to do in the place of a scripted proxy or redirect server, checked before a line is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.branches import in_groups
from mikey_sdp.nodes.contract import Address, Node, Transport
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.nodes.server import SipServer
from mikey_sdp.sip import Uri

MOST_BRANCHES: Final = 30
"""How many branches Kamailio's transactions can have, all those of one request together."""
LONGEST_WAIT_US: Final = 30_000_000
"""How long Kamailio can hold a request back."""
# What may stand between quotation marks in a configuration without meaning anything there.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+,;:/?%@\[\]]+")


EVERYBODY_ELSE: Final = "*"
"""In place of an identity: whoever has no service of his own."""


class NotExpressible(UsageError):
    """A scripted server does what Kamailio can't be configured to do; the text is a reason to skip the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What calls for one address come to: whose places are tried (of whom it stands for, if it does), and how."""

    asked: str
    identity: str
    service: Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyPlan:
    """One proxy or redirect server as Kamailio plays it, at one address.

    Keeps: `services`, by SIP identity, what is done with calls for it; `default`, what for everybody else of
    `domains`; `redirects`, whether it tells the caller where else to try instead of trying there itself; `registrar`,
    whether phones may register; `record_route`, whether it stays on the way of later requests. A phone that registers
    for an address is tried together with the most preferred of the places that are named for it, and by its q where
    none is named.
    Raises: NotExpressible for what Kamailio can't do: TLS (the package has no module for it), more branches than it
    has, host names, a branch that waits for long, texts that would mean something else in its configuration. UsageError
    for a service that contradicts itself.
    """

    name: str
    address: Address
    transport: Transport = Transport.UDP
    domains: tuple[str, ...] = ()
    services: Mapping[str, Service] = field(default_factory=dict)
    default: Service = field(default_factory=Service)
    redirects: bool = False
    registrar: bool = True
    record_route: bool = False

    def __post_init__(self) -> None:
        if self.transport not in (Transport.UDP, Transport.TCP):
            raise NotExpressible(f"{self.name}: Kamailio is run over UDP and TCP, not over {self.transport}")
        for text in (self.name, *self.domains):
            _checked(self.name, text)
        for identity in self.services:
            self._uri(identity)
        for meant in self.resolved():
            self._check(meant)

    def resolved(self) -> list[Meant]:
        """What is done for each address in the end, for everybody else last.

        Raises: UsageError for addresses that stand for each other.
        """
        known = {self._uri(identity).identity: service for identity, service in self.services.items()}
        asked = {**known, EVERYBODY_ELSE: self.default}
        return [self._meant(identity, service, known) for identity, service in asked.items()]

    def groups(self, service: Service) -> list[list[Destination]]:
        """The named places of a service in the order in which they are tried, those of one list at once."""
        return [group for group in in_groups(service.destinations, service.forking) if group]

    def is_local(self, uri: Uri) -> bool:
        """Whether the server is responsible for the address."""
        own = uri.host.strip("[]") == self.address.host and uri.port == self.address.port
        return uri.is_sip and (own or uri.host.lower() in self.domains)

    def _meant(self, asked: str, service: Service, known: Mapping[str, Service]) -> Meant:
        seen = [asked]
        while service.retarget:
            uri = self._uri(service.retarget)
            if not self.is_local(uri):
                there = (Destination(uri=uri.text),)
                service = Service(destinations=there, follow_redirects=service.follow_redirects)
                return Meant(asked=asked, identity=asked, service=service)
            if uri.identity in seen:
                raise UsageError(f"{self.name}: {' and '.join(seen)} stand for each other")
            seen.append(uri.identity)
            service = known.get(uri.identity, self.default)
        return Meant(asked=asked, identity=seen[-1], service=service)

    def _check(self, meant: Meant) -> None:
        destinations = meant.service.destinations
        count = len(destinations)
        if count > MOST_BRANCHES and not self.redirects:
            raise NotExpressible(
                f"{self.name}: {meant.asked} is in {count} places; a request has at most {MOST_BRANCHES} branches there"
            )
        if any(destination.after_us > LONGEST_WAIT_US for destination in destinations):
            raise NotExpressible(f"{self.name}: no branch can wait for more than {LONGEST_WAIT_US // 1_000_000} s")
        for destination in destinations:
            uri = self._uri(destination.uri)
            if not (uri.is_sip and _is_literal(uri.host)) and not self.redirects:
                raise NotExpressible(f"{self.name}: {destination.uri} names no IP address, and there is no DNS here")
            if uri.transport not in (None, "UDP", "TCP"):
                raise NotExpressible(f"{self.name}: {destination.uri} asks for {uri.transport}")

    def _uri(self, text: str) -> Uri:
        try:
            return Uri.parse(_checked(self.name, text))
        except DecodeError as error:
            raise UsageError(f"{self.name}: {text!r} is no URI: {error.reason}") from error


def plan_of(node: Node) -> ProxyPlan | None:
    """What Kamailio would do in the place of a node; None for a node that is neither proxy nor redirect server.

    Raises: NotExpressible, with a reason to skip the run.
    """
    if not isinstance(node, Proxy | RedirectServer):
        return None
    server: SipServer = node
    config = server.config
    if config.places:
        raise NotExpressible(f"{config.name}: host names of {', '.join(config.places)} can't be told to Kamailio")
    if config.clock_skew_us:
        raise NotExpressible(f"{config.name}: Kamailio shows the machine's own clock, not one that is wrong")
    return ProxyPlan(
        name=config.name,
        address=config.address,
        transport=config.transport,
        domains=tuple(domain.lower() for domain in config.domains),
        services=config.services,
        default=config.default,
        redirects=isinstance(node, RedirectServer),
        registrar=config.registrar,
        record_route=config.record_route,
    )


def _checked(name: str, text: str) -> str:
    if not _HARMLESS.fullmatch(text):
        raise NotExpressible(f"{name}: {text!r} can't stand in a configuration of Kamailio's")
    return text


def _is_literal(host: str) -> bool:
    return host.startswith("[") or re.fullmatch(r"[0-9.]+", host) is not None
