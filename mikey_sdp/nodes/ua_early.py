"""Further offers before a call is up: they confirm security preconditions, and finish exchanges of two rounds.

Source: RFC 3262 section 5, RFC 3311, RFC 3312 section 5, RFC 5027 sections 3 and 4.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker, sdp_octets
from mikey_sdp.nodes.commands import FurtherRound
from mikey_sdp.nodes.config import EarlyOffers
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Agreed, AnySecured, Leg, OwnChange, Stage
from mikey_sdp.nodes.session_body import remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.nodes.told import after_status
from mikey_sdp.sdp.media import Direction

_OK: Final = 200
_BAD_REQUEST: Final = 400
_NOT_ACCEPTABLE: Final = 488


class EarlyDialogs:
    """Offers and answers in early dialogs, after the first answer came in a reliable provisional response."""

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies

    # The caller's side

    def confirm(self, leg: Leg, event: sip.ProvisionalReceived, dialog: sip.Dialog) -> None:
        """Confirm a reliable provisional response, with an offer in the PRACK where one is due."""
        desk = self._desk
        in_prack = desk.config.early_offers is EarlyOffers.PRACK
        change = self._due(leg) if in_prack else None
        body = b"" if change is None else sdp_octets(change.offer.sdp)
        if leg.answer is not None and not leg.answer_confirmed:  # the response made the offer
            body, leg.answer_confirmed = sdp_octets(leg.answer), True
        asking, outputs = desk.core.prack(event.invite, dialog, body=body)
        if change is not None:
            leg.change, leg.asking = change, asking
        desk.do(outputs)

    def _due(self, leg: Leg) -> OwnChange | None:
        """The offer to make now, if the peer asked to be told of our keys or the exchange has another round."""
        agreed, secured = leg.on_ack, leg.secured
        dialog = leg.dialog
        if agreed is None or secured is None or dialog is None or leg.stage is not Stage.EARLY:
            return None
        if leg.change is not None or dialog.negotiation.pending is not None:
            return None
        asked = any(one.precondition is not None and one.precondition.confirm is not None for one in agreed.remote)
        if not asked and (agreed.keys is None or not agreed.keys.further_round):
            return None
        body = leg.body.stating(Direction.SENDRECV)
        try:
            offer = secured.offer(str(body))  # the same messages while no key changes [5027-3-17]
        except (PolicyRefused, UsageError) as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            return None
        return OwnChange(command=FurtherRound(leg.peer), offer=offer, body=body)

    def answered(self, event: sip.ResponseReceived) -> None:
        """A PRACK or UPDATE of ours has its response."""
        leg = self._desk.leg_of(event.dialog)
        if leg is None or leg.stage is Stage.ENDED or event.status < _OK:
            return
        if event.outgoing is leg.asking and leg.change is not None:
            change, leg.change, leg.asking = leg.change, None, None
            self._settle(leg, change, event)
        elif event.outgoing.method == "PRACK" and self._desk.config.early_offers is EarlyOffers.UPDATE:
            self._update(leg)

    def _update(self, leg: Leg) -> None:
        change = self._due(leg)
        if change is not None and leg.dialog is not None:
            leg.change = change
            leg.asking, outputs = self._desk.core.request(leg.dialog, "UPDATE", body=sdp_octets(change.offer.sdp))
            self._desk.do(outputs)

    def _settle(self, leg: Leg, change: OwnChange, event: sip.ResponseReceived) -> None:
        desk, response = self._desk, event.response
        if response is None or event.status >= 300:
            reason = f"the {event.outgoing.method} was refused with {event.status}{after_status(response)}"
            desk.key_management_failed(leg.call_id, leg.peer, reason, status=event.status)
            self._board.hang_up(leg, KEYS_FAILED)
            return
        try:
            answer = response.body.decode("utf-8", "surrogateescape")
            remote = remote_streams(answer)
            agreed = self._board.agree(leg, change.body, remote, change.offer.accept(answer))
        except (PeerError, DecodeError, PolicyRefused) as error:
            desk.refused(leg.call_id, leg.peer, error)
            self._board.hang_up(leg, KEYS_FAILED)
            return
        before = leg.on_ack or leg.agreed
        leg.fresh = before is not None and _keys_of(before) != _keys_of(agreed)
        leg.body = change.body
        self._board.listen(leg, agreed)
        if leg.stage is Stage.CONFIRMED:
            self._board.speak(leg, agreed)
        else:
            leg.on_ack = agreed

    # The callee's side

    def answer(self, leg: Leg, secured: AnySecured, incoming: sip.IncomingRequest) -> bool:
        """Answer an offer in a PRACK or UPDATE; false if it can't be taken, and with it the call."""
        desk, offer = self._desk, incoming.request.body.decode("utf-8", "surrogateescape")
        try:
            remote = remote_streams(offer)
        except DecodeError:
            desk.do(desk.core.respond(incoming, _BAD_REQUEST))
            return False
        body = self._bodies.next_answer(leg.body, remote, holding=False).learning(remote)
        answer = secured.answer(offer, str(body))
        rejection = answer.rejection
        if rejection is not None:
            desk.refuse_change(leg, incoming, rejection)
            return False
        try:
            agreed = self._board.agree(leg, body, remote, answer.keys)
        except PeerError as error:
            desk.refused(leg.call_id, leg.peer, error)
            desk.do(desk.core.respond(incoming, _NOT_ACCEPTABLE, warnings=[(399, error.reason)]))
            return False
        before = leg.on_ack or leg.agreed
        leg.fresh = before is not None and _keys_of(before) != _keys_of(agreed)
        leg.body = body
        self._board.listen(leg, agreed)
        if leg.agreed is None or agreed.fresh:
            leg.on_ack = agreed
        desk.do(desk.core.respond(incoming, _OK, body=sdp_octets(answer.sdp or "")))
        return True


def _keys_of(agreed: Agreed) -> dict[int, MediaKeys]:
    return {} if agreed.keys is None else dict(agreed.keys.media)
