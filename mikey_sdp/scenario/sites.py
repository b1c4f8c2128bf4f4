"""Where the parties, servers and attackers of a scenario are: made-up addresses, or sockets of this machine."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from mikey_sdp.nodes.contract import Address

_SIP_PORT: Final = 5060
_MEDIA_PORT: Final = 40_000


class Site(NamedTuple):
    """Where a phone takes SIP, and the port of its first media line; each further line is two ports on."""

    address: Address
    media_port: int


class Sites(Protocol):
    """Gives everybody an address, each on a host of its own, the same one whenever it is asked for the same number."""

    def phone(self, at: int) -> Site:
        """Where the party of that number is, counted from 0 in the order of the file."""

    def server(self, at: int) -> Address:
        """Where the server of that number is."""

    def attacker(self, at: int) -> Address:
        """Where the attacker of that number is."""


class DocumentationSites:
    """Addresses that are kept for documentation, so that they can be nobody's: for runs without a network.

    Source: RFC 5737.
    """

    def phone(self, at: int) -> Site:
        """A host of TEST-NET-1."""
        return Site(Address(f"192.0.2.{at + 1}", _SIP_PORT), _MEDIA_PORT)

    def server(self, at: int) -> Address:
        """A host of TEST-NET-3."""
        return Address(f"203.0.113.{at + 1}", _SIP_PORT)

    def attacker(self, at: int) -> Address:
        """A host of TEST-NET-2."""
        return Address(f"198.51.100.{at + 1}", _SIP_PORT)
