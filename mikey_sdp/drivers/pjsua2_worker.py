"""A pjsua2 phone as a process: lines of JSON in, lines of JSON out (`python -m mikey_sdp.drivers.pjsua2_worker`).

Told `start` with a phone's set-up, `call`, `answer`, `hang_up` and `quit`; tells `ready`, `state` and `failed`. pjsua2
aborts the process it runs in where it is used wrongly, and holds few calls, so each phone has one of its own.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import sys
from typing import Any, Final

from mikey_sdp.errors import BackendUnavailable, UsageError

try:
    import pjsua2 as pj
except ImportError:
    raise BackendUnavailable("pjsua2", install="pip install pjsua2-python") from None

_POLL_MS: Final = 10
_LAST_POLLS: Final = 20
_CHUNK_OCTETS: Final = 65_536
_MOST_CLOCK_HZ: Final = 8_000


def tell(event: str, **what: Any) -> None:
    """Put one line on standard output."""
    sys.stdout.write(json.dumps({"event": event, **what}) + "\n")
    sys.stdout.flush()


class Worker:
    """The phone: one endpoint, one account, one call at a time."""

    def __init__(self) -> None:
        self.endpoint: Final = pj.Endpoint()
        self.call: Any = None
        self.player: Any = None
        self.recorder: Any = None
        self._account: _Account | None = None
        self._waiting = b""
        self.runs = True

    # -- commands ------------------------------------------------------------------------------------------------

    def start(self, told: dict[str, Any]) -> None:
        """Open the phone as it is described."""
        endpoint = self.endpoint
        endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.logConfig.level = config.logConfig.consoleLevel = 1
        config.medConfig.clockRate = config.medConfig.sndClockRate = _MOST_CLOCK_HZ
        config.medConfig.noVad = True
        config.medConfig.hasIoqueue = True
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port = told["sip_port"]
        transport.boundAddress = told["host"]
        kind = pj.PJSIP_TRANSPORT_TCP if told["transport"] == "TCP" else pj.PJSIP_TRANSPORT_UDP
        number = endpoint.transportCreate(kind, transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
        if told.get("tone"):
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(told["tone"])
        if told.get("record"):
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(told["record"])
        self._account = _account(self, told, number)
        tell("ready")

    def call_out(self, told: dict[str, Any]) -> None:
        """Call somebody."""
        if self._account is None:
            raise UsageError("it has not been started")
        self.call = _Call(self, self._account)
        parameters = pj.CallOpParam(True)
        parameters.opt.audioCount, parameters.opt.videoCount = 1, 0
        self.call.makeCall(told["uri"], parameters)

    def answer(self, told: dict[str, Any]) -> None:
        """Say something to the call that comes in: 200 if nothing else is asked."""
        parameters = pj.CallOpParam()
        parameters.statusCode = told.get("status", 200)
        self._current().answer(parameters)

    def hang_up(self, told: dict[str, Any]) -> None:
        """End the call."""
        self._current().hangup(pj.CallOpParam(bool(told.get("default", True))))

    def quit(self, _told: dict[str, Any]) -> None:
        """End the phone."""
        self.runs = False

    def _current(self) -> Any:
        if self.call is None:
            raise UsageError("there is no call")
        return self.call

    # -- the loop ------------------------------------------------------------------------------------------------

    def take(self, line: bytes) -> None:
        """Carry out one command; what fails is told and ends nothing."""
        commands = {
            "start": self.start,
            "call": self.call_out,
            "answer": self.answer,
            "hang_up": self.hang_up,
            "quit": self.quit,
        }
        try:
            told = json.loads(line)
            commands[told["do"]](told)
        except pj.Error as error:
            tell("failed", reason=error.reason, line=line.decode(errors="replace"))
        except (ValueError, KeyError, TypeError, UsageError) as error:
            tell("failed", reason=f"{type(error).__name__}: {error}", line=line.decode(errors="replace"))

    def run(self) -> None:
        """Serve until told to quit, or nobody is there any more to tell."""
        while self.runs:
            readable, _, _ = select.select([0], [], [], 0 if self._account is not None else 0.1)
            if readable:
                octets = os.read(0, _CHUNK_OCTETS)
                if not octets:
                    break
                *lines, self._waiting = (self._waiting + octets).split(b"\n")
                for line in lines:
                    self.take(line)
            if self._account is not None:
                self.endpoint.libHandleEvents(_POLL_MS)
        self.end()

    def end(self) -> None:
        """Let go of everything in the order in which pjsua2 bears it."""
        if self._account is None:
            return
        with contextlib.suppress(pj.Error):
            self.endpoint.hangupAllCalls()
        for _ in range(_LAST_POLLS):
            self.endpoint.libHandleEvents(_POLL_MS)
        self.call = self.player = self.recorder = self._account = None
        gc.collect()
        self.endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)


_STATES: Final = {
    pj.PJSIP_INV_STATE_CALLING: "calling",
    pj.PJSIP_INV_STATE_EARLY: "ringing",
    pj.PJSIP_INV_STATE_CONFIRMED: "talking",
    pj.PJSIP_INV_STATE_DISCONNECTED: "ended",
}


class _Account(pj.Account):  # type: ignore[misc]
    """The account of the phone."""

    def __init__(self, worker: Worker, *, answers: bool) -> None:
        super().__init__()
        self._worker: Final = worker
        self._answers: Final = answers

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - pjsua2's own name
        """Ring or answer; a second call is told that we are busy."""
        worker = self._worker
        call = _Call(worker, self, prm.callId)
        parameters = pj.CallOpParam()
        if worker.call is not None and worker.call.isActive():
            parameters.statusCode = 486
            call.answer(parameters)
            return
        worker.call = call
        tell("state", state="incoming", status=0)
        parameters.statusCode = 200 if self._answers else 180
        call.answer(parameters)


class _Call(pj.Call):  # type: ignore[misc]
    """A call of the phone, new or, with a number, as it came in."""

    def __init__(self, worker: Worker, account: _Account, *number: int) -> None:
        super().__init__(account, *number)
        self._worker: Final = worker

    def onCallState(self, prm: Any) -> None:  # noqa: N802, ARG002 - pjsua2's own name
        """Tell where the call stands."""
        info = self.getInfo()
        state = _STATES.get(info.state)
        incoming = info.role == pj.PJSIP_ROLE_UAS
        if state is not None and not (incoming and state == "ringing"):
            tell("state", state=state, status=info.lastStatusCode)

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802, ARG002 - pjsua2's own name
        """Play the tone into the call, and record what comes from it."""
        worker, info = self._worker, self.getInfo()
        for at, line in enumerate(info.media):
            if line.type == pj.PJMEDIA_TYPE_AUDIO and line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                audio = self.getAudioMedia(at)
                if worker.player is not None:
                    worker.player.startTransmit(audio)
                if worker.recorder is not None:
                    audio.startTransmit(worker.recorder)


def _account(worker: Worker, told: dict[str, Any], transport: int) -> _Account:
    config = pj.AccountConfig()
    config.idUri = f"<{told['own']}>"
    config.sipConfig.transportId = transport
    if told.get("outbound"):
        config.sipConfig.proxies.append(f"<{told['outbound']};lr;hide>")
    config.regConfig.registrarUri = told.get("registrar", "")
    config.regConfig.timeoutSec = 60
    config.mediaConfig.transportConfig.port = told["rtp_port"]
    config.mediaConfig.transportConfig.boundAddress = told["host"]
    if told["media"] == "sdes":
        config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
        config.mediaConfig.srtpSecureSignaling = 0
        keyings = pj.IntVector()
        keyings.append(pj.PJMEDIA_SRTP_KEYING_SDES)
        config.mediaConfig.srtpOpt.keyings = keyings
    else:
        config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_DISABLED
    account = _Account(worker, answers=bool(told.get("answers")))
    account.create(config)
    return account


if __name__ == "__main__":
    Worker().run()
