"""The servers of a scenario to the nodes that play them, and whom a party's calls go to first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET

from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Address, Node, Transport
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.scenario import network
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.network import REDIRECT_SERVER
from mikey_sdp.scenario.reading import identity_of, place_of, proxies_of
from mikey_sdp.scenario.routes import Hop, addresses_of, first_hop, hop_to, next_hops, registers
from mikey_sdp.scenario.units import micros, thousandths_of

DOMAIN: Final = "example.com"

Octets = Callable[[str, int], bytes]
"""Given a purpose and a count, octets that are the same in every run of the scenario."""


def uri_of(user: str) -> str:
    """The SIP identity of a user, or an address that a server knows."""
    return f"sip:{user}@{DOMAIN}"


def contacts_of(
    scenario: Scenario, caller: str, phones: Mapping[str, Contact], servers: Mapping[str, Address]
) -> dict[str, Contact]:
    """Whom a party can call, and where such a call goes first; `phones` and `servers` are all there are, by name."""
    contacts: dict[str, Contact] = {}
    # A user of several phones stands before them: who is sent to him is not sent to one of his phones.
    for name in dict.fromkeys((*addresses_of(scenario), *scenario.parties)):
        server, _ = first_hop(scenario, caller, name)
        phone = phones.get(name)
        if server is None:
            contacts[name] = phones[name]
        else:
            contacts[name] = Contact(
                uri=uri_of(name),
                address=servers[server],
                transport=Transport(scenario.network.transport.upper()),
                phone=None if phone is None else phone.address,
            )
    for name, address in servers.items():
        transport = Transport(scenario.network.transport.upper())
        contacts.setdefault(name, Contact(uri=uri_of(name), address=address, transport=transport))
    return contacts


def server_nodes(
    scenario: Scenario,
    phones: Mapping[str, Contact],
    servers: Mapping[str, Address],
    octets: Octets,
    *,
    epoch_unix_us: int,
) -> tuple[Node, ...]:
    """The nodes of all servers."""
    places = _Places(scenario, phones, servers)
    transport = Transport(scenario.network.transport.upper())

    def config(name: str, services: Mapping[str, Service], **more: Any) -> ServerConfig:
        return ServerConfig(
            name=name,
            address=places.servers[name],
            transport=transport,
            domains=(DOMAIN,),
            services={uri_of(address): service for address, service in services.items()},
            seed=octets(f"server|{name}", 32),
            epoch_unix_us=epoch_unix_us,
            **more,
        )

    nodes: list[Node] = []
    for name, proxy in proxies_of(scenario).items():
        known = {address: places.service(name, service, address) for address, service in proxy.addresses.items()}
        nodes.append(Proxy(config(name, {**places.passed_on(name), **known}, record_route=proxy.record_route)))
    if scenario.network.redirect_server:
        told = {
            address: Service(destinations=tuple(places.told(place_of(place), address) for place in listed))
            for address, listed in scenario.network.redirect_server.items()
        }
        nodes.append(RedirectServer(config(REDIRECT_SERVER, told)))
    return tuple(nodes)


class _Places:
    """Says of each place of a scenario by which URI servers know it."""

    def __init__(self, scenario: Scenario, phones: Mapping[str, Contact], servers: Mapping[str, Address]) -> None:
        self.servers: Final = servers
        self._scenario: Final = scenario
        self._phones: Final = phones

    def service(self, proxy: str, asked: network.Address, address: str) -> Service:
        """What a proxy does for an address, as the file says."""
        if asked.retarget is not UNSET:
            return Service(retarget=uri_of(asked.retarget), follow_redirects=asked.follow_redirects)
        listed = tuple(place_of(place) for place in asked.to or self._at_home(proxy, address))
        return Service(
            destinations=tuple(
                Destination(
                    uri=self._uri(hop_to(self._scenario, place.at, address)),
                    q=thousandths_of(place.q),
                    after_us=micros(place.after),
                )
                for place in listed
            ),
            forking=Forking(asked.fork),
            follow_redirects=asked.follow_redirects,
            patience_us=None if asked.patience is UNSET else micros(asked.patience),
        )

    def _at_home(self, proxy: str, address: str) -> tuple[str, ...]:
        """The phone that is called like the address, unless it says itself where it is."""
        itself = address in self._scenario.parties and not registers(self._scenario, address, proxy, address)
        return (address,) if itself else ()

    def passed_on(self, proxy: str) -> dict[str, Service]:
        """What a proxy does for all addresses of which the file says nothing: it passes them on."""
        everybody = dict.fromkeys((*self._scenario.parties, *addresses_of(self._scenario)))
        users = [name for name in everybody if self._is_user(name)]
        return {
            name: Service(destinations=tuple(Destination(uri=self._uri(hop)) for hop in hops))
            for name in users
            if (hops := [hop for hop in next_hops(self._scenario, proxy, name) if hop != (proxy, name)])
        }

    def _is_user(self, name: str) -> bool:
        return name not in self._scenario.parties or identity_of(self._scenario, name) == name

    def told(self, place: network.Destination, address: str) -> Destination:
        """A place as a redirect server tells it: users by their identity, one phone of several by where it is."""
        hop = hop_to(self._scenario, place.at, address)
        user = place.at in addresses_of(self._scenario) or (hop[0] is None and self._is_user(place.at))
        return Destination(uri=uri_of(place.at) if user else self._uri(hop), q=thousandths_of(place.q))

    def _uri(self, hop: Hop) -> str:
        """Where a phone is, or an address at the server that knows it."""
        server, name = hop
        at = self._phones[name].address if server is None else self.servers[server]
        transport = self._scenario.network.transport
        return f"sip:{name}@{at.host}:{at.port}{'' if transport == 'udp' else f';transport={transport}'}"
