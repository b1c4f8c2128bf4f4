"""Keys under an envelope key: the KEMAC of the public key modes, whose MAC covers nothing but itself.

Source: RFC 3830 sections 3.2, 5.2 and 6.2; RFC 4738 section 3.6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.protection import check_algorithms, decrypt, encrypt, mac, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.push import only_keys
from mikey_sdp.mikey.payloads import decode_key_data, encode_key_data
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import CacheIndicator, EncrAlg, ErrorNo, MacAlg, PayloadType
from mikey_sdp.secret import Secret
from mikey_sdp.wire import Writer

SECTION: Final = "RFC 3830 section 3.2"
CACHED: Final = frozenset({CacheIndicator.CACHE, CacheIndicator.CACHE_FOR_CSB})
"""Under which C both ends keep the envelope key, for updates of the CSB. # [3830-6.3-4]"""


def with_envelope_key(bundle: Bundle, envelope_key: Secret, cache: CacheIndicator) -> Bundle:
    """The CSB with what C lets both ends keep: nothing # [3830-6.3-2], the key for its updates # [3830-6.3-4], or for
    every later CSB of the two # [3830-6.3-3]. Values that nobody assigned keep nothing."""
    kept = envelope_key if cache in CACHED else None
    return replace(bundle, envelope_key=kept, for_pair=cache == CacheIndicator.CACHE)


def pke_of(message: Message) -> EnvelopeKey:
    """The PKE of a message that sends keys under an envelope key."""
    pke = message.find(EnvelopeKey)
    if pke is None:
        raise missing("a PKE")
    return pke


def sealed_keys(
    keys: MessageKeys,
    *,
    encr_alg: EncrAlg,
    csb_id: int,
    timestamp: Timestamp,
    sender: Identity,
    key_data: tuple[KeyData, ...],
) -> KeyDataTransport:
    """KEMAC = E(encr_key, ID || {TGK}) || MAC, the ID being that of whoever sends the keys. # [3830-3.2-5]"""
    plain = encode_key_data((sender, *key_data), zero_fill=encr_alg == EncrAlg.AES_KW_128)
    data = encrypt(encr_alg, keys, csb_id=csb_id, timestamp=timestamp, plain=plain)
    alg = MacAlg.HMAC_SHA_1_160
    draft = KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=alg, mac=bytes(MAC_OCTETS[alg]))
    writer = Writer()
    draft.encode(writer, PayloadType.LAST)
    octets = writer.getvalue()
    tag = mac(alg, keys, octets[: len(octets) - len(draft.mac)])
    return KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=alg, mac=tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentKeys:
    """What a KEMAC held: who sent it, and the keys."""

    sender: Identity
    keys: tuple[KeyData, ...]


def check_seal(kemac: KeyDataTransport) -> None:
    """Refuse algorithms before a private key is put to work.

    Raises: PeerError with Invalid EA or MAC (4, 3).
    """
    check_algorithms(kemac.encr_alg, kemac.mac_alg)
    if kemac.encr_alg == EncrAlg.NULL:
        raise PeerError("the keys are not encrypted", mikey_error=ErrorNo.INVALID_EA, section=SECTION)
    if kemac.mac_alg == MacAlg.NULL:  # [3830-4.2.4-4]
        raise PeerError("the keys have no MAC", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)


def opened_keys(
    message: Message, kemac: KeyDataTransport, keys: MessageKeys, *, csb_id: int, timestamp: Timestamp
) -> SentKeys:
    """Verify the MAC over the KEMAC as received, its Next payload taken as 0, then decrypt. # [3830-5.2-5]

    Raises: PeerError with Auth failure (0); DecodeError.
    """
    span = message.span(kemac)
    covered = bytes(1) + message.octets[span.offset + 1 : span.end - len(kemac.mac)]
    verify_mac(kemac.mac_alg, keys, covered, kemac.mac, section="RFC 3830 section 5.2")
    plain = decrypt(kemac.encr_alg, keys, csb_id=csb_id, timestamp=timestamp, data=kemac.encr_data)
    zero_fill = kemac.encr_alg == EncrAlg.AES_KW_128
    first, *rest = decode_key_data(plain, first=PayloadType.ID, zero_fill=zero_fill)
    if not isinstance(first, Identity):
        raise PeerError("the keys don't begin with an ID", mikey_error=ErrorNo.INVALID_ID, section=SECTION)
    return SentKeys(sender=first, keys=only_keys(tuple(rest)))
