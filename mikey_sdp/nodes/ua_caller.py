"""The calling side of a user agent: from the first INVITE to a confirmed call, a refusal or a cancelled attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.commands import Call, Cancel
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import AnyOffer, Leg, Stage
from mikey_sdp.nodes.plain import PlainEndpoint, PlainLeg
from mikey_sdp.nodes.session_body import SessionBody, remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.sdp.protocols import OfferedProtocol

_REQUEST_TERMINATED: Final = 487
_RINGING: Final = 180


@dataclass(slots=True, eq=False)
class Attempt:
    """One INVITE of ours until its call is over: several dialogs can come of it.

    Keeps: `taken`, whether one of them became the call.
    """

    called: str
    invite: sip.OutgoingInvite
    body: SessionBody
    offer: AnyOffer
    taken: bool = False


class Caller:
    """Places calls."""

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._bodies: Final = bodies
        self._attempts: Final[dict[str, Attempt]] = {}

    @property
    def attempts(self) -> int:
        """How many INVITEs of ours are not over."""
        return len(self._attempts)

    def call(self, command: Call) -> None:
        """Start a call. What can't be offered is recorded, and no INVITE leaves."""
        desk = self._desk
        contact = desk.config.contacts.get(command.peer)
        if contact is None:
            raise UsageError(f"{desk.config.name} has no contact {command.peer!r}")
        body = self._bodies.first_offer()
        try:
            offer = self._offer(body, contact)
        except (PolicyRefused, UsageError) as error:
            desk.refused("", command.peer, error)
            return
        invite, outputs = desk.core.invite(
            contact.uri,
            caller=desk.config.identity,
            hop=sip.Hop(contact.transport, contact.address.host, contact.address.port),
            body=offer.sdp.encode(),
        )
        self._attempts[invite.call_id] = Attempt(called=command.peer, invite=invite, body=body, offer=offer)
        desk.call_changed(invite.call_id, command.peer, "calling")
        desk.do(outputs)

    def _offer(self, body: SessionBody, contact: Contact) -> AnyOffer:
        config, endpoint = self._desk.config, self._desk.endpoint
        if isinstance(endpoint, PlainEndpoint):
            return endpoint.offer(str(body))
        return endpoint.offer(
            str(body),
            to=contact.uri,
            secure_carrier=contact.transport is Transport.TLS,
            level=config.level,
            other_protocols=[_stand_in(*other) for other in config.other_protocols],
        )

    def cancel(self, command: Cancel) -> None:
        """Give up the attempts that nobody has answered."""
        attempts = [one for one in self._attempts.values() if one.called == command.peer and one.invite.open]
        if not attempts:
            self._desk.warn(f"there is no call to {command.peer} to cancel")
        for attempt in attempts:
            self._desk.do(self._desk.core.cancel(attempt.invite))

    def provisional(self, event: sip.ProvisionalReceived) -> None:
        """Someone rings, or more."""
        attempt, dialog = self._attempts.get(event.invite.call_id), event.dialog
        if attempt is None or dialog is None:
            return
        leg = self._leg(attempt, dialog)
        state = "ringing" if event.response.status == _RINGING else "early"
        if leg.state != state and leg.stage is Stage.EARLY:
            leg.state = state
            self._desk.call_changed(leg.call_id, leg.peer, state, status=event.response.status)

    def answered(self, event: sip.AnswerReceived) -> None:
        """A 2xx: take it as the call, or acknowledge it and hang up at once."""
        desk, attempt = self._desk, self._attempts.get(event.invite.call_id)
        if attempt is None:
            # A branch answers after the call is over: RFC 3261 section 13.2.2.4 asks for ACK and BYE.
            desk.do(desk.core.acknowledge(event.invite, event.dialog))
            desk.do(desk.core.request(event.dialog, "BYE")[1])
            return
        leg = self._leg(attempt, event.dialog)
        leg.stage = Stage.ANSWERED
        desk.call_changed(leg.call_id, leg.peer, "answered", status=event.response.status)
        unwanted = self._unwanted(attempt)
        if unwanted or not self._take(attempt, leg, event.response):
            desk.do(desk.core.acknowledge(event.invite, event.dialog))
            self._board.hang_up(leg, unwanted or KEYS_FAILED)
            return
        desk.do(desk.core.acknowledge(event.invite, event.dialog))
        leg.stage = Stage.CONFIRMED
        desk.call_changed(leg.call_id, leg.peer, "confirmed")
        if leg.on_ack is not None:
            self._board.speak(leg, leg.on_ack)
            leg.on_ack = None

    def _unwanted(self, attempt: Attempt) -> str:
        if attempt.invite.cancelled:
            return "cancelled"
        return "another branch answered" if attempt.taken else ""

    def _take(self, attempt: Attempt, leg: Leg, response: sip.Response) -> bool:
        """Take an answer's keys; false, and a record of why, if they are not to be had."""
        answer = response.body.decode("utf-8", "surrogateescape")
        try:
            keys = attempt.offer.accept(answer)
            agreed = self._board.agree(leg, attempt.body, remote_streams(answer), keys)
        except (PeerError, DecodeError, PolicyRefused) as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            return False
        attempt.taken = True
        leg.secured = PlainLeg() if keys is None else keys.leg
        leg.on_ack = agreed
        self._board.listen(leg, agreed)
        return True

    def refused(self, event: sip.InviteRefused) -> None:
        """The attempt came to nothing."""
        attempt = self._attempts.pop(event.invite.call_id, None)
        if attempt is None:
            return
        desk, response = self._desk, event.response
        if response is not None and b"a=key-mgmt:" in response.body:
            self._read_failure(attempt, event.status, response)
        if event.status == _REQUEST_TERMINATED and event.invite.cancelled:
            desk.call_changed(event.invite.call_id, attempt.called, "cancelled", status=event.status)
        else:
            warnings = response.warnings if response is not None else ()
            desk.call_changed(
                event.invite.call_id,
                attempt.called,
                "rejected",
                status=event.status,
                reason=response.reason if response is not None else "no answer",
                warning="; ".join(f"{warning.code} {warning.text}" for warning in warnings),
            )

    def _read_failure(self, attempt: Attempt, status: int, response: sip.Response) -> None:
        """A refusal can say in a MIKEY Error message what was wrong."""
        try:
            keys = attempt.offer.accept(response.body.decode("utf-8", "surrogateescape"))
            if keys is not None and keys.leg is not None:
                keys.leg.close()
        except (PeerError, DecodeError, PolicyRefused) as error:
            number = error.mikey_error if isinstance(error, PeerError) else None
            self._desk.key_management_failed(
                attempt.invite.call_id, attempt.called, str(error), mikey_error=number, status=status
            )

    def dialog_ended(self, event: sip.DialogEnded) -> None:
        """An early dialog is over without an answer of its own. If no other was answered, the refusal follows."""
        leg = self._desk.leg_of(event.dialog)
        if leg is not None and leg.stage is Stage.EARLY:
            del self._desk.legs[leg.number]
            if leg.invite is not None and leg.invite.answered:
                self.forget(leg)

    def forget(self, leg: Leg) -> None:
        """A leg is forgotten; with the last one of its attempt goes the attempt."""
        if not any(other.call_id == leg.call_id for other in self._desk.legs.values()):
            self._attempts.pop(leg.call_id, None)

    def _leg(self, attempt: Attempt, dialog: sip.Dialog) -> Leg:
        leg = self._desk.leg_of(dialog)
        if leg is None:
            peer = self._desk.name_at(dialog, attempt.called)
            leg = self._desk.new_leg(
                peer=peer, called=attempt.called, call_id=attempt.invite.call_id, body=attempt.body
            )
            leg.dialog, leg.invite = dialog, attempt.invite
        return leg


def _stand_in(kmpid: str, data: bytes) -> OfferedProtocol:
    """A protocol that nobody here speaks: its message is opaque octets, and the list that it has to authenticate."""
    return OfferedProtocol(kmpid=kmpid, message=lambda identifiers: data + identifiers.encode())
