"""Whose session description waits for an answer in a dialog, so that two offers never stand against each other.

Source: RFC 3264 section 4, RFC 3261 section 13.2.1, RFC 3262 section 5, RFC 3311 section 5.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from mikey_sdp.sip.build import SDP
from mikey_sdp.sip.message import Message, Request, Response

_ANSWERING: Final = frozenset({"PRACK", "ACK"})
"""Requests whose description answers an offer that a response made."""


class Side(StrEnum):
    """An end of a dialog, as one of the two sees it."""

    OWN = "own"
    PEER = "peer"

    @property
    def other(self) -> Side:
        """The end opposite."""
        return Side.PEER if self is Side.OWN else Side.OWN


class Negotiation:
    """The offers and answers of one dialog, by the messages that carry them.

    Keeps: `pending`, who made the offer that has no answer yet. What breaks the rules is not judged here: an answer
    that never came counts as given once the request that should have had it has its final response.
    """

    __slots__ = ("_in_response", "_invited", "pending")

    def __init__(self) -> None:
        self.pending: Side | None = None
        self._invited = False
        self._in_response = False

    def request(self, request: Request, by: Side) -> None:
        """A request of that side: with a description it offers, or answers what a response to its INVITE offered."""
        if request.method == "INVITE":
            self._invited = not carries_sdp(request)
        if carries_sdp(request):
            answers = self.pending is by.other and request.method in _ANSWERING
            self.pending = None if answers else by
            self._in_response = False

    def response(self, request: Request, response: Response, by: Side, *, reliable: bool = False) -> None:
        """A response of that side; a provisional one that isn't reliable only previews what will come."""
        if response.status < 200 and not reliable:
            return
        if response.status >= 300:
            self.failed(request, by.other)
        elif self.pending is by.other and carries_sdp(request):
            if response.status >= 200 or carries_sdp(response):
                self.pending = None
        elif self.pending is None and self._invited and carries_sdp(response):
            # Only an INVITE without a description asks for one.
            self.pending = by
            self._invited = False
            self._in_response = True

    def failed(self, request: Request, by: Side) -> None:
        """A request of that side was refused or lost: what it offered is off the table."""
        if self.pending is by and carries_sdp(request):
            self.pending = None

    def acknowledged(self) -> None:
        """The INVITE's three-way handshake is over: what its response offered has its answer."""
        if self._in_response:
            self.pending = None
            self._in_response = False


def carries_sdp(message: Message) -> bool:
    """Whether the body says that it is a session description."""
    return bool(message.body) and (message.get("Content-Type") or "").partition(";")[0].strip(" \t").lower() == SDP
