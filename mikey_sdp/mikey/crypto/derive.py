"""Keys from a TGK for the security protocol, and keys from a PSK or an envelope key for MIKEY's own messages.

Source: RFC 3830 sections 4.1.3 and 4.1.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.crypto.prf import Prf
from mikey_sdp.mikey.registry import PrfConstant
from mikey_sdp.secret import Secret

MIN_RAND_OCTETS: Final = 16
ENCR_KEY_BITS: Final = 128
AUTH_KEY_BITS: Final = 160
SALT_KEY_BITS: Final = 112
_MESSAGE_CS_ID: Final = 0xFF


def label_of(constant: int, cs_id: int, csb_id: int, rand: bytes) -> bytes:
    """The PRF label: constant (one of PrfConstant), CS ID, CSB ID and RAND put together.

    Wire: constant (32 bits) || cs_id (8) || csb_id (32) || RAND.
    Raises: UsageError for numbers that don't fit. # [3830-4.1.1-1]
    """
    if not 0 <= cs_id <= 0xFF or not 0 <= csb_id <= 0xFFFFFFFF:
        raise UsageError(f"CS ID {cs_id} or CSB ID {csb_id} is out of range")
    return (constant << 40 | cs_id << 32 | csb_id).to_bytes(9, "big") + rand


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyContext:
    """What of a CSB enters every derivation: fixed by its first message and kept over all updates.

    Keeps: `prf`, the function of the HDR's PRF func.
    """

    csb_id: int
    rand: bytes
    prf: Prf

    def traffic_key(self, tgk: Secret, constant: PrfConstant, cs_id: int, bits: int) -> Secret:
        """A key that the TGK gives for one CS: its TEK, its salt, or AUTH/ENCR keys for a protocol that can't make
        its own. # [3830-4.1.3-1]

        Units: `bits` of the wanted key.
        """
        return Secret(self.prf(tgk.reveal(), label_of(constant, cs_id, self.csb_id, self.rand), bits))

    def message_keys(self, shared: Secret) -> MessageKeys:
        """The keys by which messages of this CSB are protected, from a PSK or an envelope key. # [3830-4.1.4-1]"""

        def derive(constant: PrfConstant, bits: int) -> Secret:
            return Secret(self.prf(shared.reveal(), label_of(constant, _MESSAGE_CS_ID, self.csb_id, self.rand), bits))

        return MessageKeys(
            encr_key=derive(PrfConstant.ENCR_KEY_FROM_PSK, ENCR_KEY_BITS),
            auth_key=derive(PrfConstant.AUTH_KEY_FROM_PSK, AUTH_KEY_BITS),
            salt_key=derive(PrfConstant.SALT_FROM_PSK, SALT_KEY_BITS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKeys:
    """What protects the KEMAC and V payloads of a CSB.

    Units: encr_key 16 octets, auth_key 20, salt_key 14, of which AES key wrap takes the first 8.
    """

    encr_key: Secret
    auth_key: Secret
    salt_key: Secret
