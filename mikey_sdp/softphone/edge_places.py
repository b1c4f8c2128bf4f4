"""Where an edge listens and where it sends, as its configuration writes them: `udp:192.0.2.1:5060`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.sip.grammar import check_host, check_port
from mikey_sdp.softphone.edge_faults import nearest

TRANSPORTS: Final = {"udp": Transport.UDP, "tcp": Transport.TCP, "tls": Transport.TLS}
DEFAULT_PORTS: Final = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
_PLACE: Final = re.compile(r"(?P<transport>[^:\[\]]*+):(?P<host>\[[^\[\]]*+\]|[^:\[\]]++)(?::(?P<port>[0-9]{1,5}+))?")


class PlaceFault(UsageError):
    """What was written is no place; `hint` is the word that was probably meant."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One socket on which SIP is taken, or to which it is sent: an address by its number."""

    transport: Transport
    address: Address

    def __str__(self) -> str:
        return say(self.transport, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A SIP server by name or number, as the next hop of all requests."""

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        return say(self.transport, Address(self.host, self.port))


def say(transport: Transport, address: Address) -> str:
    """A place as it is written in a configuration."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{transport.lower()}:{host}:{address.port}"


def literal_of(text: str) -> Listener:
    """A place whose host is an IP address.

    Raises: PlaceFault.
    """
    server = server_of(text)
    try:
        host = str(ipaddress.ip_address(server.host))
    except ValueError:
        raise PlaceFault(f"expected an IP address to listen on, not {server.host!r}") from None
    return Listener(transport=server.transport, address=Address(host, server.port))


def server_of(text: str) -> Server:
    """A place whose host is a name or an IP address; the port is that of the transport if left out.

    Raises: PlaceFault.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise PlaceFault(f"expected a place such as 'udp:127.0.0.1:5060' or 'tls:[::1]:5061', not {text[:80]!r}")
    transport = TRANSPORTS.get(found["transport"].lower())
    if transport is None:
        words = ", ".join(TRANSPORTS)
        raise PlaceFault(
            f"expected one of {words} before the first colon, not {found['transport'][:20]!r}",
            nearest(found["transport"], TRANSPORTS),
        )
    try:
        check_host(found["host"], field="host")
        port = DEFAULT_PORTS[transport] if found["port"] is None else check_port(found["port"], field="port")
    except DecodeError as error:
        raise PlaceFault(f"{text[:80]!r} can't be used: {error.reason}") from None
    if not port:
        raise PlaceFault(f"{text[:80]!r} has no port; others have to know which it is")
    return Server(transport=transport, host=found["host"].strip("[]"), port=port)
