"""Whether the network of a scenario makes sense: names, links, losses, attackers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.network import PROXY, REDIRECT_SERVER
from mikey_sdp.scenario.sense_servers import check_servers
from mikey_sdp.scenario.source import Path, Source


def check_network(scenario: Scenario, source: Source) -> None:
    """Keep an error in `source` for everything about the network that can't be meant."""
    network = scenario.network
    taken: dict[frozenset[str], str] = {}
    for name, attacker in network.attackers.items():
        path = ("network", "attackers", name)
        pair = frozenset(attacker.between)
        if pair in taken:
            source.note(path, f"{taken[pair]!r} sits between the two already")
        taken[pair] = name
        if attacker.inject is not UNSET and attacker.inject.to not in pair:
            source.note((*path, "inject", "to"), f"{attacker.inject.to!r} gets nothing that passes there")
        if attacker.mikey_lines and attacker.mikey_lines.swap and len(set(attacker.mikey_lines.swap)) == 1:
            source.note((*path, "mikey lines", "swap"), "a line that takes its own place stays where it is")
        if attacker.eavesdrop is False:
            source.note((*path, "eavesdrop"), "an attacker who doesn't eavesdrop does nothing; leave him out")
    _check_names(scenario, source)
    check_servers(scenario, source)
    for place, pair_of in _pairs(scenario):
        if pair_of[0] == pair_of[1]:
            source.note(place, f"between {pair_of[0]} and itself there is no network")
    if network.lose and network.transport != "udp":
        source.note(("network", "lose"), f"{network.transport} loses nothing; losses need transport: udp")


def _check_names(scenario: Scenario, source: Source) -> None:
    """Parties, servers and attackers all stand in one ladder."""
    network = scenario.network
    taken = dict.fromkeys(scenario.parties, "a party")
    places: list[tuple[Path, str, str]] = [(("network", "proxies", name), name, "a proxy") for name in network.proxies]
    if network.proxy is not UNSET:
        places.insert(0, (("network", "proxy"), PROXY, "a proxy"))
    if network.redirect_server:
        places.append((("network", "redirect server"), REDIRECT_SERVER, "a server"))
    places += [(("network", "attackers", name), name, "an attacker") for name in network.attackers]
    for path, name, kind in places:
        if name in taken:
            source.note(path, f"{taken[name]} is called {name!r} already")
        taken[name] = kind


def _pairs(scenario: Scenario) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Every pair of parties that the network part names."""
    for name, attacker in scenario.network.attackers.items():
        yield ("network", "attackers", name, "between"), attacker.between
    for at, link in enumerate(scenario.network.links):
        yield ("network", "links", at, "between"), link.between
    for at, lose in enumerate(scenario.network.lose):
        yield ("network", "lose", at), (lose.from_, lose.to)
