"""Provisional responses that must arrive: sent again and again until their PRACK comes or hope is given up.

Source: RFC 3262 section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.sip.actions import TIMER_PREFIX, CancelTimer, Send, SetTimer
from mikey_sdp.sip.calls import IncomingRequest
from mikey_sdp.sip.dialog import Dialog, DialogId
from mikey_sdp.sip.extensions import RAck
from mikey_sdp.sip.message import Request, Response
from mikey_sdp.sip.party import Party, Raw

_FIRST_BELOW = 1 << 31


@dataclass(slots=True, kw_only=True)
class _Progress:
    """The reliable provisional responses to one INVITE: the last one, and whether it is confirmed."""

    incoming: IncomingRequest
    rseq: int
    response: Response | None = None
    interval_us: int = 0
    over: bool = False
    name: tuple[DialogId, RAck] | None = None

    def timer(self, which: str) -> str:
        return f"{TIMER_PREFIX}{which}/{self.incoming.transaction.number}"


class Assuring:
    """Reliable provisional responses of ours, one at a time for each INVITE.

    Keeps: for each such INVITE the last number and what of it is unconfirmed, until its transaction ends.
    """

    def __init__(self, party: Party) -> None:
        self._party = party
        self._progress: dict[int, _Progress] = {}
        self._named: dict[tuple[DialogId, RAck], _Progress] = {}

    def __len__(self) -> int:
        return len(self._progress)

    def unconfirmed(self, incoming: IncomingRequest) -> Response | None:
        """The provisional response that no PRACK has come for."""
        progress = self._progress.get(incoming.transaction.number)
        return None if progress is None or progress.over else progress.response

    def next_rseq(self, incoming: IncomingRequest) -> int:
        """The number of the next one: a random one at first, then one more each."""
        progress = self._progress.get(incoming.transaction.number)
        if progress is None:
            return 1 + self._party.draw(_FIRST_BELOW - 1)
        return progress.rseq + 1

    def begin(self, incoming: IncomingRequest, response: Response) -> Raw:
        """One has been sent for the first time."""
        timers = self._party.timers
        progress = _Progress(incoming=incoming, rseq=response.rseq or 1, response=response, interval_us=timers.t1_us)
        self._progress[incoming.transaction.number] = progress
        if incoming.dialog is not None:
            progress.name = incoming.dialog.id, RAck(progress.rseq, incoming.request.cseq)
            self._named[progress.name] = progress
        return [
            SetTimer(progress.timer("1xx"), timers.t1_us),
            SetTimer(progress.timer("prack"), timers.transaction_us),
        ]

    def confirmed(self, dialog: Dialog, prack: Request) -> IncomingRequest | None:
        """The INVITE whose unconfirmed provisional response a PRACK names; also after its final response."""
        rack = prack.rack
        progress = None if rack is None else self._named.pop((dialog.id, rack), None)
        if progress is None:
            return None
        progress.response = None
        return progress.incoming

    def stop(self, incoming: IncomingRequest) -> Raw:
        """Repeat the provisional response to that INVITE no more."""
        progress = self._progress.get(incoming.transaction.number)
        if progress is None or progress.over:
            return []
        progress.over = True
        return [CancelTimer(progress.timer("1xx")), CancelTimer(progress.timer("prack"))]

    def repeat(self, number: int) -> Raw:
        """The time came to send one again; unlike for a 2xx the gap grows without limit."""
        progress = self._progress.get(number)
        if progress is None or progress.over or progress.response is None:
            return []
        progress.interval_us *= 2
        response = progress.response
        again = Send(progress.incoming.transaction.hop, response.octets, response, again=True)
        return [again, SetTimer(progress.timer("1xx"), progress.interval_us)]

    def give_up(self, number: int) -> tuple[IncomingRequest, Response, Raw] | None:
        """64*T1 without a PRACK: the INVITE, what was not confirmed, and the timers to stop."""
        progress = self._progress.get(number)
        if progress is None or progress.over or progress.response is None:
            return None
        return progress.incoming, progress.response, self.stop(progress.incoming)

    def forget(self, number: int) -> None:
        """The INVITE's transaction is over."""
        progress = self._progress.pop(number, None)
        if progress is not None and progress.name is not None:
            self._named.pop(progress.name, None)
