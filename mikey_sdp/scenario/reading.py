"""What several parts ask of a scenario: short forms in their long form, who is who, who calls whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.expect import Expectation
from mikey_sdp.scenario.network import PROXY, REDIRECT_SERVER, Destination, Proxy
from mikey_sdp.scenario.schema import Asserted, Certified, Credentials, Party, SharedKey, Unprotected
from mikey_sdp.scenario.steps import Command, Registration, Transfer
from mikey_sdp.scenario.units import micros


def parties_of(scenario: Scenario) -> tuple[str, ...]:
    """All columns of a ladder: the parties in the order of the file, each server left of the first party that it leads
    to, each attacker right behind the first of the two between whom he sits."""
    order = list(scenario.parties)
    for name, places in _led_to(scenario):
        at = min((order.index(place) for place in places if place in order), default=len(order))
        order.insert(max(at, 1), name)
    for name, attacker in scenario.network.attackers.items():
        order.insert(min(order.index(party) for party in attacker.between) + 1, name)
    return tuple(order)


def _led_to(scenario: Scenario) -> Iterator[tuple[str, list[str]]]:
    """Each server, last ones first, with the names that it leads to."""
    network = scenario.network
    if network.redirect_server:
        yield REDIRECT_SERVER, [place_of(place).at for places in network.redirect_server.values() for place in places]
    for name, proxy in reversed(list(proxies_of(scenario).items())):
        led: list[str] = []
        for known, address in proxy.addresses.items():
            led += [place_of(place).at for place in address.to or (known,)]
            led += [address.retarget] if address.retarget else []
        yield name, led or list(scenario.parties)[1:]


def proxies_of(scenario: Scenario) -> Mapping[str, Proxy]:
    """The proxies by their names."""
    network = scenario.network
    only = {} if network.proxy is UNSET else {PROXY: network.proxy}
    return only | network.proxies


def servers_of(scenario: Scenario) -> tuple[str, ...]:
    """The names of all servers."""
    return (*proxies_of(scenario), *((REDIRECT_SERVER,) if scenario.network.redirect_server else ()))


def place_of(place: str | Destination) -> Destination:
    """A place in its long form."""
    return Destination(at=place) if isinstance(place, str) else place


def identity_of(scenario: Scenario, party: str) -> str:
    """The user whose phone a party is; most are called like their user."""
    own = scenario.parties[party].identity
    return party if own is UNSET else own


def phones_of(scenario: Scenario, user: str) -> tuple[str, ...]:
    """The parties that are phones of a user."""
    return tuple(name for name in scenario.parties if identity_of(scenario, name) == user)


def credentials_of(party: Party) -> Credentials:
    """A party's credentials in their long form."""
    given = party.credentials
    if isinstance(given, Credentials):
        return given
    if given is UNSET:
        return Credentials()
    words = (given,) if isinstance(given, str) else given
    return Credentials(
        psk=SharedKey() if "psk" in words else UNSET,
        unprotected=Unprotected() if "unprotected" in words else UNSET,
        certificate=Certified() if "certificate" in words else UNSET,
        saml=Asserted() if "saml" in words else UNSET,
    )


def offered_modes(party: Party) -> tuple[str, ...] | None:
    """The modes that a party narrows its choice to, None where the policy is free."""
    if party.offers == "policy":
        return None
    return (party.offers,) if isinstance(party.offers, str) else party.offers


def command_of(command: Command) -> tuple[str, str]:
    """The one thing that a command tells a party, and the name of whom it is about: another party, or a server."""
    for word in type(command).__struct_fields__:
        value = getattr(command, word)
        if isinstance(value, Transfer):
            return word, value.call_with
        if isinstance(value, Registration):
            return word, value.at
        if value is not UNSET:
            return word, value
    raise ValueError("a command without a word")


def expectation_of(expectation: Expectation) -> tuple[str, object]:
    """The kind of an expectation as the file spells it, and what it asks."""
    shape = type(expectation)
    for name, encoded in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        value = getattr(expectation, name)
        if value is not UNSET:
            return encoded, value
    raise ValueError("an expectation without a kind")


def calls_of(scenario: Scenario) -> set[tuple[str, str]]:
    """Who calls whom, by the steps."""
    return {(caller, called) for _, caller, called in calls_placed(scenario)}


def calls_placed(scenario: Scenario) -> Iterator[tuple[int, str, str]]:
    """Each call that the steps bring about: when, by whom, to whom; who is transferred calls too.

    Units: microseconds.
    """
    for step in scenario.steps:
        for name, command in step.commands.items():
            called = command.call or command.call_without_offer
            if called:
                yield micros(step.at), name, called
            if command.transfer:
                yield micros(step.at), command.transfer.call_with, command.transfer.to
