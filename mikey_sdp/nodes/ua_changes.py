"""Changes within a call: fresh keys, hold and resume, streams that come and go, by re-INVITE from either side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker, sdp_octets
from mikey_sdp.nodes.collisions import followed, moved
from mikey_sdp.nodes.commands import ChangeSsrc, FurtherRound, Hold, Refresh, ReKey, Resume
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Agreed, AnySecured, Change, Leg, OwnChange, Stage
from mikey_sdp.nodes.session_body import RemoteStream, remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, REKEY_FAILED, Switchboard
from mikey_sdp.nodes.told import after_status
from mikey_sdp.sdp.media import Direction

OVERLAP_US: Final = 1_000_000
"""How long after a re-key packets under the former keys are still taken: those that were under way."""

_OK: Final = 200
_BAD_REQUEST: Final = 400
_TIMEOUT: Final = 408
_NO_DIALOG: Final = 481
_NOT_ACCEPTABLE: Final = 488
_GLARE: Final = 491
_NO_OFFER: Final = (399, "A re-INVITE without an offer can't be answered here")


class Changes:
    """Offers and answers changes of running calls.

    Keeps: `by_update`, which offers a change in an UPDATE and says so, or leaves it to a re-INVITE.
    """

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies
        self.by_update: Callable[[Leg, AnySecured, Change], bool] = lambda _leg, _secured, _command: False

    # Our own offers

    def ssrc_collided(self, leg: Leg, media: int) -> None:
        """Somebody else sends under our SSRC with the same key: say nothing until the peer knows another of ours.

        Source: RFC 3550 section 8.2, RFC 3711 section 9.1.
        """
        if media in leg.media.collided or leg.stage is Stage.ENDED:
            return
        leg.media.fall_silent(media)
        self._desk.warn(f"somebody else sends under our SSRC {leg.body.streams[media].ssrc:08x}; we choose another")
        leg.waiting.appendleft(ChangeSsrc(leg.peer, media))
        self.next_change(leg)

    def change(self, command: Change) -> None:
        """Offer a change on every leg with that peer; one that comes too early waits for its turn."""
        legs = [leg for leg in self._desk.legs_with(command.peer) if leg.stage is Stage.CONFIRMED]
        if not legs:
            self._desk.warn(f"there is no call with {command.peer} to change")
        for leg in legs:
            leg.waiting.append(command)
            self.next_change(leg)

    def next_change(self, leg: Leg) -> None:
        """Offer the next change that waits, unless an INVITE is open in the dialog."""
        dialog, secured = leg.dialog, leg.secured
        if dialog is None or secured is None or leg.stage is not Stage.CONFIRMED or leg.backs_off:
            return
        while leg.waiting and leg.change is None and not dialog.invite_open:
            self._offer(leg, dialog, secured, leg.waiting.popleft())

    def refresh(self, leg: Leg) -> None:
        """Prolong the session by an offer that changes nothing."""
        leg.waiting.append(Refresh(leg.peer))
        self.next_change(leg)

    def further_round(self, leg: Leg) -> None:
        """Finish a key exchange that we began, before any other change, if it takes one more round."""
        keys = leg.agreed.keys if leg.agreed is not None else None
        command = FurtherRound(leg.peer)
        if keys is not None and keys.further_round and leg.change is None and command not in leg.waiting:
            leg.waiting.appendleft(command)
            self.next_change(leg)

    def back_on(self, leg: Leg) -> None:
        """After a glare it is our turn again."""
        leg.backs_off = False
        self.next_change(leg)

    def _offer(self, leg: Leg, dialog: sip.Dialog, secured: AnySecured, command: Change) -> None:
        desk = self._desk
        try:
            if self.by_update(leg, secured, command):
                return
            body = self._bodies.changed(leg.body, command)
            offer = secured.offer(str(body), rekey=isinstance(command, ReKey))
        except UsageError as error:
            desk.warn(f"nothing is offered to {leg.peer}: {error}")
            return
        except PolicyRefused as error:
            desk.refused(leg.call_id, leg.peer, error)
            return
        leg.change = OwnChange(command=command, offer=offer, body=body)
        headers = self._board.timers.asked(leg)
        _, outputs = desk.core.reinvite(dialog, headers=headers, body=sdp_octets(offer.sdp))
        desk.do(outputs)

    def answered(self, event: sip.AnswerReceived) -> None:
        """The peer takes our change."""
        desk, leg = self._desk, self._desk.leg_of(event.dialog)
        if leg is None or leg.change is None or leg.stage is Stage.ENDED:
            desk.do(desk.core.acknowledge(event.invite, event.dialog))
            return
        change, leg.change = leg.change, None
        answer = event.response.body.decode("utf-8", "surrogateescape")
        try:
            keys = change.offer.accept(answer)
            if isinstance(change.command, ChangeSsrc):
                keys = moved(self._desk, leg, change, change.command.media) or keys
            agreed = self._board.agree(leg, change.body, remote_streams(answer), keys)
        except (PeerError, DecodeError, PolicyRefused) as error:
            desk.do(desk.core.acknowledge(event.invite, event.dialog))
            number = error.mikey_error if isinstance(error, PeerError) else None
            self.failed(leg, change.command, str(error), mikey_error=number)
            return
        self._board.timers.answered(leg, event.response)
        if isinstance(change.command, Hold | Resume):
            leg.holding = isinstance(change.command, Hold)
        self._board.listen(leg, agreed)
        desk.do(desk.core.acknowledge(event.invite, event.dialog))
        self.in_force(leg, agreed)

    def refused(self, event: sip.InviteRefused) -> None:
        """The peer doesn't take our change: the call stays as it was, unless it is gone or was to get new keys."""
        leg = self._desk.leg_of(event.invite.dialog)
        if leg is None or leg.stage is Stage.ENDED:
            return
        self.not_taken(leg, "re-INVITE", event.status, event.response)

    def not_taken(self, leg: Leg, method: str, status: int, response: sip.Response | None) -> None:
        """A refusal of our change, in a re-INVITE or in an UPDATE."""
        desk, change = self._desk, leg.change
        if change is None or leg.dialog is None:
            return
        leg.change = None
        if status == _GLARE:
            leg.waiting.appendleft(change.command)
            leg.backs_off = True
            desk.set_timer(leg.timer("glare"), desk.core.glare_delay_us(leg.dialog))
        elif status in (_TIMEOUT, _NO_DIALOG):
            self._board.hang_up(leg, f"the {method} ended with {status}")
        else:
            self.failed(leg, change.command, _refusal(status, response), status=status)

    def failed(
        self, leg: Leg, command: Change, reason: str, *, mikey_error: int | None = None, status: int | None = None
    ) -> None:
        """An offered change came to nothing: if it was to bring or to prove keys, the session ends, else it goes on."""
        desk = self._desk
        if not isinstance(command, ReKey | FurtherRound):
            desk.warn(f"a change of the call with {leg.peer} failed: {reason}")
            self.next_change(leg)
            return
        desk.key_management_failed(leg.call_id, leg.peer, reason, mikey_error=mikey_error, status=status)
        if desk.config.keep_on_rekey_failure:
            self.next_change(leg)
        else:
            self._board.hang_up(leg, REKEY_FAILED)  # [4567-4.1.2-22]

    # The peer's offers

    def invited(self, event: sip.InviteReceived, leg: Leg) -> None:
        """The peer offers a change: answer it at once. What is not acceptable changes nothing."""
        desk, offer = self._desk, event.request.body.decode("utf-8", "surrogateescape")
        try:
            remote = remote_streams(offer) if offer else ()
        except DecodeError:
            desk.do(desk.core.respond(event.incoming, _BAD_REQUEST))
        else:
            if leg.secured is None or not remote:
                desk.do(desk.core.respond(event.incoming, _NOT_ACCEPTABLE, warnings=[_NO_OFFER]))
            else:
                self._answer(event.incoming, leg, leg.secured, offer, remote)

    def _answer(
        self,
        incoming: sip.IncomingRequest,
        leg: Leg,
        secured: AnySecured,
        offer: str,
        remote: tuple[RemoteStream, ...],
    ) -> None:
        desk = self._desk
        body = self._bodies.next_answer(leg.body, remote, holding=leg.holding)
        answer = secured.answer(offer, str(body))
        rejection = answer.rejection
        if rejection is not None:
            desk.refuse_change(leg, incoming, rejection)
            return
        try:
            keys = followed(leg, remote) or answer.keys
            agreed = self._board.agree(leg, body, remote, keys)
        except PeerError as error:
            # The exchange is over and its keys can't be run: there is no way back to those before.
            desk.refused(leg.call_id, leg.peer, error)
            desk.do(desk.core.respond(incoming, _NOT_ACCEPTABLE, warnings=[(399, error.reason)]))
            self._board.hang_up(leg, KEYS_FAILED)
            return
        self._board.listen(leg, agreed)
        leg.on_ack = agreed
        timed = self._board.timers.answer(leg, incoming.request)
        desk.do(desk.core.respond(incoming, _OK, headers=timed, body=sdp_octets(answer.sdp or "")))

    def acknowledged(self, leg: Leg) -> None:
        """The peer has our answer to its change."""
        if leg.on_ack is not None:
            agreed, leg.on_ack = leg.on_ack, None
            self.in_force(leg, agreed)

    # Both sides

    def in_force(self, leg: Leg, agreed: Agreed) -> None:
        """Both sides have the change now: say what it was, and send as agreed."""
        before = leg.agreed
        if leg.secured is not None:
            leg.secured.confirm()
        for state in _steps(before, agreed):
            self._desk.call_changed(leg.call_id, leg.peer, state)
        self._board.speak(leg, agreed)
        if agreed.fresh:
            self._desk.set_timer(leg.timer("overlap"), OVERLAP_US)
        self.further_round(leg)
        self.next_change(leg)

    def overlap_over(self, leg: Leg) -> None:
        """Packets under the keys before the last re-key are refused from now on."""
        if leg.agreed is not None and leg.agreed.keys is not None:
            for media in leg.agreed.keys.media:
                leg.agreed.keys.session(media).forget_old()
        for crowd in leg.crowds.values():
            crowd.forget_old()


def _steps(before: Agreed | None, after: Agreed) -> list[str]:
    """What an agreement changed, in the words of the trace."""
    if before is None:
        return []
    steps = []
    if any(media in before.protections and not _same_keys(media, before, after) for media in after.fresh):
        steps.append("rekeyed")
    was_held, is_held = _held(before), _held(after)
    if was_held != is_held:
        steps.append("held" if is_held else "resumed")
    return steps


def _same_keys(media: int, before: Agreed, after: Agreed) -> bool:
    """Whether only the SSRC of a stream is another."""
    if before.keys is None or after.keys is None or media not in before.keys.media:
        return False
    return before.keys.media[media].shares_a_key_with(after.keys.media[media])


def _held(agreed: Agreed) -> bool:
    """Whether someone holds the call: one of the two doesn't take what the other could send."""
    return any(
        stream.port and not (stream.direction is Direction.SENDRECV is peer.direction)
        for stream, peer in zip(agreed.body.streams, agreed.remote, strict=False)
    )


def _refusal(status: int, response: sip.Response | None) -> str:
    if response is None:
        return f"refused with {status}"
    return f"refused with {status} {response.reason}{after_status(response)}"
