"""One secured call as an application's SIP stack leads it: offers, answers, forks and re-keys, without the stack.

The stack hands in its own descriptions and the messages that it sends and receives; out come the descriptions to send
instead, and which keys each stream is to run under now.
Source: RFC 4567 section 4.1, RFC 3264, RFC 5197 section 5.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.endpoint import Answer, CallLeg, Endpoint, Expectations, KeySet, Offer, Rejection
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL
from mikey_sdp.errors import MikeySdpError, PeerError, UsageError
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.media import media_lines
from mikey_sdp.sdp.offer_answer import answered, insert_message, parse
from mikey_sdp.softphone.pjsua2_keys import StreamKeys, streams_of
from mikey_sdp.softphone.pjsua2_messages import (
    OWN_HEADERS_OCTETS,
    REQUEST_HEAD_OCTETS,
    Seen,
    check_sent,
    check_size,
)
from mikey_sdp.softphone.pjsua2_running import Branch, Running

OK: Final = 200
NOT_ACCEPTABLE: Final = 488
MISCELLANEOUS: Final = 399


class OfferRejected(MikeySdpError):
    """An offer is not taken: what SIP says of it is in `rejection`."""

    def __init__(self, rejection: Rejection) -> None:
        self.rejection = rejection
        super().__init__(rejection.warning[1])


class SecuredCall:
    """The keying of one call at one end.

    Keeps: `peer`, whom we call, None when we are called; `allow_plain`, whether an offer without keys is taken as a
    plain call; `plain`, whether this is one; `rekeying`, whether our next offer brings new keys; `branch`, whose
    answer the media follows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        peer: str | None,
        expects: Expectations = NOTHING_SPECIAL,
        allow_plain: bool = False,
        plain: bool = False,
        after: Offer | None = None,
    ) -> None:
        self.peer = peer
        self.allow_plain = allow_plain
        self.plain = plain
        self.rekeying = False
        self.branch: Branch | None = None
        self.open_offer: Offer | None = None
        self._endpoint = endpoint
        self._expects = expects
        self._after = after
        self._legs: dict[str, CallLeg] = {}
        self._branches: dict[str, Branch] = {}
        self._invitation: Seen | None = None
        self._answer: Answer | None = None
        self._own = ""
        self._to_send: str | None = None
        self._running = Running()
        self._confirmed = False

    @property
    def keys(self) -> KeySet | None:
        """The keys of the branch that the media follows."""
        return self.branch.keys if self.branch else None

    @property
    def leg(self) -> CallLeg | None:
        """The leg of the branch that the media follows, once there is one."""
        return self._legs.get(self.branch.tag) if self.branch else None

    @property
    def restarted(self) -> bool:
        """Whether a stream runs under keys that were sent under before, on another branch: new ones should follow."""
        return self._running.restarted

    def offer(self, sdp: str) -> str:
        """The description to send instead of our stack's own offer.

        Raises: PolicyRefused, UsageError, DecodeError.
        """
        self._invitation = None
        self._own = sdp
        if self.plain:
            return sdp
        leg = self.leg
        if leg is not None:
            rekey, self.rekeying = self.rekeying, False
            offer = leg.offer(sdp, rekey=rekey or leg.keys.further_round)
        elif self.peer is None:
            raise UsageError("the call has no keys yet, so only the caller makes offers")
        elif self._after is not None:
            offer = self._after.redirected(sdp, to=self.peer)
        else:
            offer = self._endpoint.offer(sdp, to=self.peer, expects=self._expects)
        check_size(REQUEST_HEAD_OCTETS, offer.sdp)
        self.open_offer, self._to_send = offer, offer.sdp
        return offer.sdp

    def invited(self, message: Seen) -> None:
        """A request with an offer came: the next description of our stack answers it."""
        if message is not self._invitation:
            self._invitation, self._answer = message, None

    @property
    def answering(self) -> bool:
        """Whether our next description answers an offer."""
        return self._invitation is not None

    def judge(self) -> None:
        """Look at an offer within the call, before our stack has its answer, by the description that we sent last.

        Raises: OfferRejected.
        """
        if self.plain or self._invitation is None or self.leg is None or self._answer is not None:
            return
        try:
            self._answer = self._take(self._invitation, self._own)
        except UsageError:
            self._answer = None  # the offer has other m= lines than ours had; our stack's own answer tells

    def answer(self, sdp: str) -> str:
        """The description to send instead of our stack's own answer.

        Raises: OfferRejected, PolicyRefused, DecodeError, UsageError.
        """
        invitation = self._invitation
        if invitation is None:
            raise UsageError("there is no offer to answer")
        self._own = sdp
        if self.plain or self._is_plain(invitation):
            self.plain = True
            return sdp
        if self._answer is None:
            reply = self._take(invitation, sdp).sdp or ""
        else:
            reply = _as_answered(invitation.sdp, sdp, self._answer.sdp or "")
        check_size(invitation.head_octets + OWN_HEADERS_OCTETS, reply)
        self._invitation, self._answer, self._to_send = None, None, reply
        return reply

    def received(self, message: Seen) -> None:
        """A response came: with an answer to our offer, or the end of it.

        Raises: MikeySdpError where a final answer gives no keys; a provisional one that doesn't is passed over, and no
        media flows on its branch.
        """
        if self.plain or message.status is None or self.open_offer is None:
            return
        if message.status > OK + 99:
            if self._confirmed:  # before that it may be a challenge, after which the same offer goes out again
                self.open_offer = None
            return
        if message.sdp:
            self._answered(message)
        elif message.method == "PRACK":
            return
        elif message.status >= OK and message.tag not in self._branches:
            raise PeerError("the call was taken without a description", mikey_error=None, section="RFC 3264 section 5")
        if message.status >= OK and not self._confirmed:
            self._follow(message.tag)

    def sent(self, message: Seen) -> None:
        """A message of ours left: see that what it said is what we gave our stack to say.

        Raises: PolicyRefused, DecodeError.
        """
        if self._to_send is not None and message.sdp:
            check_sent(self._to_send, message.sdp)

    def due(self) -> dict[int, StreamKeys]:
        """The streams that are to run under other keys than they do, to be installed now.

        Raises: PolicyRefused for keys that ran before and were stopped: SRTP would start over under them.
        """
        return {} if self.branch is None else self._running.due(self.branch, confirmed=self._confirmed)

    def installed(self, media: int, keys: StreamKeys) -> None:
        """The stream of that m= line runs under these keys from now on."""
        if self.branch is not None:
            self._running.installed(self.branch, media, keys)

    def confirm(self) -> None:
        """The call, or the change of it, is established at both ends."""
        self._confirmed = True
        if self.leg is not None:
            self.leg.confirm()

    def close(self) -> None:
        """The call is over."""
        for leg in self._legs.values():
            leg.close()
        self._legs.clear()
        self._branches.clear()
        self._running.clear()
        self.branch = None

    def _is_plain(self, invitation: Seen) -> bool:
        if not self.allow_plain or self.leg is not None:
            return False
        offered = parse(invitation.sdp, "offer")
        return not key_mgmt_lines(offered) and not any(line.takes_keys for line in media_lines(offered))

    def _take(self, invitation: Seen, sdp: str) -> Answer:
        leg = self.leg
        if leg is None:
            answer = self._endpoint.answer(invitation.sdp, sdp, caller=invitation.caller)
        else:
            answer = leg.answer(invitation.sdp, sdp)
        if answer.rejection is not None or answer.keys is None:
            raise OfferRejected(answer.rejection or _refusal("none of the offered streams has keys"))
        try:
            self._adopt("", answer.keys, answer.sdp or "")
        except PeerError as fault:
            if leg is None and answer.keys.leg is not None:
                answer.keys.leg.close()
            raise OfferRejected(_refusal(fault.reason)) from fault
        return answer

    def _answered(self, message: Seen) -> None:
        offer = self.open_offer
        tag = message.tag
        if self._confirmed and self.branch is not None:
            if self.branch.tag not in ("", message.tag):
                return  # another branch, which answers too late
            tag = self.branch.tag
        known = self._branches.get(tag)
        if offer is None or (known is not None and known.sdp == message.sdp):
            self._follow(tag)
            return
        try:
            if known is not None and not self._confirmed:
                return  # another version of an answer that was taken
            keys = offer.accept(message.sdp, retarget=self._expects.retargeting)
            self._adopt(tag, keys, message.sdp)
        except MikeySdpError:
            if (message.status or 0) >= OK:
                raise
            return
        if self._confirmed:
            self.open_offer = None

    def _adopt(self, tag: str, keys: KeySet, sdp: str) -> None:
        branch = Branch(tag=tag, keys=keys, streams=streams_of(keys), sdp=sdp)
        if keys.leg is not None:
            self._legs[tag] = keys.leg
        self._branches[tag] = branch
        self.branch = branch

    def _follow(self, tag: str) -> None:
        self.branch = self._branches.get(tag, self.branch)


def _as_answered(offer: str, sdp: str, reply: str) -> str:
    """Our stack's answer with the MIKEY messages of the one that was judged."""
    body = answered(parse(offer, "offer"), parse(sdp, "own SDP"))
    for line in key_mgmt_lines(parse(reply, "answer")):
        body = insert_message(body, line.level, line.data)
    return str(body)


def _refusal(reason: str) -> Rejection:
    return Rejection(warning=(MISCELLANEOUS, f"Key management: {reason}"))
