"""Calls of a pjsua2 program keyed by MIKEY: `MikeyAccount` and `MikeyCall` in place of pj.Account and pj.Call.

pjsua2's own SRTP protects the media, under keys that this plug-in agrees on in the descriptions of the call. Whatever
goes wrong ends the call or turns it down; nothing is ever sent in the clear unless the application asked for it. The
log of PJSIP prints SRTP keys at level 5, so keep it below. One thread (`threadCnt=0`, `mainThreadOnly=True` and
`libHandleEvents`) is what this was measured with.
"""

from __future__ import annotations

from typing import Any, Final

from mikey_sdp.endpoint import Endpoint, Expectations, Offer, Options
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL
from mikey_sdp.errors import BackendUnavailable, DecodeError, MikeySdpError, PolicyRefused, UsageError
from mikey_sdp.sip.values import identity
from mikey_sdp.softphone.pjsua2_backend import Backend, load
from mikey_sdp.softphone.pjsua2_call import NOT_ACCEPTABLE, SecuredCall
from mikey_sdp.softphone.pjsua2_events import EventKind, MikeyEvent
from mikey_sdp.softphone.pjsua2_hooks import wrap, wrap_all
from mikey_sdp.softphone.pjsua2_messages import Seen, too_large
from mikey_sdp.softphone.pjsua2_steps import HOOKS, CallSteps, warning_of

__all__ = ["OPTIONS", "BackendUnavailable", "EventKind", "MikeyAccount", "MikeyCall", "MikeyEvent", "configure"]

pj: Any = load()
OPTIONS: Final = Options(mki_octets=0)
"""What an Endpoint for pjsua2 needs: its SRTP knows no MKI."""
MAX_REDIRECTIONS: Final = 5
"""How often a call may be redirected: those who do so could lead it round in a circle."""
_NO_KEYING: Final = 99
_TOO_LONG: Final = "PJSIP_EMSGTOOLONG"


def configure(account: Any) -> None:
    """Set an AccountConfig so that its media can only leave protected: an SRTP adapter that waits for our keys."""
    account.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_OPTIONAL
    account.mediaConfig.srtpSecureSignaling = 0
    keyings = pj.IntVector()
    keyings.append(_NO_KEYING)
    account.mediaConfig.srtpOpt.keyings = keyings


class MikeyAccount(pj.Account):  # type: ignore[misc]
    """An account whose calls are secured for `endpoint`, whose identity is that of the account.

    Keeps: `allow_plain`, whether calls without keys are taken too; `expects`, what the choice of a mode goes by.
    Raises: UsageError for an endpoint whose keys pjsua2 can't use, BackendUnavailable.
    """

    def __init__(
        self, endpoint: Endpoint, *, allow_plain: bool = False, expects: Expectations = NOTHING_SPECIAL
    ) -> None:
        super().__init__()
        if endpoint.options.mki_octets:
            raise UsageError("pjsua2's SRTP knows no MKI: make the Endpoint with options=pjsua2_native.OPTIONS")
        self.endpoint, self.allow_plain, self.expects = endpoint, allow_plain, expects
        self.backend = Backend()
        self.calls: dict[int, MikeyCall] = {}
        self._in_callback: list[Any] = []
        self._invitations: dict[int, str] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        wrap(cls, "onIncomingCall", before="_called", after="_called_and_told")

    def create(self, config: Any, *arguments: Any) -> None:
        """Create the account, with what `configure` sets."""
        configure(config)
        super().create(config, *arguments)

    def invitation(self, call_id: int) -> str | None:
        """The INVITE of a call that comes in now."""
        return self._invitations.get(call_id)

    def _step(self, name: str, prm: Any) -> None:
        getattr(self, name)(prm)

    def _called(self, prm: Any) -> None:
        self._invitations[prm.callId] = prm.rdata.wholeMsg

    def _called_and_told(self, prm: Any) -> None:
        self._invitations.pop(prm.callId, None)


