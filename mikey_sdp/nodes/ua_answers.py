"""What a caller makes of the answers to one offer: early ones and final ones, each branch with keys of its own.

Source: RFC 3261 sections 13.2.1 and 13.2.2, RFC 3264 section 5.1, RFC 5197 sections 5.1 and 5.2.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.endpoint.offering import Offer
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.config import Contact, EarlyAnswers
from mikey_sdp.nodes.contract import Datagram, Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Agreed, AnyAnswer, AnyKeys, Leg, Stage
from mikey_sdp.nodes.plain import PlainLeg
from mikey_sdp.nodes.session_body import RemoteStream, remote_streams
from mikey_sdp.nodes.switchboard import KEYS_FAILED, Switchboard
from mikey_sdp.nodes.ua_attempts import Attempt


class Answers:
    """Takes the answers to our first offers.

    Keeps: by media host, the branch whose answer in a provisional response waits for media from there.
    """

    def __init__(self, desk: Desk, board: Switchboard, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._bodies: Final = bodies
        self._board: Final = board
        self._promised: Final[dict[str, tuple[Attempt, Leg, str]]] = {}

    def early(self, attempt: Attempt, leg: Leg, event: sip.ProvisionalReceived) -> bool:
        """A provisional response: if it is the first of its branch with a description, that is the answer; false if
        that can't be taken."""
        answer = _description(event.response)
        if not answer or leg.on_ack is not None or leg.stage is not Stage.EARLY:
            return True
        if attempt.offer is None:
            # What is not sent reliably is no offer yet; of the other the PRACK brings our answer.
            return not event.reliable or self._answer(attempt, leg, answer)
        if self._desk.config.early_answers is EarlyAnswers.ON_MEDIA and not event.reliable:
            host = _media_host(answer)
            if host:
                self._promised[host] = (attempt, leg, answer)
            return True
        return self._take(attempt, leg, answer)

    def final(self, attempt: Attempt, leg: Leg, response: sip.Response) -> bool:
        """A 2xx; false, and a record of why, if its keys are not to be had.

        A description after the first one of its branch means nothing. (RFC 3261 section 13.2.1)
        """
        if leg.on_ack is not None:
            return True
        answer = _description(response)
        if attempt.offer is None:
            return self._answer(attempt, leg, answer)
        return self._take(attempt, leg, answer)

    def media_from(self, datagram: Datagram) -> None:
        """Media from an address that is no leg's yet, or no leg's any more: an answer may wait for it, or a call."""
        desk = self._desk
        promised = self._promised.pop(datagram.source.host, None)
        if promised is not None and promised[1].stage is Stage.EARLY and not self._take(*promised):
            self._board.hang_up(promised[1], KEYS_FAILED)
        receiver = desk.places.get((datagram.destination, datagram.source))
        if receiver is not None:
            receiver.receive(datagram.octets, desk.now_us)
        elif not desk.lobby.receive(datagram, desk.now_us):
            desk.strays += 1

    def _take(self, attempt: Attempt, leg: Leg, answer: str) -> bool:
        """Take an answer's keys; false, and a record of why, if they are not to be had."""
        try:
            remote = remote_streams(answer)
            keys = self._accept(attempt, answer, remote)
            agreed = self._board.agree(leg, attempt.body, remote, keys)
        except (PeerError, DecodeError, PolicyRefused) as error:
            self._desk.refused(leg.call_id, leg.peer, error)
            return False
        self._board.settle(leg, keys, agreed)
        return True

    def _answer(self, attempt: Attempt, leg: Leg, offer: str) -> bool:
        """The 2xx makes the offer: work out the answer that the ACK brings, `leg.answer`."""
        desk, contact = self._desk, attempt.target.contact
        try:
            remote = remote_streams(offer)
            leg.body = self._bodies.first_answer(remote)
            answer = self._answer_to(leg, offer, contact)
            if answer.rejection is not None:
                said, number = answer.rejection.warning[1], answer.rejection.mikey_error
                desk.key_management_failed(leg.call_id, leg.peer, said, mikey_error=number)
                return False
            leg.secured = PlainLeg() if answer.keys is None else answer.keys.leg
            leg.on_ack = self._board.agree(leg, leg.body, remote, answer.keys)
        except (PeerError, DecodeError) as error:
            desk.refused(leg.call_id, leg.peer, error)
            return False
        leg.answer = answer.sdp
        self._board.listen(leg, leg.on_ack)
        return True

    def _answer_to(self, leg: Leg, offer: str, contact: Contact) -> AnyAnswer:
        endpoint, config = self._desk.endpoint, self._desk.config
        if not isinstance(endpoint, Endpoint):
            return endpoint.answer(offer, str(leg.body))
        peer = None if config.accepts_retarget else contact.uri
        secure_carrier = contact.transport is Transport.TLS
        return endpoint.answer(offer, str(leg.body), caller=peer, secure_carrier=secure_carrier)

    def decline(self, response: sip.Response) -> str:
        """The answer to an offer in a 2xx that nobody wants: it takes no stream. (RFC 3261 section 13.2.2.4)"""
        try:
            offered = remote_streams(_description(response))
        except DecodeError:
            return ""
        return str(self._bodies.refusing(offered))

    def _accept(self, attempt: Attempt, answer: str, remote: tuple[RemoteStream, ...]) -> AnyKeys | None:
        offer = attempt.offer
        if offer is None:
            raise PeerError("no answer is due", mikey_error=None, section="RFC 3264 section 4")
        if not isinstance(offer, Offer):
            return offer.accept(answer)
        host = next((stream.address.host for stream in remote if stream.address is not None), "")
        early = self._desk.lobby.early_keys(attempt.invite.call_id, host)
        return offer.accept(answer, retarget=self._desk.config.accepts_retarget, early=early)

    def shares_keys(self, leg: Leg, agreed: Agreed) -> bool:
        """Whether another branch of the call that is up has a key in common with this one."""
        own = agreed.keys
        if own is None:
            return False
        others = [
            other.agreed.keys
            for other in self._desk.legs.values()
            if other is not leg
            and other.call_id == leg.call_id
            and other.stage is Stage.CONFIRMED
            and other.agreed is not None
            and other.agreed.keys is not None
        ]
        return any(
            own.media[media].shares_a_key_with(other.media[media])
            for other in others
            for media in own.media.keys() & other.media.keys()
        )

    def read_failure(self, attempt: Attempt, status: int, response: sip.Response) -> None:
        """A refusal can say in a MIKEY Error message what was wrong."""
        if attempt.offer is None:
            return
        try:
            keys = attempt.offer.accept(_description(response))
            if keys is not None and keys.leg is not None:
                keys.leg.close()
        except (PeerError, DecodeError, PolicyRefused) as error:
            number = error.mikey_error if isinstance(error, PeerError) else None
            self._desk.key_management_failed(
                attempt.invite.call_id, attempt.called, str(error), mikey_error=number, status=status
            )

    def close(self, attempt: Attempt) -> None:
        """No branch is waited for any more: report the media of those that never answered."""
        for host in [host for host, promised in self._promised.items() if promised[0] is attempt]:
            del self._promised[host]
        self._board.close_lobby(attempt.invite.call_id, attempt.called)


def _description(response: sip.Response) -> str:
    return response.body.decode("utf-8", "surrogateescape")


def _media_host(answer: str) -> str:
    """Where the first stream of an answer comes from, empty if nobody can tell."""
    try:
        return next((one.address.host for one in remote_streams(answer) if one.address is not None), "")
    except DecodeError:
        return ""
