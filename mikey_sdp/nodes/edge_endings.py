"""How an edge ends what it can't let go on: requests of its own in the name of either end.

Source: RFC 3261 sections 9.1, 13.2.2.4 and 15, RFC 3326.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.edge_bodies import sdp_of
from mikey_sdp.nodes.edge_call import Dialog, EdgeCall, Passage
from mikey_sdp.nodes.edge_contract import Side
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_sdp import rejecting
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sip import Hop, Request, Response, Send, build_cancel, build_request


class Endings:
    """Ends dialogs and calls, and gives back what they held."""

    def __init__(self, desk: EdgeDesk) -> None:
        self._desk: Final = desk

    # -- requests of our own -------------------------------------------------------------------------------------

    def bye(self, call: EdgeCall, dialog: Dialog, to: Side, reason: Refused | None = None) -> None:
        """End a dialog towards one side, in the name of the other."""
        number = dialog.numbers[to.other] = dialog.numbers.get(to.other, 0) + 1
        found = self._own(call, dialog, to, "BYE", number, reason=reason)
        if found is not None:
            request, line, hop = found
            self._desk.do(line, line.layer.send(request, hop)[1])

    def _own(
        self,
        call: EdgeCall,
        dialog: Dialog,
        to: Side,
        method: str,
        number: int,
        *,
        reason: Refused | None = None,
        body: bytes = b"",
    ) -> tuple[Request, Line, Hop] | None:
        desk = self._desk
        hop, target = desk.hop_to(call, dialog, to), dialog.targets.get(to)
        line = None if hop is None else desk.ways.towards(to, hop)
        if hop is None or line is None or target is None:
            desk.warn(f"a {method} to the {to} side has nowhere to go", call)
            return None
        from_, whom = call.ends(dialog, to)
        said = "" if reason is None else reason.reason.replace("\\", "/").replace('"', "'")
        request = build_request(
            method,
            target,
            via=line.layer.new_via(hop.transport),
            from_=str(from_),
            to=str(whom),
            call_id=call.call_id,
            cseq=number,
            routes=[str(route) for route in dialog.routes.get(to, ())],
            headers=[("Reason", f'SIP ;cause={reason.status} ;text="{said}"')] if reason is not None else [],
            body=body,
        )
        return request, line, hop

    def cancel(self, passage: Passage) -> None:
        """Take a request back, as soon as something has come back on it."""
        desk = self._desk
        if passage.client is None or passage.out is None or passage.hop is None or passage.out_line is None:
            return
        passage.cancelled = True
        if passage.rings and not passage.cancel_sent:
            passage.cancel_sent = True
            line = passage.out_line
            desk.do(line, line.layer.send(build_cancel(passage.out), passage.hop)[1])
            desk.set_timer(f"cancel/{passage.number}", desk.config.timers.transaction_us)

    # -- answers that can't be taken -----------------------------------------------------------------------------

    def kill(self, passage: Passage, dialog: Dialog, response: Response, refused: Refused) -> None:
        """End one dialog of a call because of what its answerer said: he is told, and the caller if that was all."""
        call = passage.call
        if call is None:
            return
        again = dialog.killed
        dialog.killed = True
        if dialog.leg is not None:
            dialog.leg.close()
            dialog.leg = None
        if response.status >= 200:
            self._acknowledge(call, passage, dialog, response)
        if not again:
            self._desk.failed += 1
            self._desk.failed_keys(call, refused)
        if response.status >= 200 or (call.outgoing and not again):
            self.bye(call, dialog, call.callee_side, refused)
        passage.fault = refused
        if response.status >= 200 and not passage.answered:
            self.give_up(passage, refused)
        elif not call.outgoing and not passage.answered:
            self.cancel(passage)
            self.give_up(passage, refused)

    def acknowledge(self, passage: Passage, dialog: Dialog, response: Response) -> None:
        """Confirm the 2xx of a request whose sender won't."""
        if passage.call is not None:
            self._acknowledge(passage.call, passage, dialog, response)

    def _acknowledge(self, call: EdgeCall, passage: Passage, dialog: Dialog, response: Response) -> None:
        """Confirm a 2xx that goes no further; an offer in it is answered by taking none of its streams."""
        to = passage.line.side.other
        body = b""
        if passage.exchange is None:
            body = _declining(response)
        made = self._own(call, dialog, to, "ACK", passage.request.cseq.number, body=body)
        if made is not None:
            passage.endings[response.to.tag] = made
            self.repeat(passage, response)

    def repeat(self, passage: Passage, response: Response) -> bool:
        """Confirm a 2xx again that comes again; False if it is not one that the edge confirms."""
        made = passage.endings.get(response.to.tag)
        if made is None:
            return False
        request, line, hop = made
        self._desk.do(line, [Send(hop, request.octets, request)])
        return True

    def give_up(self, passage: Passage, refused: Refused) -> None:
        """Tell who sent a request that it fails, and end the call if it was to open one."""
        passage.answered = True
        self._desk.refuse(passage.line, passage.server, refused)
        if passage.dialog is not None and passage.dialog.leg is not None and passage.exchange is not None:
            passage.dialog.leg.drop(passage.exchange)
        call = passage.call
        if call is not None and passage.opens_call:
            self.close(call, refused.reason)

    # -- calls ---------------------------------------------------------------------------------------------------

    def end(self, call: EdgeCall, refused: Refused) -> None:
        """End a whole call at both sides."""
        passage = call.invite
        if passage is not None and not passage.answered:
            self.cancel(passage)
            passage.answered = True
            self._desk.refuse(passage.line, passage.server, refused)
        for dialog in call.alive:
            if dialog.confirmed:
                self.bye(call, dialog, Side.PHONE, refused)
                self.bye(call, dialog, Side.NETWORK, refused)
        self.close(call, refused.reason)

    def over(self, call: EdgeCall, dialog: Dialog) -> None:
        """One dialog was hung up by one of its ends."""
        dialog.killed = True
        if dialog.leg is not None:
            dialog.leg.close()
            dialog.leg = None
        waiting = call.invite is not None and not call.invite.answered
        if not waiting and not any(other.confirmed for other in call.alive):
            self.close(call)

    def settled(self, call: EdgeCall) -> None:
        """No answer can come any more: what others than the answerers held is given back."""
        for dialog in call.alive:
            if not dialog.confirmed:
                self.over(call, dialog)

    def close(self, call: EdgeCall, reason: str = "") -> None:
        """A call is over: nothing is kept of it."""
        desk = self._desk
        if desk.calls.pop(call.number, None) is None:
            return
        for leg in call.legs:
            leg.close()
        call.room.close()
        for key in [key for key, found in desk.dialogs.items() if found[0] is call]:
            del desk.dialogs[key]
        desk.cancel_timer(f"idle/{call.number}")
        desk.cancel_timer(f"session/{call.number}")
        if call.invite is not None:
            desk.cancel_timer(f"ring/{call.invite.number}")
        desk.changed(call, "ended", reason)


def _declining(response: Response) -> bytes:
    try:
        offer = sdp_of(response)
        return rejecting(SessionDescription.parse(offer)).octets if offer else b""
    except (DecodeError, Refused):
        return b""
