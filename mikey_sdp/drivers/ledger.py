"""The trace and the capture of a live run, as they are written while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.crossing import Crossing
from mikey_sdp.drivers.topology import Route
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.contract import Address, Datagram, SendDatagram, Transport
from mikey_sdp.nodes.key_notes import key_notes
from mikey_sdp.sip import Message
from mikey_sdp.trace import AnyRecord, AttackMade, MessageArrived, MessageLost, MessageSent, Passed, Warned

_MEDIA: Final = Transport.MEDIA


class Ledger:
    """Writes down what happens, in its order.

    Keeps: `records`; `last_us`, when something last left or arrived.
    """

    def __init__(self, watch: Callable[[AnyRecord], None] | None, capture: Capture | None) -> None:
        self.records: Final[list[AnyRecord]] = []
        self.last_us = 0
        self._watch: Final = watch
        self._passed: Final = None if capture is None else capture.passed
        self._last_sent: Final[dict[str, tuple[int, int]]] = {}
        self._numbers = 0

    def sent(
        self, party: str, action: SendDatagram, route: Route, ends: tuple[Address, Address], at_us: int
    ) -> Crossing:
        """A party sends something between two addresses of the plan."""
        self.last_us = at_us
        number = None if action.datagram.transport is _MEDIA else self._numbered(party, action, route, at_us)
        if self._passed is None:
            return Crossing(number, None)
        self._passed.append(
            Passed(
                at_us=at_us,
                arrived_us=None,
                party=party,
                to=route.to_name,
                transport=action.datagram.transport.value,
                source=ends[0],
                destination=ends[1],
                octets=action.datagram.octets,
            )
        )
        return Crossing(number, len(self._passed) - 1)

    def _numbered(self, party: str, action: SendDatagram, route: Route, at_us: int) -> int:
        number = self._numbers
        self._numbers += 1
        self._last_sent[party] = at_us, number
        self.write(
            MessageSent(
                at_us=at_us,
                party=party,
                number=number,
                to=route.to_name,
                transport=action.datagram.transport.value,
                summary=action.summary,
                octets=action.datagram.octets,
                notes=action.notes,
            )
        )
        return number

    def arrived(self, party: str, crossing: Crossing, now_us: Micros) -> None:
        """It reaches a party, be it one on the path."""
        self.last_us = now_us
        if crossing.number is not None:
            self.write(MessageArrived(at_us=now_us, party=party, number=crossing.number))
        if crossing.at is not None and self._passed is not None:
            passed = self._passed[crossing.at]
            self._passed[crossing.at] = msgspec.structs.replace(passed, arrived_us=now_us, to=party)

    def lost(self, party: str, crossing: Crossing, at_us: int) -> None:
        """The network loses what a party sent."""
        if crossing.number is not None:
            self.write(MessageLost(at_us=at_us, party=party, number=crossing.number))

    def reported(self, party: str, record: AnyRecord) -> None:
        """A node reports something."""
        at_us, number = self._last_sent.get(party, (-1, -1))
        if isinstance(record, AttackMade) and record.number is None and record.at_us == at_us:
            # Only the driver knows the number of the message that the attacker has just sent.
            record = msgspec.structs.replace(record, number=number)
        self.write(record)

    def warn(self, party: str, text: str, now_us: Micros) -> None:
        """Something that a person should know."""
        self.write(Warned(at_us=now_us, party=party, text=text))

    def write(self, record: AnyRecord) -> None:
        """Put a record into the trace."""
        self.records.append(record)
        if self._watch is not None:
            self._watch(record)


def described(datagram: Datagram) -> SendDatagram:
    """A datagram of a program as a node of ours would have sent it, with what a ladder says of it."""
    if datagram.transport is _MEDIA:
        return SendDatagram(datagram=datagram)
    try:
        message = Message.parse(datagram.octets)
    except DecodeError:
        return SendDatagram(datagram=datagram, summary="(no SIP)")
    return SendDatagram(datagram=datagram, summary=message.summary, notes=key_notes(message.body))
