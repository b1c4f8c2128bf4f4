"""One request at a stateful proxy, from its arrival until its last branch is over.

Source: RFC 3261 sections 16.6 to 16.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from mikey_sdp.nodes.branches import Branch, Fork, best_of, in_groups, redirected
from mikey_sdp.nodes.forwarding import Forwarding, mark_of
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.sip import (
    CancelTimer,
    Request,
    Response,
    ServerTransaction,
    SetTimer,
    TransactionLayer,
    Uri,
    build_cancel,
    build_response,
)

Raw = list[Any]
PREFIX: Final = "proxy/"

Index = dict[int, tuple["ResponseContext", Branch]]
"""By the number of a transaction towards a callee, the request and the branch that it belongs to."""


Resolve = Callable[[Destination], Iterable[Destination]]
"""The places of a redirection as they are tried here: those of a user of ours, if it names one."""


class ResponseContext:
    """What a proxy knows of one request.

    Keeps: each 1xx but 100 and each 2xx goes to the caller at once; of everything else only the best does, and only
    when no branch is left. After a 2xx or 6xx the other branches are cancelled.
    """

    def __init__(
        self,
        server: ServerTransaction,
        service: Service,
        *,
        config: ServerConfig,
        layer: TransactionLayer,
        forwarding: Forwarding,
        index: Index,
        resolve: Resolve,
    ) -> None:
        self.server: Final = server
        self.fork: Final = Fork()
        self._service: Final = service
        self._config: Final = config
        self._layer: Final = layer
        self._forwarding: Final = forwarding
        self._index: Final = index
        self._resolve: Final = resolve
        self._mark: Final = mark_of(server.request)
        self._request: Final[Request] = forwarding.stripped(server.request)
        self._is_invite: Final = self._request.method == "INVITE"
        self._cancelled = False
        self._late = 0

    def start(self, destinations: Iterable[Destination]) -> Raw:
        """Try the places in the service's order."""
        self.fork.groups.extend(in_groups(tuple(destinations), self._service.forking))
        return self._advance()

    # -- responses -----------------------------------------------------------------------------------------------

    def response(self, branch: Branch, response: Response) -> Raw:
        """A response that the branch's transaction let through."""
        if response.status < 200:
            return self._provisional(branch, response)
        stopped = self._finish(branch)
        if response.status < 300:
            return [*stopped, *self._success(response)]
        if branch.overdue:
            return stopped
        if response.status < 400 and self._recurses(response):
            return [*stopped, *self._advance()]
        self.fork.refusals.append(response.without_top("Via"))
        if response.status >= 600:
            self.fork.give_up()
            stopped += self._cancel_pending()
        return [*stopped, *self._advance()]

    def lost(self, branch: Branch, status: int) -> Raw:
        """A branch that ends without a response counts as one with that status (section 16.7 and 16.8)."""
        if branch.done:
            return []
        stopped = self._finish(branch)
        if branch.overdue:
            return stopped
        self.fork.refusals.append(self._own(status))
        return [*stopped, *self._advance()]

    def _provisional(self, branch: Branch, response: Response) -> Raw:
        outputs: Raw = []
        if branch.cancelled and not branch.rings:
            outputs += self._send_cancel(branch)
        branch.rings = True
        if response.status == 100:
            return outputs
        if self._is_invite and not branch.cancelled:
            outputs.append(SetTimer(_timer("c", branch), self._config.timer_c_us))
        return [*outputs, *self._layer.reply(self.server, response.without_top("Via"))]

    def _success(self, response: Response) -> Raw:
        self.fork.answered = True
        self.fork.give_up()
        passed = self._layer.reply(self.server, response.without_top("Via"))
        return [*passed, *self._stop_patience(), *self._cancel_pending()]

    def _recurses(self, response: Response) -> bool:
        """Whether a redirection is followed here: at least one place in it is new."""
        if not self._service.follow_redirects or self.fork.over:
            return False
        named = (place for told in redirected(response, self.fork) for place in self._resolve(told))
        places = [place for place in named if not self.fork.was_tried(Uri.parse(place.uri))]
        self.fork.groups.extendleft(reversed(list(in_groups(places, self._service.forking))) if places else ())
        return bool(places)

    # -- branches ------------------------------------------------------------------------------------------------

    def _advance(self) -> Raw:
        """Begin the next group once the present one is over, or answer if there is none."""
        fork, outputs = self.fork, Raw()
        while fork.is_idle and not fork.answered:
            if not fork.groups:
                return [*outputs, *self._answer()]
            outputs += self._begin(fork.groups.popleft())
        return outputs

    def _begin(self, group: list[Destination]) -> Raw:
        patience = self._service.patience_us
        outputs = self._stop_patience()
        if patience is not None and self.fork.groups:
            outputs.append(SetTimer(self._timer("patience"), patience))
        for destination in group:
            if destination.after_us:
                self._late += 1
                self.fork.late[self._late] = destination
                outputs.append(SetTimer(self._timer(f"late{self._late}"), destination.after_us))
            else:
                outputs += self._try(destination)
        return outputs

    def _try(self, destination: Destination) -> Raw:
        uri = Uri.parse(destination.uri)
        if not self.fork.first_time(uri):
            return []
        source = self.server.source
        found = self._forwarding.prepared(self._request, uri, mark=self._mark, arrived_by=source.transport)
        if found is None:
            self.fork.refusals.append(self._own(503))
            return []
        request, hop = found
        transaction, outputs = self._layer.send(request, hop)
        branch = Branch(uri=uri, request=request, hop=hop, transaction=transaction)
        self.fork.branches[transaction.number] = branch
        self._index[transaction.number] = self, branch
        timer_c = [SetTimer(_timer("c", branch), self._config.timer_c_us)] if self._is_invite else []
        return [*outputs, *timer_c]

    def _finish(self, branch: Branch) -> Raw:
        """A branch has its final response; a fork further on may still bring more 2xx."""
        if branch.done:
            return []
        branch.done = True
        return [CancelTimer(_timer(what, branch)) for what in ("c", "cancel")] if self._is_invite else []

    def _answer(self) -> Raw:
        """The best of what came; 487 if the caller took the request back before anybody could say anything."""
        best = best_of(self.fork.refusals) or self._own(487 if self._cancelled else 408)
        if best.status == 503:
            # Another proxy would take a 503 for a fault of ours (section 16.7 step 6).
            best = self._own(500)
        self.fork.answered = True
        return [*self._layer.reply(self.server, best), *self._stop_patience()]

    def _own(self, status: int) -> Response:
        return build_response(self.server.request, status, to_tag=self._layer.new_tag())

    # -- giving up -----------------------------------------------------------------------------------------------

    def cancel(self) -> Raw:
        """The caller took the request back (section 16.10)."""
        self._cancelled = True
        self.fork.give_up()
        return [*self._cancel_pending(), *self._advance()]

    def _cancel_pending(self) -> Raw:
        outputs: Raw = []
        for branch in self.fork.pending:
            outputs += self._take_back(branch)
        return outputs

    def _take_back(self, branch: Branch) -> Raw:
        """Cancel a branch, as soon as something has come back on it (section 9.1)."""
        if branch.cancelled or not self._is_invite:
            return []
        branch.cancelled = True
        return [CancelTimer(_timer("c", branch)), *(self._send_cancel(branch) if branch.rings else [])]

    def _overdue(self, branch: Branch) -> Raw:
        """A branch has rung for too long: it counts as one that never answered (section 16.8)."""
        if branch.overdue:
            return []
        branch.overdue = True
        self.fork.refusals.append(self._own(408))
        return self._take_back(branch)

    def _send_cancel(self, branch: Branch) -> Raw:
        _, outputs = self._layer.send(build_cancel(branch.request), branch.hop)
        return [*outputs, SetTimer(_timer("cancel", branch), self._config.timers.transaction_us)]

    def _stop_patience(self) -> Raw:
        return [] if self._service.patience_us is None else [CancelTimer(self._timer("patience"))]

    # -- timers --------------------------------------------------------------------------------------------------

    def _timer(self, what: str) -> str:
        return f"{PREFIX}{what}/{self.server.number}"

    def fired(self, what: str) -> Raw:
        """A timer of the request as a whole ran out."""
        if what == "patience":
            self.fork.late.clear()
            outputs: Raw = []
            for branch in self.fork.pending:
                outputs += self._overdue(branch)
            return [*outputs, *self._advance()]
        destination = self.fork.late.pop(int(what.removeprefix("late")), None)
        return [] if destination is None else [*self._try(destination), *self._advance()]

    def branch_fired(self, what: str, branch: Branch) -> Raw:
        """Timer C, or the time that a cancelled branch has to end."""
        if branch.done:
            return []
        if what == "c" and branch.rings:
            return [*self._overdue(branch), *self._advance()]
        abandoned = self._layer.abandon(branch.transaction)
        return [*self.lost(branch, 408 if what == "c" else 487), *abandoned]


def _timer(what: str, branch: Branch) -> str:
    return f"{PREFIX}{what}/{branch.transaction.number}"
