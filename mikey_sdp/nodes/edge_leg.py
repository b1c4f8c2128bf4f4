"""One dialog of a call through an edge: its keys towards the network, its keys towards the phone, and its media.

Source: RFC 4567 section 4.1, RFC 3264.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mikey_sdp.endpoint import CallLeg, KeySet
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.nodes.edge_contract import UNPROTECTED, PortPair, Side
from mikey_sdp.nodes.edge_exchange import Exchange, Refused, Room
from mikey_sdp.nodes.edge_guard import Guard, InTheClear
from mikey_sdp.nodes.edge_media import Crossing
from mikey_sdp.nodes.edge_offers import Parties, check_plain, first_offer, network_body, sent_on, with_lines
from mikey_sdp.nodes.edge_phone import PhoneKeys
from mikey_sdp.nodes.edge_sdp import cleaned, ends_of, in_plain, live_lines, placed, profiled, rejecting, secure_only
from mikey_sdp.report.printable import printable
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt, insert_key_mgmt, key_mgmt_lines
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.media import Direction, media_lines
from mikey_sdp.sdp.offer_answer import check_offer_stays_secure

MAX_ANSWERS: Final = 64
"""How many different answers one dialog may give to one offer."""
_KIND: Final = 32


class EdgeLeg:
    """One dialog.

    Keeps: `keys`, those in use towards the network; `exchange`, the latest offer; `on_hold`, whether a stream flows one
    way only, or none; `on_keys`, told of new keys.
    """

    def __init__(self, parties: Parties, phone: PhoneKeys, room: Room) -> None:
        self.parties = parties
        self.phone: Final = phone
        self.keys: KeySet | None = None
        self.exchange: Exchange | None = None
        self.crossings: Final[dict[int, Crossing]] = {}
        self.on_hold = False
        self.on_keys: Callable[[KeySet], None] = lambda _keys: None
        self._room: Final = room
        self._leg: CallLeg | None = None
        self._plain = False
        self._confirmed = False
        self._first: Exchange | None = None
        self._shared = False
        self._memo: dict[bytes, bytes] = {}
        self._taken: tuple[Exchange, tuple[str, ...]] | None = None

    # -- offers --------------------------------------------------------------------------------------------------

    def offered(self, by: Side, body: bytes) -> bytes:
        """Take an offer within the dialog, or the network's first one, and return what goes to the other side.

        Raises: MikeySdpError.
        """
        known = self.exchange
        if known is not None and not known.answered and known.by is by and known.octets == body:
            return known.forwarded
        sd = SessionDescription.parse(body)
        exchange = self._offer_of_phone(sd, body) if by is Side.PHONE else self._offer_of_network(sd, body)
        self.exchange = exchange
        self._memo = {}
        return exchange.forwarded

    def _offer_of_phone(self, sd: SessionDescription, body: bytes) -> Exchange:
        renewed = self.phone.offered(sd)
        own = network_body(sd, self._room)
        if self._leg is None:
            if self._plain:
                return sent_on(Side.PHONE, sd, body, str(in_plain(own)))
            return first_offer(self.parties, self.phone, self._room, body)
        offer = self._leg.offer(str(own), rekey=renewed)
        exchange = sent_on(Side.PHONE, sd, body, offer.sdp)
        exchange.sent = offer
        return exchange

    def _offer_of_network(self, sd: SessionDescription, body: bytes) -> Exchange:
        lines = None
        if self._leg is None and not self._plain:
            lines = self._first_answer(sd)
        elif self._plain:
            check_plain(sd)
        elif self.keys is not None:
            check_offer_stays_secure(sd, tuple(self.keys.media))
        exchange = sent_on(Side.NETWORK, sd, body, self.phone.offer(self._phone_body(sd)))
        exchange.lines = lines
        return exchange

    def _first_answer(self, sd: SessionDescription) -> Mapping[Level, tuple[str, ...]] | None:
        """The key management lines that answer a first offer, which is judged before the phone hears of it."""
        keyless = not key_mgmt_lines(sd) and not any(line.is_secure for line in media_lines(sd))
        if self.parties.plain and keyless:
            self._plain = True
            return None
        kept = secure_only(cleaned(sd))
        own = placed(profiled(kept, sd), self._room.network(live_lines(kept)))
        answer = self.parties.endpoint.answer(str(sd), str(own), caller=self.parties.peer or None)
        if answer.sdp is None or answer.rejection is not None or answer.keys is None:
            refused = Refused.rejected(answer.rejection)
            if answer.rejection is not None and answer.rejection.mikey_message is not None:
                error = KeyMgmt(kmpid=MIKEY, data=answer.rejection.mikey_message)
                refused.body = insert_key_mgmt(rejecting(sd), None, [error]).octets  # [4567-4.1.2-7]
            raise refused
        self._install(answer.keys)
        said = SessionDescription.parse(answer.sdp)
        return {section.level: values for section in said.sections() if (values := section.attributes("key-mgmt"))}

    def _phone_body(self, sd: SessionDescription) -> SessionDescription:
        """The network's description with our ports towards the phone, without streams that would be in the clear."""
        own = cleaned(sd) if self._plain else secure_only(cleaned(sd))
        ports: dict[int, PortPair] = {}
        for media, line in live_lines(own).items():
            crossing = self.crossings.get(media)
            if crossing is None:
                crossing = self.crossings[media] = self._room.crossing(media, printable(line.kind)[:_KIND])
            ports[media] = crossing.phone_ports
        return placed(own, ports)

    # -- answers -------------------------------------------------------------------------------------------------

    def answered(self, exchange: Exchange, body: bytes) -> bytes:
        """Take an answer to an offer, and return what goes to the one who made it; a repetition gets the same again.

        Raises: MikeySdpError.
        """
        if exchange is not self.exchange:
            if exchange is self._first:
                return b""  # said before, and overtaken by another offer since
            self.exchange, self._memo = exchange, {}
        known = self._memo.get(body)
        if known is None:
            if len(self._memo) >= MAX_ANSWERS:
                raise Refused("too many different answers to one offer")
            sd = SessionDescription.parse(body)
            text = self._to_network(exchange, sd) if exchange.by is Side.NETWORK else self._to_phone(exchange, sd)
            known = self._memo[body] = text.encode("utf-8", "surrogateescape")
            exchange.answered = True
            self._first = self._first or exchange
        return known

    def _to_phone(self, exchange: Exchange, sd: SessionDescription) -> str:
        if exchange.sent is None:
            check_plain(sd)
            self._plain = True
        else:
            said = tuple(line.value for line in key_mgmt_lines(sd))
            if self._taken != (exchange, said):
                self._install(exchange.sent.accept(str(sd), retarget=self.parties.retarget))
                self._taken = exchange, said
                self._shared = MODES[Mode(exchange.sent.mode)].pushes
        text = self.phone.answer(exchange.offer, self._phone_body(sd))
        self._connect(exchange.offer, sd)
        return text

    def _to_network(self, exchange: Exchange, sd: SessionDescription) -> str:
        self.phone.accept(sd)
        own = profiled(network_body(sd, self._room), exchange.offer)
        if self._plain:
            text = str(in_plain(own))
        elif exchange.lines is not None:
            text = str(with_lines(own, exchange.lines))
        elif self._leg is not None:
            answer = self._leg.answer(str(exchange.offer), str(own))
            if answer.sdp is None or answer.rejection is not None:
                raise Refused.rejected(answer.rejection)
            if answer.keys is not None:
                self._install(answer.keys)
            text = answer.sdp
        else:
            raise Refused("Key management: the call has no keys")
        self._connect(sd, exchange.offer)
        return text

    def _install(self, keys: KeySet) -> None:
        changed = self.keys is None or self.keys.media != keys.media
        self.keys, self._leg = keys, keys.leg
        if changed:
            self.on_keys(keys)

    def _connect(self, phone: SessionDescription, network: SessionDescription) -> None:
        near = ends_of(phone, network, host=self.parties.phone_host)
        far = ends_of(network, phone)
        live = [live_lines(sd)[media].direction for sd in (phone, network) for media in near.keys() & far.keys()]
        self.on_hold = any(direction is not Direction.SENDRECV for direction in live)
        for media, crossing in self.crossings.items():
            guard = self._network_guard(media)
            if media not in near or media not in far or guard is None:
                crossing.shut()
                continue
            crossing.roams = crossing.roams or self._confirmed or not self._shared
            crossing.connect(near=near[media], phone=self.phone.guard(media), far=far[media], network=guard)
            self._room.receptions[media].admit(crossing)

    def _network_guard(self, media: int) -> Guard | None:
        if self._plain:
            return InTheClear()
        return self.keys.session(media) if self.keys is not None and media in self.keys.media else None

    def took(self, exchange: Exchange) -> bool:
        """Whether an answer to that offer has been taken."""
        return exchange is self._first or (exchange is self.exchange and bool(self._memo))

    def drop(self, exchange: Exchange) -> None:
        """An offer was refused: the call goes on as it was."""
        if exchange is self.exchange and not self._memo:
            self.exchange = None

    # -- the course of the dialog --------------------------------------------------------------------------------

    def confirm(self, side: Side) -> None:
        """That side has our answer: send to it under the keys in it. # [4567-4.1.2-19]"""
        if side is Side.PHONE:
            self.phone.confirm()
        elif self._leg is not None and self._leg.open:
            self._leg.confirm()

    def take_call(self) -> None:
        """This dialog is the call: media that opens under its keys is its, wherever it comes from."""
        self._confirmed = True
        for media, crossing in self.crossings.items():
            crossing.roams = True
            self._room.receptions[media].admit(crossing)
        self._room.settle()

    def close(self) -> None:
        """The dialog is over: keys and ports towards the phone are given back."""
        for crossing in self.crossings.values():
            self._room.dismiss(crossing)
        if self._leg is not None:
            self._leg.close()  # [4567-7.1-7]
        self.phone.close()

    @property
    def passed(self) -> int:
        """How many packets went through."""
        return sum(crossing.passed for crossing in self.crossings.values())

    @property
    def mode(self) -> str:
        """How media is protected towards the network."""
        return UNPROTECTED if self._plain else "" if self.keys is None else str(self.keys.mode)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Those of the keys in use towards the network."""
        if self.keys is None:
            return ()
        sas = [sa for media in self.keys.media.values() for sa in (*media.send, *media.receive)]
        return tuple(dict.fromkeys(sa.master_key.fingerprint() for sa in sas))
