"""Opening messages with the secrets of their parties: which checks hold, which keys are inside, which TEKs follow.

This looks on from outside: it judges neither time nor peer, and a failed check is a fact to report, no reason to stop.
Source: RFC 3830 sections 3, 4.1, 4.5, 5.2 and 5.3; RFC 4650; RFC 4738.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mikey_sdp.dissect.known import NOTHING, Known
from mikey_sdp.dissect.open_agreed import dhhmac_answer, dhhmac_offer, dhsign_answer, ecmqv_answer
from mikey_sdp.dissect.open_envelope import envelope_answer, envelope_offer
from mikey_sdp.dissect.open_pushed import pushed, verification
from mikey_sdp.dissect.open_saml import further_answer, further_offer, saml_answer
from mikey_sdp.dissect.open_signed import signed_offer
from mikey_sdp.dissect.opened import Opened
from mikey_sdp.dissect.recording import Recording
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.registry import DataType
from mikey_sdp.secret import Secret


class Opener:
    """Opens the messages of one input: answers and updates need what the first message of their CSB brought."""

    def __init__(self, messages: Sequence[Message], known: Known = NOTHING) -> None:
        self._recording = Recording(messages, known)

    def open(self, message: Message) -> Opened | None:
        """What there is to know of a message; None where the secrets at hand say nothing about its kind.

        To be called in the order of the messages, since updates change what earlier ones set up.
        """
        way = _WAYS.get(message.header.data_type)
        return None if way is None else way(self._recording, message)

    @property
    def envelope_keys(self) -> tuple[Secret, ...]:
        """The envelope keys that turned up so far, by which later messages of the two may be protected."""
        return self._recording.envelope_keys


_WAYS: Final[Mapping[DataType, Callable[[Recording, Message], Opened | None]]] = MappingProxyType(
    {
        DataType.PRE_SHARED: pushed,
        DataType.PSK_VER_MSG: verification,
        DataType.PUBLIC_KEY: envelope_offer,
        DataType.PK_VER_MSG: verification,
        DataType.DH_INIT: signed_offer,
        DataType.DH_RESP: dhsign_answer,
        DataType.DHHMAC_INIT: dhhmac_offer,
        DataType.DHHMAC_RESP: dhhmac_answer,
        DataType.RSA_R_I_MSG: signed_offer,
        DataType.RSA_R_R_MSG: envelope_answer,
        DataType.ECMQV_I_MSG: signed_offer,
        DataType.ECMQV_R_MSG: ecmqv_answer,
        DataType.DHSAML_R_MSG_1: saml_answer,
        DataType.DHSAML_I_MSG_2: further_offer,
        DataType.DHSAML_R_MSG_2: further_answer,
        DataType.ERROR: verification,
    }
)
"""How each kind of message is opened; a new kind is a new row."""
