"""Session timers: a call that nobody refreshes is over, so that a peer who vanished doesn't stay.

A refresh is an UPDATE that says nothing of media, or a re-INVITE that repeats our offer for a peer without UPDATE: no
key changes by it.

Source: RFC 4028 sections 7 to 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mikey_sdp import sip
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Expiry, Leg, Stage

TOO_SMALL: Final = 422
_LONGEST_S: Final = 24 * 3600
"""Nobody on the way has us wait for longer than a day."""
_GRACE_S: Final = 32
_SECOND_US: Final = 1_000_000
_TIMEOUT: Final = 408
_NO_DIALOG: Final = 481
_UPDATE: Final = "UPDATE"

Headers = list[tuple[str, str]]


class SessionTimers:
    """Asks for session timers, agrees to them, refreshes sessions, and ends those that expire.

    Keeps: `reinvite`, by which a session is refreshed whose peer takes no UPDATE.
    """

    def __init__(self, desk: Desk, hang_up: Callable[[Leg, str], None]) -> None:
        self._desk: Final = desk
        self._hang_up: Final = hang_up
        self._on: Final = sip.TIMER in desk.config.supported
        self.reinvite: Callable[[Leg], None] = lambda _leg: None

    # What we say

    def asked(self, leg: Leg | None = None, *, least_s: int = 0) -> Headers:
        """What an INVITE of ours asks for: a first one, which says no more than `least_s`, or one within a call."""
        if not self._on:
            return []
        if leg is None or leg.expiry is None:
            wish = sip.SessionExpires(seconds=max(self._desk.config.session_expires_s, least_s))
            return [("Session-Expires", str(wish)), *([("Min-SE", str(least_s))] if least_s else [])]
        keeps = sip.SessionExpires(seconds=leg.expiry.seconds, refresher="uac" if leg.expiry.ours else "uas")
        return [("Session-Expires", str(keeps))]

    def too_small(self, request: sip.Request) -> Headers:
        """What a 422 says to who asks for less than anybody may; empty for everybody else."""
        asked = sip.session_expires(request) if self._on else None
        if asked is None or asked.seconds >= sip.LEAST_S or sip.TIMER not in request.options("Supported"):
            return []
        return [("Min-SE", str(sip.LEAST_S))]

    def answer(self, leg: Leg, request: sip.Request) -> Headers:
        """What our 2xx to a request says, whether or not it asked; from now on that holds.

        The caller refreshes unless he asks us to, or doesn't know how. (RFC 4028 section 9)
        """
        if not self._on or leg.stage is Stage.EARLY:
            return []
        asked, knows = sip.session_expires(request), sip.TIMER in request.options("Supported")
        if asked is None:
            asked = sip.SessionExpires(seconds=max(self._desk.config.session_expires_s, sip.min_se(request)))
        refresher: sip.Refresher = (asked.refresher or "uac") if knows else "uas"
        agreed = sip.SessionExpires(seconds=max(asked.seconds, sip.LEAST_S), refresher=refresher)
        self._agree(leg, agreed, request, ours=refresher == "uas")
        return [("Session-Expires", str(agreed)), *([("Require", sip.TIMER)] if knows else [])]

    def answered(self, leg: Leg, response: sip.Response) -> None:
        """What the 2xx to our request says holds from now on; if it says nothing the session never expires.

        But who refreshes a session for a peer that knows nothing of timers goes on with it.
        """
        agreed = sip.session_expires(response) if self._on else None
        if agreed is None and leg.expiry is not None and leg.expiry.ours:
            agreed = sip.SessionExpires(seconds=leg.expiry.seconds, refresher="uac")
        if agreed is not None:
            self._agree(leg, agreed, response, ours=agreed.refresher != "uas")
        elif leg.expiry is not None:
            leg.expiry = None
            self._stop(leg)

    def _agree(self, leg: Leg, agreed: sip.SessionExpires, message: sip.Request | sip.Response, *, ours: bool) -> None:
        methods = message.options("Allow")
        by_update = _UPDATE in methods if methods else leg.expiry is None or leg.expiry.by_update
        seconds = max(agreed.seconds, sip.LEAST_S)
        leg.expiry = Expiry(seconds=seconds, ours=ours, by_update=by_update)
        self._stop(leg)
        if ours:
            self._desk.set_timer(leg.timer("refresh"), seconds * _SECOND_US // 2)
        self._desk.set_timer(leg.timer("expire"), (seconds - min(_GRACE_S, seconds // 3)) * _SECOND_US)

    def _stop(self, leg: Leg) -> None:
        for what in ("refresh", "expire"):
            self._desk.cancel_timer(leg.timer(what))

    # When it is time

    def refresh(self, leg: Leg) -> None:
        """Half of the time is over: show the peer that we are there, and see whether he is."""
        if leg.stage is not Stage.CONFIRMED or leg.expiry is None or leg.dialog is None:
            return
        if not leg.expiry.by_update:
            self.reinvite(leg)
            return
        headers = [("Supported", sip.TIMER), *self.asked(leg)]
        leg.refreshing, outputs = self._desk.core.request(leg.dialog, _UPDATE, headers=headers)
        self._desk.do(outputs)

    def responded(self, event: sip.ResponseReceived) -> None:
        """The peer answers a refresh. One that is gone is hung up on; of others we hear again, or the call expires."""
        leg = self._desk.leg_of(event.dialog)
        if leg is None or leg.refreshing is not event.outgoing or event.status < 200 or leg.stage is Stage.ENDED:
            return
        leg.refreshing = None
        if event.status < 300 and event.response is not None:
            self.answered(leg, event.response)
        elif event.status in (_TIMEOUT, _NO_DIALOG):
            self._hang_up(leg, f"the refresh ended with {event.status}")
        elif leg.expiry is not None:
            self._desk.set_timer(leg.timer("refresh"), leg.expiry.seconds * _SECOND_US // 8)

    def expire(self, leg: Leg) -> None:
        """Nobody refreshed the session in time."""
        self._hang_up(leg, "the session expired")


def longer(response: sip.Response | None, asked_s: int) -> int:
    """How long a session has to be that was refused as too short; 0 where asking again would not help."""
    least = 0 if response is None else sip.min_se(response)
    return least if asked_s < least <= _LONGEST_S else 0
