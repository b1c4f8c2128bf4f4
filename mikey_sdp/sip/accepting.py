"""2xx responses to INVITEs: sent again and again, whatever the transport, until the ACK comes or hope is given up.

Source: RFC 3261 section 13.3.1.4 as RFC 6026 section 8.1 puts it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.sip.actions import TIMER_PREFIX, AckArrived, CancelTimer, Discarded, Send, SetTimer
from mikey_sdp.sip.calls import IncomingRequest
from mikey_sdp.sip.dialog import Dialog, DialogState
from mikey_sdp.sip.events import AckMissing, AckReceived
from mikey_sdp.sip.message import Response
from mikey_sdp.sip.party import Party, Raw


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A 2xx whose ACK has not come."""

    incoming: IncomingRequest
    dialog: Dialog
    response: Response
    interval_us: int

    def timer(self, which: str) -> str:
        return f"{TIMER_PREFIX}{which}/{self.incoming.transaction.number}"


class Accepting:
    """The 2xx of ours that nobody has acknowledged yet."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._waiting: dict[int, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, incoming: IncomingRequest, dialog: Dialog, response: Response) -> Raw:
        """A 2xx has been sent for the first time.

        If another of the dialog still waits, its ACK was lost: the peer would not have sent a new INVITE without it.
        """
        timers = self._party.timers
        superseded = self.stop(dialog.awaiting_ack) if dialog.awaiting_ack is not None else []
        waiting = _Waiting(incoming=incoming, dialog=dialog, response=response, interval_us=timers.t1_us)
        self._waiting[incoming.transaction.number] = waiting
        dialog.awaiting_ack = incoming
        return [
            *superseded,
            SetTimer(waiting.timer("2xx"), timers.t1_us),
            SetTimer(waiting.timer("ack"), timers.transaction_us),
        ]

    def acknowledged(self, arrived: AckArrived) -> Raw:
        """An ACK for a 2xx: ends its repetitions; a repeated ACK means nothing."""
        request = arrived.request
        dialog = self._party.dialog_of(request)
        if dialog is None:
            return [Discarded("an ACK that nothing waits for", arrived.source)]
        incoming = dialog.awaiting_ack
        if incoming is None or incoming.request.cseq.number != request.cseq.number:
            return []
        return [*self.stop(incoming), AckReceived(incoming, dialog, request)]

    def repeat(self, number: int) -> Raw:
        """The time came to send a 2xx again."""
        waiting = self._waiting.get(number)
        if waiting is None:
            return []
        if waiting.dialog.state is DialogState.TERMINATED:
            return self.stop(waiting.incoming)
        waiting.interval_us = self._party.timers.doubled(waiting.interval_us)
        hop = waiting.incoming.transaction.hop
        again = Send(hop, waiting.response.octets, waiting.response, again=True)
        return [again, SetTimer(waiting.timer("2xx"), waiting.interval_us)]

    def give_up(self, number: int) -> Raw:
        """64*T1 without an ACK."""
        waiting = self._waiting.get(number)
        if waiting is None:
            return []
        over = waiting.dialog.state is DialogState.TERMINATED
        return [*self.stop(waiting.incoming), *(() if over else (AckMissing(waiting.incoming, waiting.dialog),))]

    def stop(self, incoming: IncomingRequest) -> Raw:
        """Repeat the 2xx to that INVITE no more."""
        waiting = self._waiting.pop(incoming.transaction.number)
        waiting.dialog.awaiting_ack = None
        waiting.dialog.negotiation.acknowledged()
        return [CancelTimer(waiting.timer("2xx")), CancelTimer(waiting.timer("ack"))]
