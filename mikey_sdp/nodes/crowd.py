"""One member's protection in a conference whose members share a key: it opens what any of them sends.

Source: RFC 5197 section 5.4, RFC 3711 section 9.1.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Crowd:
    """What a member sends goes through his own session; what comes may be of anybody.

    Members that were called send as Responders, those that called as Initiators: there is a key for each, and a member
    opens both. What comes back under his own SSRC is his own packet, or another's in his name.
    Keeps: `session`, his own.
    """

    def __init__(self, session: SrtpSession, keys: MediaKeys) -> None:
        self.session: Final = session
        self._receivers: Final = [
            SrtpReceiver(_of_anybody(sas), max_ssrcs=MAX_MEMBERS) for sas in (keys.receive, keys.send)
        ]
        self._keys = keys
        self.protect: Final = session.protect

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
        if int.from_bytes(octets[8:12], "big") == self.session.send.ssrc:
            raise PacketRefused(RefusalKind.FOREIGN_SSRC, "the SSRC is our own")
        first, second = self._receivers
        try:
            return first.unprotect(octets)
        except PeerError:
            return second.unprotect(octets)


def _of_anybody(sas: Sequence[DataSa]) -> tuple[DataSa, ...]:
    return tuple(replace(sa, ssrc=0, roc=0) for sa in sas)
