"""Registration: where a user agent says that its identity is reached at its address, and may set its clock.

Source: RFC 3261 sections 10.2 and 10.2.6.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.commands import Register
from mikey_sdp.nodes.desk import Desk

_SECOND_US: Final = 1_000_000


class Registration:
    """Registers with registrars and hears what they say.

    Keeps: the name of the registrar of each REGISTER that is under way.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk
        self._asked: Final[dict[str, str]] = {}

    def register(self, command: Register) -> None:
        """Ask to be reached here for some time, or for none any more.

        Raises: UsageError for a registrar that is no contact.
        """
        desk = self._desk
        contact = desk.config.contacts.get(command.registrar)
        if contact is None:
            raise UsageError(f"{desk.config.name} has no contact {command.registrar!r}")
        own = sip.Uri.parse(desk.config.identity)
        outgoing, outputs = desk.core.request_outside(
            "REGISTER",
            desk.config.identity,
            caller=desk.config.identity,
            hop=sip.Hop(contact.transport, contact.address.host, contact.address.port),
            uri=sip.Uri.parse(f"{own.scheme}:{own.host}"),
            headers=[("Expires", str(command.expires_s))],
        )
        self._asked[outgoing.request.call_id] = command.registrar
        desk.do(outputs)

    def answered(self, event: sip.ResponseReceived) -> None:
        """The registrar answers; its Date may set our clock, which MIKEY's timestamps follow."""
        if event.outgoing.method != "REGISTER" or event.status < 200:
            return
        desk, call_id = self._desk, event.outgoing.request.call_id
        state = "registered" if event.status < 300 else "not registered"
        reason = "" if event.response is None else event.response.reason
        desk.call_changed(call_id, self._asked.pop(call_id, ""), state, status=event.status, reason=reason)
        date = None if event.response is None else event.response.get("Date")
        if desk.config.clock_from_registrar and date is not None:
            self._set_clock(date)

    def _set_clock(self, date: str) -> None:
        """A difference below the second that Date counts in is none."""
        desk = self._desk
        try:
            ahead_us = sip.parse_date(date) - desk.unix_us
        except DecodeError as error:
            desk.warn(f"the registrar's Date can't be read: {error}")
            return
        if not -_SECOND_US < ahead_us <= 0:
            desk.clock_set_us += ahead_us
            desk.warn(f"the clock was set by {ahead_us / _SECOND_US:+.1f} s to the registrar's")
