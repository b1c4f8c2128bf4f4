"""What the SIP floor of a node asks for, as actions that a driver takes."""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.nodes.contract import Action, Address, CancelTimer, Datagram, SendDatagram, SetTimer, Transport
from mikey_sdp.nodes.key_notes import key_notes


class Outgoing:
    """Messages and timers of one node, on their way to its driver.

    Keeps: the last body and the notes on it, since the branches of a fork carry the same one, and reading its key
    management costs more than sending it.
    """

    def __init__(self, source: Address) -> None:
        self._source: Final = source
        self._noted: tuple[bytes, tuple[str, ...]] = b"", ()

    def action(self, output: object) -> Action | None:
        """The action for one output of the SIP floor; None for an event, which the node has to take itself."""
        if isinstance(output, sip.Send):
            return self._sent(output)
        if isinstance(output, sip.SetTimer):
            return SetTimer(output.name, output.delay_us)
        if isinstance(output, sip.CancelTimer):
            return CancelTimer(output.name)
        return None

    def _sent(self, output: sip.Send) -> SendDatagram:
        hop, message = output.hop, output.message
        if message.body is not self._noted[0]:
            self._noted = message.body, key_notes(message.body)
        datagram = Datagram(
            source=self._source,
            destination=Address(hop.host, hop.port),
            transport=Transport(hop.transport),
            octets=output.octets,
        )
        return SendDatagram(datagram=datagram, summary=message.summary, notes=self._noted[1])
