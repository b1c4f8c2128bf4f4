"""What an INVITE that comes in is answered with, worked out before anything rings: an answer, an offer or a refusal.

Source: RFC 3261 section 13.3.1, RFC 3264 section 6, RFC 4567 section 4.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp import sip
from mikey_sdp.endpoint.answering import Answer, Rejection
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.collisions import as_filled_in
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import AnyAnswer, AnyOffer, Leg
from mikey_sdp.nodes.plain import PlainLeg, PlainRejection
from mikey_sdp.nodes.session_body import RemoteStream, remote_streams
from mikey_sdp.nodes.switchboard import Switchboard

PRECONDITION_FAILURE: Final = 580
MISCELLANEOUS: Final = 399
_NOT_ACCEPTABLE: Final = 488
_NO_MEDIA: Final = (304, "Media type not available")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call is not taken, as SIP and MIKEY say it."""

    status: int = _NOT_ACCEPTABLE
    warning: tuple[int, str]
    mikey_message: bytes | None = None


class Invitations:
    """Works on the descriptions of calls that come in."""

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies

    def take(
        self, leg: Leg, incoming: sip.IncomingRequest, offered: tuple[RemoteStream, ...], caller: str
    ) -> Refusal | None:
        """Work out our description, `leg.answer`; without an offer it is one. Else why the call can't be taken."""
        secure_carrier = incoming.source.transport == Transport.TLS
        if not incoming.request.body:
            return self._make_offer(leg, caller, secure_carrier=secure_carrier)
        if not any(stream.port for stream in leg.body.streams):
            return Refusal(warning=_NO_MEDIA)
        offer = incoming.request.body.decode("utf-8", "surrogateescape")
        answer = self._answer_to(leg, offer, caller, secure_carrier=secure_carrier)
        if answer.rejection is not None:
            return self._rejected(leg, answer.rejection)
        leg.secured = PlainLeg() if answer.keys is None else answer.keys.leg
        leg.answer = answer.sdp
        if isinstance(answer, Answer) and answer.keys is not None and answer.sdp is not None:
            leg.body, leg.answer = as_filled_in(leg.body, answer.sdp, answer.keys)
        try:
            leg.on_ack = self._board.agree(leg, leg.body, offered, answer.keys)
        except PeerError as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            leg.answer = None
            return Refusal(warning=(MISCELLANEOUS, error.reason))
        return None

    def _rejected(self, leg: Leg, rejection: Rejection | PlainRejection) -> Refusal:
        status = rejection.status if leg.body.may_ring else PRECONDITION_FAILURE  # [5027-3-8]
        self._desk.key_management_failed(
            leg.call_id, leg.peer, rejection.warning[1], mikey_error=rejection.mikey_error, status=status
        )
        return Refusal(status=status, warning=rejection.warning, mikey_message=rejection.mikey_message)

    def _answer_to(self, leg: Leg, offer: str, caller: str, *, secure_carrier: bool) -> AnyAnswer:
        endpoint = self._desk.endpoint
        if not isinstance(endpoint, Endpoint):
            return endpoint.answer(offer, str(leg.body))
        return endpoint.answer(offer, str(leg.body), caller=caller, secure_carrier=secure_carrier)

    def _make_offer(self, leg: Leg, caller: str, *, secure_carrier: bool) -> Refusal | None:
        """The caller leaves the offer to us, and answers in his ACK."""
        leg.body = self._bodies.first_offer(asks=False)
        try:
            leg.offer = self._offer(leg, caller, secure_carrier=secure_carrier)
        except (PolicyRefused, UsageError) as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            return Refusal(warning=(MISCELLANEOUS, f"Key management: {error}"))
        leg.answer = leg.offer.sdp
        self._desk.lobby.open(leg.call_id, leg.body, leg.offer)
        return None

    def _offer(self, leg: Leg, caller: str, *, secure_carrier: bool) -> AnyOffer:
        endpoint, level = self._desk.endpoint, self._desk.config.level
        if not isinstance(endpoint, Endpoint):
            return endpoint.offer(str(leg.body))
        return endpoint.offer(
            str(leg.body), to=caller, secure_carrier=secure_carrier, level=level, expects=self._desk.config.expects
        )

    def complete(self, leg: Leg, ack: sip.Request) -> bool:
        """Take the answer that an ACK brings; false, and a record of why, if its keys are not to be had."""
        offer, leg.offer = leg.offer, None
        if offer is None:
            return True
        answer = ack.body.decode("utf-8", "surrogateescape")
        try:
            keys = offer.accept(answer)
            agreed = self._board.agree(leg, leg.body, remote_streams(answer), keys)
        except (PeerError, DecodeError, PolicyRefused) as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            return False
        self._board.settle(leg, keys, agreed)
        self._board.close_lobby(leg.call_id, leg.peer)
        return True