class MikeyCall(CallSteps, pj.Call):  # type: ignore[misc]
    """A call that is secured, or not made.

    Keeps: `mikey`, the keying, whose `keys` tell mode, peer and CSBs; `refusal`, why the call ended, where keys were
    the cause. `onMikeyEvent` tells as it happens.
    """

    def __init__(self, account: MikeyAccount, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        pj.Call.__init__(self, account, call_id)
        self.account = account
        self._again: tuple[str, bool] | None = None
        self._target, self._prm = "", None
        self._redirections = 0
        self._begin(account.backend, self._keying(None))
        text = account.invitation(call_id)
        if text is not None:
            self._keep()
            self._step("_invited", text)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        wrap_all(cls, HOOKS)

    def makeCall(self, uri: str, prm: Any, *, peer: str | None = None, after: Offer | None = None) -> None:
        """Call `uri`; `peer` is whose identity is to be proved there, where the URI doesn't name it.

        Raises: MikeySdpError where nothing was sent since the call can't be secured; pj.Error.
        """
        self._target, self._prm = uri, prm
        self.mikey = self._keying(peer or identity(uri), after=after)
        self._send(lambda: super(MikeyCall, self).makeCall(uri, prm))
        self._keep()

    def reinvite(self, prm: Any) -> None:
        """Offer again, within the call.

        Raises: MikeySdpError, pj.Error.
        """
        self._send(lambda: super(MikeyCall, self).reinvite(prm))

    def rekey(self, prm: Any = None) -> None:
        """Agree on new keys; media goes on under the old ones until they are there.

        Raises: UsageError for a call without keys, MikeySdpError, pj.Error.
        """
        if self.mikey.leg is None:
            raise UsageError("the call has no keys to change yet")
        self.mikey.rekeying = True
        self.reinvite(pj.CallOpParam(True) if prm is None else prm)

    def onCallRedirected(self, prm: Any) -> int:
        """Stop: the old offer must not reach somebody else. A call of its own goes to the new target."""
        self._step("_redirected", prm)
        return int(pj.PJSIP_REDIRECT_STOP)

    def onMikeyAgain(self) -> MikeyCall:
        """For applications to override: the Call object for a target that the call was redirected to."""
        return type(self)(self.account)

    def _keying(self, peer: str | None, *, after: Offer | None = None, plain: bool = False) -> SecuredCall:
        account = self.account
        return SecuredCall(
            account.endpoint,
            peer=peer,
            expects=account.expects,
            allow_plain=account.allow_plain,
            plain=plain,
            after=after,
        )

    def _send(self, send: Any) -> None:
        try:
            send()
        except pj.Error as error:
            if self.refusal is not None:
                raise self.refusal from error
            raise (too_large(None) if _TOO_LONG in error.info() else error) from error

    def _keep(self) -> None:
        self.account.calls[self.getId()] = self

    def _redirected(self, prm: Any) -> None:
        """Where to, from the response itself: pjsua2 tells the target without its port."""
        for target in Seen.read(prm.e.body.tsxState.src.rdata.wholeMsg).contacts:
            self._again = self._again or (target, False)

    def _invited(self, text: str) -> None:
        message = Seen.read(text)
        self.mikey.invited(message)
        if not message.sdp:
            raise PolicyRefused("offer-first", "a call without an offer can't be keyed by the one who is called")

    def _answer(self, prm: Any) -> None:
        pj.Call.answer(self, prm)

    def _go_on(self, _prm: Any) -> None:
        self.reinvite(pj.CallOpParam(True))

    def _renew(self, _prm: Any) -> None:
        self.rekey()

    def _hang_up(self, fault: MikeySdpError) -> None:
        if not self.isActive():
            return
        prm = pj.CallOpParam()
        prm.statusCode, warning = warning_of(fault)
        header = pj.SipHeader()
        header.hName, header.hValue = "Warning", warning
        headers = pj.SipHeaderVector()
        headers.append(header)
        prm.txOption.headers = headers
        self.hangup(prm)

    def _disconnected(self, status: int) -> None:
        offer, call_id, again = self.mikey.open_offer, self.getId(), self._again
        # PJSIP calls it 488 too where we hung up on an answer that proved nothing: that is no reason to do without.
        unkeyed = self.refusal is None and self.mikey.keys is None and not self.mikey.plain
        self.mikey.close()
        if again is None and status == NOT_ACCEPTABLE and self.account.allow_plain and unkeyed:
            again = (self._target, True)
        if again is not None and offer is not None:
            self._backend.later(lambda: self._call_again(*again, offer))
        self._backend.later(lambda: self._forget(call_id))

    def _forget(self, call_id: int) -> None:
        if self.account.calls.get(call_id) is self:
            del self.account.calls[call_id]

    def _call_again(self, target: str, plain: bool, offer: Offer) -> None:
        call = self.onMikeyAgain()
        call._redirections = self._redirections + 1
        try:
            if call._redirections > MAX_REDIRECTIONS:
                raise PolicyRefused("redirected", f"the call was redirected {MAX_REDIRECTIONS} times already")
            if plain:
                call.mikey = call._keying(None, plain=True)
                pj.Call.makeCall(call, target, self._prm)
                call._keep()
                return
            self._tell(MikeyEvent(kind=EventKind.REDIRECTED, text=f"redirected to {target}"))
            call.makeCall(target, self._prm, after=offer)
        except (MikeySdpError, pj.Error) as fault:
            cause = fault if isinstance(fault, MikeySdpError) else PolicyRefused("redirected", fault.info())
            self._tell(MikeyEvent(kind=EventKind.REFUSED, text=str(cause), cause=cause))

    def _transferred(self, prm: Any) -> None:
        """The new call of a transfer has an offer of its own, to the one to whom the call goes."""
        peer = self._named(prm)
        call = self.onMikeyAgain()
        call.mikey = call._keying(peer)
        prm.newCall = self.transferred = call

    def _named(self, prm: Any) -> str:
        try:
            return identity(prm.dstUri)
        except DecodeError:
            prm.statusCode = NOT_ACCEPTABLE
            raise


def _nothing(_self: Any, _prm: Any) -> None:
    """No more than the plug-in's steps, which run around it."""


for _name, _before, _after in HOOKS:
    setattr(MikeyCall, _name, _nothing)
wrap_all(MikeyCall, HOOKS)
