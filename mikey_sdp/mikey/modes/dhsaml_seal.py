"""What authenticates the messages of SAML-assisted Diffie-Hellman: MACs that cover all messages before, too.

Source: decision note 11; RFC 3830 sections 5.2, 6.2 and 6.9 for the payloads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import check_algorithms, decrypt, encrypt, mac, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.push import kemac_of, only_keys
from mikey_sdp.mikey.payloads import decode_key_data, encode_key_data
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg, PayloadType

SECTION: Final = "RFC 5197 section 3.6"
_MAC: Final = MacAlg.HMAC_SHA_1_160
_TAG_OCTETS: Final = MAC_OCTETS[_MAC]


def close_with_proof(
    header: Header, payloads: tuple[Payload, ...], *, keys: MessageKeys, appended: tuple[bytes, ...]
) -> Message:
    """A message that ends in V, over all of it up to the MAC and over what is `appended` but not sent."""
    draft = Message.build(header, (*payloads, Verification(auth_alg=_MAC, mac=bytes(_TAG_OCTETS))))
    tag = mac(_MAC, keys, _covered(draft, appended))
    return draft.sealed(Verification(auth_alg=_MAC, mac=tag), tag)


def check_proof(message: Message, *, keys: MessageKeys, appended: tuple[bytes, ...]) -> None:
    """Verify the V of an answer, over the octets as received.

    Raises: PeerError: Auth failure (0), Invalid MAC (3).
    """
    v = message.find(Verification)
    if v is None:
        raise PeerError("the answer has no V payload", mikey_error=ErrorNo.AUTH_FAILURE, section=SECTION)
    if v.auth_alg != _MAC:
        raise PeerError(f"V by {v.auth_alg}", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)
    verify_mac(_MAC, keys, _covered(message, appended), v.mac, section=SECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What one end says in the second round: a random value, or a group's key with the RAND that goes with it."""

    rand: bytes = field(repr=False)
    keys: tuple[KeyData, ...] = ()


def close_with_contents(
    header: Header,
    payloads: tuple[Payload, ...],
    contents: Contents,
    *,
    keys: MessageKeys,
    timestamp: Timestamp,
    encr_alg: EncrAlg,
    appended: bytes,
) -> Message:
    """A message that ends in KEMAC = E(RAND || {Key data}) || MAC, the MAC over the whole message and what is
    `appended` but not sent: encrypted first, then authenticated."""
    plain = encode_key_data((Rand(octets=contents.rand), *contents.keys))
    data = encrypt(encr_alg, keys, csb_id=header.csb_id, timestamp=timestamp, plain=plain)
    empty = KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=_MAC, mac=bytes(_TAG_OCTETS))
    draft = Message.build(header, (*payloads, empty))
    tag = mac(_MAC, keys, _covered(draft, (appended,)))
    return draft.sealed(KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=_MAC, mac=tag), tag)


def check_contents(message: Message, *, keys: MessageKeys, appended: bytes) -> None:
    """Verify the MAC of a message of the second round, over the octets as received.

    Raises: PeerError: Invalid EA or MAC (4, 3) for algorithms that hide or prove nothing, Auth failure (0).
    """
    kemac = kemac_of(message)
    check_algorithms(kemac.encr_alg, kemac.mac_alg)
    if kemac.encr_alg != EncrAlg.AES_CM_128:
        raise PeerError(f"{kemac.encr_alg} can't stand here", mikey_error=ErrorNo.INVALID_EA, section=SECTION)
    if kemac.mac_alg != _MAC:
        raise PeerError(f"{kemac.mac_alg} can't stand here", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)
    verify_mac(_MAC, keys, _covered(message, (appended,)), kemac.mac, section=SECTION)


def contents_of(message: Message, *, keys: MessageKeys, timestamp: Timestamp) -> Contents:
    """What an authentic message of the second round holds.

    Raises: DecodeError; PeerError for anything else than RAND and keys.
    """
    kemac = kemac_of(message)
    plain = decrypt(kemac.encr_alg, keys, csb_id=message.header.csb_id, timestamp=timestamp, data=kemac.encr_data)
    first, *rest = decode_key_data(plain, first=PayloadType.RAND)
    if not isinstance(first, Rand):
        raise PeerError("the second round has no RAND", mikey_error=ErrorNo.UNSPECIFIED, section=SECTION)
    return Contents(rand=first.octets, keys=only_keys(tuple(rest)))


def _covered(message: Message, appended: tuple[bytes, ...]) -> bytes:
    return message.octets[: len(message.octets) - _TAG_OCTETS] + b"".join(appended)
