"""What a ladder says beside an arrow: the key management inside a session description, one line each."""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.table import MODES, row_of_message
from mikey_sdp.mikey.payloads.err import ErrorPayload
from mikey_sdp.mikey.registry import DataType
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt

_MARKER: Final = b"a=key-mgmt:"
_CRYPTO: Final = b"a=crypto:"


def key_notes(body: bytes) -> tuple[str, ...]:
    """One line for each a=key-mgmt and a=crypto line of a body, in document order; none if it has none.

    The lines are picked out as they stand, whatever the rest of the body is like: a note says what is there, it judges
    nothing.
    """
    if _MARKER not in body and _CRYPTO not in body:
        return ()
    notes = []
    media = -1
    for line in body.splitlines():
        if line.startswith(b"m="):
            media += 1
        elif line.startswith(_MARKER):
            where = "session level" if media < 0 else f"media level, m= line {media}"
            notes.append(f"{_what(line[len(_MARKER) :].decode('latin-1'))}, at {where}")
        elif line.startswith(_CRYPTO):
            notes.append(f"SDES key in the clear, at {'session level' if media < 0 else f'm= line {media}'}")
    return tuple(notes)


def message_note(octets: bytes) -> str:
    """What one MIKEY message is: its mode, its place in the exchange, its size and its CSB."""
    try:
        message = Message.decode(octets)
    except DecodeError as error:
        return f"MIKEY message of {len(octets)} octets that can't be read: {error.reason}"
    return f"MIKEY {_kind(message)}, {len(octets)} octets, CSB {message.header.csb_id:08x}"


def _what(value: str) -> str:
    try:
        offer = KeyMgmt.parse(value)
    except DecodeError as error:
        return f"key management that can't be read: {error.reason}"
    if offer.kmpid == MIKEY:
        return message_note(offer.data)
    return f"key management {offer.kmpid}, {len(offer.data)} octets"


def _kind(message: Message) -> str:
    data_type = message.header.data_type
    row = row_of_message(message)
    if row is not None:
        return f"{row.mode} I_MESSAGE"
    answered = [
        row.mode
        for row in MODES.values()
        if data_type in (row.answer_type, row.further_answer_type) and row.recognises_answer(message)
    ]
    if answered:  # the answers of RSA and ECIES mode are alike
        return f"{' or '.join(answered)} R_MESSAGE"
    if data_type == DataType.ERROR:
        numbers = ", ".join(str(error.error_no) for error in message.all(ErrorPayload))
        return f"Error message: {numbers or 'no number'}"
    return data_type.label
