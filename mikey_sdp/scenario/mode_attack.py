"""Somebody who recorded a call, and what he can make of it with secrets that he got hold of later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.open import Opener
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.curves import draw_key, field_octets
from mikey_sdp.mikey.message import Message
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.srtp.receiver import SrtpReceiver

_CURVE: Final = ec.SECP256R1()


class RecordedEntropy:
    """Octets that follow from a seed, and afterwards the list of what was drawn."""

    def __init__(self, seed: bytes) -> None:
        self._source: Final = SeededEntropy(seed)
        self.drawn: Final[list[bytes]] = []

    def __call__(self, octets: int) -> bytes:
        """The next `octets` octets."""
        drawn = self._source(octets)
        self.drawn.append(drawn)
        return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """What passed between two ends, and what was secret about it.

    Keeps: `messages`, the MIKEY messages in their order; `packet`, one SRTP packet of the Initiator, and `plain`, what
    was in it; `drawn`, the octets of chance of both ends, which nobody has who only recorded.
    """

    messages: tuple[bytes, ...]
    packet: bytes
    plain: bytes
    drawn: tuple[bytes, ...] = field(repr=False)


def opened_with(call: RecordedCall, secrets: Sequence[Known]) -> Bundle | None:
    """The keys that some of these secrets open the call with, proved by the packet; None where none does."""
    messages = [Message.decode(octets) for octets in call.messages]
    for known in secrets:
        opener = Opener(messages, known)
        for message in messages:
            opened = opener.open(message)
            if opened is not None and opened.bundle is not None and _reads(opened.bundle, call):
                return opened.bundle
    return None


def with_everything(call: RecordedCall, secrets: Sequence[Known]) -> tuple[Known, ...]:
    """The same secrets, and beside each of them every private value that the ends may have made of their chance."""
    return tuple(
        one
        for known in secrets
        for one in (known, *(replace(known, dh_private=private) for private in _private_values(call.drawn)))
    )


def _private_values(drawn: Sequence[bytes]) -> Iterator[Secret]:
    """What draws may stand for: an exponent as it is, or a scalar below the order of the curve."""
    for octets in drawn:
        yield Secret(octets)
        scalar = draw_key(_CURVE, partial(_again, octets)).private_numbers().private_value
        yield Secret(scalar.to_bytes(field_octets(_CURVE), "big"))


def _again(drawn: bytes, _octets: int) -> bytes:
    return drawn


def _reads(bundle: Bundle, call: RecordedCall) -> bool:
    """Whether the packet opens under one of the keys of a CSB."""
    for cs_id in bundle.cs_ids:
        try:
            if SrtpReceiver(bundle.data_sas(cs_id)).unprotect(call.packet) == call.plain:
                return True
        except MikeySdpError:
            continue
    return False
