"""The ways in and out of an edge: its addresses on both sides, who stands at each, and messages as they pass.

Source: RFC 3261 sections 16.4 and 16.6, RFC 5658.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import EdgeConfig, Side
from mikey_sdp.nodes.outgoing import Outgoing
from mikey_sdp.secret import Entropy
from mikey_sdp.sip import Hop, NameAddr, Request, TransactionLayer, Uri, locate_literal
from mikey_sdp.sip.dialog import bare_target

MAX_FORWARDS: Final = 70
_RECORD: Final = "Record-Route"
_DIALOGS: Final = frozenset({"INVITE", "SUBSCRIBE", "REFER", "NOTIFY"})
"""The requests by which dialogs begin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One address of the edge, with the transactions of those who speak to it there."""

    number: int
    side: Side
    address: Address
    transports: tuple[Transport, ...]
    layer: TransactionLayer
    outgoing: Outgoing

    def uri(self, transport: str, user: str = "", more: str = "") -> str:
        """The URI by which the edge is reached here."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        by = "" if transport == "UDP" else f";transport={transport.lower()}"
        return f"sip:{user and f'{user}@'}{host}:{self.address.port}{by}{more}"


class Ways:
    """All lines of an edge.

    Raises: UsageError for an address twice, or a side without any.
    """

    def __init__(self, config: EdgeConfig, entropy: Entropy) -> None:
        self._config: Final = config
        self.lines: Final[list[Line]] = []
        sides = ((Side.PHONE, config.phone_side), (Side.NETWORK, config.network_side))
        for side, interface in ((side, one) for side, interfaces in sides for one in interfaces):
            address = interface.address
            if self.at(address) is not None:
                raise UsageError(f"{address.host}:{address.port} is named twice; the sides need addresses of their own")
            layer = TransactionLayer(
                local=Hop(interface.transports[0], address.host, address.port), entropy=entropy, timers=config.timers
            )
            line = Line(
                number=len(self.lines),
                side=side,
                address=address,
                transports=interface.transports,
                layer=layer,
                outgoing=Outgoing(address),
            )
            self.lines.append(line)
        if not (config.phone_side and config.network_side):
            raise UsageError("an edge needs an address on either side")

    def at(self, address: Address) -> Line | None:
        """The line at an address."""
        return next((line for line in self.lines if line.address == address), None)

    def towards(self, side: Side, hop: Hop) -> Line | None:
        """The line by which a hop on that side is reached: one of its transport, and of its kind of address."""
        for line in self.lines:
            same_family = (":" in line.address.host) == (":" in hop.host)
            if line.side is side and hop.transport in line.transports and same_family:
                return line
        return None

    def is_own(self, uri: Uri) -> bool:
        """Whether a URI leads to the edge itself."""
        default = 5061 if uri.scheme == "sips" or uri.transport == "TLS" else 5060
        place = Address(uri.host.strip("[]").lower(), uri.port or default)
        return uri.is_sip and self.at(place) is not None

    def stripped(self, request: Request) -> Request:
        """The request without the routes that led it here, and with what a strict router hid put back."""
        routes = request.routes
        if routes and self.is_own(request.uri) and request.uri.parameters.has("lr"):
            kept = routes[:-1]
            request = request.with_field("Route", *map(str, kept)) if kept else request.without("Route")
            request = request.with_uri(routes[-1].uri)
        while request.routes and self.is_own(request.routes[0].uri):
            request = request.without_top("Route")
        return request

    def locate(self, uri: Uri) -> Hop | None:
        """The hop that a URI names: the address in it, or the place that its host name has."""
        place = self._config.places.get(uri.host.lower())
        if place is None:
            return locate_literal(uri)
        return Hop(uri.transport or place.transport, place.address.host, uri.port or place.address.port)

    def network_hop(self, request: Request) -> Hop | None:
        """Where a request goes that a phone sent: into a dialog by its route, else to the outbound proxy."""
        outbound = self._config.outbound
        if outbound is not None and not request.to.tag:
            return outbound
        target = request.routes[0].uri if request.routes else request.uri
        return self.locate(target) or outbound

    def passed_on(self, request: Request, uri: Uri, arrived: tuple[Line, str], out: Line, hop: Hop) -> Request:
        """The request as it goes out, to that URI and hop, from that line; it arrived at a line, by a transport."""
        left = request.max_forwards
        routes = request.routes
        target = bare_target(uri)
        request = request.with_uri(target)
        request = request.with_field("Max-Forwards", str(MAX_FORWARDS if left is None else left - 1))
        if request.method in _DIALOGS:
            for line, transport in (arrived, (out, hop.transport)):
                route = f"<{line.uri(transport, more=';lr')}>"
                here = bool(request.record_routes)
                request = request.with_top(_RECORD, route) if here else request.with_field(_RECORD, route)
        if routes and not routes[0].uri.parameters.has("lr"):
            kept = (*routes[1:], NameAddr(uri=target))
            request = request.with_field("Route", *map(str, kept)).with_uri(routes[0].uri)
        return request.with_top("Via", out.layer.new_via(hop.transport))

    def beyond(self, routes: tuple[NameAddr, ...]) -> tuple[NameAddr, ...]:
        """Of the recorded routes of a response those between us and who gave it, the nearest to us first."""
        return tuple(reversed([*self._before_own(routes)]))

    def _before_own(self, routes: tuple[NameAddr, ...]) -> Iterator[NameAddr]:
        for route in routes:
            if self.is_own(route.uri):
                return
            yield route
