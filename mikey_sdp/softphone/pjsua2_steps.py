"""What the plug-in does in each callback of a call: hands descriptions and messages to `SecuredCall`, and keys to SRTP.

Nothing here raises into PJSIP, which would print and forget it: what goes wrong ends the call. No call is ended or
answered from within a callback either, where PJSIP is not ready for it, but right after it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from mikey_sdp.errors import MikeySdpError, PolicyRefused
from mikey_sdp.softphone.pjsua2_backend import Backend
from mikey_sdp.softphone.pjsua2_call import NOT_ACCEPTABLE, OfferRejected, SecuredCall
from mikey_sdp.softphone.pjsua2_events import EventKind, MikeyEvent, refused, secured
from mikey_sdp.softphone.pjsua2_messages import MAX_MESSAGE_OCTETS, Seen

HOOKS: Final = (
    ("onCreateMediaTransport", "_transport_made", ""),
    ("onCallSdpCreated", "", "_sdp_made"),
    ("onStreamCreated", "_stream_made", ""),
    ("onCallMediaState", "_media_ready", ""),
    ("onCallRxReinvite", "_offered", "_judge"),
    ("onCallRxOffer", "", "_judge"),
    ("onCallTsxState", "_transaction", ""),
    ("onCallState", "_state", "_state_told"),
    ("onCallTransferRequest", "", "_transferred"),
    ("onCallReplaceRequest", "", "_not_replaced"),
)
"""Callback, step before the application's, step after it."""
_UNSENDABLE: Final = f"a=x:{'x' * MAX_MESSAGE_OCTETS}\r\n"
"""A description with this fits into no message of PJSIP's, so that nothing is sent instead of a plain offer."""
PLAIN_CALL: Final = MikeyEvent(kind=EventKind.PLAIN, text="a plain call: nothing protects its media")


