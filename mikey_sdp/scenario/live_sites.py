"""Addresses for a live run: everybody on a loopback host of their own, at ports that are free."""

from __future__ import annotations

import secrets
from typing import Final

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.session_body import MAX_STREAMS
from mikey_sdp.scenario.sites import Site

_KINDS: Final = 3  # phones, servers and attackers


class LoopbackSites:
    """Hosts of 127.0.0.0/8, drawn so that runs side by side rarely share one; ports are held in `ports`.

    Raises: UsageError from each method where this machine has no such hosts, as systems other than Linux don't.
    """

    def __init__(self, ports: Ports, *, transport: Transport) -> None:
        self._ports: Final = ports
        self._transports: Final = (Transport.UDP, Transport.TLS if transport is Transport.TLS else Transport.TCP)
        drawn = secrets.randbelow(200 * 84)
        self._network: Final = f"127.{drawn // 84 + 16}", drawn % 84 * _KINDS
        self._known: Final[dict[tuple[int, int], Site]] = {}

    def phone(self, at: int) -> Site:
        """A host with room for all media lines."""
        return self._site(0, at)

    def server(self, at: int) -> Address:
        """A host for SIP."""
        return self._site(1, at).address

    def attacker(self, at: int) -> Address:
        """A host for SIP."""
        return self._site(2, at).address

    def hosts(self) -> tuple[str, ...]:
        """All hosts that have been given out."""
        return tuple(site.address.host for site in self._known.values())

    def _site(self, kind: int, at: int) -> Site:
        site = self._known.get((kind, at))
        if site is None:
            prefix, third = self._network
            host = f"{prefix}.{third + kind}.{at + 1}"
            media = self._ports.media(host, MAX_STREAMS).port if kind == 0 else 0
            site = self._known[kind, at] = Site(self._ports.sip(host, *self._transports), media)
        return site
