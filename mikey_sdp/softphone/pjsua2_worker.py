"""A pjsua2 phone as a process of its own, led by lines of JSON: `python -m mikey_sdp.softphone.pjsua2_worker`.

pjsua2 has room for four calls and one endpoint a process, so that many phones are many processes. Each line on standard
input is a command (`cmd`), each line on standard output an event (`event`). Credentials come on standard input, never
on the command line.
"""

from __future__ import annotations

import gc
import json
import os
import select
import time
from collections.abc import Callable
from typing import Any, Final

from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.softphone.pjsua2_events import MikeyEvent
from mikey_sdp.softphone.pjsua2_native import OPTIONS, MikeyAccount, MikeyCall, pj
from mikey_sdp.softphone.pjsua2_words import Words, credentials_of, say
from mikey_sdp.system import Endpoint

POLL_MS: Final = 5
LINE_OCTETS: Final = 1 << 20
QUIET_S: Final = 0.2


class WorkerCall(MikeyCall):
    """A call that says what happens to it, plays the phone's tone and records what it hears."""

    phone: Phone

    def onCallState(self, prm: Any) -> None:  # noqa: ARG002
        """Say it."""
        info = self.getInfo()
        facts = {"state": info.stateText, "status": info.lastStatusCode, "reason": info.lastReason}
        say("state", call_id=info.callIdString, **facts)

    def onCallMediaState(self, prm: Any) -> None:  # noqa: ARG002
        """Connect tone and recorder to every audio stream."""
        info = self.getInfo()
        for line in info.media:
            if line.type == pj.PJMEDIA_TYPE_AUDIO and line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.phone.connect(self.getAudioMedia(line.index))

    def onMikeyEvent(self, event: MikeyEvent) -> None:
        """Say it, without any key."""
        mode, peer = (str(event.keys.mode), event.keys.peer) if event.keys else (None, None)
        say("mikey", kind=str(event.kind), text=event.text, mode=mode, peer=peer)

    def onMikeyAgain(self) -> MikeyCall:
        """The phone goes on with the new call."""
        self.phone.call = self.phone.new_call(pj.PJSUA_INVALID_ID)
        return self.phone.call


class WorkerAccount(MikeyAccount):
    """An account that answers as its phone was told to."""

    phone: Phone

    def onIncomingCall(self, prm: Any) -> None:
        """Take the call, and answer it with the codes of the `start` command."""
        self.phone.call = self.phone.new_call(prm.callId)
        say("incoming")
        for status in self.phone.answers:
            self.phone.answer(status)


