"""Where a call can end up: through proxies, past redirections, at which parties.

A hop is a server and the address that is asked for there, or no server and the party whose phone it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.network import REDIRECT_SERVER
from mikey_sdp.scenario.reading import identity_of, place_of, proxies_of, servers_of

Hop = tuple[str | None, str]


def first_hop(scenario: Scenario, caller: str, called: str) -> Hop:
    """Where a call goes first: through the caller's own proxy, to a server that knows the address, or to the phone.

    One of several phones of a user can only be called directly, since servers know the user.
    """
    if called in scenario.parties and identity_of(scenario, called) != called:
        return None, called
    outbound = next((name for name, proxy in proxies_of(scenario).items() if caller in proxy.stands_before), None)
    return outbound or server_of(scenario, called), called


def addresses_of(scenario: Scenario) -> tuple[str, ...]:
    """Every address of which some server knows where it is, parties that are called by their own names included."""
    known = [address for proxy in proxies_of(scenario).values() for address in proxy.addresses]
    return tuple(dict.fromkeys((*known, *scenario.network.redirect_server)))


def server_of(scenario: Scenario, address: str, *, besides: str | None = None) -> str | None:
    """The first server that says where an address is."""
    for name, proxy in proxies_of(scenario).items():
        if address in proxy.addresses and name != besides:
            return name
    knows = address in scenario.network.redirect_server and besides != REDIRECT_SERVER
    return REDIRECT_SERVER if knows else None


def next_hops(scenario: Scenario, server: str, address: str) -> Iterator[Hop]:
    """Where a server sends a call for an address, or says that it is to be sent."""
    if server == REDIRECT_SERVER:
        for place in scenario.network.redirect_server.get(address, ()):
            told = place_of(place).at
            # A user is told by name, and who calls him asks whoever knows that name.
            known = told in addresses_of(scenario)
            yield (server_of(scenario, told), told) if known else hop_to(scenario, told, address)
        return
    service = proxies_of(scenario)[server].addresses.get(address)
    if service is None:
        yield server_of(scenario, address, besides=server), address
    elif service.retarget is not UNSET:
        yield server, service.retarget
    elif service.to is not UNSET:
        for place in service.to:
            yield hop_to(scenario, place_of(place).at, address)
    else:
        phones = (name for name in scenario.parties if name == address or registers(scenario, name, server, address))
        yield from ((None, phone) for phone in phones)


def registers(scenario: Scenario, party: str, server: str, address: str) -> bool:
    """Whether a step has a party register at that server for that address."""
    return identity_of(scenario, party) == address and any(
        command.register and command.register.at == server
        for step in scenario.steps
        for name, command in step.commands.items()
        if name == party
    )


def hop_to(scenario: Scenario, place: str, address: str) -> Hop:
    """Where a place is that a server names for an address."""
    if place in servers_of(scenario):
        return place, address
    return (None, place) if place in scenario.parties else (server_of(scenario, place), place)


def reached(scenario: Scenario, caller: str, called: str) -> tuple[str, ...]:
    """The parties whose phones a call can make ring, in the order in which they are named."""
    seen: list[Hop] = []
    left = [first_hop(scenario, caller, called)]
    while left:
        hop = left.pop(0)
        if hop in seen:
            continue
        seen.append(hop)
        server, name = hop
        if server is not None:
            left += next_hops(scenario, server, name)
    return tuple(name for server, name in seen if server is None and name in scenario.parties)


def cycle_from(scenario: Scenario, server: str, address: str) -> tuple[Hop, ...]:
    """The way from an address at a proxy round to itself, if proxies pass it on like that; empty if not.

    Redirections don't count: nobody goes round for ever who tries no place twice.
    """
    start: Hop = (server, address)
    ways: list[tuple[Hop, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        at, name = way[-1]
        if at is None or at == REDIRECT_SERVER:
            continue
        for hop in next_hops(scenario, at, name):
            if hop == start:
                return (*way, hop)
            if hop not in seen:
                seen.add(hop)
                ways.append((*way, hop))
    return ()
