"""What becomes of offers and answers on their way through an edge, apart from keys that a call has already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import PeerError
from mikey_sdp.nodes.edge_contract import PeerRule, Side
from mikey_sdp.nodes.edge_exchange import Exchange, Room
from mikey_sdp.nodes.edge_phone import PhoneKeys
from mikey_sdp.nodes.edge_sdp import cleaned, in_plain, live_lines, placed
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.offer_answer import SECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Between whom a leg is: the phone's user and the other end, and what is allowed with the latter.

    Keeps: `phone_host`, from where the phone signals.
    """

    endpoint: Endpoint
    peer: str
    plain: bool
    retarget: bool
    phone_host: str

    def towards(self, peer: str, rule: PeerRule) -> Parties:
        """The same user with somebody else; what was to be protected stays so."""
        return replace(self, peer=peer, plain=self.plain and rule.plain, retarget=rule.retarget)


def first_offer(parties: Parties, phone: PhoneKeys, room: Room, body: bytes) -> Exchange:
    """What goes to the network of a phone's first offer.

    Raises: MikeySdpError.
    """
    sd = SessionDescription.parse(body)
    phone.offered(sd)
    own = network_body(sd, room)
    if parties.plain:
        return sent_on(Side.PHONE, sd, body, str(in_plain(own)))
    offer = parties.endpoint.offer(str(own), to=parties.peer)
    exchange = sent_on(Side.PHONE, sd, body, offer.sdp)
    exchange.sent = offer
    return exchange


def redirected_offer(exchange: Exchange, room: Room, parties: Parties) -> Exchange:
    """A fresh offer for the target of a redirection, without keys only if it is allowed with both.

    Raises: MikeySdpError.
    """
    if parties.plain:
        return exchange
    own = str(network_body(exchange.offer, room))
    sent = exchange.sent
    offer = parties.endpoint.offer(own, to=parties.peer) if sent is None else sent.redirected(own, to=parties.peer)
    again = sent_on(Side.PHONE, exchange.offer, exchange.octets, offer.sdp)
    again.sent = offer
    return again


def network_body(sd: SessionDescription, room: Room) -> SessionDescription:
    """A phone's description with our ports, before any keys of ours."""
    own = cleaned(sd)
    return placed(own, room.network(live_lines(own)))


def sent_on(by: Side, sd: SessionDescription, body: bytes, text: str) -> Exchange:
    """An offer that goes on as `text`."""
    return Exchange(by=by, offer=sd, octets=body, forwarded=text.encode("utf-8", "surrogateescape"))


def check_plain(sd: SessionDescription) -> None:
    """A call without protection goes on without.

    Raises: PeerError.
    """
    if any(line.is_secure for line in live_lines(sd).values()):
        raise PeerError("a call without keys is to go on under SRTP", mikey_error=None, section=SECTION)


def with_lines(sd: SessionDescription, lines: Mapping[Level, tuple[str, ...]]) -> SessionDescription:
    """An answer with the key management lines of the levels that are still in use."""
    live = live_lines(sd)
    for level, values in lines.items():
        if level is None or level in live:
            sd = sd.with_attributes(level, [f"key-mgmt:{value}" for value in values], first=True)
    return sd
