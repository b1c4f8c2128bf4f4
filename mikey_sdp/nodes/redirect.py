"""A redirect server, sans-IO: tells callers where else to try, and goes no way with them.

Source: RFC 3261 section 8.3.
"""

from __future__ import annotations

from typing import Any

from mikey_sdp.nodes.location import Unreachable
from mikey_sdp.nodes.server import Raw, SipServer
from mikey_sdp.sip import Discarded, Request, RequestArrived, ServerTransaction, build_response, q_text

_MOVED_TEMPORARILY = 302


class RedirectServer(SipServer):
    """Answers every request for one of its domains with 302 and the places of the address, most preferred first."""

    def take(self, event: Any) -> Raw:
        """Take one event of the transaction layer."""
        if isinstance(event, RequestArrived):
            return self._request(event.transaction, event.request)
        if isinstance(event, Discarded) and event.error is not None:
            self.warn(f"a message from {event.source.host}:{event.source.port} was malformed: {event.error}")
        return []

    def _request(self, server: ServerTransaction, request: Request) -> Raw:
        if request.method == "CANCEL":
            return self.refuse(server, 481 if self.layer.invite_of(request) is None else 200)
        if not self.table.is_local(request.uri):
            return self.refuse(server, 404)
        if request.method == "REGISTER":
            return self.register(server, request)
        unknown = request.options("Require")
        if unknown:
            return self.refuse(server, 420, ("Unsupported", ", ".join(unknown)))
        try:
            _, destinations = self.table.resolve(request.uri, self.now_us)
        except Unreachable as nowhere:
            return self.refuse(server, nowhere.status)
        ordered = sorted(destinations, key=lambda one: -one.q)
        contacts = [("Contact", f"<{one.uri}>;q={q_text(one.q)}") for one in ordered]
        response = build_response(request, _MOVED_TEMPORARILY, to_tag=self.layer.new_tag(), headers=contacts)
        return [*self.layer.reply(server, response)]
