"""Requests under way, as a user agent sees them: its INVITEs, its other requests, and those of its peers."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from mikey_sdp.sip.actions import Hop, Send
from mikey_sdp.sip.build import HeaderPairs
from mikey_sdp.sip.client import ClientTransaction
from mikey_sdp.sip.dialog import Dialog
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.outgoing import Content
from mikey_sdp.sip.refer import Referral
from mikey_sdp.sip.server import ServerTransaction

REL: Final = "100rel"
"""The option tag of reliable provisional responses (RFC 3262)."""


class Held(NamedTuple):
    """A response that waits until the provisional one before it is confirmed."""

    status: int
    reason: str
    warnings: tuple[tuple[int, str], ...]
    content: Content
    reliable: bool


class OutgoingInvite:
    """An INVITE that we sent.

    Keeps: `dialogs`, one for each To tag that answered it (a fork has several); `dialog`, the one it was sent inside,
    if it is a re-INVITE; `acks`, by To tag what acknowledges each 2xx; `rseqs`, by To tag the last reliable provisional
    response; `pending_cancel`, a CANCEL that waits for the first provisional response.
    """

    __slots__ = (
        "acks",
        "cancelled",
        "contact",
        "dialog",
        "dialogs",
        "hop",
        "open",
        "pending_cancel",
        "rseqs",
        "transaction",
    )

    def __init__(self, transaction: ClientTransaction, hop: Hop, contact: str, dialog: Dialog | None) -> None:
        self.transaction = transaction
        self.hop = hop
        self.contact = contact
        self.dialog = dialog
        self.dialogs: dict[str, Dialog] = {}
        self.acks: dict[str, Send | None] = {}
        self.rseqs: dict[str, int] = {}
        self.pending_cancel: HeaderPairs | None = None
        self.cancelled = False
        self.open = True

    @property
    def request(self) -> Request:
        """The INVITE itself."""
        return self.transaction.request

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.request.call_id

    @property
    def answered(self) -> bool:
        """Whether some 2xx has come."""
        return bool(self.acks)


class OutgoingRequest:
    """A request other than INVITE, ACK and CANCEL that we sent, inside a dialog or outside of any.

    Keeps: `referral`, of a REFER, what its notifications are about.
    """

    __slots__ = ("dialog", "referral", "transaction")

    def __init__(self, transaction: ClientTransaction, dialog: Dialog | None) -> None:
        self.transaction = transaction
        self.dialog = dialog
        self.referral: Referral | None = None

    @property
    def request(self) -> Request:
        """The request itself."""
        return self.transaction.request

    @property
    def method(self) -> str:
        """Its method."""
        return self.transaction.request.method


class IncomingRequest:
    """A request of a peer that waits for our answer.

    Keeps: `dialog`, the one it came in or made; `tag`, the To tag of our responses; `initial`, whether it came outside
    of any dialog; `held`, responses that wait for the PRACK of the one before; `confirms`, of a PRACK, the INVITE whose
    provisional response it confirms.
    """

    __slots__ = ("confirms", "dialog", "held", "initial", "tag", "transaction")

    def __init__(self, transaction: ServerTransaction, dialog: Dialog | None, tag: str) -> None:
        self.transaction = transaction
        self.dialog = dialog
        self.initial = dialog is None
        self.tag = tag
        self.held: deque[Held] = deque()
        self.confirms: IncomingRequest | None = None

    @property
    def request(self) -> Request:
        """The request itself, with the source noted in its Via."""
        return self.transaction.request

    @property
    def method(self) -> str:
        """Its method."""
        return self.transaction.request.method

    @property
    def source(self) -> Hop:
        """Where it came from."""
        return self.transaction.source

    @property
    def answered(self) -> bool:
        """Whether it has had its final response."""
        return self.transaction.answered

    @property
    def decided(self) -> bool:
        """Whether its final response has been given, be it that it is held until a PRACK comes."""
        return self.transaction.answered or any(held.status >= 200 for held in self.held)

    @property
    def open(self) -> bool:
        """Whether a final response can still be given."""
        return not self.decided

    @property
    def wants_reliable(self) -> bool:
        """Whether the peer insists that every provisional response be sent reliably."""
        return REL in self.request.options("Require")

    @property
    def takes_reliable(self) -> bool:
        """Whether the peer understands provisional responses that are sent reliably."""
        return self.wants_reliable or REL in self.request.options("Supported")
