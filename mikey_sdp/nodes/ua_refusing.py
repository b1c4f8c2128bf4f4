"""Calls that a user agent doesn't take: refused, cancelled, or given up because nobody confirms what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp import sip
from mikey_sdp.nodes.bodies import failure_body
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg
from mikey_sdp.nodes.switchboard import Switchboard
from mikey_sdp.nodes.ua_invited import PRECONDITION_FAILURE, Refusal

_REQUEST_TERMINATED: Final = 487
_TIMEOUT: Final = 504
_DECLINE: Final = 603


class Refusals:
    """Ends calls before they are answered; nothing is kept of them."""

    def __init__(self, desk: Desk, board: Switchboard) -> None:
        self._desk: Final = desk
        self._board: Final = board

    def refuse(self, leg: Leg, incoming: sip.IncomingRequest, refusal: Refusal) -> None:
        """Reject a call whose media or keys are not to be had."""
        own = leg.body.failing() if refusal.status == PRECONDITION_FAILURE else leg.body
        body = b"" if own is leg.body else str(own).encode()
        if refusal.mikey_message is not None:
            body = failure_body(own, refusal.mikey_message)
        self.reject(leg, incoming, refusal.status, warning=refusal.warning, body=body)

    def reject(
        self,
        leg: Leg,
        incoming: sip.IncomingRequest,
        status: int,
        *,
        warning: tuple[int, str] | None = None,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Reject a call with that status."""
        desk = self._desk
        said = "" if warning is None else f"{warning[0]} {warning[1]}"
        desk.call_changed(leg.call_id, leg.peer, "rejected", status=status, warning=said)
        warnings = [] if warning is None else [warning]
        desk.do(desk.core.respond(incoming, status, body=body, warnings=warnings, headers=headers))
        self._drop(leg)

    def decline(self, leg: Leg, incoming: sip.IncomingRequest) -> None:
        """Told to hang up while it still rings."""
        self.reject(leg, incoming, _DECLINE)

    def cancelled(self, event: sip.InviteCancelled) -> None:
        """The caller gave up; the core has said 487 already."""
        for leg in self._legs_of(event.incoming):
            self._desk.call_changed(leg.call_id, leg.peer, "cancelled", status=_REQUEST_TERMINATED)
            self._drop(leg)

    def unconfirmed(self, event: sip.PrackMissing) -> None:
        """Nobody confirmed our 183; the core has said 504 already."""
        for leg in self._legs_of(event.invite):
            self._desk.call_changed(leg.call_id, leg.peer, "rejected", status=_TIMEOUT, reason="no PRACK came")
            self._drop(leg)

    def _legs_of(self, incoming: sip.IncomingRequest) -> list[Leg]:
        return [leg for leg in self._desk.legs.values() if leg.incoming is incoming]

    def _drop(self, leg: Leg) -> None:
        self._board.silence(leg)
        self._board.forget(leg)
