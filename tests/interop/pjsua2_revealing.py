"""The pjsua2 worker, which tells its test the keys of its streams besides, and how many packets it could open."""

from __future__ import annotations

from typing import Any

from mikey_sdp.softphone.pjsua2_events import MikeyEvent
from mikey_sdp.softphone.pjsua2_keys import streams_of
from mikey_sdp.softphone.pjsua2_words import say
from mikey_sdp.softphone.pjsua2_worker import Phone, WorkerCall


class RevealingCall(WorkerCall):
    opened_before = 0

    def onMikeyEvent(self, event: MikeyEvent) -> None:
        if event.keys is not None:
            for media, keys in streams_of(event.keys).items():
                say("keys", media=media, send=keys.send.reveal().hex(), receive=keys.receive.reveal().hex())
        super().onMikeyEvent(event)

    def onStreamDestroyed(self, prm: Any) -> None:
        self.opened_before += self.getStreamStat(prm.streamIdx).rtcp.rxStat.pkt

    def opened(self) -> int:
        """How many packets of the call reached the decoder, over all streams that it had."""
        return int(self.opened_before + self.getStreamStat(0).rtcp.rxStat.pkt)


class SpoiltCall(RevealingCall):
    """A call whose edits of descriptions pjsua2 can't parse and drops without a word."""

    def _step(self, name: str, prm: Any) -> None:
        super()._step(name, prm)
        if name == "_sdp_made":
            prm.sdp.wholeSdp = "v=0\r\nthis is no description\r\n"


class RevealingPhone(Phone):
    call_class = RevealingCall

    def __init__(self) -> None:
        super().__init__()
        self._commands["spoil"] = lambda _words: setattr(self, "call_class", SpoiltCall)
        self._commands["opened"] = lambda _words: say("opened", packets=self._current().opened())


if __name__ == "__main__":
    RevealingPhone().run()
