"""One offer on its way through an edge, the refusal that may come of it, and the ports that its media takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.endpoint import Offer, Rejection
from mikey_sdp.errors import DecodeError, MikeySdpError, PeerError
from mikey_sdp.nodes.edge_contract import PortPair, PortPool, Side
from mikey_sdp.nodes.edge_media import SSRC_OCTETS, Crossing
from mikey_sdp.nodes.edge_reception import Reception
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.secret import Entropy

NOT_ACCEPTABLE: Final = 488
UNAVAILABLE: Final = 503
MISCELLANEOUS: Final = 399


class Refused(MikeySdpError):
    """An offer or an answer goes no further; knows what SIP says of it, and the MIKEY Error number, if it has one.

    Keeps: `body`, a description that says it in MIKEY.
    """

    def __init__(self, reason: str, *, status: int = NOT_ACCEPTABLE, code: int = MISCELLANEOUS) -> None:
        self.status = status
        self.code: Final = code
        self.reason: Final = "".join(one if one.isprintable() else "?" for one in reason)
        self.mikey_error: int | None = None
        self.body = b""
        super().__init__(self.reason)

    @classmethod
    def rejected(cls, rejection: Rejection | None) -> Refused:
        """The refusal that an endpoint words."""
        if rejection is None:
            return cls("Key management: no stream that can be secured")
        refused = cls(rejection.warning[1], status=rejection.status, code=rejection.warning[0])
        refused.mikey_error = rejection.mikey_error
        return refused

    @classmethod
    def by_answer(cls, fault: MikeySdpError) -> Refused:
        """The refusal of an offer whose answer can't be taken."""
        refused = cls.because(fault)
        if refused.status != UNAVAILABLE:
            refused.status = NOT_ACCEPTABLE
        return refused

    @classmethod
    def because(cls, fault: MikeySdpError) -> Refused:
        """The refusal for any fault of a party, in our words."""
        if isinstance(fault, Refused):
            return fault
        refused = cls(f"Key management: {getattr(fault, 'reason', None) or fault}")
        if isinstance(fault, PeerError | DecodeError):
            refused.mikey_error = fault.mikey_error
        return refused


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    """An offer and what is needed to take its answer.

    Keeps: `by`, whose offer it is; `offer`, as its author wrote it, and `octets`, the same as they came; `forwarded`,
    what was sent on of it; `sent`, the MIKEY offer made of a phone's one, None for one of the network or without keys;
    `lines`, by level what stands in the answer to the network's first offer, None where that is still to be made;
    `answered`, whether an answer has been taken.
    """

    by: Side
    offer: SessionDescription
    octets: bytes = field(repr=False)
    forwarded: bytes = field(repr=False)
    sent: Offer | None = None
    lines: Mapping[Level, tuple[str, ...]] | None = field(default=None, repr=False)
    answered: bool = False


class Room:
    """The ports of one call: for each m= line one pair towards the network, and one towards the phone a branch.

    Branches that were offered the same keys would send two streams under one key if the phone went from one to the
    other with its SSRC: so all but the first send under SSRCs of their own; all of them where the call has the offer of
    another one, for a further phone of its account (`further`).
    Keeps: `receptions`, by m= line.
    """

    def __init__(self, pool: PortPool, entropy: Entropy, *, limit: int, streams: int, further: bool = False) -> None:
        self.receptions: Final[dict[int, Reception]] = {}
        self._pool: Final = pool
        self._entropy: Final = entropy
        self._limit: Final = limit
        self._streams: Final = streams
        self._further: Final = further
        self._answered: Final[set[int]] = set()
        self._open: Final[list[PortPair]] = []

    def network(self, levels: Iterable[int]) -> dict[int, PortPair]:
        """The pairs towards the network for these m= lines.

        Raises: Refused for more lines than one call may have, and where there are no ports left.
        """
        levels = [*levels]
        if len({*levels, *self.receptions}) > self._streams:
            raise Refused(f"more than {self._streams} streams")
        found: dict[int, PortPair] = {}
        for level in levels:
            reception = self.receptions.get(level)
            if reception is None:
                reception = Reception(limit=self._limit)
                reception.attach(self._kept(self._pool.open_ports(Side.NETWORK, reception.take, reception.take)))
                self.receptions[level] = reception
            if reception.ports is not None:
                found[level] = reception.ports
        return found

    def crossing(self, media: int, kind: str) -> Crossing:
        """A way for one more branch's media, with ports towards the phone.

        Raises: Refused where there are no ports left.
        """
        crossing = Crossing(media, kind, self.network([media])[media], limit=self._limit)
        taker = crossing.from_phone
        crossing.attach(self._kept(self._pool.open_ports(Side.PHONE, taker, taker)))
        if self._further or media in self._answered:
            crossing.rename(self._entropy(SSRC_OCTETS))
        self._answered.add(media)
        return crossing

    def dismiss(self, crossing: Crossing) -> None:
        """The branch is over: its ports are given back."""
        crossing.shut()
        reception = self.receptions.get(crossing.media)
        if reception is not None:
            reception.dismiss(crossing)
        pair = crossing.phone_ports
        if pair in self._open:
            self._open.remove(pair)
            self._pool.close_ports(pair)

    def settle(self) -> None:
        """Nobody else will answer."""
        for reception in self.receptions.values():
            reception.settle()

    def close(self) -> None:
        """The call is over: all ports are given back."""
        for pair in self._open:
            self._pool.close_ports(pair)
        self._open.clear()

    def _kept(self, pair: PortPair | None) -> PortPair:
        if pair is None:
            raise Refused("no media ports are left", status=UNAVAILABLE)
        self._open.append(pair)
        return pair
