"""The pseudo-random functions of MIKEY, by PRF func number.

Source: RFC 3830 section 4.1.2.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.registry import ErrorNo, PrfFunc

Prf = Callable[[bytes, bytes, int], bytes]
"""(inkey, label, output length in bits) to the derived octets."""

_BLOCK_OCTETS: Final = 32
_HASH_BITS: Final = 160


def _expand(block: bytes, label: bytes, rounds: int) -> bytes:
    """P(s, label, m) of section 4.1.2: HMAC(s, A_1 || label) || ... || HMAC(s, A_m || label)."""
    a = hmac.digest(block, label, "sha1")
    expanded = hmac.digest(block, a + label, "sha1")
    for _ in range(1, rounds):
        a = hmac.digest(block, a, "sha1")
        expanded += hmac.digest(block, a + label, "sha1")
    return expanded


def mikey_1(inkey: bytes, label: bytes, outkey_bits: int) -> bytes:
    """MIKEY-1, by which every key of a call follows from a TGK, a pre-shared key or an envelope key.

    The inkey is cut into blocks of 256 bits, the last of which may be shorter but never empty; the expansions of all
    blocks are XORed and the first `outkey_bits` kept.
    Units: `outkey_bits` is a multiple of 8.
    Raises: UsageError for an empty inkey or a length that is no whole number of octets.
    Source: RFC 3830 section 4.1.2.
    """
    if not inkey:
        raise UsageError("a PRF needs an inkey; an empty one derives the same keys for everybody")
    if outkey_bits <= 0 or outkey_bits % 8:
        raise UsageError(f"an outkey of {outkey_bits} bits is no whole number of octets")
    rounds = -(-outkey_bits // _HASH_BITS)
    if len(inkey) <= _BLOCK_OCTETS:
        return _expand(inkey, label, rounds)[: outkey_bits // 8]
    mixed = 0
    for start in range(0, len(inkey), _BLOCK_OCTETS):
        mixed ^= int.from_bytes(_expand(inkey[start : start + _BLOCK_OCTETS], label, rounds), "big")
    return mixed.to_bytes(rounds * _HASH_BITS // 8, "big")[: outkey_bits // 8]


PRFS: Final[Mapping[PrfFunc, Prf]] = MappingProxyType({PrfFunc.MIKEY_1: mikey_1})


def prf_of(prf_func: PrfFunc) -> Prf:
    """The function that a message asks for by number.

    Raises: PeerError with Invalid PRF (2) for a number that is not implemented. # [3830-4.2.2-3]
    """
    try:
        return PRFS[prf_func]
    except KeyError:
        raise PeerError(
            f"PRF func {prf_func} is not supported", mikey_error=ErrorNo.INVALID_PRF, section="RFC 3830 section 6.1"
        ) from None
