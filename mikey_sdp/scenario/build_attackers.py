"""An attacker of a scenario to the node that plays him."""

from __future__ import annotations

from msgspec import UNSET

from mikey_sdp.nodes.attackers import Eavesdropper, KeyMgmtStripper, Replayer
from mikey_sdp.nodes.contract import Address, Node
from mikey_sdp.nodes.tampering import Tamperer
from mikey_sdp.scenario.modes import PAYLOADS
from mikey_sdp.scenario.network import Attacker
from mikey_sdp.scenario.units import micros


def attacker_node(name: str, attacker: Attacker, address: Address, *, seed: bytes) -> Node:
    """The node of an attacker."""
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
    return Eavesdropper(name, address)
