"""Fresh keys for an Initiator to send.

Source: RFC 3830 sections 3.1 and 6.13.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.bundle import MIN_TGK_OCTETS
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, SpiValidity
from mikey_sdp.mikey.registry import KeyDataType
from mikey_sdp.secret import Entropy, Secret

RAND_OCTETS: Final = 16


def fresh_tgk(entropy: Entropy, *, octets: int = MIN_TGK_OCTETS, salt_octets: int = 0, mki: bytes = b"") -> KeyData:
    """A random TGK, on request with the salt that SRTP is to use and the MKI that names the key.

    # [3830-3.1-5] [3830-9.1-3]

    Raises: UsageError for a TGK under 16 octets.
    """
    if octets < MIN_TGK_OCTETS:
        raise UsageError(f"a TGK has at least {MIN_TGK_OCTETS} octets, not {octets}")
    return KeyData(
        key_type=KeyDataType.TGK_SALT if salt_octets else KeyDataType.TGK,
        key=Secret(entropy(octets)),
        salt=Secret(entropy(salt_octets)) if salt_octets else None,
        validity=SpiValidity(spi=mki) if mki else ANY_PACKET,
    )


def next_mki(before: Iterable[KeyData], octets: int) -> bytes:
    """The MKI for the key that comes after these, whoever named them: it counts on from the last and is none of theirs.

    Units: `octets` of the MKI; with 0 keys have no name.
    """
    if not octets:
        return b""
    taken = [key.validity.spi for key in before if isinstance(key.validity, SpiValidity)]
    number = int.from_bytes(taken[-1], "big") if taken else 0
    while True:
        number = (number + 1) % (1 << 8 * octets)
        mki = number.to_bytes(octets, "big")
        if mki not in taken:
            return mki


def given_tek(key: Secret, *, salt: Secret | None = None, mki: bytes = b"") -> KeyData:
    """A TEK that exists already, such as that of pre-encrypted media. # [3830-6.13-5]"""
    return KeyData(
        key_type=KeyDataType.TEK_SALT if salt else KeyDataType.TEK,
        key=key,
        salt=salt,
        validity=SpiValidity(spi=mki) if mki else ANY_PACKET,
    )


def fresh_rand(entropy: Entropy) -> bytes:
    """The RAND of a new CSB, of the recommended length. # [3830-6.11-2]"""
    return entropy(RAND_OCTETS)
