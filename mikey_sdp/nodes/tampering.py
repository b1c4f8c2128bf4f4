"""A party on the path who alters MIKEY messages: one octet of one payload in each message that passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message, Span
from mikey_sdp.nodes.attacker import Attacker, message_in, passed_on, with_message
from mikey_sdp.nodes.contract import Action, Address, DatagramIntercepted, Event
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt

HEADER: Final = "HDR"
_KEY_MGMT: Final = b"a=key-mgmt:"
_FLIPPED: Final = 0x01
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampered:
    """A SIP message with one octet of its MIKEY message changed, and what that was."""

    message: sip.Request | sip.Response
    what: str


class Tamperer(Attacker):
    """Flips the lowest bit of one octet of a payload, in the first MIKEY message of each offer, or of each answer.

    Without a name he takes each payload in turn: the first of the first message, the second of the next, and so on;
    once he is past the last one he lets everything pass. The message keeps its length, and unless he hits a length
    field it can still be read, so that nothing but its protection tells that somebody was there.
    Keeps: `payload`, the label of the payload type, HDR for the header; `octet`, counted from the start of the payload,
    None for its last one.
    """

    def __init__(
        self, name: str, address: Address, *, answers: bool, payload: str | None = None, octet: int | None = None
    ) -> None:
        super().__init__(name, address)
        self._answers: Final = answers
        self._payload: Final = payload
        self._octet: Final = octet
        self._passed = 0
        self._changed: dict[bytes, Tampered] = {}

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        message = message_in(datagram)
        if message is None or not self._is_target(message):
            return [passed_on(datagram, message)]
        # What SIP repeats was altered before, in the same way.
        known = self._changed.get(datagram.octets)
        tampered = known or self._tampered(message)
        if tampered is None:
            return [passed_on(datagram, message)]
        self._changed[datagram.octets] = tampered
        on = passed_on(with_message(datagram, tampered.message), tampered.message)
        return [on] if known else [on, self._attack(tampered.what, now_us)]

    def _is_target(self, message: sip.Request | sip.Response) -> bool:
        if _KEY_MGMT not in message.body:
            return False
        if isinstance(message, sip.Request):
            return not self._answers and message.method == "INVITE"
        return self._answers and message.status == _OK and message.cseq.method == "INVITE"

    def _tampered(self, message: sip.Request | sip.Response) -> Tampered | None:
        """The message with its first MIKEY message altered; None where there is nothing to alter in it."""
        lines = message.body.splitlines(keepends=True)
        for at, line in enumerate(lines):
            if not line.startswith(_KEY_MGMT):
                continue
            try:
                carried = KeyMgmt.parse(line[len(_KEY_MGMT) :].decode("ascii").rstrip("\r\n"))
                pieces = _pieces(Message.decode(carried.data)) if carried.kmpid == MIKEY else ()
            except (DecodeError, UnicodeDecodeError):
                continue
            chosen = self._choose(pieces)
            if chosen is None:
                continue
            label, offset = chosen
            altered = bytearray(carried.data)
            altered[offset] ^= _FLIPPED
            lines[at] = f"a={replace(carried, data=bytes(altered)).attribute}\r\n".encode("ascii")
            what = f"changed octet {offset} of a MIKEY message, in {label}"
            return Tampered(message=message.with_body(b"".join(lines), message.content_type), what=what)
        return None

    def _choose(self, pieces: tuple[tuple[str, Span], ...]) -> tuple[str, int] | None:
        """The payload whose turn it is, and the offset of the octet; None where there is no such one."""
        if self._payload is None:
            left = pieces[self._passed :]
            self._passed += 1
        else:
            left = tuple(piece for piece in pieces if piece[0] == self._payload)
        if not left:
            return None
        label, span = left[0]
        octet = span.octets - 1 if self._octet is None else self._octet
        return (label, span.offset + octet) if octet < span.octets else None


def _pieces(message: Message) -> tuple[tuple[str, Span], ...]:
    """The header and every payload of a message, and where they lie."""
    labels = (payload.payload_type.label for payload in message.payloads)
    return ((HEADER, Span(0, message.header_octets)), *zip(labels, message.spans, strict=True))
