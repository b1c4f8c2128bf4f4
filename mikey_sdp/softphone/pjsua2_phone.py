"""A telephone on a command line: one call at a time on pjsua2, secured by the plug-in.

Lines come in by `obey`, lines go out by `tell`; whoever runs it calls `poll`, all in one thread.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from mikey_sdp.endpoint import Endpoint, KeySet
from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.report.printable import printable
from mikey_sdp.sip import Uri
from mikey_sdp.softphone.edge_places import Listener
from mikey_sdp.softphone.phone_plan import PhonePlan
from mikey_sdp.softphone.phone_words import Typed, help_lines, keys_line, typed, warnings_on
from mikey_sdp.softphone.pjsua2_events import EventKind, MikeyEvent
from mikey_sdp.softphone.pjsua2_native import pj
from mikey_sdp.softphone.pjsua2_phone_calls import PhoneAccount, PhoneCall
from mikey_sdp.softphone.pjsua2_sound import Sound

POLL_MS: Final = 10
QUIET_S: Final = 0.2
BUSY: Final = 486
OK: Final = 200
RINGING: Final = 180
_KINDS: Final = {Transport.UDP: pj.PJSIP_TRANSPORT_UDP, Transport.TCP: pj.PJSIP_TRANSPORT_TCP}

Tell = Callable[[str, str], None]


class CommandPhone:
    """The telephone.

    Keeps: `running`, until it was told to quit; `failed`, whether a call that it made could not be secured.
    Raises: UsageError where it can't listen or its files can't be used, BackendUnavailable.
    """

    def __init__(self, endpoint: Endpoint, plan: PhonePlan, tell: Tell) -> None:
        self._tell = tell
        self.running, self.failed = True, False
        self._plan, self._endpoint = plan, endpoint
        self._call: PhoneCall | None = None
        self._warned: set[str] = set()
        self._sound: Sound | None = None
        self._verbs: dict[str, Callable[[Typed], None]] = {
            "call": self._dial,
            "answer": lambda _: self._answer(self._current()),
            "hold": lambda _: self._current().setHold(pj.CallOpParam(True)),
            "resume": self._resume,
            "transfer": lambda said: self._current().xfer(said.words[0], pj.CallOpParam(True)),
            "rekey": lambda _: self._current().rekey(),
            "hangup": lambda _: self._current().hangup(pj.CallOpParam()),
            "status": self._status,
            "help": self._help,
            "quit": self._quit,
        }
        _hush()
        self._pj = pj.Endpoint()
        self._pj.libCreate()
        self._account: PhoneAccount | None = None
        try:
            self._open()
        except pj.Error as error:
            self.close()
            raise UsageError(f"the telephone can't start: {error.reason}") from None
        except MikeySdpError:
            self.close()
            raise

    def tell(self, kind: str, text: str, /) -> None:
        """Show a line; `kind` says what it is: `note`, `good`, `bad` or `warning`."""
        self._tell(kind, text)

    def poll(self) -> None:
        """Let happen what is due."""
        self._pj.libHandleEvents(POLL_MS)

    def obey(self, line: str) -> None:
        """Do what was typed, or say why not."""
        try:
            said = typed(line)
            if said is not None:
                self._verbs[said.verb](said)
        except MikeySdpError as fault:
            self.failed = self.failed or not isinstance(fault, UsageError)
            self.tell("bad", printable(str(fault)))
        except pj.Error as error:
            self.tell("bad", f"that does not work now: {error.reason}")

    def close(self) -> None:
        """Hang up, and drop everything in the order that PJSIP's assertions demand."""
        if self._account is not None:
            self._pj.hangupAllCalls()
            self._quieten()
            self._account.calls.clear()
            self._account.shutdown()
        self._sound = self._call = self._account = None
        gc.collect()
        self._quieten()
        self._pj.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)

    def new_call(self, call_id: int) -> PhoneCall:
        """A call, from now on the telephone's."""
        if self._account is None:
            raise UsageError("the telephone is not started")
        call = PhoneCall(self._account, call_id)
        call.phone, self._call = self, call
        return call

    def called(self, call_id: int) -> None:
        """Somebody calls."""
        before = self._call
        call = self.new_call(call_id)
        who = printable(call.getInfo().remoteUri)
        prm = pj.CallOpParam()
        if before is not None:
            self._call, prm.statusCode = before, BUSY
            call.answer(prm)
            self.tell("note", f"{who} called and was told that this telephone is busy")
        elif self._plan.auto_answer:
            self.tell("note", f"call from {who}")
            self._answer(call)
        else:
            self.tell("note", f"call from {who}: answer or hangup?")
            prm.statusCode = RINGING
            call.answer(prm)

    def connect(self, media: Any) -> None:
        """Let an audio stream hear what there is to hear, and be heard."""
        if self._sound is not None:
            self._sound.connect(media)

    def keyed(self, call: PhoneCall, event: MikeyEvent) -> None:
        """Tell about the keys of a call."""
        if event.kind is EventKind.SECURED and event.keys is not None:
            self.tell("good", f"secured: {printable(keys_line(event.keys))}")
            for warning in warnings_on(event.keys):
                if warning not in self._warned:
                    self._warned.add(warning)
                    self.tell("warning", f"warning: {warning}")
        elif event.kind is EventKind.PLAIN:
            self.tell("warning", f"warning: {event.text}")
        elif event.kind is EventKind.REFUSED:
            self.failed = self.failed or call.ours
            self.tell("bad", f"refused: {printable(event.text)}")
        else:
            self.tell("note", printable(event.text))

    def unsecured(self, warning: str) -> None:
        """A call that this telephone made was turned down for what it offered."""
        self.failed = self.failed or not self._plan.allow_plain
        self.tell("bad", f"the other end does not take this call as it was offered{printable(warning)}")

    def over(self, call: PhoneCall, why: str) -> None:
        """A call has ended."""
        if self._call is call:
            self._call = None
        self.tell("note", f"ended: {why}")

    def _current(self) -> PhoneCall:
        if self._call is None:
            raise UsageError("there is no call")
        return self._call

    def _dial(self, said: Typed) -> None:
        if self._call is not None:
            raise UsageError("there is a call already; hang up first")
        call = self.new_call(pj.PJSUA_INVALID_ID)
        call.ours = True
        try:
            self.tell("note", f"calling {said.words[0]}")
            call.makeCall(said.words[0], pj.CallOpParam(True), peer=said.words[1] if said.words[1:] else None)
        except (MikeySdpError, pj.Error):
            self._call = None
            raise

    def _answer(self, call: PhoneCall) -> None:
        if call.ours:
            raise UsageError("this call is the other end's to answer")
        prm = pj.CallOpParam()
        prm.statusCode = OK
        call.answer(prm)

    def _resume(self, _said: Typed) -> None:
        prm = pj.CallOpParam(True)
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._current().reinvite(prm)

    def _status(self, _said: Typed) -> None:
        if self._call is None:
            self.tell("note", f"no call; called at {self._plan.places}")
            return
        call, info = self._call, self._call.getInfo()
        length = "" if call.since is None else f" for {int(time.monotonic() - call.since)} s"
        self.tell(
            "note", f"{info.stateText.lower()}{length}, {printable(info.remoteUri)}, {self._keys(call.mikey.keys)}"
        )
        self.tell("note", str(call.packets()))

    def _keys(self, keys: KeySet | None) -> str:
        return "no keys" if keys is None else printable(keys_line(keys))

    def _help(self, _said: Typed) -> None:
        for line in help_lines():
            self.tell("note", line)

    def _quit(self, _said: Typed) -> None:
        self.running = False

    def _quieten(self) -> None:
        until = time.monotonic() + QUIET_S
        while time.monotonic() < until:
            self.poll()

    def _open(self) -> None:
        config = pj.EpConfig()
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.medConfig.noVad = True
        self._pj.libInit(config)
        for one in self._plan.listen:
            self._listen(one)
        self._pj.libStart()
        self._sound = Sound(self._pj, self._plan)
        account = pj.AccountConfig()
        account.idUri = self._endpoint.identity
        account.mediaConfig.transportConfig.boundAddress = _bound(self._plan.listen[0])
        if self._plan.proxy:
            account.sipConfig.proxies.append(f"{self._plan.proxy};lr")
        self._account = PhoneAccount(self._endpoint, allow_plain=self._plan.allow_plain)
        self._account.phone = self
        self._account.create(account)
        self.tell("note", f"{self._endpoint.identity}, called at {self._plan.places}; {self._account.backend.name}")
        if Uri.parse(self._endpoint.identity).port is not None:
            self.tell("warning", "warning: From has no port, so whoever you call does not take you for who you are")

    def _listen(self, place: Listener) -> None:
        where = pj.TransportConfig()
        where.boundAddress, where.port = _bound(place), place.address.port
        try:
            self._pj.transportCreate(_KINDS[place.transport], where)
        except pj.Error as error:
            raise UsageError(f"{place} can't be opened: {error.reason}") from None


def _bound(place: Listener) -> str:
    """The address to bind to, empty for all of them, which PJSIP names itself."""
    return "" if ip_address(place.address.host).is_unspecified else place.address.host


def _hush() -> None:
    """Keep PJSIP from writing about its own start, which it does before it can be told not to."""
    library = ctypes.CDLL(importlib.import_module("pjsua2._pjsua2").__file__)
    if hasattr(library, "pj_log_set_level"):
        library.pj_log_set_level(0)
