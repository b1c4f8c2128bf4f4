"""The called side of a user agent: from an INVITE to ringing, an answer, a rejection, or silence."""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.bodies import BodyMaker, sdp_octets
from mikey_sdp.nodes.config import Reaction, Security, Speaks
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg, Stage
from mikey_sdp.nodes.session_body import remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.nodes.takeover import may_take_over
from mikey_sdp.nodes.ua_changes import OVERLAP_US
from mikey_sdp.nodes.ua_early import EarlyDialogs
from mikey_sdp.nodes.ua_invited import MISCELLANEOUS, Invitations
from mikey_sdp.nodes.ua_refusing import Refusals
from mikey_sdp.nodes.ua_timers import TOO_SMALL

SOON_US: Final = 200_000
"""A callee that says nothing for longer sends a 100 first, so that the INVITE is not repeated. (RFC 3261 section
17.2.1)"""

_TRYING: Final = 100
_RINGING: Final = 180
_PROGRESS: Final = 183
_OK: Final = 200
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_REQUEST_TERMINATED: Final = 487
_NOT_ACCEPTABLE: Final = 488
_TIMEOUT: Final = 504
_EXTENSION_REQUIRED: Final = 421
_DECLINE: Final = 603
_NO_UPDATE: Final = (MISCELLANEOUS, "The call is not up yet, and its answer is under way")


