"""The keys of SAML-assisted Diffie-Hellman: from the shared secrets to the TGK and to what protects its messages.

Source: RFC 5197 section 3.6 for the TGK; decision note 11 for everything else.
"""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.crypto.derive import KeyContext, MessageKeys
from mikey_sdp.mikey.crypto.groups import PrivateValue
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.secret import Secret

_PROTECTION_LABEL: Final = b"MIKEY-DHSAML-MPK\x00"


class Direction(enum.IntEnum):
    """Which message a set of keys is for: T is the same in all of them, so that one set would give one key stream."""

    R_MSG_1 = 2
    I_MSG_2 = 3
    R_MSG_2 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """Our private values: that of the assertion, and a fresh one in the variant that has it."""

    static: PrivateValue = field(repr=False)
    ephemeral: PrivateValue | None = field(default=None, repr=False)

    @property
    def to_show(self) -> bytes:
        """The DH-value of our DH payload: the fresh one, else that of the assertion once more."""
        return (self.ephemeral or self.static).public


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirKeys:
    """The peer's DH-values: that of the assertion, and a fresh one in the variant that has it."""

    static: bytes
    ephemeral: bytes | None = None


def shared_secret(ours: OwnKeys, theirs: TheirKeys, *, initiator: bool) -> Secret:
    """x, from which everything follows.

    The certified keys alone, or, with fresh ones at both ends, Z(si,er) || Z(ei,sr) || Z(ei,er): the first two show
    that each end holds its certified key, the third is forgotten for good.
    Raises: PeerError with Invalid DH (6) for a value that no honest peer sends.
    """
    if ours.ephemeral is None or theirs.ephemeral is None:
        return ours.static.agree(theirs.static)
    crosswise = (ours.static.agree(theirs.ephemeral), ours.ephemeral.agree(theirs.static))
    first, second = crosswise if initiator else crosswise[::-1]
    return Secret(first.reveal() + second.reveal() + ours.ephemeral.agree(theirs.ephemeral).reveal())


def tgk_of(shared: Secret, rand_1: bytes, rand_2: bytes) -> Secret:
    """TGK = HMACx(RAND1 | RAND2), as printed.

    Units: 20 octets, of HMAC-SHA-1, as goes with PRF func 0, the only one here.
    """
    return _hmac(shared, rand_1 + rand_2)


def protection_key_of(shared: Secret, rand_1: bytes, rand_2: bytes) -> Secret:
    """The key from which those of messages come, so that no traffic key protects a message."""
    return _hmac(shared, _PROTECTION_LABEL + rand_1 + rand_2)


def strengthened(tgk: Secret, rand_3: bytes, rand_4: bytes) -> Secret:
    """The TGK after a second round that strengthens it: HMAC_TGK(RAND3 | RAND4)."""
    return _hmac(tgk, rand_3 + rand_4)


def rands_of(rand_1: bytes, rand_2: bytes) -> bytes:
    """RAND1 and RAND2 for a label, each behind its length, so that octets can't move from one to the other."""
    return b"".join(bytes((len(rand),)) + rand for rand in (rand_1, rand_2))


def message_keys(exchange: Continuation, header: Header, to: Direction) -> MessageKeys:
    """The keys of one message of an exchange, derived as from a pre-shared key; `header` is that of any of them.

    Wire: constant (32 bits) || 0xFF || CSB ID (32) || direction (8) || length (8) || RAND1 || length (8) || RAND2.
    Source: RFC 3830 section 4.1.4 for the constants.
    Raises: PeerError with Invalid PRF (2).
    """
    prf = prf_of(header.prf_func)
    context = KeyContext(csb_id=header.csb_id, rand=bytes((to,)) + exchange.rands, prf=prf)
    return context.message_keys(exchange.protection_key)


def _hmac(key: Secret, covered: bytes) -> Secret:
    return Secret(hmac.digest(key.reveal(), covered, "sha1"))
