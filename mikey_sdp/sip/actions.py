"""What the transaction layer is told to do by its machines, and what it tells the party above it.

Commands are imperatives, events past tense; every input yields one list that holds both, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip.message import Request, Response

if TYPE_CHECKING:
    from mikey_sdp.sip.client import ClientTransaction
    from mikey_sdp.sip.server import ServerTransaction

RELIABLE: Final = frozenset({"TCP", "TLS"})
TIMER_PREFIX: Final = "sip/"


class Hop(NamedTuple):
    """Where a message goes or came from: transport, IP address and port."""

    transport: str
    host: str
    port: int

    @property
    def reliable(self) -> bool:
        """Whether that transport repeats what is lost by itself."""
        return self.transport in RELIABLE


@dataclass(frozen=True, slots=True)
class Send:
    """Put a message on the network. `again` marks a repetition of one sent before."""

    hop: Hop
    octets: bytes
    message: Request | Response
    again: bool = False


@dataclass(frozen=True, slots=True)
class SetTimer:
    """(Re)start the named timer."""

    name: str
    delay_us: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Stop the named timer."""

    name: str


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A request that is no repetition; its transaction waits for a response."""

    transaction: ServerTransaction
    request: Request


@dataclass(frozen=True, slots=True)
class AckArrived:
    """An ACK that confirms a 2xx: of no transaction, or of one in the state Accepted."""

    request: Request
    source: Hop
    transaction: ServerTransaction | None = None


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response that the user of the transaction has not seen: every 1xx and 2xx of an INVITE, else the first of
    each kind."""

    transaction: ClientTransaction
    response: Response
    source: Hop


@dataclass(frozen=True, slots=True)
class TransactionTimedOut:
    """No response came to a request, or no ACK to a refusal."""

    transaction: ClientTransaction | ServerTransaction


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """The network could not take a message of this transaction."""

    transaction: ClientTransaction | ServerTransaction


@dataclass(frozen=True, slots=True)
class TransactionTerminated:
    """The transaction is forgotten; what refers to it can be too."""

    transaction: ClientTransaction | ServerTransaction


@dataclass(frozen=True, slots=True)
class Discarded:
    """Something came in that nothing waits for, or that is malformed (then with the error)."""

    why: str
    source: Hop
    error: DecodeError | None = None


LayerOutput = (
    Send
    | SetTimer
    | CancelTimer
    | RequestArrived
    | AckArrived
    | ResponseArrived
    | TransactionTimedOut
    | TransportFailed
    | TransactionTerminated
    | Discarded
)
