"""The names that a file declares, read from its tree, so that errors elsewhere in it don't hide them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mikey_sdp.scenario.network import PROXY, REDIRECT_SERVER, Proxy
from mikey_sdp.scenario.shapes import shape
from mikey_sdp.scenario.tree import Mapping as Named
from mikey_sdp.scenario.tree import Node


def names_by_kind(node: Node) -> Mapping[str, list[str]]:
    """What may stand where a name is expected, by the words in which an error calls it."""
    parties = _keys(_at(node, "parties"))
    attackers = _keys(_at(node, "network", "attackers"))
    proxies = dict(_proxies(node))
    redirects = _at(node, "network", "redirect server")
    servers = [*proxies, *((REDIRECT_SERVER,) if redirects is not None else ())]
    fixed = shape(Proxy).fields
    addresses = [name for proxy in proxies.values() for name in _keys(proxy) if name not in fixed]
    called = list(dict.fromkeys([*parties, *addresses, *_keys(redirects)]))
    return {
        "party": parties,
        "attacker": attackers,
        "proxy": list(proxies),
        "party or server": [*parties, *servers],
        "party, server or attacker": [*parties, *servers, *attackers],
        "party or address": called,
        "party, address or server": [*called, *servers],
    }


def _proxies(node: Node) -> Iterator[tuple[str, Node | None]]:
    if (only := _at(node, "network", "proxy")) is not None:
        yield PROXY, only
    several = _at(node, "network", "proxies")
    for name in _keys(several):
        yield name, _at(several, name)


def _at(node: Node | None, *path: str) -> Node | None:
    """What stands at a path of words, if anything does."""
    for step in path:
        if not isinstance(node, Named):
            return None
        node = next((value for key, value in node.entries if key.text == step), None)
    return node


def _keys(node: Node | None) -> list[str]:
    return [key.text for key, _ in node.entries] if isinstance(node, Named) else []
