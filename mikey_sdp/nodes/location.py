"""Where the users of a domain can be reached: what a registrar writes, and proxies and redirect servers read.

Source: RFC 3261 sections 10.3 and 16.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.sip import Uri

MAX_BINDINGS: Final = 64
"""How many places one address may have."""
MAX_USERS: Final = 100_000
"""How many addresses may have registered places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One place that a user registered.

    Keeps: `call_id` and `cseq` of the REGISTER that said so, by which an older one that comes later is known.
    Units: `until_us` is on the run's time line; `q` is thousandths.
    """

    uri: Uri
    q: int
    until_us: int
    call_id: str
    cseq: int


class Unreachable(Exception):
    """An address leads nowhere; knows the status to say so with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status: Final = status


class LocationTable:
    """The addresses of one server: what its configuration says of them, and what has been registered.

    Raises: UsageError for a configuration whose addresses are none.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config: Final = config
        self._services: Final = _by_identity(config.services)
        for service in (*config.services.values(), config.default):
            _check(service)
        self._bindings: Final[dict[str, list[Binding]]] = {}

    def __len__(self) -> int:
        """How many places are registered, those included whose time is up but that nobody has asked for since."""
        return sum(map(len, self._bindings.values()))

    def is_local(self, uri: Uri) -> bool:
        """Whether this server is responsible for the address."""
        return uri.is_sip and (uri.host.lower() in self._config.domains or self.is_own(uri))

    def is_own(self, uri: Uri) -> bool:
        """Whether the URI leads to this server itself."""
        own = self._config.address
        default = 5061 if uri.scheme == "sips" else 5060
        return uri.is_sip and uri.host.strip("[]") == own.host and (uri.port or default) == own.port

    def bindings(self, identity: str, now_us: int) -> list[Binding]:
        """The places registered for an address whose time is not up."""
        kept = [binding for binding in self._bindings.get(identity, ()) if binding.until_us > now_us]
        self.write(identity, kept)
        return kept

    def write(self, identity: str, bindings: list[Binding]) -> None:
        """From now on these are the places registered for an address."""
        if bindings:
            self._bindings[identity] = bindings
        else:
            self._bindings.pop(identity, None)

    def has_room(self, identity: str, now_us: int) -> bool:
        """Whether places of one more user can be kept; those whose time is up make room."""
        if identity in self._bindings or len(self._bindings) < MAX_USERS:
            return True
        for other in list(self._bindings):
            self.bindings(other, now_us)
        return len(self._bindings) < MAX_USERS

    def resolve(self, uri: Uri, now_us: int) -> tuple[Service, tuple[Destination, ...]]:
        """What to do with a request for a local address, and where it can be reached, as retargeting has it.

        Raises: Unreachable with 404 for an address that nobody has, 480 for one without a place, 482 for addresses that
        stand for each other.
        """
        seen: list[str] = []
        while True:
            identity = self._identity(uri)
            service = self._services.get(identity, self._config.default)
            if not service.retarget:
                return service, self._destinations(service, identity, now_us)
            seen.append(identity)
            uri = _uri(service.retarget)
            if not self.is_local(uri):
                return service, (Destination(uri=uri.text),)
            if self._identity(uri) in seen:
                raise Unreachable(482)

    def _destinations(self, service: Service, identity: str, now_us: int) -> tuple[Destination, ...]:
        registered = [Destination(uri=binding.uri.text, q=binding.q) for binding in self.bindings(identity, now_us)]
        found = (*service.destinations, *registered)
        if not found:
            raise Unreachable(480 if identity in self._services else 404)
        return found

    def _identity(self, uri: Uri) -> str:
        """The address by which a user is known here; one at this server's own host is the same in its first domain."""
        if not (self.is_own(uri) and self._config.domains):
            return uri.identity
        user = "" if uri.user is None else f"{uri.user}@"
        return _uri(f"sip:{user}{self._config.domains[0]}").identity


def _by_identity(services: Mapping[str, Service]) -> dict[str, Service]:
    return {_uri(address).identity: service for address, service in services.items()}


def _check(service: Service) -> None:
    for text in (*(destination.uri for destination in service.destinations), service.retarget):
        if text:
            _uri(text)


def _uri(text: str) -> Uri:
    try:
        return Uri.parse(text)
    except DecodeError as error:
        raise UsageError(f"{text!r} is no URI: {error.reason}") from error