class Callee:
    """Meets calls as its configuration says.

    Keeps: `refusals`, by which calls end that it doesn't take.
    """

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker, early: EarlyDialogs) -> None:
        self._desk: Final = desk
        self._early: Final = early
        self._invitations: Final = Invitations(desk, board, bodies)
        self.refusals: Final = Refusals(desk, board)
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
        too_small = self._board.timers.too_small(request)
        if too_small:
            desk.do(desk.core.respond(event.incoming, TOO_SMALL, headers=too_small))
            return
        try:
            caller = sip.identity(request.get("From") or "")
            offered = remote_streams(offer) if offer else ()
        except DecodeError as error:
            stranger = request.get("From") or ""
            desk.call_changed(request.call_id, stranger, "rejected", status=_BAD_REQUEST, reason=str(error))
            desk.do(desk.core.respond(event.incoming, _BAD_REQUEST))
            return
        leg = desk.new_leg(
            peer=desk.name_of_caller(request, caller),
            called=desk.config.name,
            call_id=request.call_id,
            body=self._bodies.first_answer(offered),
        )
        leg.incoming = event.incoming
        if desk.config.answering.reaction is Reaction.ANSWER:
            refusal = self._invitations.take(leg, event.incoming, offered, caller)
            if refusal is not None:
                self.refusals.refuse(leg, event.incoming, refusal)
                return
            if desk.config.answering.speaks is Speaks.OFFERED and leg.body.may_ring:
                self._speak_early(leg)
            if not leg.body.may_ring and leg.answer is not None:
                self._wait(leg, event.incoming, leg.answer)
                return
        replaced = desk.leg_of(event.replaces)
        if replaced is not None and leg.answer is not None:
            self._take_over(leg, event, leg.answer, replaced)
        else:
            self._schedule(leg, event.incoming)

    def _take_over(self, leg: Leg, event: sip.InviteReceived, answer: str, replaced: Leg) -> None:
        """The call takes the place of another one: answer at once, and end that.

        Only the peer of that call may ask for it, or whom he named; who leaves the offer to us has proved nothing yet.
        A phone without security has nothing to tell them by. (RFC 3891 section 3)
        """
        config, incoming = self._desk.config, event.incoming
        contact = config.contacts.get(replaced.called)
        called = contact.uri if contact is not None and replaced.stage is Stage.EARLY else ""
        if config.security is not Security.NONE and not may_take_over(event.request, leg, replaced, called):
            self.refusals.reject(leg, incoming, _FORBIDDEN)
            return
        self._answer(leg, incoming, answer)
        if replaced.stage is Stage.EARLY and replaced.invite is not None:
            self._desk.do(self._desk.core.cancel(replaced.invite))
        else:
            self._board.hang_up(replaced, "replaced")

    def _wait(self, leg: Leg, incoming: sip.IncomingRequest, answer: str) -> None:
        """Answer at once, and do nothing that a person would notice before the keys are agreed on. # [5027-3-9]"""
        if incoming.takes_reliable:
            leg.waits = True
            self._describe(leg, incoming, answer)
        else:
            self.refusals.reject(leg, incoming, _EXTENSION_REQUIRED, headers=[("Require", "100rel")])

    def _go_on(self, leg: Leg) -> None:
        """Ring, and what follows, if nothing keeps us from it any more."""
        if leg.waits and leg.body.may_ring and leg.incoming is not None:
            leg.waits = False
            self._speak_early(leg)
            self._schedule(leg, leg.incoming)

    def _schedule(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        describes = leg.answer is not None and not leg.answer_confirmed and leg.offer is None
        moments = self._desk.config.answering.moments(describes=describes)
        if min(moments.values(), default=SOON_US + 1) > SOON_US:
            self._desk.do(self._desk.core.respond(incoming, _TRYING))
        for what, after_us in moments.items():
            self._after(leg, what, after_us)

    def _after(self, leg: Leg, what: str, delay_us: int) -> None:
        if delay_us:
            self._desk.set_timer(leg.timer(what), delay_us)
        else:
            self.timer(leg, what)

    def timer(self, leg: Leg, what: str) -> None:
        """It is time to ring, to describe ourselves, or to decide."""
        incoming, desk = leg.incoming, self._desk
        if leg.stage is not Stage.EARLY or incoming is None:
            return
        if what == "ring":
            leg.state = "ringing"
            desk.call_changed(leg.call_id, leg.peer, "ringing", status=_RINGING)
            desk.do(desk.core.respond(incoming, _RINGING))
            leg.dialog = incoming.dialog
        elif leg.answer is None:
            self.refusals.reject(leg, incoming, desk.config.answering.status)
        elif what == "early":
            self._describe(leg, incoming, leg.answer)
        else:
            self._answer(leg, incoming, leg.answer)

    def _describe(self, leg: Leg, incoming: sip.IncomingRequest, answer: str) -> None:
        """Say 183 with the answer, and be ready for what the caller may send from the moment it has that."""
        desk = self._desk
        leg.state = "early"
        desk.call_changed(leg.call_id, leg.peer, "early", status=_PROGRESS)
        self._listen(leg)
        wanted = leg.waits or desk.config.answering.reliable
        reliable = incoming.wants_reliable or (wanted and incoming.takes_reliable)
        desk.do(desk.core.respond(incoming, _PROGRESS, body=sdp_octets(answer), reliable=reliable))
        leg.dialog = incoming.dialog
        leg.answer_confirmed = reliable
        self._speak_when_answered(leg)

    def _answer(self, leg: Leg, incoming: sip.IncomingRequest, answer: str) -> None:
        """Say 200, and be ready for what the caller may send from the moment it has that.

        What a reliable 183 said is not said again; what another 183 said was only a preview of it.
        """
        desk = self._desk
        leg.stage = Stage.ANSWERED
        desk.call_changed(leg.call_id, leg.peer, "answered", status=_OK)
        self._listen(leg)
        timed = self._board.timers.answer(leg, incoming.request)
        body = b"" if leg.answer_confirmed else sdp_octets(answer)
        desk.do(desk.core.respond(incoming, _OK, headers=timed, body=body))
        leg.dialog = incoming.dialog
        self._speak_when_answered(leg)

    def _listen(self, leg: Leg) -> None:
        agreed = leg.on_ack or leg.agreed
        if agreed is not None and not leg.media.receivers:
            self._board.listen(leg, agreed)

    def _speak_when_answered(self, leg: Leg) -> None:
        if not leg.waits and self._desk.config.answering.speaks is not Speaks.CONFIRMED:
            self._speak_early(leg)

    def _speak_early(self, leg: Leg) -> None:
        """Send before the call is up: an announcement, or speech that may overtake the answer."""
        if leg.fresh:  # keys that the caller hasn't got yet wait for the ACK
            return
        agreed, leg.on_ack = leg.on_ack, None
        if agreed is not None:
            self._board.speak(leg, agreed, packets=self._desk.config.answering.early_packets)

    def progress_confirmed(self, event: sip.PrackReceived) -> None:
        """The caller has the answer that our 183 brought."""
        for leg in [leg for leg in self._desk.legs.values() if leg.incoming is event.invite]:
            if leg.stage is Stage.ENDED or not leg.answer_confirmed:  # a mere 180 was confirmed
                continue
            # A further round confirms the keys of the first one; other fresh keys are there to replace those unused.
            if not leg.waits and (event.incoming is None or _is_between_rounds(leg)):
                self._speak_early(leg)
            if event.incoming is not None and not self._offered(leg, event.incoming):
                continue
            if not leg.waits:
                self._speak_early(leg)
            self._go_on(leg)

    def updated(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        """An UPDATE: before the call is up it may bring an offer, in between not."""
        if not incoming.request.body:
            timed = self._board.timers.answer(leg, incoming.request)
            self._desk.do(self._desk.core.respond(incoming, _OK, headers=timed))
        elif leg.stage is not Stage.EARLY or leg.incoming is None:
            self._desk.do(self._desk.core.respond(incoming, _NOT_ACCEPTABLE, warnings=[_NO_UPDATE]))
        elif self._offered(leg, incoming):
            self._go_on(leg)

    def _offered(self, leg: Leg, incoming: sip.IncomingRequest) -> bool:
        """A further offer before the call is up; one that can't be taken is the end of it."""
        if leg.secured is not None and self._early.answer(leg, leg.secured, incoming):
            return True
        if leg.incoming is not None and not leg.incoming.decided:
            self.refusals.reject(leg, leg.incoming, _NOT_ACCEPTABLE)
        return False

    def acknowledged(self, leg: Leg, ack: sip.Request) -> None:
        """The caller has our answer, or answers our offer: the call is up."""
        if not self._invitations.complete(leg, ack):
            self._board.hang_up(leg, KEYS_FAILED)
            return
        desk, on_ack = self._desk, leg.on_ack
        if leg.fresh:
            leg.fresh = False
            desk.set_timer(leg.timer("overlap"), OVERLAP_US)
        leg.stage = Stage.CONFIRMED
        leg.incoming = None
        desk.call_changed(leg.call_id, leg.peer, "confirmed")
        if leg.secured is not None:
            leg.secured.confirm()
        if on_ack is not None:
            leg.on_ack = None
            self._board.speak(leg, on_ack)
        elif desk.config.answering.early_packets is not None:
            leg.media.refill(desk.config.streams.packets)
            self._board.start(leg)


def _is_between_rounds(leg: Leg) -> bool:
    """Whether the caller's next offer finishes an exchange of two rounds."""
    return leg.on_ack is not None and leg.on_ack.keys is not None and not leg.on_ack.keys.live
