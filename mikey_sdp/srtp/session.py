"""Both directions of one m= line: what a call hands to its media once the keys are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.sender import SrtpSender

__all__ = ["SrtpReceiver", "SrtpSender", "SrtpSession"]


class SrtpSession:
    """One party's media of one m= line, protected on the way out and unprotected on the way in.

    Keeps: `send` and `receive`, the two directions, each with keys and counters of its own; `protect`, `protect_rtcp`,
    `unprotect` and `unprotect_rtcp`, their own methods, bound once because every media packet passes through them.
    """

    def __init__(self, send: SrtpSender, receive: SrtpReceiver) -> None:
        self.send: Final = send
        self.receive: Final = receive
        self.protect: Final = send.protect
        self.protect_rtcp: Final = send.protect_rtcp
        self.unprotect: Final = receive.unprotect
        self.unprotect_rtcp: Final = receive.unprotect_rtcp

    def replace(self, send: Sequence[DataSa], receive: Sequence[DataSa], *, keep_old: bool = True) -> None:
        """Go on under the keys of a re-key; packets under the old ones are still read until `forget_old`."""
        self.receive.replace(receive, keep_old=keep_old)
        self.send.replace(send)

    def forget_old(self) -> None:
        """The other side has moved on to the new keys: the old ones are refused from now on."""
        self.receive.forget_old()
