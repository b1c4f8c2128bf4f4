"""What an edge remembers of a call: its dialogs, the requests of it that are under way, and the names of both ends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.nodes.edge_contract import CallStatus, EdgeAccount, Side
from mikey_sdp.nodes.edge_exchange import Exchange, Refused, Room
from mikey_sdp.nodes.edge_leg import EdgeLeg
from mikey_sdp.nodes.edge_offers import Parties
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.sip import ClientTransaction, Hop, NameAddr, Request, ServerTransaction, Uri

MAX_ANSWERS: Final = 64
"""How many different answers to one request are remembered."""
_KEPT_WARNINGS: Final = 8


@dataclass(slots=True, eq=False, kw_only=True)
class Dialog:
    """One dialog of a call as SIP has it.

    Keeps: `to`, who answered, with his tag; by side `targets`, `routes` and `numbers`: where requests to that side go,
    and the last number of a request from it; `confirmed`, whether there was a 2xx; `killed`, whether the edge ended it.
    """

    to: NameAddr
    leg: EdgeLeg | None
    targets: dict[Side, Uri] = field(default_factory=dict)
    routes: dict[Side, tuple[NameAddr, ...]] = field(default_factory=dict)
    numbers: dict[Side, int] = field(default_factory=dict)
    confirmed: bool = False
    killed: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class EdgeCall:
    """One call.

    Keeps: `first`, the leg of a call from the network, until somebody answers it; `invite`, the request that opens the
    call while it is under way; `phone_hop`, where the phone signals from; `routes`, those that the INVITE recorded;
    `allowed_us`, how long nothing may pass; `passed` and `since_us`, what had passed by when.
    """

    number: int
    call_id: str
    outgoing: bool
    account: EdgeAccount
    parties: Parties
    room: Room
    caller: NameAddr
    begun_us: int
    phone_hop: Hop
    caller_target: Uri | None
    caller_routes: tuple[NameAddr, ...]
    first_number: int
    allowed_us: int
    dialogs: dict[str, Dialog] = field(default_factory=dict)
    first: EdgeLeg | None = None
    invite: Passage | None = None
    state: str = "calling"
    messages: int = 0
    passed: int = 0
    since_us: int = 0
    told: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_WARNINGS))

    @property
    def caller_side(self) -> Side:
        """From which side the call came."""
        return Side.PHONE if self.outgoing else Side.NETWORK

    @property
    def callee_side(self) -> Side:
        """To which side the call went."""
        return self.caller_side.other

    @property
    def alive(self) -> list[Dialog]:
        """The dialogs that are not over."""
        return [dialog for dialog in self.dialogs.values() if not dialog.killed]

    @property
    def legs(self) -> list[EdgeLeg]:
        """All that has keys or ports."""
        legs = [dialog.leg for dialog in self.alive if dialog.leg is not None]
        return legs if self.first is None else [self.first, *legs]

    @property
    def on_hold(self) -> bool:
        """Whether no stream of it flows both ways, as agreed."""
        return all(leg.on_hold for leg in self.legs)

    @property
    def activity(self) -> int:
        """A number that grows with every packet and message."""
        return self.messages + sum(leg.passed for leg in self.legs)

    def ends(self, dialog: Dialog, to: Side) -> tuple[NameAddr, NameAddr]:
        """From and To of a request of the dialog that goes to that side."""
        return (dialog.to, self.caller) if to is self.caller_side else (self.caller, dialog.to)

    def status(self) -> CallStatus:
        """The call as a page shows it."""
        legs = self.legs
        shown = next((leg for leg in reversed(legs) if leg.mode), None)
        peer = self.parties.peer if shown is None or shown.keys is None else shown.keys.peer
        receptions = self.room.receptions
        return CallStatus(
            number=self.number,
            call_id=self.call_id,
            account=self.account.identity,
            peer=peer,
            outgoing=self.outgoing,
            state=self.state,
            mode="" if shown is None else shown.mode,
            phone=str(self.account.phone) if shown is None else "sdes" if shown.phone.sdes else "plain",
            fingerprints=() if shown is None else shown.fingerprints,
            since_us=self.begun_us,
            streams=tuple(
                crossing.status(receptions[media].waiting, receptions[media].strangers)
                for leg in legs
                for media, crossing in leg.crossings.items()
            ),
            warnings=tuple(self.told),
        )


@dataclass(slots=True, eq=False, kw_only=True)
class Passage:
    """A request on its way through.

    Keeps: `request`, as it came at `line`, free of routes that led here; `out`, what went out of it at `out_line`, by
    `client`; `exchange`, the offer in it; `rings`, whether something came back; `cancelled`, whether it is taken back,
    and `cancel_sent`; `answered`, whether its sender has a final response; `tried`, places of redirections; `fault`,
    why key management ended it; `said`, by leg and
    answer what was made of it; `endings`, by tag the ACK that answers each further 2xx of a dialog that is ended.
    """

    number: int
    line: Line
    server: ServerTransaction
    request: Request
    transport: str
    call: EdgeCall | None = None
    dialog: Dialog | None = None
    exchange: Exchange | None = None
    uri: Uri
    hop: Hop | None = None
    out_line: Line | None = None
    out: Request | None = None
    client: ClientTransaction | None = None
    rings: bool = False
    cancelled: bool = False
    cancel_sent: bool = False
    answered: bool = False
    tried: list[Uri] = field(default_factory=list)
    fault: Refused | None = None
    said: dict[tuple[EdgeLeg, bytes], bytes] = field(default_factory=dict, repr=False)
    endings: dict[str, tuple[Request, Line, Hop]] = field(default_factory=dict)

    def answer(self, leg: EdgeLeg, exchange: Exchange, body: bytes) -> bytes:
        """What the sender gets of an answer; of one that comes again the same, whatever was offered since."""
        known = self.said.get((leg, body))
        if known is None:
            if len(self.said) >= MAX_ANSWERS:
                self.said.clear()
            known = self.said[leg, body] = leg.answered(exchange, body)
        return known

    @property
    def opens_call(self) -> bool:
        """Whether it is the INVITE by which a call begins."""
        return self.call is not None and self.call.invite is self
