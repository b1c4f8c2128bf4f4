"""One member's protection in a conference whose members share a key: it opens what any of them sends.

Source: RFC 5197 section 5.4, RFC 3711 section 9.1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind
from mikey_sdp.srtp.session import SrtpSession

MAX_MEMBERS: Final = 64
"""Streams of one kind that a member follows."""
REMEMBERED_PACKETS: Final = 128
"""Packets of his own by which a member tells one that comes back to him from another's."""


class Crowd:
    """What a member sends goes through his own session; what comes may be of anybody.

    Members that were called send as Responders, those that called as Initiators: there is a key for each, and a member
    opens both. What comes under his own SSRC is a packet of his own, which is refused, or shows that another member
    has chosen the same; the other is heard all the same.
    Keeps: `session`, his own; `collided`, told of every packet of another under our SSRC that authenticated, which
    nobody but a member can send.
    Source: RFC 3550 section 8.2.
    """

    def __init__(self, session: SrtpSession, keys: MediaKeys, *, collided: Callable[[], None] = lambda: None) -> None:
        self.session: Final = session
        self._receivers: Final = [
            SrtpReceiver(_of_anybody(sas), max_ssrcs=MAX_MEMBERS) for sas in (keys.receive, keys.send)
        ]
        self._keys = keys
        self._collided: Final = collided
        self._sent: deque[bytes] = deque(maxlen=REMEMBERED_PACKETS)

    def protect(self, octets: bytes) -> bytes:
        """The packet as it is sent."""
        srtp = self.session.protect(octets)
        self._sent.append(srtp)
        return srtp

    def go_on(self, keys: MediaKeys) -> None:
        """The conference has other keys; packets under those before are still opened until `forget_old`."""
        if keys == self._keys:
            return
        self._keys = keys
        for receiver, sas in zip(self._receivers, (keys.receive, keys.send), strict=True):
            receiver.replace(_of_anybody(sas))

    def forget_old(self) -> None:
        """Packets under the keys before are refused from now on."""
        for receiver in self._receivers:
            receiver.forget_old()

    def unprotect(self, octets: bytes) -> bytes:
        """The packet in the clear, whichever member sent it.

        Raises: PeerError, DecodeError.
        """
        ours = int.from_bytes(octets[8:12], "big") == self.session.send.ssrc
        if ours and octets in self._sent:
            raise PacketRefused(RefusalKind.FOREIGN_SSRC, "the packet is our own")
        first, second = self._receivers
        try:
            plain = first.unprotect(octets)
        except PeerError:
            plain = second.unprotect(octets)
        if ours:
            self._collided()
        return plain


def _of_anybody(sas: Sequence[DataSa]) -> tuple[DataSa, ...]:
    return tuple(replace(sa, ssrc=0, roc=0) for sa in sas)
