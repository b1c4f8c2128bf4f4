"""The verification payload V, by which a Responder proves that it has the keys; used by PSK, NULL and public key modes.

Source: RFC 3830 sections 3.1, 5.2 and 6.9.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import mac, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.readings import OtherReadings, verify_one
from mikey_sdp.mikey.registry import ErrorNo, MacAlg

SECTION: Final = "RFC 3830 section 6.9"


def _covered(message: Message, alg: MacAlg, idi: bytes, idr: bytes, timestamp: Timestamp) -> bytes:
    """Everything up to and including Auth alg, then the data of IDi and IDr, then the TS value. # [3830-5.2-4]"""
    return message.octets[: len(message.octets) - MAC_OCTETS[alg]] + idi + idr + timestamp.value_octets


def close_with_v(
    header: Header,
    payloads: tuple[Payload, ...],
    *,
    keys: MessageKeys | None,
    idi: bytes,
    idr: bytes,
    timestamp: Timestamp,
) -> Message:
    """A message that ends in V; without keys (NULL mode) V is there and proves nothing."""
    alg = MacAlg.HMAC_SHA_1_160 if keys else MacAlg.NULL
    unsigned = Verification(auth_alg=alg, mac=bytes(MAC_OCTETS[alg]))
    draft = Message.build(header, (*payloads, unsigned))
    if keys is None:
        return draft
    tag = mac(alg, keys, _covered(draft, alg, idi, idr, timestamp))
    return draft.sealed(Verification(auth_alg=alg, mac=tag), tag)


def check_v(
    message: Message,
    *,
    keys: MessageKeys | None,
    idi: bytes,
    idr: bytes,
    timestamp: Timestamp,
    others: OtherReadings | None = None,
) -> None:
    """Verify the V of a received message, over the octets as received.

    `timestamp` is the one that the Initiator sent. Without keys only a NULL V is right. `others` are what else V may
    cover.
    Raises: PeerError with Auth failure (0), or Invalid MAC (3) for an algorithm that can't stand here.
    """
    v = message.find(Verification)
    if v is None:
        raise PeerError("the answer has no V payload", mikey_error=ErrorNo.AUTH_FAILURE, section=SECTION)
    wanted = MacAlg.HMAC_SHA_1_160 if keys else MacAlg.NULL
    if v.auth_alg != wanted:  # [3830-4.2.4-4]
        raise PeerError(
            f"V uses {v.auth_alg} where {wanted} must stand", mikey_error=ErrorNo.INVALID_MAC, section=SECTION
        )
    if keys is None:
        return
    covered = _covered(message, v.auth_alg, idi, idr, timestamp)

    def check(octets: bytes) -> None:
        verify_mac(v.auth_alg, keys, octets, v.mac, section=SECTION)

    if others is None:
        check(covered)
    else:
        verify_one(covered, others.coverages, others.acceptance, check)
