"""Changes of running calls by UPDATE, which no ACK follows: fresh keys under security preconditions, and peers' offers.

Source: RFC 3311 section 5, RFC 3312 section 6, RFC 5027 section 3.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker, sdp_octets
from mikey_sdp.nodes.commands import FurtherRound, ReKey
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import AnySecured, Change, Leg, OwnChange, Stage
from mikey_sdp.nodes.session_body import RemoteStream, SessionBody, remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.nodes.ua_changes import Changes
from mikey_sdp.sdp.media import Direction
from mikey_sdp.sdp.preconditions import Strength

SWITCH_US: Final = 500_000
"""How long after our answer to an offer without preconditions we send as before: by then the peer has it."""
_UPDATE: Final = "UPDATE"
_OK: Final = 200
_BAD_REQUEST: Final = 400
_NOT_ACCEPTABLE: Final = 488


class Updates:
    """Offers and answers changes of running calls in UPDATEs."""

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker, changes: Changes) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies
        self._changes: Final = changes

    # Our own offers

    def offer(self, leg: Leg, secured: AnySecured, command: Change) -> bool:
        """Offer fresh keys that both ends are to have before they are used; false for any other change.

        Raises: PolicyRefused, UsageError.
        """
        if not isinstance(command, ReKey) or self._desk.config.preconditions is not Strength.MANDATORY:
            return False
        body = leg.body.asking_again()
        self._send(leg, OwnChange(command=command, offer=secured.offer(str(body), rekey=True), body=body))
        return True

    def _send(self, leg: Leg, change: OwnChange) -> None:
        if leg.dialog is not None:
            leg.change = change
            leg.asking, outputs = self._desk.core.request(leg.dialog, _UPDATE, body=sdp_octets(change.offer.sdp))
            self._desk.do(outputs)

    def responded(self, event: sip.ResponseReceived) -> bool:
        """Take the answer to an UPDATE of ours in a running call; false for any other response."""
        leg = self._desk.leg_of(event.dialog)
        if leg is None or leg.stage is not Stage.CONFIRMED or event.outgoing is not leg.asking or event.status < _OK:
            return False
        change, leg.asking = leg.change, None
        if change is None:
            return False
        if event.response is None or event.status >= 300:
            self._changes.not_taken(leg, _UPDATE, event.status, event.response)
            return True
        leg.change = None
        answer = event.response.body.decode("utf-8", "surrogateescape")
        try:
            remote = remote_streams(answer)
            agreed = self._board.agree(leg, change.body, remote, change.offer.accept(answer))
        except (PeerError, DecodeError, PolicyRefused) as error:
            number = error.mikey_error if isinstance(error, PeerError) else None
            self._changes.failed(leg, change.command, str(error), mikey_error=number)
            return True
        leg.body = change.body
        self._board.listen(leg, agreed)
        if any(one.precondition is not None and one.precondition.confirm is not None for one in remote):
            self._confirm(leg)
        self._changes.in_force(leg, agreed)  # [5027-3-20]
        return True

    def _confirm(self, leg: Leg) -> None:
        """Tell the peer that we have its keys, by an offer that changes nothing else. # [5027-3-17]"""
        body = leg.body.stating(Direction.SENDRECV)
        if leg.secured is None:
            return
        try:
            self._send(leg, OwnChange(command=FurtherRound(leg.peer), offer=leg.secured.offer(str(body)), body=body))
        except (PolicyRefused, UsageError) as error:
            self._desk.refused(leg.call_id, leg.peer, error)

    # The peer's offers

    def received(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        """The peer offers a change: answer it at once, and use what is agreed on once the peer has the answer."""
        desk, offer = self._desk, incoming.request.body.decode("utf-8", "surrogateescape")
        try:
            remote = remote_streams(offer)
        except DecodeError:
            desk.do(desk.core.respond(incoming, _BAD_REQUEST))
            return
        if leg.secured is None or not remote:
            desk.do(desk.core.respond(incoming, _NOT_ACCEPTABLE))
            return
        body = self._answering(leg, remote)
        answer = leg.secured.answer(offer, str(body))
        if answer.rejection is not None:
            desk.refuse_change(leg, incoming, answer.rejection)
            return
        try:
            agreed = self._board.agree(leg, body, remote, answer.keys)
        except PeerError as error:
            # The exchange is over and its keys can't be run: there is no way back to those before.
            desk.refused(leg.call_id, leg.peer, error)
            desk.do(desk.core.respond(incoming, _NOT_ACCEPTABLE, warnings=[(399, error.reason)]))
            self._board.hang_up(leg, KEYS_FAILED)
            return
        self._board.listen(leg, agreed)  # [5027-3-21]
        leg.on_ack, leg.body = agreed, body
        timed = self._board.timers.answer(leg, incoming.request)
        desk.do(desk.core.respond(incoming, _OK, headers=timed, body=sdp_octets(answer.sdp or "")))
        if not any(stream.precondition is not None for stream in body.streams):
            desk.set_timer(leg.timer("switch"), SWITCH_US)
        elif body.may_ring:
            self.switch(leg)

    def _answering(self, leg: Leg, remote: tuple[RemoteStream, ...]) -> SessionBody:
        body = self._bodies.next_answer(leg.body, remote, holding=leg.holding)
        again = body.answering_again(remote)
        return again if again != body else body.learning(remote)

    def switch(self, leg: Leg) -> None:
        """The peer has our answer: what we agreed on is in force."""
        self._changes.acknowledged(leg)
