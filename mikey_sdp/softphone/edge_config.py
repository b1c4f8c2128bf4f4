"""An edge's configuration: a small TOML file as values that can be used, secrets read from where it points to."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig, EdgeLimits, Side
from mikey_sdp.softphone.edge_accounts import People
from mikey_sdp.softphone.edge_faults import EdgeConfigError, Faults, nearest
from mikey_sdp.softphone.edge_places import Server
from mikey_sdp.softphone.edge_reading import Reading, SecretPlaces, read_file
from mikey_sdp.softphone.edge_sides import Sides, sides
from mikey_sdp.softphone.edge_words import (
    FileWords,
    LimitWords,
    LogWords,
    PolicyWords,
    read_words,
)

__all__ = ["EdgeConfigError", "EdgeSettings", "LogSettings", "SecretPlaces", "load"]

PORTS_OF_A_CALL: Final = 4
"""RTP and RTCP on either side of a call with one media line."""

_FIRST_FREE_PORT: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where the log goes, a file or standard error, and from which level on."""

    file: FilePath | None
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """A configuration that was found to be in order.

    Keeps: `node`, the edge itself, but for the next hop of its requests, `proxy`, whose name is looked up when the edge
    starts; `ports`, first and last of media.
    """

    file: str
    node: EdgeConfig
    proxy: Server | None
    tls: TlsContexts | None
    ports: tuple[int, int]
    log: LogSettings

    @property
    def listens(self) -> dict[Address, tuple[Transport, ...]]:
        """What is taken where."""
        return {one.address: one.transports for one in (*self.node.phone_side, *self.node.network_side)}

    @property
    def media_hosts(self) -> dict[Side, str]:
        """Where media is taken: on each side where SIP is taken first."""
        return {
            Side.PHONE: self.node.phone_side[0].address.host,
            Side.NETWORK: self.node.network_side[0].address.host,
        }


def load(path: FilePath, secrets: SecretPlaces) -> EdgeSettings:
    """The configuration in a file. What the file names is looked for from its own folder.

    Raises: EdgeConfigError with every fault found; UsageError where the file itself can't be read; BackendUnavailable.
    """
    faults = Faults(str(path))
    words = read_words(read_file(path), faults)
    settings = _settings(words, Reading(path, faults, secrets))
    faults.end()
    return settings


def _settings(words: FileWords, reading: Reading) -> EdgeSettings:
    found = sides(words, reading)
    return EdgeSettings(
        file=str(reading.path),
        node=_node(words, found, reading),
        proxy=found.proxy,
        tls=found.tls,
        ports=_ports(words, reading.faults),
        log=_log(words.log, reading),
    )


def _node(words: FileWords, found: Sides, reading: Reading) -> EdgeConfig:
    people = People(reading)
    rules = people.meet(words.peers)
    people.known.clear()
    usual = EdgeAccount(
        identity="",
        modes=_modes(words.policy.modes, reading.faults),
        options=_options(words.policy),
        phone=words.phone.media,
    )
    accounts = [people.account(one, usual, ("accounts", number)) for number, one in enumerate(words.accounts)]
    return EdgeConfig(
        name="edge",
        phone_side=found.phone,
        network_side=found.network,
        accounts=tuple(accounts),
        peers=rules,
        follows_redirects=words.network.follow_redirects,
        limits=_limits(words.limits),
    )


def _limits(words: LimitWords) -> EdgeLimits:
    return EdgeLimits(
        calls=words.calls,
        ring_us=_micros(words.ringing_s),
        silent_us=_micros(words.silent_s),
        call_us=_micros(words.call_s),
    )


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _modes(names: list[str], faults: Faults) -> tuple[Mode, ...] | None:
    known = {mode.casefold(): mode for mode in Mode}
    for number, name in enumerate(names):
        if name.casefold() not in known:
            reason = f"expected one of {', '.join(Mode)}, not {name[:40]!r}"
            faults.note(("policy", "modes", number), reason, nearest(name, map(str, Mode)))
    return tuple(known[name.casefold()] for name in names if name.casefold() in known) or None


def _options(words: PolicyWords) -> Options:
    return Options(
        forward_secrecy=words.forward_secrecy,
        both_contribute=words.both_contribute,
        profile=Profile.COMPAT if words.compatible else Profile.STRICT,
    )


def _ports(words: FileWords, faults: Faults) -> tuple[int, int]:
    first, last = words.media.ports
    wanted = PORTS_OF_A_CALL * words.limits.calls
    path = ("media", "ports")
    if first < _FIRST_FREE_PORT or last > 0xFFFF or first % 2 or not last % 2 or first > last:
        faults.note(path, "expected an even first port from 1024 on and an odd last one up to 65535")
    elif last - first + 1 < wanted:
        calls = f"{words.limits.calls} calls (limits.calls) with one media line each"
        faults.note(path, f"{calls} take {wanted} ports, and these are {last - first + 1}")
    return first, last


def _log(words: LogWords, reading: Reading) -> LogSettings:
    level = logging.getLevelNamesMapping()[words.level.upper()]
    return LogSettings(file=None if words.file is None else reading.file(words.file), level=level)
