"""Opening messages that carry keys under an envelope key: RSA, ECIES and RSA-R.

Source: RFC 3830 sections 3.2 and 5.2; RFC 4738 section 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.dissect.certified import certified_identity
from mikey_sdp.dissect.open_signed import is_judged, signature_check
from mikey_sdp.dissect.opened import MAC_CHECK, SENDER, SIGN_CHECK, Check, Missing, Opened, checked
from mikey_sdp.dissect.recording import Recording, try_each
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.key_transport import SentKeys, check_seal, opened_keys
from mikey_sdp.mikey.payloads import GeneralExtension, Identity, KeyDataTransport, Rand, Timestamp
from mikey_sdp.mikey.registry import ExtensionType, PayloadType
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 3830 section 3.2"


@dataclass(frozen=True, slots=True)
class _Unsealed:
    envelope_key: Secret
    sent: SentKeys


def envelope_offer(recording: Recording, message: Message) -> Opened | None:
    """An I_MESSAGE of RSA or ECIES: its signature, and what is in its KEMAC."""
    known = recording.known
    if not is_judged(recording, message):
        return None
    signature = signature_check(recording, message)
    if known.key is None and known.envelope_key is None:
        return Opened(checks=(signature,))
    return _opened(recording, message, signature, lambda: recording.context(message))


def envelope_answer(recording: Recording, message: Message) -> Opened | None:
    """An R_MESSAGE of RSA-R: keys for the Initiator, under the RAND that he sent."""
    known = recording.known
    if not is_judged(recording, message):
        return None
    try:
        asked = recording.asked_by(message)
    except Missing as missing:
        return Opened(checks=(Check(name=SIGN_CHECK, held=None, reason=str(missing)),))
    timestamp, idr = asked.find(Timestamp), message.find(Identity)
    appended = recording.initiator_of(asked) + (idr.data if idr else certified_identity(message))
    signature = signature_check(recording, message, appended + (timestamp.value_octets if timestamp else b""))
    if known.key is None and known.envelope_key is None:
        return Opened(checks=(signature,))
    return _opened(recording, message, signature, lambda: _context_of_answer(recording, message, asked), asked=asked)


def _context_of_answer(recording: Recording, message: Message, asked: Message) -> KeyContext:
    """What enters the derivations of an RSA-R answer. Of a group it brings CSB ID and RAND itself."""
    rand, csb_id = message.find(Rand), _csb_id_of_group(message)
    if rand is None or csb_id is None:
        return recording.context(asked)
    return KeyContext(csb_id=csb_id, rand=rand.octets, prf=prf_of(message.header.prf_func))


def _csb_id_of_group(message: Message) -> int | None:
    extensions = message.all(GeneralExtension)
    return next((one.csb_id for one in extensions if one.ext_type == ExtensionType.CSB_ID), None)


def _opened(
    recording: Recording,
    message: Message,
    signature: Check,
    context_of: Callable[[], KeyContext],
    *,
    asked: Message | None = None,
) -> Opened:
    """What the KEMAC of a message holds, whose MAC tells the right envelope key."""
    found: list[_Unsealed] = []
    seal = checked(MAC_CHECK, lambda: found.append(_unsealed(recording, message, context_of())))
    if not found:
        return Opened(checks=(signature, seal))
    sent = found[0].sent
    recording.found_envelope_key(message, found[0].envelope_key, sender=sent.sender.data)
    named = (message.find(Identity) if asked is not None or _is_named(message) else None) or sent.sender
    sender = checked(SENDER, lambda: _check_sender(sent.sender, named))
    inside = (sent.sender, *sent.keys)
    checks = (signature, seal, sender)
    if asked is None:
        return recording.with_keys(message, checks, sent.keys, inside=inside)
    own = None if _csb_id_of_group(message) is None else context_of()
    return recording.with_keys(asked, checks, sent.keys, inside=inside, answer=message, context=own)


def _is_named(message: Message) -> bool:
    """Whether the first ID of an I_MESSAGE is that of its sender: two are there, or one before any certificate."""
    kinds = [payload.payload_type for payload in message.payloads]
    return kinds.count(PayloadType.ID) > 1 or PayloadType.CERT not in kinds[: kinds.index(PayloadType.ID)]


def _check_sender(sender: Identity, named: Identity) -> None:
    if sender != named:
        raise PeerError("the encrypted ID is another than that in clear", mikey_error=None, section=SECTION)


def _unsealed(recording: Recording, message: Message, context: KeyContext) -> _Unsealed:
    kemac, timestamp = message.find(KeyDataTransport), message.find(Timestamp)
    if kemac is None or timestamp is None:
        raise PeerError("there is no KEMAC, or no T", mikey_error=None, section=SECTION)
    check_seal(kemac)
    shared = recording.unsealed(message)
    if not shared:
        raise PeerError("the key opens no envelope key", mikey_error=None, section=SECTION)
    opened: list[SentKeys] = []
    secret, _keys = try_each(
        shared,
        context,
        lambda keys: opened.append(opened_keys(message, kemac, keys, csb_id=context.csb_id, timestamp=timestamp)),
    )
    return _Unsealed(secret, opened[-1])
