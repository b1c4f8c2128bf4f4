"""The calls of the command-line telephone: what happens to them is told to it."""

from __future__ import annotations

import time
from typing import Any, Final, Protocol

from mikey_sdp.errors import DecodeError
from mikey_sdp.report.printable import printable
from mikey_sdp.sip.message import Message
from mikey_sdp.softphone.phone_words import Packets
from mikey_sdp.softphone.pjsua2_events import MikeyEvent
from mikey_sdp.softphone.pjsua2_native import MikeyAccount, MikeyCall, pj

UNSECURED: Final = frozenset({488, 606})
"""Statuses of those who don't take a call as it is offered."""


class Desk(Protocol):
    """The telephone, as its calls see it."""

    def tell(self, kind: str, text: str, /) -> None:
        """Show a line."""

    def new_call(self, call_id: int) -> PhoneCall:
        """A call, from now on the telephone's."""

    def called(self, call_id: int) -> None:
        """Somebody calls."""

    def connect(self, media: Any) -> None:
        """Let an audio stream hear what there is to hear, and be heard."""

    def keyed(self, call: PhoneCall, event: MikeyEvent) -> None:
        """Keys came, changed or never will."""

    def unsecured(self, warning: str) -> None:
        """A call that this telephone made was turned down for what it offered."""

    def over(self, call: PhoneCall, why: str) -> None:
        """A call has ended."""


class PhoneCall(MikeyCall):
    """A call that tells its telephone what happens to it."""

    phone: Desk
    counted = Packets()
    since: float | None = None
    ours = False

    def onCallState(self, prm: Any) -> None:
        """Ringing, talking, over."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and self.ours:
            self.phone.tell("note", f"{info.lastStatusCode} {printable(info.lastReason)}")
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.since = time.monotonic()
            self.phone.tell("note", f"talking with {printable(info.remoteUri)}")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            if self.ours and info.lastStatusCode in UNSECURED and self.mikey.keys is None and self.refusal is None:
                self.phone.unsecured(_warning(prm))
            self.phone.over(self, f"{info.lastStatusCode} {printable(info.lastReason)}")

    def onCallMediaState(self, prm: Any) -> None:  # noqa: ARG002
        """Let people, or tone and file, be heard."""
        info = self.getInfo()
        for line in info.media:
            if line.type == pj.PJMEDIA_TYPE_AUDIO and line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.phone.connect(self.getAudioMedia(line.index))

    def onStreamDestroyed(self, prm: Any) -> None:
        """Remember what a stream counted that makes place for the next, as on hold."""
        if prm.streamIdx == 0:
            self.counted = self._with(self.getStreamStat(0).rtcp)

    def packets(self) -> Packets:
        """What was sent and received since the call began."""
        return self._with(self.getStreamStat(0).rtcp) if self.hasMedia() else self.counted

    def _with(self, rtcp: Any) -> Packets:
        return self.counted.plus(sent=rtcp.txStat.pkt, received=rtcp.rxStat.pkt, lost=rtcp.rxStat.loss)

    def onMikeyEvent(self, event: MikeyEvent) -> None:
        """Keys came, changed or never will."""
        self.phone.keyed(self, event)

    def onMikeyAgain(self) -> MikeyCall:
        """The telephone goes on with the new call."""
        again = self.phone.new_call(pj.PJSUA_INVALID_ID)
        again.ours = True
        return again

    def onCallTransferStatus(self, prm: Any) -> None:
        """The other end tells how its call to somebody else goes; once that is answered, ours is over."""
        self.phone.tell("note", f"transfer: {prm.statusCode} {printable(prm.reason)}")
        if prm.finalNotify and prm.statusCode // 100 == 2:
            self.hangup(pj.CallOpParam())
            prm.cont = False


class PhoneAccount(MikeyAccount):
    """The account of a telephone with room for one call."""

    phone: Desk

    def onIncomingCall(self, prm: Any) -> None:
        """Ring, or say that it is busy."""
        self.phone.called(prm.callId)


def _warning(prm: Any) -> str:
    """What the other end says of its refusal, if anything."""
    state = prm.e.body.tsxState
    if prm.e.type != pj.PJSIP_EVENT_TSX_STATE or state.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    try:
        warning = Message.parse(state.src.rdata.wholeMsg.encode("utf-8", "surrogateescape")).get("Warning")
    except DecodeError:
        return ""
    return f": {warning}" if warning else ""
