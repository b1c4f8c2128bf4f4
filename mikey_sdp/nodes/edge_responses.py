"""What an edge does with the responses that come back: answers are taken, or end the call that they are no answer for.

Source: RFC 3261 section 16.7, RFC 4567 section 4.1.1.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.edge_bodies import sdp_of, with_sdp, without_sdp
from mikey_sdp.nodes.edge_call import Dialog, EdgeCall, Passage
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.nodes.edge_endings import Endings
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_inside import InsideResponses
from mikey_sdp.nodes.edge_leg import EdgeLeg
from mikey_sdp.nodes.edge_offers import redirected_offer
from mikey_sdp.nodes.edge_phone import PhoneKeys
from mikey_sdp.nodes.edge_requests import Requests
from mikey_sdp.nodes.edge_sessions import agreed
from mikey_sdp.sip import Response, build_response, by_preference

_TERMINATED: Final = 487


class Responses:
    """Takes responses and sends them back."""

    def __init__(self, desk: EdgeDesk, endings: Endings, requests: Requests) -> None:
        self._desk: Final = desk
        self._endings: Final = endings
        self._requests: Final = requests
        self._inside: Final = InsideResponses(desk, endings)

    def arrived(self, passage: Passage, response: Response) -> None:
        """Take a response that the transaction let through."""
        if response.status < 200:
            passage.rings = True
            if passage.cancelled:
                self._endings.cancel(passage)
            if response.status == 100:
                return
        call = passage.call
        if call is None:
            self._inside.send_back(passage, self._of_registrar(passage, response))
            return
        call.messages += 1
        if passage.opens_call:
            self._of_call(passage, call, response)
        else:
            self._inside.arrived(passage, call, response)

    def lost(self, passage: Passage, status: int) -> None:
        """A request that nobody answers counts as one with that status."""
        if passage.answered:
            return
        reply = build_response(passage.server.request, status, to_tag=passage.line.layer.new_tag())
        self._final(passage, reply)

    def overdue(self, passage: Passage) -> None:
        """An INVITE goes without a final answer for too long."""
        if passage.answered:
            return
        self._desk.reaped += passage.opens_call
        self._endings.cancel(passage)
        self._endings.give_up(passage, Refused("nobody answered in time", status=408))

    def uncancelled(self, passage: Passage) -> None:
        """A request that was taken back never ended."""
        if passage.client is not None and passage.out_line is not None:
            self._desk.do(passage.out_line, passage.out_line.layer.abandon(passage.client))
        self.lost(passage, _TERMINATED)

    def _of_registrar(self, passage: Passage, response: Response) -> Response:
        if passage.request.method == "REGISTER":
            source = passage.server.source
            return self._desk.bindings.answered(passage.request, response, source, self._desk.now_us)
        return without_sdp(response)

    def _final(self, passage: Passage, response: Response) -> None:
        """Send a final refusal of our own back, and end the call that it was to open."""
        passage.answered = True
        if passage.dialog is not None and passage.dialog.leg is not None and passage.exchange is not None:
            passage.dialog.leg.drop(passage.exchange)
        self._desk.do(passage.line, passage.line.layer.reply(passage.server, response))
        if passage.call is not None and passage.opens_call:
            self._endings.close(passage.call, f"{response.status} {response.reason}")

    # -- responses to the INVITE that opens a call ---------------------------------------------------------------

    def _of_call(self, passage: Passage, call: EdgeCall, response: Response) -> None:
        if response.status >= 300:
            self._refused(passage, call, response)
            return
        if not response.to.tag:
            if response.status < 200:
                self._inside.send_back(passage, response.with_body(b"", "") if response.body else response)
            return
        if self._endings.repeat(passage, response):
            return
        dialog = self._dialog(call, response)
        if dialog is None:
            return
        try:
            response = self._answer(passage, call, dialog, response)
        except MikeySdpError as fault:
            self._endings.kill(passage, dialog, response, Refused.by_answer(fault))
            return
        if response.status >= 200:
            self._taken(passage, call, dialog, response)
        elif call.state == "calling" and response.body:
            self._desk.changed(call, "early")
        self._inside.send_back(passage, response)

    def _answer(self, passage: Passage, call: EdgeCall, dialog: Dialog, response: Response) -> Response:
        """The response with the description that the caller is to see.

        Raises: MikeySdpError.
        """
        if dialog.killed or (response.status >= 200 and passage.answered and not dialog.confirmed and self._gone(call)):
            raise Refused("the call is over")
        body, leg = sdp_of(response), dialog.leg
        if body and leg is None:
            raise Refused("another branch has the keys of this call")
        if body and leg is not None:
            if passage.exchange is not None:
                return with_sdp(response, passage.answer(leg, passage.exchange, body))
            return with_sdp(response, leg.offered(call.callee_side, body))
        if response.status >= 200 and (leg is None or leg.exchange is None or self._unanswered(passage, leg)):
            raise Refused("Key management: the answer has none, and no description")
        return response

    def _gone(self, call: EdgeCall) -> bool:
        return call.number not in self._desk.calls

    @staticmethod
    def _unanswered(passage: Passage, leg: EdgeLeg) -> bool:
        return passage.exchange is not None and not leg.took(passage.exchange)

    def _taken(self, passage: Passage, call: EdgeCall, dialog: Dialog, response: Response) -> None:
        """Somebody took the call."""
        desk = self._desk
        first = not dialog.confirmed
        dialog.confirmed = True
        if dialog.leg is not None:
            dialog.leg.take_call()
        if not first:
            return
        desk.cancel_timer(f"ring/{passage.number}")
        desk.forks.taken(passage)
        agreed(desk, call, response)
        call.since_us, call.passed = desk.now_us, call.activity
        desk.set_timer(f"idle/{call.number}", desk.config.limits.silent_us // 4)
        if call.state != "answered":
            desk.taken += 1
            desk.changed(call, "answered")

    def _dialog(self, call: EdgeCall, response: Response) -> Dialog | None:
        """The dialog of a response, a new one if need be; None beyond the limit of those."""
        desk, tag = self._desk, response.to.tag
        dialog = call.dialogs.get(tag)
        if dialog is None:
            if len(call.dialogs) >= desk.config.limits.branches:
                desk.warn("more branches answer than are taken", call)
                return None
            dialog = Dialog(to=response.to, leg=self._new_leg(call))
            caller, callee = call.caller_side, call.callee_side
            dialog.routes[caller] = call.caller_routes
            if call.caller_target is not None:
                dialog.targets[caller] = call.caller_target
            dialog.routes[callee] = desk.ways.beyond(response.record_routes)
            dialog.numbers[caller] = call.first_number
            call.dialogs[tag] = dialog
            if call.number in desk.calls:
                desk.dialogs[call.call_id, call.caller.tag, tag, call.outgoing] = call, dialog
        if response.contacts:
            dialog.targets[call.callee_side] = response.contacts[0].uri
        if response.record_routes:
            dialog.routes[call.callee_side] = desk.ways.beyond(response.record_routes)
        return dialog

    def _new_leg(self, call: EdgeCall) -> EdgeLeg | None:
        if not call.outgoing and call.invite is not None and call.invite.exchange is not None:
            leg, call.first = call.first, None
            return leg
        phone = PhoneKeys(call.account.phone, self._desk.entropy, called=call.outgoing)
        return self._requests.leg(call, phone)

    def _refused(self, passage: Passage, call: EdgeCall, response: Response) -> None:
        """A final refusal: another place is tried if it names one, else the call is over."""
        if passage.answered:
            return
        if response.status < 400 and not passage.cancelled and self._redirected(passage, call, response):
            return
        if passage.fault is not None:
            self._endings.give_up(passage, passage.fault)
            return
        if response.status == _TERMINATED and passage.cancelled:
            self._desk.changed(call, "cancelled")
        self._inside.send_back(passage, without_sdp(response))
        self._endings.close(call, f"{response.status} {response.reason}")

    def _redirected(self, passage: Passage, call: EdgeCall, response: Response) -> bool:
        """Whether a redirection is followed here, with a fresh offer for its target. # [5197-5.3-3]"""
        desk = self._desk
        config = desk.config
        if not (config.follows_redirects and call.outgoing) or len(passage.tried) >= config.limits.redirects:
            return False
        for contact in by_preference(response.contacts):
            uri = contact.uri
            known = any(uri.equivalent(other) for other in (passage.uri, *passage.tried))
            hop = config.outbound or desk.ways.locate(uri)
            if hop is None or known or not uri.is_sip:
                continue
            parties = call.parties.towards(contact.identity, desk.rule(contact.identity))
            try:
                if passage.exchange is not None:
                    passage.exchange = redirected_offer(passage.exchange, call.room, parties)
            except MikeySdpError as fault:
                desk.warn(f"no offer for {contact.identity}: {Refused.because(fault).reason}", call)
                continue
            passage.tried.append(uri)
            passage.uri, passage.hop, passage.rings = uri, hop, False
            call.parties = parties
            desk.changed(call, "redirected", contact.identity)
            exchange = passage.exchange
            request = passage.request
            self._requests.send(passage, with_sdp(request, exchange.forwarded) if exchange is not None else request)
            return True
        return False
