"""What follows an INVITE from its sender: its CANCEL, and the ACK, in which an answer may stand.

Source: RFC 3261 sections 13.2.2.4, 16.10 and 16.11.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.edge_bodies import sdp_of, with_sdp
from mikey_sdp.nodes.edge_contract import Side
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.nodes.edge_endings import Endings
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_leg import EdgeLeg
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.sip import Hop, Request, Send, ServerTransaction, build_response


class FollowUps:
    """Takes CANCEL and ACK."""

    def __init__(self, desk: EdgeDesk, endings: Endings) -> None:
        self._desk: Final = desk
        self._endings: Final = endings

    def cancelled(self, line: Line, server: ServerTransaction, request: Request) -> None:
        """Take a request back."""
        desk = self._desk
        invite = line.layer.invite_of(request)
        passage = None if invite is None else desk.by_server.get((line.number, invite.number))
        status = 481 if invite is None else 200
        desk.do(line, line.layer.reply(server, build_response(request, status, to_tag=line.layer.new_tag())))
        if passage is not None and not passage.answered:
            self._endings.cancel(passage)

    def acknowledged(self, line: Line, ack: Request, source: Hop) -> None:
        """Send the ACK of a 2xx on, without any state but that of its dialog."""
        desk = self._desk
        request = desk.ways.stripped(ack)
        found = desk.find(line.side, request)
        if found is None or request.max_forwards == 0:
            return
        call, dialog = found
        by_phone = line.side is Side.PHONE
        if by_phone and source.host != call.phone_hop.host:
            return
        call.messages += 1
        hop = desk.ways.network_hop(request) if by_phone else desk.hop_to(call, dialog, Side.PHONE)
        out = None if hop is None else desk.ways.towards(line.side.other, hop)
        if hop is None or out is None or dialog.leg is None:
            return
        refused = None
        try:
            request = self._with_answer(dialog.leg, line.side, request)
        except MikeySdpError as fault:
            refused = Refused.because(fault)
            request = request.with_body(b"", "")
        dialog.leg.confirm(line.side)
        sent = desk.ways.passed_on(request, request.uri, (line, source.transport), out, hop)
        desk.do(out, [Send(hop, sent.octets, sent)])
        if refused is not None:
            desk.failed += 1
            desk.failed_keys(call, refused)
            self._endings.end(call, refused)

    @staticmethod
    def _with_answer(leg: EdgeLeg, side: Side, request: Request) -> Request:
        body, standing = sdp_of(request), leg.exchange
        open_offer = standing is not None and standing.by is side.other
        if standing is not None and open_offer and body:
            return with_sdp(request, leg.answered(standing, body))
        if standing is not None and open_offer and not leg.took(standing):
            raise Refused("the offer is left without an answer")
        return request.with_body(b"", "") if body else request
