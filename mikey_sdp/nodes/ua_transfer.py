"""Transfer: one party of a call has the other call somebody else, who may be in a call with the first already.

Source: RFC 3515, RFC 3891, RFC 3892, RFC 5589; RFC 5197 section 5.3: the new call has a key exchange of its own.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.commands import Transfer
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg, Stage
from mikey_sdp.nodes.switchboard import Switchboard
from mikey_sdp.nodes.takeover import FIELD, copied, referred_by
from mikey_sdp.nodes.ua_attempts import Order, target_at
from mikey_sdp.nodes.ua_caller import Caller

_BAD_REQUEST: Final = 400
_DECLINE: Final = 603


class Transfers:
    """Asks peers to call somebody else, and calls whom a peer asks us to call."""

    def __init__(self, desk: Desk, board: Switchboard, caller: Caller) -> None:
        self._desk: Final = desk
        self._board: Final = board
        self._caller: Final = caller

    def transfer(self, command: Transfer) -> None:
        """Have the peer of a call call somebody else.

        Raises: UsageError for somebody who is no contact.
        """
        desk = self._desk
        contact = desk.config.contacts.get(command.to)
        if contact is None:
            raise UsageError(f"{desk.config.name} has no contact {command.to!r}")
        legs = [leg for leg in desk.legs_with(command.peer) if leg.stage is Stage.CONFIRMED]
        other = next((leg for leg in desk.legs_with(command.to) if leg.stage is Stage.CONFIRMED), None)
        if not legs or (command.attended and other is None):
            missing = command.to if legs else command.peer
            desk.warn(f"there is no call with {missing}, so {command.peer} is not transferred to {command.to}")
            return
        replaces, own = None, f"<{desk.config.identity}>"
        if command.attended and other is not None and other.dialog is not None:
            replaces, own = other.dialog.replaces, referred_by(desk.config.identity, other, legs[0])
        self._refer(legs[0], sip.refer_to(sip.Uri.parse(contact.uri), replaces), own, command.to)

    def _refer(self, leg: Leg, target: str, own: str, to: str) -> None:
        desk = self._desk
        if leg.dialog is None:
            return
        try:
            _, outputs = desk.core.refer(leg.dialog, target, headers=[(FIELD, own)])
        except UsageError as error:
            desk.warn(f"{leg.peer} is not transferred: {error}")
            return
        desk.call_changed(leg.call_id, leg.peer, "transferring", reason=f"to {to}")
        desk.do(outputs)

    def reported(self, event: sip.ReferralReported) -> None:
        """The peer tells how far it has come: when the other call is up, ours is over; if it fails, ours goes on."""
        leg = self._desk.leg_of(event.referral.dialog)
        if leg is None or not event.over or leg.stage is Stage.ENDED:
            return
        if 200 <= event.status < 300:
            self._desk.call_changed(leg.call_id, leg.peer, "transferred", status=event.status)
            self._board.hang_up(leg, "transferred")
        else:
            self._failed(leg, event.status, event.reason)

    def refused(self, event: sip.ResponseReceived) -> None:
        """The peer doesn't want to call anybody."""
        leg = self._desk.leg_of(event.dialog)
        if leg is not None and event.outgoing.method == "REFER" and event.status >= 300:
            self._failed(leg, event.status, "" if event.response is None else event.response.reason)

    def _failed(self, leg: Leg, status: int, reason: str) -> None:
        self._desk.call_changed(leg.call_id, leg.peer, "not transferred", status=status, reason=reason)

    def referred(self, event: sip.ReferReceived) -> None:
        """The peer asks us to call somebody: do so, with an offer of its own, and tell the peer what comes of it."""
        desk = self._desk
        leg = desk.leg_of(event.dialog)
        if leg is None or not desk.config.takes_referrals:
            desk.do(desk.core.respond(event.incoming, _DECLINE))
            return
        uri = event.target.uri
        try:
            headers = (*sip.referred_headers(uri), *copied(event.request))
            contact = self._way_to(leg, event.dialog)
            target = target_at(contact, uri, desk.config)
        except (DecodeError, UsageError):
            desk.do(desk.core.respond(event.incoming, _BAD_REQUEST))
            return
        referral, outputs = desk.core.accept_referral(event.incoming)
        desk.do(outputs)
        called = desk.name_of(sip.identity(target.contact.uri))
        self._caller.place(Order(called=called, headers=headers, referral=referral), target)

    def _way_to(self, leg: Leg, dialog: sip.Dialog) -> Contact:
        """How calls to somebody unknown go: as those to the peer do."""
        known = self._desk.config.contacts.get(leg.peer)
        hop = dialog.hop
        way = Contact(uri=leg.peer, address=Address(hop.host, hop.port), transport=Transport(hop.transport))
        return way if known is None else known
