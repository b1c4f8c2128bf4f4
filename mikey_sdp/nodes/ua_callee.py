"""The called side of a user agent: from an INVITE to ringing, an answer, a rejection, or silence."""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.nodes.bodies import BodyMaker, failure_body
from mikey_sdp.nodes.config import Reaction
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Agreed, AnyAnswer, Leg, Stage
from mikey_sdp.nodes.plain import PlainEndpoint, PlainLeg
from mikey_sdp.nodes.session_body import RemoteStream, remote_streams
from mikey_sdp.nodes.switchboard import Switchboard

SOON_US: Final = 200_000
"""A callee that says nothing for longer sends a 100 first, so that the INVITE is not repeated. (RFC 3261 section
17.2.1)"""

_TRYING: Final = 100
_RINGING: Final = 180
_OK: Final = 200
_BAD_REQUEST: Final = 400
_REQUEST_TERMINATED: Final = 487
_NOT_ACCEPTABLE: Final = 488
_DECLINE: Final = 603
_MISCELLANEOUS: Final = 399
_NO_MEDIA: Final = (304, "Media type not available")
_NO_OFFER: Final = (_MISCELLANEOUS, "An INVITE without an offer can't be answered here")


class Callee:
    """Meets calls as its configuration says."""

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies

    def ignores(self, octets: bytes) -> bool:
        """Whether a message is a call that this party takes no notice of; nothing is kept of it then."""
        if self._desk.config.answering.reaction is not Reaction.IGNORE or not octets.startswith(b"INVITE "):
            return False
        try:
            return not sip.Message.parse(octets).to.tag
        except DecodeError:
            return False

    def invited(self, event: sip.InviteReceived) -> None:
        """A new call comes in."""
        desk, request = self._desk, event.request
        offer = request.body.decode("utf-8", "surrogateescape")
        try:
            caller = sip.identity(request.get("From") or "")
            offered = remote_streams(offer) if offer else ()
        except DecodeError as error:
            stranger = request.get("From") or ""
            desk.call_changed(request.call_id, stranger, "rejected", status=_BAD_REQUEST, reason=str(error))
            desk.do(desk.core.respond(event.incoming, _BAD_REQUEST))
            return
        leg = desk.new_leg(
            peer=desk.name_of(caller),
            called=desk.config.name,
            call_id=request.call_id,
            body=self._bodies.first_answer(offered),
        )
        leg.incoming = event.incoming
        if desk.config.answering.reaction is Reaction.ANSWER:
            if not any(stream.port for stream in leg.body.streams):
                self._reject(leg, event.incoming, _NOT_ACCEPTABLE, warning=_NO_MEDIA if offer else _NO_OFFER)
                return
            if not self._take_offer(leg, event.incoming, offer, offered, caller):
                return
        self._schedule(leg, event.incoming)

    def _schedule(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        answering = self._desk.config.answering
        decide = answering.decide_after_us
        ring = answering.ringing_after_us
        if ring is not None and decide is not None and ring >= decide:
            ring = None
        first = min((after for after in (ring, decide) if after is not None), default=None)
        if first is None or first > SOON_US:
            self._desk.do(self._desk.core.respond(incoming, _TRYING))
        if ring is not None:
            self._after(leg, "ring", ring)
        if decide is not None:
            self._after(leg, "decide", decide)

    def _after(self, leg: Leg, what: str, delay_us: int) -> None:
        if delay_us:
            self._desk.set_timer(leg.timer(what), delay_us)
        else:
            self.timer(leg, what)

    def timer(self, leg: Leg, what: str) -> None:
        """It is time to ring, or to decide."""
        incoming, desk = leg.incoming, self._desk
        if leg.stage is not Stage.EARLY or incoming is None:
            return
        if what == "ring":
            leg.state = "ringing"
            desk.call_changed(leg.call_id, leg.peer, "ringing", status=_RINGING)
            desk.do(desk.core.respond(incoming, _RINGING))
            leg.dialog = incoming.dialog
        elif leg.answer is None or leg.on_ack is None:
            self._reject(leg, incoming, desk.config.answering.status)
        else:
            self._answer(leg, incoming, leg.answer, leg.on_ack)

    def _take_offer(
        self, leg: Leg, incoming: sip.IncomingRequest, offer: str, offered: tuple[RemoteStream, ...], caller: str
    ) -> bool:
        """Work out the answer before it rings; reject at once where the keys are not to be had."""
        desk = self._desk
        answer = self._answer_to(leg, offer, caller, secure_carrier=incoming.source.transport == Transport.TLS)
        rejection = answer.rejection
        if rejection is not None:
            desk.key_management_failed(
                leg.call_id, leg.peer, rejection.warning[1], mikey_error=rejection.mikey_error, status=rejection.status
            )
            self._reject(
                leg, incoming, rejection.status, warning=rejection.warning, mikey_message=rejection.mikey_message
            )
            return False
        leg.secured = PlainLeg() if answer.keys is None else answer.keys.leg
        try:
            leg.on_ack = self._board.agree(leg, leg.body, offered, answer.keys)
        except PeerError as error:
            desk.refused(leg.call_id, leg.peer, error)
            self._reject(leg, incoming, _NOT_ACCEPTABLE, warning=(_MISCELLANEOUS, error.reason))
            return False
        leg.answer = answer.sdp
        return True

    def _answer_to(self, leg: Leg, offer: str, caller: str, *, secure_carrier: bool) -> AnyAnswer:
        endpoint = self._desk.endpoint
        if isinstance(endpoint, PlainEndpoint):
            return endpoint.answer(offer, str(leg.body))
        return endpoint.answer(offer, str(leg.body), caller=caller, secure_carrier=secure_carrier)

    def _answer(self, leg: Leg, incoming: sip.IncomingRequest, answer: str, agreed: Agreed) -> None:
        """Say 200, and be ready for what the caller may send from the moment it has that."""
        desk = self._desk
        leg.stage = Stage.ANSWERED
        desk.call_changed(leg.call_id, leg.peer, "answered", status=_OK)
        self._board.listen(leg, agreed)
        desk.do(desk.core.respond(incoming, _OK, body=answer.encode("utf-8", "surrogateescape")))
        leg.dialog = incoming.dialog

    def acknowledged(self, leg: Leg) -> None:
        """The caller has our answer: the call is up."""
        leg.stage = Stage.CONFIRMED
        leg.incoming = None
        self._desk.call_changed(leg.call_id, leg.peer, "confirmed")
        if leg.on_ack is not None:
            self._board.speak(leg, leg.on_ack)
            leg.on_ack = None

    def cancelled(self, event: sip.InviteCancelled) -> None:
        """The caller gave up; the core has said 487 already."""
        for leg in [leg for leg in self._desk.legs.values() if leg.incoming is event.incoming]:
            self._desk.call_changed(leg.call_id, leg.peer, "cancelled", status=_REQUEST_TERMINATED)
            self._drop(leg)

    def decline(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        """Told to hang up while it still rings."""
        self._reject(leg, incoming, _DECLINE)

    def _reject(
        self,
        leg: Leg,
        incoming: sip.IncomingRequest,
        status: int,
        *,
        warning: tuple[int, str] | None = None,
        mikey_message: bytes | None = None,
    ) -> None:
        desk = self._desk
        said = "" if warning is None else f"{warning[0]} {warning[1]}"
        desk.call_changed(leg.call_id, leg.peer, "rejected", status=status, warning=said)
        body = b"" if mikey_message is None else failure_body(leg.body, mikey_message)
        desk.do(desk.core.respond(incoming, status, body=body, warnings=[] if warning is None else [warning]))
        self._drop(leg)

    def _drop(self, leg: Leg) -> None:
        """Keep nothing of a call that never came to be."""
        for timer in ("ring", "decide"):
            self._desk.cancel_timer(leg.timer(timer))
        if leg.secured is not None:
            leg.secured.close()
        leg.stage = Stage.ENDED
        self._desk.legs.pop(leg.number, None)
