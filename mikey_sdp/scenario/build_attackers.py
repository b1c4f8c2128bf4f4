"""An attacker of a scenario to the node that plays him."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET

from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.nodes.attackers import Eavesdropper, KeyMgmtStripper, Replayer
from mikey_sdp.nodes.contract import Address, Node
from mikey_sdp.nodes.injecting import Injector, Loot
from mikey_sdp.nodes.line_changing import LineChange, LineChanger
from mikey_sdp.nodes.tampering import Tamperer
from mikey_sdp.scenario.modes import PAYLOADS
from mikey_sdp.scenario.network import Attacker, Inject, MikeyLines, Network
from mikey_sdp.scenario.units import micros
from mikey_sdp.scenario.witness import Witness

Keys = Mapping[str, list[DataSa]]
"""The keys of parties who are in league with an attacker, by their names, as they come into use."""


def empty_loot(network: Network) -> Keys:
    """Room for the keys of each party who is in league with an attacker."""
    return {
        attacker.inject.keys_of: []
        for attacker in network.attackers.values()
        if attacker.inject and attacker.inject.keys_of
    }


def key_log_of(party: str, witness: Witness | None, loot: Keys) -> Callable[[DataSa], None] | None:
    """Who is told of a party's keys: the witness, and the attackers whom it is in league with."""
    kept = [] if witness is None else [witness.keys]
    if party in loot:
        kept.append(loot[party])
    if not kept:
        return None

    def tell(sa: DataSa) -> None:
        for keys in kept:
            keys.append(sa)

    return tell


def attacker_node(
    name: str,
    attacker: Attacker,
    address: Address,
    *,
    seed: bytes,
    hosts: Mapping[str, str],
    keys: Keys,
) -> Node:
    """The node of an attacker; `hosts` says where each party is, `keys` what those in league with attackers have."""
    if attacker.replay is not UNSET:
        return Replayer(name, address, after_us=micros(attacker.replay.after), seed=seed)
    if attacker.strip is not UNSET:
        return KeyMgmtStripper(name, address, protocol=attacker.strip)
    if attacker.tamper is not UNSET:
        tamper = attacker.tamper
        return Tamperer(
            name,
            address,
            answers=tamper.in_ == "answers",
            payload=PAYLOADS[tamper.payload],
            octet=None if tamper.octet is UNSET else tamper.octet,
        )
    if attacker.mikey_lines is not UNSET:
        change, numbers = _change_of(attacker.mikey_lines)
        return LineChanger(name, address, change=change, numbers=numbers)
    if attacker.inject is not UNSET:
        return _injector(name, attacker.inject, address, seed=seed, hosts=hosts, keys=keys)
    return Eavesdropper(name, address)


def _change_of(lines: MikeyLines) -> tuple[LineChange, tuple[int, ...]]:
    if lines.swap is not UNSET:
        return LineChange.SWAP, lines.swap
    if lines.remove is not UNSET:
        return LineChange.REMOVE, (lines.remove,)
    return LineChange.CORRUPT, (lines.corrupt,) if lines.corrupt is not UNSET else ()


def _injector(
    name: str,
    inject: Inject,
    address: Address,
    *,
    seed: bytes,
    hosts: Mapping[str, str],
    keys: Keys,
) -> Injector:
    return Injector(
        name,
        address,
        to=hosts[inject.to],
        packets=inject.packets,
        another_ssrc=inject.ssrc == "another",
        loot=None if inject.keys_of is UNSET else Loot(of=inject.keys_of, keys=keys[inject.keys_of]),
        seed=seed,
    )
