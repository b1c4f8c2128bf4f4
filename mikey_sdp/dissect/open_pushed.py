"""Opening messages in which the Initiator pushes keys under a shared secret, and the V that answers them.

Source: RFC 3830 sections 3.1, 4.5, 5.2 and 6.9.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.dissect.describe import sub_payloads
from mikey_sdp.dissect.opened import DECRYPTION, MAC_CHECK, SESSIONS, V_CHECK, Check, Missing, Opened, checked
from mikey_sdp.dissect.recording import Recording, keys_in, try_each
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import check_algorithms, decrypt, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs
from mikey_sdp.mikey.modes.verification import check_v
from mikey_sdp.mikey.payloads import Identity, KeyDataTransport, Payload, Timestamp, Verification, decode_key_data
from mikey_sdp.mikey.registry import DataType, EncrAlg, MacAlg, PayloadType
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 3830 section 5.2"


def pushed(recording: Recording, message: Message) -> Opened | None:
    """A message that brings keys in a KEMAC at its end."""
    kemac = message.find(KeyDataTransport)
    if kemac is not None and _is_unprotected(message):
        inside: list[Payload] = []
        check = checked(DECRYPTION, lambda: inside.extend(sub_payloads(kemac, message.header.data_type)))
        return _told(recording, message, (check,), tuple(inside))
    shared = recording.shared_keys(message)
    if not shared:
        return None
    verified: list[MessageKeys] = []
    check = checked(MAC_CHECK, lambda: verified.append(closing_mac(recording, message, message, shared)))
    if kemac is None or not verified:
        return Opened(checks=(check,))
    plain: list[Payload] = []
    decrypted = checked(DECRYPTION, lambda: plain.extend(_decrypted(message, kemac, verified[0])))
    return _told(recording, message, (check, decrypted), tuple(plain))


def _told(recording: Recording, message: Message, checks: tuple[Check, ...], inside: tuple[Payload, ...]) -> Opened:
    if not all(check.held for check in checks):
        return Opened(checks=checks)
    return recording.with_keys(message, checks, keys_in(inside), inside=inside)


def closing_mac(recording: Recording, message: Message, opening: Message, shared: tuple[Secret, ...]) -> MessageKeys:
    """The keys under which the MAC of a KEMAC at the end of a message is right.

    `opening` is the I_MESSAGE of the exchange.
    Raises: PeerError, Missing.
    """
    kemac = message.find(KeyDataTransport)
    if kemac is None or message.payloads[-1] is not kemac:
        raise PeerError("the message does not end with a KEMAC", mikey_error=None, section=SECTION)
    check_algorithms(kemac.encr_alg, kemac.mac_alg)
    if kemac.mac_alg == MacAlg.NULL:
        raise PeerError("Mac alg is NULL: nothing can be verified", mikey_error=None, section=SECTION)
    covered = message.octets[: len(message.octets) - len(kemac.mac)]
    _secret, keys = try_each(
        shared,
        recording.context(opening),
        lambda keys: verify_mac(kemac.mac_alg, keys, covered, kemac.mac, section=SECTION),
    )
    return keys


def verification(recording: Recording, message: Message) -> Opened | None:
    """A message that ends in V, which covers what the Initiator sent, too."""
    if message.find(Verification) is None and message.header.data_type == DataType.ERROR:
        return None
    try:
        asked = recording.asked_by(message)
    except Missing as missing:
        knows = _is_unprotected(message) or recording.shared_keys(message)
        return Opened(checks=(Check(name=V_CHECK, held=None, reason=str(missing)),)) if knows else None
    shared = recording.shared_keys(asked)
    if not shared and not _is_unprotected(message):
        return None
    check = checked(V_CHECK, lambda: _check_v(recording, message, asked, shared))
    bundle = recording.bundles.get(message.header.csb_id)
    if not check.held or bundle is None or message.header.data_type == DataType.ERROR:
        return Opened(checks=(check,))
    filled: dict[int, int] = {}
    sessions = checked(SESSIONS, lambda: filled.update(filled_ssrcs(asked, message)))
    if not sessions.held:
        return Opened(checks=(check, sessions))
    bundle = recording.bundles[message.header.csb_id] = bundle.with_ssrcs(filled)
    return Opened(checks=(check,), bundle=bundle)


def _check_v(recording: Recording, message: Message, asked: Message, shared: tuple[Secret, ...]) -> None:
    timestamp = asked.find(Timestamp)
    if timestamp is None:
        raise Missing("there is no T, which V covers")
    idi = recording.initiator_of(asked)
    identities = asked.all(Identity)
    responder = message.find(Identity) or (identities[1] if len(identities) > 1 else None)
    idr = responder.data if responder else b""
    if _is_unprotected(message):
        check_v(message, keys=None, idi=idi, idr=idr, timestamp=timestamp)
        return
    context = recording.context(asked)
    try_each(shared, context, lambda keys: check_v(message, keys=keys, idi=idi, idr=idr, timestamp=timestamp))


def _is_unprotected(message: Message) -> bool:
    kemac, v = message.find(KeyDataTransport), message.find(Verification)
    if kemac is not None:
        return kemac.encr_alg == EncrAlg.NULL and kemac.mac_alg == MacAlg.NULL
    return v is not None and v.auth_alg == MacAlg.NULL


def _decrypted(message: Message, kemac: KeyDataTransport, keys: MessageKeys) -> tuple[Payload, ...]:
    timestamp = message.find(Timestamp)
    if timestamp is None:
        raise Missing("there is no T, which the encryption needs")
    plain = decrypt(kemac.encr_alg, keys, csb_id=message.header.csb_id, timestamp=timestamp, data=kemac.encr_data)
    zero_fill = kemac.encr_alg == EncrAlg.AES_KW_128
    return decode_key_data(plain, first=PayloadType.KEY_DATA, zero_fill=zero_fill)
