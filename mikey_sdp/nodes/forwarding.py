"""How a proxy makes the message that goes out from the one that came in.

Source: RFC 3261 sections 16.3, 16.4, 16.6 and 16.11, RFC 5393 section 4, RFC 5658.
"""

from __future__ import annotations

import hashlib
from typing import Final

from mikey_sdp.nodes.location import LocationTable
from mikey_sdp.nodes.proxy_config import ServerConfig
from mikey_sdp.sip import Hop, NameAddr, Request, TransactionLayer, Uri, locate_literal
from mikey_sdp.sip.dialog import bare_target

MAX_FORWARDS: Final = 70
_MARK_DIGITS: Final = 16
_MARK: Final = "-"
_RECORD: Final = "Record-Route"
_COOKIE: Final = "z9hG4bK"


class Forwarding:
    """The rules by which one proxy passes requests on."""

    def __init__(self, config: ServerConfig, table: LocationTable, layer: TransactionLayer) -> None:
        self._config: Final = config
        self._table: Final = table
        self._layer: Final = layer

    def refusal(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        """Status and fields with which a request goes no further (section 16.3)."""
        if not request.uri.is_sip:
            return 416, ()
        if request.max_forwards == 0:
            return 483, ()
        if self._was_here(request):
            return 482, ()
        unknown = request.options("Proxy-Require")
        return (420, (("Unsupported", ", ".join(unknown)),)) if unknown else None

    def _was_here(self, request: Request) -> bool:
        """Whether the same request, routed by the same facts, has passed here: each of our Vias says what it saw."""
        local = self._layer.local
        mark = mark_of(request)
        return any(
            via.sent_by == (local.host.lower(), local.port) and via.branch.rpartition(_MARK)[2] == mark
            for via in request.vias
        )

    def stripped(self, request: Request) -> Request:
        """The request without what routed it to us, and with what a strict router hid put back (section 16.4)."""
        routes = request.routes
        if routes and self._table.is_own(request.uri) and request.uri.parameters.has("lr"):
            request = _with_routes(request, routes[:-1]).with_uri(routes[-1].uri)
        while request.routes and self._table.is_own(request.routes[0].uri):
            request = request.without_top("Route")
        return request

    def prepared(self, request: Request, uri: Uri, *, mark: str, arrived_by: str) -> tuple[Request, Hop] | None:
        """The request as it goes to that URI, and the next hop; None if nothing says where that is (section 16.6)."""
        target = bare_target(uri)
        routes = request.routes
        hop = self.locate(routes[0].uri if routes else target)
        if hop is None:
            return None
        left = request.max_forwards
        request = request.with_uri(target)
        if left is None:
            request = request.with_field("Max-Forwards", str(MAX_FORWARDS))
        else:
            request = request.with_field("Max-Forwards", str(left - 1))
        if self._config.record_route and request.method == "INVITE":
            for transport in dict.fromkeys((arrived_by, hop.transport)):
                request = _recorded(request, self._record(transport))
        if routes and not routes[0].uri.parameters.has("lr"):
            request = _with_routes(request, (*routes[1:], NameAddr(uri=target))).with_uri(routes[0].uri)
        return request.with_top("Via", self._layer.new_via(hop.transport, f"{_MARK}{mark}")), hop

    def locate(self, uri: Uri) -> Hop | None:
        """The next hop of a URI: the address in it, or the place that its host name has."""
        place = self._config.places.get(uri.host.lower())
        if place is None:
            return locate_literal(uri)
        return Hop(uri.transport or place.transport, place.address.host, uri.port or place.address.port)

    def acknowledged(self, ack: Request, arrived_by: str) -> tuple[Request, Hop] | None:
        """An ACK for a 2xx as it goes on, without any state (section 16.11); None if it must not or can't."""
        if self.refusal(ack) is not None:
            return None
        ack = self.stripped(ack)
        found = self.prepared(ack, ack.uri, mark=mark_of(ack), arrived_by=arrived_by)
        if found is None:
            return None
        # The same ACK has the same branch, as if a transaction stood behind it.
        told = hashlib.sha256(f"{ack.via.branch}|{ack.to.tag}".encode()).hexdigest()[:_MARK_DIGITS]
        message, hop = found
        via = message.via
        branch = f"{_COOKIE}{told}{_MARK}{mark_of(ack)}"
        named = type(via)(
            transport=via.transport,
            host=via.host,
            port=via.port,
            parameters=via.parameters.replaced("branch", branch),
        )
        return message.with_top_via(named), hop

    def _record(self, transport: str) -> str:
        local = self._layer.local
        host = f"[{local.host}]" if ":" in local.host else local.host
        by = "" if transport == "UDP" else f";transport={transport.lower()}"
        return f"<sip:{host}:{local.port}{by};lr>"


def mark_of(request: Request) -> str:
    """What routes a request here, in sixteen digits: the same again means that it goes round in circles."""
    facts = (
        request.uri.text,
        request.from_.tag,
        request.to.tag,
        request.call_id,
        str(request.cseq.number),
        *(str(route) for route in request.routes),
    )
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:_MARK_DIGITS]


def _recorded(request: Request, route: str) -> Request:
    return request.with_top(_RECORD, route) if request.record_routes else request.with_field(_RECORD, route)


def _with_routes(request: Request, routes: tuple[NameAddr, ...]) -> Request:
    return request.with_field("Route", *map(str, routes)) if routes else request.without("Route")
