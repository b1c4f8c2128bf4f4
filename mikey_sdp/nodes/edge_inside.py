"""Responses within a call that stands: an answer that can't be taken ends it if it is the network's.

Source: RFC 3264 section 8, RFC 4567 section 4.1.1.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.edge_bodies import sdp_of, with_sdp, without_sdp
from mikey_sdp.nodes.edge_call import Dialog, EdgeCall, Passage
from mikey_sdp.nodes.edge_contract import Side
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.nodes.edge_endings import Endings
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_leg import EdgeLeg
from mikey_sdp.nodes.edge_sessions import REFRESHING, agreed
from mikey_sdp.sip import Response


class InsideResponses:
    """Takes the responses to requests of dialogs, and sends responses back."""

    def __init__(self, desk: EdgeDesk, endings: Endings) -> None:
        self._desk: Final = desk
        self._endings: Final = endings

    def send_back(self, passage: Passage, response: Response) -> None:
        """Send a response to whoever sent the request."""
        if response.status >= 200:
            passage.answered = True
        self._desk.do(passage.line, passage.line.layer.reply(passage.server, response.without_top("Via")))

    def arrived(self, passage: Passage, call: EdgeCall, response: Response) -> None:
        """Take a response to a request of a call that stands."""
        dialog = passage.dialog
        if dialog is None or dialog.leg is None or passage.request.method == "BYE":
            self.send_back(passage, response)
            return
        if self._endings.repeat(passage, response):
            return
        if response.contacts and response.status < 300 and passage.request.method in REFRESHING:
            dialog.targets[passage.line.side.other] = response.contacts[0].uri
        try:
            response = self._answer_inside(passage, dialog.leg, response)
        except MikeySdpError as fault:
            self._fail_inside(passage, call, dialog, response, Refused.by_answer(fault))
            return
        if response.status >= 300 and passage.exchange is not None:
            dialog.leg.drop(passage.exchange)
        if 200 <= response.status < 300 and dialog.confirmed and passage.request.method in REFRESHING:
            agreed(self._desk, call, response)
        self.send_back(passage, response)
        if response.status >= 200 and passage.exchange is not None and passage.request.method != "INVITE":
            dialog.leg.confirm(passage.line.side)

    @staticmethod
    def _answer_inside(passage: Passage, leg: EdgeLeg, response: Response) -> Response:
        if response.status >= 300:
            return without_sdp(response)
        body = sdp_of(response)
        if passage.exchange is not None:
            if body:
                return with_sdp(response, passage.answer(leg, passage.exchange, body))
            if response.status >= 200 and not leg.took(passage.exchange):
                raise Refused("Key management: the answer has none, and no description")
        elif body and passage.request.method == "INVITE":
            return with_sdp(response, leg.offered(passage.line.side.other, body))
        elif body:
            return response.with_body(b"", "")
        return response

    def _fail_inside(
        self, passage: Passage, call: EdgeCall, dialog: Dialog, response: Response, refused: Refused
    ) -> None:
        """An answer within a call can't be taken: the network's ends it, the phone's leaves it as it was."""
        desk = self._desk
        desk.failed_keys(call, refused)
        if passage.request.method == "INVITE" and response.status >= 200:
            self._endings.acknowledge(passage, dialog, response)
        if response.status >= 200 or passage.line.side is Side.PHONE:
            passage.answered = True
            desk.refuse(passage.line, passage.server, refused)
        if passage.line.side is Side.PHONE:
            desk.failed += 1
            self._endings.end(call, refused)
        elif dialog.leg is not None and passage.exchange is not None:
            dialog.leg.drop(passage.exchange)
