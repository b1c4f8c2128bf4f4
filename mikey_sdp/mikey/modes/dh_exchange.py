"""What the Diffie-Hellman modes have in common: half-keys on the way out, the echo on the way back, and their TGK.

Source: RFC 3830 sections 3.3, 4.2.7 and 6.4; RFC 4650 section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.groups import PrivateValue, group_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import InitiatorSetup
from mikey_sdp.mikey.payloads.dh import DhValue
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.validity import KeyValidity
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, KeyDataType
from mikey_sdp.secret import Entropy

SECTION: Final = "RFC 3830 section 3.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfKey:
    """One end's private value, the payload that shows its public one, and the way to the TGK."""

    payload: DhValue
    _private: PrivateValue = field(repr=False)

    @classmethod
    def draw(cls, group: DhGroup, validity: KeyValidity, entropy: Entropy) -> HalfKey:
        """A fresh private value. # [3830-3.3-4] [3830-3.3-5] [4650-5.3-4]

        Raises: PeerError with Invalid DH (6) for a group that is not implemented.
        """
        private = group_of(group).draw(entropy)
        return cls(payload=DhValue(group=group, value=private.public, validity=validity), _private=private)

    def tgk(self, theirs: DhValue, validity: KeyValidity) -> KeyData:
        """The TGK, of the full length of the group. # [3830-6.4-5]

        Raises: PeerError with Invalid DH (6) for a value that no honest peer sends, our own among them.
        """
        if theirs.value == self.payload.value:
            raise _refuse("the peer sent our own Diffie-Hellman value back")
        return KeyData(key_type=KeyDataType.TGK, key=self._private.agree(theirs.value), salt=None, validity=validity)


def half_key_of_offer(setup: InitiatorSetup) -> HalfKey | None:
    """DHi: in a first message and in updates that re-key; others keep the TGK. # [4650-3.1-2] [4650-3.1-4]"""
    if not setup.new_keys:
        return None
    return HalfKey.draw(setup.choices.dh_group, setup.validity, setup.entropy)


def key_from_answer(answer: Message, ours: HalfKey | None) -> tuple[KeyData, ...]:
    """The TGK that an R_MESSAGE completes: it has DHr and echoes DHi octet for octet; none where none was offered.

    Raises: PeerError.
    """
    values = answer.all(DhValue)
    if ours is None:
        if values:
            raise _refuse("the answer has Diffie-Hellman values, the offer had none")
        return ()
    if len(values) != 2:
        raise missing("DHr and the echoed DHi")
    theirs, echo = values if values[1] == ours.payload else values[::-1]
    if echo != ours.payload:  # [3830-3.3-3]
        raise _refuse("the answer does not echo the Diffie-Hellman value that was sent")
    if theirs.group != ours.payload.group:
        raise _refuse("the answer's Diffie-Hellman value is of another group")
    return (ours.tgk(theirs, ours.payload.validity),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a Responder adds: the TGK, and DHr and DHi for his answer."""

    keys: tuple[KeyData, ...]
    payloads: tuple[DhValue, ...]


def contribute(message: Message, entropy: Entropy, *, update: bool) -> Contribution:
    """Answer DHi with a half-key of our own; an update may leave it out and keep the TGK. # [4650-3.1-3]

    Raises: PeerError with Invalid DH (6).
    """
    theirs = message.find(DhValue)
    if theirs is None:
        if not update:
            raise missing("DHi")
        return Contribution(keys=(), payloads=())
    ours = HalfKey.draw(theirs.group, theirs.validity, entropy)
    return Contribution(keys=(ours.tgk(theirs, theirs.validity),), payloads=(ours.payload, theirs))


def _refuse(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_DH, section=SECTION)


def with_later_psk(bundle: Bundle, choices: Choices) -> Bundle:
    """The CSB of a Diffie-Hellman exchange, whose TGK serves later exchanges of the two where the choices say so.

    Only two have that key; a TGK that was pushed may be a group's and proves nobody.
    Source: RFC 5197 sections 3.3 and 5.
    Deviation: the octets are those of the TGK, which the RFC leaves open.
    """
    if not choices.tgk_as_psk:
        return bundle
    return replace(bundle, envelope_key=bundle.keys[-1].key, for_pair=True)
