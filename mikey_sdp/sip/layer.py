"""The transaction layer of one party: finds the transaction of each message and timer, starts and forgets them.

A user agent and a proxy stand on the same layer. It knows no dialogs and sends no message of its own but those of the
transactions and the 400 to what it can't read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.secret import Entropy
from mikey_sdp.sip.actions import TIMER_PREFIX, AckArrived, Discarded, Hop, LayerOutput, Send
from mikey_sdp.sip.build import build_response
from mikey_sdp.sip.client import ClientTransaction, InviteClient, NonInviteClient
from mikey_sdp.sip.message import Message, Request, Response
from mikey_sdp.sip.refusal import refuse
from mikey_sdp.sip.routing import MAGIC_COOKIE, received_from, way_back
from mikey_sdp.sip.server import InviteServer, NonInviteServer, ServerKey, ServerTransaction
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.transaction import Input, State, kind_of

MAX_SERVERS: Final = 10_000
_BRANCH_OCTETS: Final = 8
_TAG_OCTETS: Final = 5


class TransactionLayer:
    """All transactions of one party.

    Keeps: each transaction until it ends, and no more than `max_servers` that peers began; further requests get 503.
    Source: RFC 3261 sections 17 and 18, RFC 6026.
    """

    def __init__(
        self, *, local: Hop, entropy: Entropy, timers: Timers | None = None, max_servers: int = MAX_SERVERS
    ) -> None:
        self.local = local
        self._entropy = entropy
        self._timers = timers or Timers()
        self._max_servers = max_servers
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._numbered: dict[int, ClientTransaction | ServerTransaction] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many transactions are alive."""
        return len(self._numbered)

    # -- inputs --------------------------------------------------------------------------------------------------

    def receive(self, octets: bytes, source: Hop) -> Sequence[LayerOutput]:
        """Take one message as it came from the network; line ends alone are a keep-alive and mean nothing."""
        if not octets.strip(b"\r\n\x00"):
            return []
        try:
            message = Message.parse(octets)
        except DecodeError as error:
            refusal = refuse(octets, source, error, self.new_tag())
            discarded = Discarded("malformed", source, error)
            return [discarded] if refusal is None else [discarded, refusal]
        if isinstance(message, Response):
            return self._response(message, source)
        return self._request(received_from(message, source), source)

    def timer_fired(self, name: str) -> list[LayerOutput]:
        """Take a timer that one of the transactions set; others are ignored."""
        letter, _, number = name.removeprefix(TIMER_PREFIX).partition("/")
        transaction = self._numbered.get(int(number)) if number.isdecimal() else None
        return [] if transaction is None else self._kept(transaction, transaction.fire(letter))

    def transport_failed(self, hop: Hop) -> list[LayerOutput]:
        """The network says that nothing can be delivered to that address."""
        outputs: list[LayerOutput] = []
        for transaction in [one for one in self._numbered.values() if one.hop == hop]:
            outputs += self._kept(transaction, transaction.take(Input.TRANSPORT_FAILED))
        return outputs

    # -- for the user of the transactions ------------------------------------------------------------------------

    def new_via(self, transport: str, mark: str = "") -> str:
        """A Via value with a fresh branch, to put on top of a request that goes out by that transport.

        Keeps: `mark`, what the branch says behind its random part, by which a proxy knows a request of its own again.
        """
        rport = ";rport" if transport == "UDP" else ""
        host = f"[{self.local.host}]" if ":" in self.local.host else self.local.host
        branch = MAGIC_COOKIE + self._entropy(_BRANCH_OCTETS).hex() + mark
        return f"SIP/2.0/{transport} {host}:{self.local.port};branch={branch}{rport}"

    def new_tag(self) -> str:
        """A fresh tag."""
        return self._entropy(_TAG_OCTETS).hex()

    def send(self, request: Request, hop: Hop) -> tuple[ClientTransaction, list[LayerOutput]]:
        """Begin a transaction with a request whose top Via is ours; every method but ACK."""
        machine = InviteClient if request.method == "INVITE" else NonInviteClient
        self._count += 1
        transaction = machine(request=request, hop=hop, number=self._count, timers=self._timers)
        self._clients[transaction.key] = transaction
        self._numbered[transaction.number] = transaction
        return transaction, transaction.take(Input.START)

    def reply(self, transaction: ServerTransaction, response: Response) -> list[LayerOutput]:
        """Answer a request; after a final response only further 2xx to an INVITE get through."""
        return self._kept(transaction, transaction.take(kind_of(response.status), response))

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """The transaction of the request that a CANCEL takes back, if it is alive.

        Source: RFC 3261 section 9.2.
        """
        transaction = self._servers.get(_server_key(cancel, "INVITE"))
        return transaction if transaction is not None and transaction.request.call_id == cancel.call_id else None

    def abandon(self, transaction: ClientTransaction) -> list[LayerOutput]:
        """Forget a request of ours that nobody will answer any more."""
        return self._kept(transaction, transaction.abandon())

    # -- matching ------------------------------------------------------------------------------------------------

    def _response(self, response: Response, source: Hop) -> list[LayerOutput]:
        via = response.via
        transaction = self._clients.get((via.branch, response.cseq.method))
        if transaction is None:
            return [Discarded("a response to nothing we asked", source)]
        ours = transaction.request
        if via.sent_by != ours.via.sent_by or len(response.vias) != len(ours.vias):
            return [Discarded("a response that another party should have had", source)]
        return self._kept(transaction, transaction.take(kind_of(response.status), (response, source)))

    def _request(self, request: Request, source: Hop) -> list[LayerOutput]:
        method = request.method
        key = _server_key(request, "INVITE" if method == "ACK" else method)
        transaction = self._servers.get(key)
        if transaction is not None:
            if method == "ACK":
                return self._kept(transaction, transaction.take(Input.ACK, (request, source)))
            return self._kept(transaction, transaction.take(Input.REQUEST))
        if method == "ACK":
            return [AckArrived(request, source)]
        return self._begin(request, source, key)

    def _begin(self, request: Request, source: Hop, key: ServerKey) -> list[LayerOutput]:
        hop = way_back(request, source)
        if len(self._servers) >= self._max_servers:
            busy = build_response(request, 503, to_tag=self.new_tag(), headers=[("Retry-After", "32")])
            return [Discarded("too many open transactions", source), Send(hop, busy.octets, busy)]
        machine = InviteServer if request.method == "INVITE" else NonInviteServer
        self._count += 1
        transaction = machine(request=request, hop=hop, number=self._count, timers=self._timers, source=source, key=key)
        self._servers[key] = transaction
        self._numbered[transaction.number] = transaction
        return transaction.take(Input.START, request)

    def _kept(
        self, transaction: ClientTransaction | ServerTransaction, outputs: list[LayerOutput]
    ) -> list[LayerOutput]:
        """Those outputs, once the transaction has been forgotten if it ended with them."""
        if transaction.state is State.TERMINATED and self._numbered.pop(transaction.number, None) is not None:
            if isinstance(transaction, ClientTransaction):
                self._clients.pop(transaction.key, None)
            else:
                self._servers.pop(transaction.key, None)
        return outputs


def _server_key(request: Request, method: str) -> ServerKey:
    """What a request and its repetitions have in common, and its ACK and CANCEL with it but for the method.

    Source: RFC 3261 section 17.2.3; without the magic cookie in the branch, the rules for RFC 2543.
    """
    via = request.via
    host, port = via.sent_by
    branch = via.branch
    if branch.startswith(MAGIC_COOKIE):
        return branch, host, str(port), method
    line = (via.transport, host, str(port), branch)
    return method, str(request.uri), request.from_.tag, request.call_id, str(request.cseq.number), *line
