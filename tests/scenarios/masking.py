"""Runs of one scenario compared: all octets but those that RSA draws by chance.

The padding of RSA encryption comes from the library's own chance, so a PKE payload differs from run to run, and with it
the signature over its message, and the hash by which a later message vouches for the lines before it. All are put to
zeros here, in place, and nothing else is: also where somebody on the path has altered the message elsewhere, perhaps
beyond reading.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import row_of_answer, row_of_message
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.registry import ExtensionType
from mikey_sdp.trace import MessageSent, RunResult

_MIKEY: Final = re.compile(rb"(?<=a=key-mgmt:mikey )[A-Za-z0-9+/=]+")


def chances(octets: bytes) -> Iterator[bytes]:
    """What chance decided in a MIKEY message: nothing, unless it carries a key that RSA encrypted."""
    try:
        message = Message.decode(octets)
    except DecodeError:
        return
    row = row_of_message(message) or row_of_answer(message)
    sealed, signature = message.find(EnvelopeKey), message.find(Signature)
    hashed = [one.data[-32:] for one in message.all(GeneralExtension) if one.ext_type == ExtensionType.VENDOR_ID]
    if hashed and signature is not None:  # it vouches for the lines before its own
        yield hashed[0]
        yield signature.signature
    if row is None or row.mode not in (Mode.RSA, Mode.RSA_R) or sealed is None or signature is None:
        return
    for chance in (sealed.data, signature.signature):
        assert octets.count(chance) == 1
        yield chance


def masked_mikey(octets: bytes, drawn: frozenset[bytes]) -> bytes:
    """A MIKEY message without those octets of chance."""
    for chance in drawn:
        octets = octets.replace(chance, bytes(len(chance)))
    return octets


def masked_sip(octets: bytes, drawn: frozenset[bytes]) -> bytes:
    """A SIP message whose MIKEY messages are masked."""
    return _MIKEY.sub(lambda found: base64.b64encode(masked_mikey(base64.b64decode(found[0]), drawn)), octets)


def masked(result: RunResult) -> RunResult:
    """A run whose SIP messages are masked."""
    sent = [record.octets for record in result.records if isinstance(record, MessageSent)]
    carried = [base64.b64decode(found[0]) for octets in sent for found in _MIKEY.finditer(octets)]
    drawn = frozenset(chance for octets in carried for chance in chances(octets))
    records = (
        replace(record, octets=masked_sip(record.octets, drawn)) if isinstance(record, MessageSent) else record
        for record in result.records
    )
    return replace(result, records=tuple(records))
