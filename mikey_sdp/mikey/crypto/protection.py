"""Encryption and authentication of MIKEY payloads: what KEMAC and V hold, by algorithm number.

Source: RFC 3830 sections 4.2.3, 4.2.4 and 6.2.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg

SUPPORTED_MACS: Final = frozenset({MacAlg.NULL, MacAlg.HMAC_SHA_1_160})
MAX_CIPHERTEXT_OCTETS: Final = 0xFFFF
_KW_BLOCK: Final = 8
_KW_ROUNDS: Final = 6


def aes_cm_iv(keys: MessageKeys, csb_id: int, timestamp: Timestamp) -> bytes:
    """The initial counter block of AES-CM: (S XOR (0x0000 || CSB ID || T)) || 0x0000. # [3830-4.2.3-2]

    Source: RFC 3830 section 4.2.3.
    """
    mask = int.from_bytes(csb_id.to_bytes(4, "big") + timestamp.iv_octets, "big")
    return (int.from_bytes(keys.salt_key.reveal(), "big") ^ mask).to_bytes(14, "big") + b"\x00\x00"


def _aes_cm(keys: MessageKeys, csb_id: int, timestamp: Timestamp, data: bytes) -> bytes:
    cipher = Cipher(AES(keys.encr_key.reveal()), CTR(aes_cm_iv(keys, csb_id, timestamp)))
    return cipher.encryptor().update(data)


def _null(_keys: MessageKeys, _csb_id: int, _timestamp: Timestamp, data: bytes) -> bytes:
    return data


def _wrap(keys: MessageKeys, _csb_id: int, _timestamp: Timestamp, data: bytes) -> bytes:
    """AES key wrap whose initial value is the first 64 bits of the salting key. # [3830-4.2.3-10]

    The general libraries fix the initial value of RFC 3394, which RFC 3830 replaces by S; hence the loop is here.
    """
    if len(data) % _KW_BLOCK or len(data) < 2 * _KW_BLOCK:
        raise UsageError(f"AES key wrap takes two or more whole blocks of 8 octets, not {len(data)} octets")
    block = Cipher(AES(keys.encr_key.reveal()), ECB()).encryptor()  # noqa: S305 - the block step of RFC 3394
    a = keys.salt_key.reveal()[:_KW_BLOCK]
    r = [data[i : i + _KW_BLOCK] for i in range(0, len(data), _KW_BLOCK)]
    for j in range(_KW_ROUNDS):
        for i, chunk in enumerate(r):
            out = block.update(a + chunk)
            step = len(r) * j + i + 1
            a = (int.from_bytes(out[:_KW_BLOCK], "big") ^ step).to_bytes(_KW_BLOCK, "big")
            r[i] = out[_KW_BLOCK:]
    return a + b"".join(r)


def _unwrap(keys: MessageKeys, _csb_id: int, _timestamp: Timestamp, data: bytes) -> bytes:
    if len(data) % _KW_BLOCK or len(data) < 3 * _KW_BLOCK:
        raise PeerError("wrapped keys have an impossible length", mikey_error=ErrorNo.AUTH_FAILURE, section=_SECTION)
    block = Cipher(AES(keys.encr_key.reveal()), ECB()).decryptor()  # noqa: S305 - the block step of RFC 3394
    a = data[:_KW_BLOCK]
    r = [data[i : i + _KW_BLOCK] for i in range(_KW_BLOCK, len(data), _KW_BLOCK)]
    for j in reversed(range(_KW_ROUNDS)):
        for i in reversed(range(len(r))):
            step = len(r) * j + i + 1
            mixed = (int.from_bytes(a, "big") ^ step).to_bytes(_KW_BLOCK, "big")
            out = block.update(mixed + r[i])
            a = out[:_KW_BLOCK]
            r[i] = out[_KW_BLOCK:]
    if not hmac.compare_digest(a, keys.salt_key.reveal()[:_KW_BLOCK]):
        raise PeerError("AES key wrap integrity check failed", mikey_error=ErrorNo.AUTH_FAILURE, section=_SECTION)
    return b"".join(r)


_SECTION: Final = "RFC 3830 section 4.2.3"
_Transform = Callable[[MessageKeys, int, Timestamp, bytes], bytes]
_TRANSFORMS: Final[Mapping[EncrAlg, tuple[_Transform, _Transform]]] = MappingProxyType(
    {
        EncrAlg.NULL: (_null, _null),
        EncrAlg.AES_CM_128: (_aes_cm, _aes_cm),
        EncrAlg.AES_KW_128: (_wrap, _unwrap),
    }
)


def check_algorithms(encr_alg: EncrAlg, mac_alg: MacAlg) -> None:
    """Refuse numbers that are not implemented.

    Raises: PeerError with Invalid EA (4) or Invalid MAC (3).
    """
    if encr_alg not in _TRANSFORMS:
        raise PeerError(f"encryption {encr_alg} is not supported", mikey_error=ErrorNo.INVALID_EA, section=_SECTION)
    if mac_alg not in SUPPORTED_MACS:
        raise PeerError(f"MAC {mac_alg} is not supported", mikey_error=ErrorNo.INVALID_MAC, section=_SECTION)


def encrypt(encr_alg: EncrAlg, keys: MessageKeys, *, csb_id: int, timestamp: Timestamp, plain: bytes) -> bytes:
    """The Encr data field of a KEMAC that hides `plain` (its sub-payloads).

    Raises: UsageError where the result does not fit the field, or the 2^16 blocks of AES-CM. # [3830-4.2.3-3]
    """
    data = _TRANSFORMS[encr_alg][0](keys, csb_id, timestamp, plain) if plain else b""
    if len(data) > MAX_CIPHERTEXT_OCTETS:
        raise UsageError(f"{len(data)} octets of key data don't fit a KEMAC payload")
    return data


def decrypt(encr_alg: EncrAlg, keys: MessageKeys, *, csb_id: int, timestamp: Timestamp, data: bytes) -> bytes:
    """The sub-payloads of a KEMAC. Call only after its MAC was verified.

    Raises: PeerError where AES key wrap finds the data altered.
    """
    return _TRANSFORMS[encr_alg][1](keys, csb_id, timestamp, data) if data else b""


def mac(mac_alg: MacAlg, keys: MessageKeys, covered: bytes) -> bytes:
    """The MAC over the octets covered; empty for NULL."""
    if mac_alg == MacAlg.NULL:
        return b""
    return hmac.digest(keys.auth_key.reveal(), covered, "sha1")


def verify_mac(mac_alg: MacAlg, keys: MessageKeys, covered: bytes, received: bytes, *, section: str) -> None:
    """Check a MAC in constant time. NULL verifies nothing: whoever calls has decided that it may stand there.

    Raises: PeerError with Auth failure (0).
    """
    if not hmac.compare_digest(mac(mac_alg, keys, covered), received):
        raise PeerError("the MAC does not verify", mikey_error=ErrorNo.AUTH_FAILURE, section=section)
