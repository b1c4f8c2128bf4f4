"""What all who sit on the path have in common: a name, an address, and the way on for what they let pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.contract import Address, Datagram, Report, SendDatagram, Transport
from mikey_sdp.nodes.key_notes import key_notes
from mikey_sdp.trace import AttackMade


class Attacker:
    """What all of them are: a name and an address of their own."""

    def __init__(self, name: str, address: Address) -> None:
        self._name: Final = name
        self._address: Final = address

    @property
    def name(self) -> str:
        """The attacker's name."""
        return self._name

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it can be answered."""
        return (self._address,)

    def _attack(self, text: str, now_us: Micros) -> Report:
        return Report(AttackMade(at_us=now_us, party=self._name, text=text))


def message_in(datagram: Datagram) -> sip.Request | sip.Response | None:
    """The SIP message that passes; None for media, and for what can't be read."""
    if datagram.transport is Transport.MEDIA:
        return None
    try:
        return sip.Message.parse(datagram.octets)
    except DecodeError:
        return None


def passed_on(datagram: Datagram, message: sip.Request | sip.Response | None) -> SendDatagram:
    """A datagram on its further way, as the ladder shows it."""
    if message is None:
        return SendDatagram(datagram=datagram)
    return SendDatagram(datagram=datagram, summary=message.summary, notes=key_notes(message.body))


def with_message(datagram: Datagram, message: sip.Request | sip.Response) -> Datagram:
    """A datagram that brings another message the same way."""
    return Datagram(
        source=datagram.source,
        destination=datagram.destination,
        transport=datagram.transport,
        octets=message.octets,
    )
