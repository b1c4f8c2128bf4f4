"""A stateful proxy, sans-IO: forks, retargets, follows redirections, cancels who loses, and registers phones.

Source: RFC 3261 section 16, RFC 6026 section 7.3. Deviation: a CANCEL for a request that is not known here gets 481
instead of being passed on without state, and nobody is asked to authenticate himself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mikey_sdp.nodes.forwarding import Forwarding
from mikey_sdp.nodes.location import Unreachable
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.nodes.response_context import PREFIX, Index, ResponseContext
from mikey_sdp.nodes.server import Raw, SipServer
from mikey_sdp.sip import (
    AckArrived,
    Discarded,
    Request,
    RequestArrived,
    ResponseArrived,
    Send,
    ServerTransaction,
    TransactionTerminated,
    TransactionTimedOut,
    TransportFailed,
    Uri,
    build_response,
)


class Proxy(SipServer):
    """One proxy of a domain.

    Keeps: a context for each request until its transaction ends, and the way from each branch to its context.
    """

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self._forwarding: Final = Forwarding(config, self.table, self.layer)
        self._contexts: Final[dict[int, ResponseContext]] = {}
        self._of_branch: Final[Index] = {}

    @property
    def held(self) -> int:
        """How much is remembered of requests; 0 when all are over and done with."""
        return len(self.layer) + len(self._contexts) + len(self._of_branch)

    def take(self, event: Any) -> Raw:
        """Take one event of the transaction layer."""
        handler = self._EVENTS.get(type(event))
        return [] if handler is None else handler(self, event)

    def timer_fired(self, name: str) -> Raw:
        """Take a timer: of a transaction, of a request, or of one of its branches."""
        if not name.startswith(PREFIX):
            return super().timer_fired(name)
        what, _, number = name.removeprefix(PREFIX).partition("/")
        if what in ("c", "cancel"):
            found = self._of_branch.get(int(number))
            return [] if found is None else found[0].branch_fired(what, found[1])
        context = self._contexts.get(int(number))
        return [] if context is None else context.fired(what)

    # -- requests ------------------------------------------------------------------------------------------------

    def _request(self, event: RequestArrived) -> Raw:
        server, request = event.transaction, event.request
        if request.method == "CANCEL":
            return self._cancel(server, request)
        refusal = self._forwarding.refusal(request)
        if refusal is not None:
            return self.refuse(server, refusal[0], *refusal[1])
        routed = self._forwarding.stripped(request)
        if request.method == "REGISTER" and not routed.routes and self.table.is_local(routed.uri):
            return self.register(server, request)
        try:
            service, destinations = self._targets(routed)
        except Unreachable as nowhere:
            return self.refuse(server, nowhere.status)
        context = ResponseContext(
            server,
            service,
            config=self.config,
            layer=self.layer,
            forwarding=self._forwarding,
            index=self._of_branch,
            resolve=self._places_of,
        )
        self._contexts[server.number] = context
        return context.start(destinations)

    def _targets(self, request: Request) -> tuple[Service, tuple[Destination, ...]]:
        """Where a request goes: along its route, to the place that its URI names, or to those of a user of ours."""
        if request.routes or not self.table.is_local(request.uri):
            return Service(), (Destination(uri=request.uri.text),)
        return self.table.resolve(request.uri, self.now_us)

    def _places_of(self, told: Destination) -> tuple[Destination, ...]:
        """Where a place is that a redirection names: if that is a user of ours, where he can be reached."""
        uri = Uri.parse(told.uri)
        if not self.table.is_local(uri):
            return (told,)
        try:
            return self.table.resolve(uri, self.now_us)[1]
        except Unreachable:
            return ()

    def _cancel(self, server: ServerTransaction, request: Request) -> Raw:
        invite = self.layer.invite_of(request)
        context = None if invite is None else self._contexts.get(invite.number)
        if context is None:
            return self.refuse(server, 481 if invite is None else 200)
        answered = self.layer.reply(server, build_response(request, 200, to_tag=self.layer.new_tag()))
        return [*answered, *context.cancel()]

    def _ack(self, event: AckArrived) -> Raw:
        found = self._forwarding.acknowledged(event.request, event.source.transport)
        if found is None:
            return []
        ack, hop = found
        return [Send(hop, ack.octets, ack)]

    # -- responses -----------------------------------------------------------------------------------------------

    def _response(self, event: ResponseArrived) -> Raw:
        found = self._of_branch.get(event.transaction.number)
        return [] if found is None else found[0].response(found[1], event.response)

    def _lost(self, event: TransactionTimedOut | TransportFailed) -> Raw:
        found = self._of_branch.get(event.transaction.number)
        status = 408 if isinstance(event, TransactionTimedOut) else 503
        return [] if found is None else found[0].lost(found[1], status)

    def _terminated(self, event: TransactionTerminated) -> Raw:
        number = event.transaction.number
        self._contexts.pop(number, None)
        found = self._of_branch.pop(number, None)
        if found is not None:
            del found[0].fork.branches[number]
        return []

    def _discarded(self, event: Discarded) -> Raw:
        if event.error is not None:
            self.warn(f"a message from {event.source.host}:{event.source.port} was malformed: {event.error}")
        return []

    _EVENTS: Final[dict[type, Callable[[Proxy, Any], Raw]]] = {
        RequestArrived: _request,
        AckArrived: _ack,
        ResponseArrived: _response,
        TransactionTimedOut: _lost,
        TransportFailed: _lost,
        TransactionTerminated: _terminated,
        Discarded: _discarded,
    }