class Phone:
    """One phone: commands in, events out."""

    call_class: type[WorkerCall] = WorkerCall

    def __init__(self) -> None:
        self.call: WorkerCall | None = None
        self.answers: tuple[int, ...] = ()
        self.running = True
        self._endpoint: Any = None
        self._account: WorkerAccount | None = None
        self._tone: Any = None
        self._recorder: Any = None
        self._commands: dict[str, Callable[[Words], None]] = {
            "start": self._start,
            "call": self._call,
            "answer": lambda words: self.answer(words["status"]),
            "rekey": lambda _words: self._current().rekey(),
            "hold": lambda _words: self._current().setHold(pj.CallOpParam(True)),
            "unhold": self._unhold,
            "transfer": lambda words: self._current().xfer(words["uri"], pj.CallOpParam(True)),
            "hangup": lambda _words: self._current().hangup(pj.CallOpParam()),
            "stats": self._stats,
            "quit": self._quit,
        }

    def run(self) -> None:
        """Serve until `quit` or the end of standard input."""
        rest = b""
        while self.running:
            if self._endpoint is not None:
                self._endpoint.libHandleEvents(POLL_MS)
            if not select.select([0], [], [], 0 if self._endpoint is not None else 1)[0]:
                continue
            octets = os.read(0, LINE_OCTETS)
            if not octets:
                break
            *lines, rest = (rest + octets).split(b"\n")
            for line in lines:
                self._obey(line)
        self._close()

    def new_call(self, call_id: int) -> WorkerCall:
        """A Call object of this phone."""
        if self._account is None:
            raise UsageError("the phone is not started")
        call = self.call_class(self._account, call_id)
        call.phone = self
        return call

    def answer(self, status: int) -> None:
        """Answer the call that came in."""
        prm = pj.CallOpParam()
        prm.statusCode = status
        self._current().answer(prm)

    def connect(self, media: Any) -> None:
        """Let an audio stream hear the tone and be heard by the recorder."""
        if self._tone is not None:
            self._tone.startTransmit(media)
        if self._recorder is not None:
            media.startTransmit(self._recorder)

    def _current(self) -> WorkerCall:
        if self.call is None:
            raise UsageError("there is no call")
        return self.call

    def _obey(self, line: bytes) -> None:
        try:
            words = json.loads(line)
            command = self._commands.get(words.get("cmd"))
            if command is None:
                raise UsageError(f"the commands are {', '.join(self._commands)}")
            command(words)
        except MikeySdpError as fault:
            say("error", kind=type(fault).__name__, text=str(fault))
        except pj.Error as error:
            say("error", kind="pj.Error", text=error.info())
        except (KeyError, TypeError, ValueError) as error:
            say("error", kind=type(error).__name__, text=str(error))

    def _start(self, words: Words) -> None:
        modes = [Mode(name) for name in words["modes"]] if "modes" in words else None
        endpoint = Endpoint(words["identity"], credentials=credentials_of(words), modes=modes, options=OPTIONS)
        host = words.get("host", "127.0.0.1")
        self._endpoint = pj.Endpoint()
        self._endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.medConfig.noVad = True
        self._endpoint.libInit(config)
        self._endpoint.audDevManager().setNullDev()
        where = pj.TransportConfig()
        where.boundAddress, where.port = host, words.get("port", 0)
        transport = self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, where)
        self._endpoint.libStart()
        for codec in self._endpoint.codecEnum2():
            self._endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
        self._open_account(words, endpoint, host)
        self._play(words)
        self.answers = tuple(words.get("answers", ()))
        name = self._endpoint.transportGetInfo(transport).localName
        say("ready", port=int(name.rpartition(":")[2]), pid=os.getpid(), how=self._account.backend.name)  # type: ignore[union-attr]

    def _open_account(self, words: Words, endpoint: Endpoint, host: str) -> None:
        account = pj.AccountConfig()
        account.idUri = words["identity"]
        account.mediaConfig.transportConfig.boundAddress = host
        account.mediaConfig.transportConfig.port = words.get("media_port", 0)
        if "proxy" in words:
            account.sipConfig.proxies.append(words["proxy"])
        self._account = WorkerAccount(endpoint, allow_plain=words.get("allow_plain", False))
        self._account.phone = self
        self._account.create(account)

    def _play(self, words: Words) -> None:
        if "tone" in words:
            tone, tones = pj.ToneDesc(), pj.ToneDescVector()
            tone.freq1, tone.on_msec, tone.off_msec = words["tone"], 1_000, 0
            tones.append(tone)
            self._tone = pj.ToneGenerator()
            self._tone.createToneGenerator()
            self._tone.play(tones, True)
        if "record" in words:
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(words["record"])

    def _call(self, words: Words) -> None:
        self.call = self.new_call(pj.PJSUA_INVALID_ID)
        self.call.makeCall(words["uri"], pj.CallOpParam(True), peer=words.get("peer"))

    def _unhold(self, _words: Words) -> None:
        prm = pj.CallOpParam(True)
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._current().reinvite(prm)

    def _stats(self, _words: Words) -> None:
        rtcp = self._current().getStreamStat(0).rtcp
        say("stats", sent=rtcp.txStat.pkt, received=rtcp.rxStat.pkt, lost=rtcp.rxStat.loss)

    def _quit(self, _words: Words) -> None:
        self.running = False

    def _close(self) -> None:
        """Drop everything in the order that PJSIP's assertions demand."""
        if self._endpoint is None:
            return
        self._endpoint.hangupAllCalls()
        self._poll()
        self._tone = self._recorder = self.call = None
        if self._account is not None:
            self._account.calls.clear()
            self._account.shutdown()
            self._account = None
        gc.collect()
        self._poll()
        self._endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)

    def _poll(self) -> None:
        until = time.monotonic() + QUIET_S
        while time.monotonic() < until:
            self._endpoint.libHandleEvents(POLL_MS)


if __name__ == "__main__":
    Phone().run()