class CallSteps:
    """The steps of one call, for a class that is a pjsua2 Call too.

    Keeps: `mikey`, the keying of the call; `refusal`, why it is turned down or ended, if it is.
    """

    mikey: SecuredCall
    refusal: MikeySdpError | None
    _backend: Backend
    _transports: dict[int, int]
    _in_callback: list[Any]
    _answers: list[Any]
    _judged: bool
    _live: bool
    getInfo: Callable[[], Any]

    def onMikeyEvent(self, event: MikeyEvent) -> None:
        """For applications to override: keys came or changed, or the call is refused."""

    def _begin(self, backend: Backend, mikey: SecuredCall) -> None:
        self._backend, self.mikey = backend, mikey
        self.refusal = None
        self._transports, self._in_callback, self._answers = {}, [], []
        self._judged, self._live = False, True

    def _step(self, name: str, prm: Any) -> None:
        try:
            getattr(self, name)(prm)
        except MikeySdpError as fault:
            self._refuse(fault)
        except Exception as fault:
            self._refuse(PolicyRefused("internal-fault", f"{name[1:]}: {type(fault).__name__}: {fault}"))

    def _refuse(self, fault: MikeySdpError) -> None:
        """End the call because of this, once: turned down if it was not answered yet."""
        if self.refusal is None:
            self.refusal = fault
            self._backend.later(self._end)

    def _end(self) -> None:
        if self.refusal is not None:
            self._tell(refused(self.refusal))
            self._hang_up(self.refusal)

    def _hang_up(self, fault: MikeySdpError) -> None:
        raise NotImplementedError

    def _tell(self, event: MikeyEvent) -> None:
        try:
            self.onMikeyEvent(event)
        except Exception as fault:  # the application's own; it must not keep a call from being ended
            if self.refusal is None:
                self._refuse(PolicyRefused("internal-fault", f"onMikeyEvent: {type(fault).__name__}: {fault}"))

    def _transport_made(self, prm: Any) -> None:
        self._transports[prm.mediaIdx] = int(prm.mediaTp)

    def _sdp_made(self, prm: Any) -> None:
        self._judged = True
        sdp = self._backend.description(prm.sdp)
        try:
            if self.refusal is not None:
                raise self.refusal
            body = self.mikey.answer(sdp) if self.mikey.answering else self.mikey.offer(sdp)
            if body != sdp:
                prm.sdp.wholeSdp = body
        except Exception:
            prm.sdp.wholeSdp = sdp + _UNSENDABLE
            raise
        finally:
            self._backend.later(self._answer_now)

    def _answer_now(self) -> None:
        """Give the answers that the application gave before the offer was judged."""
        answers, self._answers = self._answers, []
        for prm in answers:
            self.answer(prm)

    def answer(self, prm: Any) -> None:
        """Answer the call once its offer was judged; an offer that is turned down is not answered otherwise."""
        if not self._judged:
            self._answers.append(prm)
        elif self.refusal is None:
            self._answer(prm)

    def _answer(self, prm: Any) -> None:
        raise NotImplementedError

    def _stream_made(self, _prm: Any) -> None:
        self._install()

    def _media_ready(self, _prm: Any) -> None:
        self._install()
        if not self.mikey.open_offer:
            self.mikey.confirm()

    def _install(self) -> None:
        if self.mikey.plain:
            for transport in self._transports.values():
                self._backend.let_plain(transport)
            return
        due = self.mikey.due()
        for media, keys in due.items():
            self._backend.start(self._transports[media], keys)
            self.mikey.installed(media, keys)
        now = self.mikey.keys
        if now is not None and (due or now.live is not self._live):
            self._live = now.live
            self._backend.later(partial(self._tell, secured(now)))

    def _offered(self, prm: Any) -> None:
        message = Seen.read(prm.rdata.wholeMsg)
        if message.sdp:  # without one the peer asks for an offer of ours
            self.mikey.invited(message)

    def _judge(self, prm: Any) -> None:
        """Turn down an offer within the call, which goes on under the keys that it has."""
        try:
            self.mikey.judge()
        except OfferRejected as rejected:
            prm.statusCode = rejected.rejection.status
            self._backend.later(partial(self._tell, refused(rejected)))

    def _state(self, prm: Any) -> None:
        if prm.e.type == self._backend.pj.PJSIP_EVENT_TSX_STATE:
            self._read(prm.e.body.tsxState)

    def _state_told(self, _prm: Any) -> None:
        info = self.getInfo()
        if info.state == self._backend.pj.PJSIP_INV_STATE_CONFIRMED:
            self.mikey.confirm()
            if self.mikey.plain:
                self._backend.later(partial(self._tell, PLAIN_CALL))
            elif self.mikey.keys is not None and self.mikey.keys.further_round:
                self._backend.later(partial(self._step, "_go_on", None))
            elif self.mikey.restarted:
                self._backend.later(partial(self._step, "_renew", None))
        elif info.state == self._backend.pj.PJSIP_INV_STATE_DISCONNECTED:
            self._disconnected(info.lastStatusCode)

    def _disconnected(self, status: int) -> None:
        raise NotImplementedError

    def _go_on(self, _prm: Any) -> None:
        """Make the further offer without which an exchange of several rounds is not over."""
        raise NotImplementedError

    def _renew(self, _prm: Any) -> None:
        """Agree on other keys than those under which a stream started twice."""
        raise NotImplementedError

    def _transferred(self, prm: Any) -> None:
        raise NotImplementedError

    def _not_replaced(self, prm: Any) -> None:
        """Turn down a call that would take the place of this one, which PJSIP answers before anybody could key it."""
        prm.statusCode = NOT_ACCEPTABLE

    def _transaction(self, prm: Any) -> None:
        state = prm.e.body.tsxState
        self._read(state)
        if state.tsx.method in ("INVITE", "UPDATE") and self.mikey.keys is not None and self._is_answer(state):
            self._install()

    def _is_answer(self, state: Any) -> bool:
        pj = self._backend.pj
        return bool(state.type == pj.PJSIP_EVENT_RX_MSG and state.tsx.role == pj.PJSIP_ROLE_UAC)

    def _read(self, state: Any) -> None:
        pj = self._backend.pj
        if state.tsx.method not in ("INVITE", "UPDATE", "PRACK"):
            return
        if state.type == pj.PJSIP_EVENT_TX_MSG and state.src.tdata.wholeMsg:
            self.mikey.sent(Seen.read(state.src.tdata.wholeMsg))
        elif state.type == pj.PJSIP_EVENT_RX_MSG and state.src.rdata.wholeMsg:
            message = Seen.read(state.src.rdata.wholeMsg)
            if message.status is not None:
                self.mikey.received(message)
            elif message.method == "UPDATE" and message.sdp and state.tsx.state == pj.PJSIP_TSX_STATE_TRYING:
                self.mikey.invited(message)


def warning_of(fault: MikeySdpError) -> tuple[int, str]:
    """Status and Warning header of the refusal of a call."""
    if isinstance(fault, OfferRejected):
        code, text = fault.rejection.warning
        return fault.rejection.status, f'{code} mikey_sdp "{_quotable(text)}"'
    return NOT_ACCEPTABLE, f'399 mikey_sdp "{_quotable(str(fault))}"'


def _quotable(text: str) -> str:
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "?" for letter in text)[:200]
