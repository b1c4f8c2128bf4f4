"""Where messages go: Via's received and rport, the way back of a response, the next hop of a request."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mikey_sdp.sip.actions import RELIABLE, Hop
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import Via

PORT: Final = 5060
TLS_PORT: Final = 5061
MAGIC_COOKIE: Final = "z9hG4bK"
_LONGEST_LITERAL: Final = 64

Locate = Callable[[Uri], Hop | None]
"""Turns the URI of a next hop into an address; None where it can't."""


def locate_literal(uri: Uri) -> Hop | None:
    """The next hop of a URI whose host (or maddr) is an IP address; None for any other.

    Source: RFC 3263 section 4, without DNS.
    """
    if not uri.is_sip:
        return None
    host = _literal(uri.parameters.get("maddr") or uri.host)
    if host is None:
        return None
    transport = uri.transport or ("TLS" if uri.scheme == "sips" else "UDP")
    if uri.scheme == "sips" and transport == "TCP":
        transport = "TLS"
    return Hop(transport, host, uri.port or (TLS_PORT if transport == "TLS" else PORT))


def received_from(request: Request, source: Hop) -> Request:
    """The request with the true source noted in its top Via where that says otherwise or asks for it.

    Source: RFC 3261 section 18.2.1, RFC 3581 section 4.
    """
    via = request.via
    asks = via.parameters.has("rport")
    if not asks and (via.host == source.host or _literal(via.host) == _literal(source.host)):
        return request
    parameters = via.parameters.replaced("received", source.host)
    if asks:
        parameters = parameters.replaced("rport", str(source.port))
    return request.with_top_via(Via(transport=via.transport, host=via.host, port=via.port, parameters=parameters))


def way_back(request: Request, source: Hop) -> Hop:
    """Where the responses to that request go, once `received_from` has seen it.

    Source: RFC 3261 section 18.2.2, RFC 3581 section 4.
    """
    if source.transport in RELIABLE:
        return source
    via = request.via
    port = via.port or PORT
    maddr = _literal(via.parameters.get("maddr") or "")
    if maddr is not None:
        return Hop(source.transport, maddr, port)
    rport = via.parameters.get("rport")
    return Hop(source.transport, source.host, source.port if rport else port)


def _literal(host: str) -> str | None:
    """An IP address in its shortest form and without brackets; None for a name."""
    return _shortest(host) if len(host) <= _LONGEST_LITERAL else None


@lru_cache(maxsize=1024)
def _shortest(host: str) -> str | None:
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).compressed
    except ValueError:
        return None
