"""Whether the servers of a scenario make sense: addresses that lead somewhere, and nowhere round in circles."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.network import REDIRECT_SERVER, Address
from mikey_sdp.scenario.reading import phones_of, place_of, proxies_of
from mikey_sdp.scenario.routes import Hop, cycle_from, next_hops
from mikey_sdp.scenario.source import Path, Source
from mikey_sdp.scenario.units import micros


def check_servers(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything about proxies and the redirect server that can't be meant."""
    before: dict[str, str] = {}
    for name, proxy in proxies_of(scenario).items():
        path = _path_of(scenario, name)
        if not proxy.addresses and not proxy.stands_before:
            source.note(path, f"no call ever comes to {name}; give it an address, or say whom it stands before")
        for address, service in proxy.addresses.items():
            _check_address(scenario, source, (*path, address), name, service)
        for at, party in enumerate(proxy.stands_before):
            if party in before:
                source.note((*path, "stands before", at), f"the calls of {party} go out through {before[party]}")
            before[party] = name
    _check_redirections(scenario, source)
    _check_circles(scenario, source)


def _check_redirections(scenario: Scenario, source: Source) -> None:
    for address, places in scenario.network.redirect_server.items():
        for at, place in enumerate(places):
            where = ("network", "redirect server", address, at)
            if place_of(place).at in (address, REDIRECT_SERVER):
                source.note(where, f"who asks for {address} knows that; name another place")
            if micros(place_of(place).after):
                source.note((*where, "after"), "a redirect server tells all places at once; only a proxy can wait")


def _check_circles(scenario: Scenario, source: Source) -> None:
    """Each circle is told once, where the file first enters it."""
    told: set[frozenset[Hop]] = set()
    for name, proxy in proxies_of(scenario).items():
        for address in proxy.addresses:
            circle = cycle_from(scenario, name, address)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                way = ", then to ".join(f"{asked} at {server}" for server, asked in circle[1:])
                reason = f"a call to {address} at {name} goes round in circles: to {way}"
                source.note((*_path_of(scenario, name), address), reason)


def _path_of(scenario: Scenario, proxy: str) -> Path:
    several = proxy in scenario.network.proxies
    return ("network", "proxies", proxy) if several else ("network", "proxy")


def _check_address(scenario: Scenario, source: Source, path: Path, proxy: str, service: Address) -> None:
    address = str(path[-1])
    for word in _idle(service):
        source.note((*path, word), f"{address} stands for {service.retarget}, whose places and order hold")
    known = proxies_of(scenario)[proxy].addresses
    for at, place in enumerate(service.to or ()):
        name = place_of(place).at
        if name == proxy or (name in known and name not in scenario.parties):
            source.note((*path, "to", at), f"{name} leads back to {proxy}; name its phones, or retarget to it")
    if service.to is UNSET and service.retarget is UNSET and not list(next_hops(scenario, proxy, address)):
        phones = ", ".join(phones_of(scenario, address))
        hint = f"to: [{phones}]" if phones else None
        source.note(path, f"{address} leads nowhere; say to whom", hint)


def _idle(service: Address) -> Iterator[str]:
    """What an address that stands for another one can't have."""
    if service.retarget is not UNSET:
        if service.to is not UNSET:
            yield "to"
        if service.fork != Address().fork:
            yield "fork"
