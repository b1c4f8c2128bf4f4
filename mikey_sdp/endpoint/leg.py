"""One established leg of a call: its keys, and the offers and answers that come after the first."""

from __future__ import annotations

from mikey_sdp.endpoint.answering import Answer, make_answer
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.offering import Offer, make_offer
from mikey_sdp.endpoint.state import LegState
from mikey_sdp.errors import UsageError


class CallLeg:
    """What an application keeps for as long as the leg lasts, and closes with it.

    Keeps: `peer`, the identity at the other end.
    """

    def __init__(self, state: LegState) -> None:
        self._state = state

    def __repr__(self) -> str:
        return f"CallLeg(peer={self.peer!r}, {'open' if self.open else 'closed'})"

    @property
    def peer(self) -> str:
        """The identity at the other end."""
        return self._state.peer

    @property
    def open(self) -> bool:
        """Whether the leg has keys."""
        return bool(self._state.levels)

    @property
    def keys(self) -> KeySet:
        """The keys in use."""
        self._check_open()
        return self._state.key_set()

    def offer(self, sdp: str, *, rekey: bool = False) -> Offer:
        """An offer within the call: same keys (hold, resume), more m= lines, or new keys with `rekey`.

        Raises: DecodeError, UsageError, PolicyRefused.
        """
        self._check_open()
        return make_offer(self._state, sdp, rekey=rekey)

    def answer(self, offer: str, sdp: str) -> Answer:
        """The answer to an offer within the call. Of new keys we send under the old ones until `confirm`.

        Raises: DecodeError and UsageError for our own body.
        """
        self._check_open()
        return make_answer(self._state, offer, sdp, caller=self._state.peer)

    def move(self, media: int, *, sent: int | None = None, received: int | None = None) -> KeySet:
        """A stream collided and has another SSRC: ours once the peer took an offer that says so, or the peer's.

        The keys are the same, for the stream of that name.
        Raises: PeerError for an SSRC that was used before.
        """
        self._check_open()
        self._state.move(media, sent=sent, received=received)
        return self.keys

    def confirm(self) -> None:
        """The peer has our answer (SIP: the ACK came): send under the new keys. # [4567-4.1.2-19]"""
        self._state.confirm()

    def close(self) -> None:
        """The call is over: forget its keys and CSBs. # [4567-7.1-7]"""
        self._state.close()

    def _check_open(self) -> None:
        if not self.open:
            raise UsageError("this call leg is closed")
