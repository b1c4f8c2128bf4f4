"""The octets of chance that an end of a call draws, written down: what nobody has who only recorded the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.dissect.known import Known
from mikey_sdp.mikey.crypto.curves import draw_key, field_octets
from mikey_sdp.secret import Secret, SeededEntropy

_CURVE: Final = ec.SECP256R1()
_SHORTEST_PRIVATE_OCTETS: Final = 24
"""Shorter draws are identifiers and nonces, never private values."""


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


def with_private_values(secrets: Iterable[Known], drawn: Iterable[bytes]) -> tuple[Known, ...]:
    """The same secrets, and beside each of them every private value that these draws may have become."""
    values = tuple(_private_values(drawn))
    return tuple(
        one for known in secrets for one in (known, *(replace(known, dh_private=private) for private in values))
    )


def _private_values(drawn: Iterable[bytes]) -> Iterator[Secret]:
    """What draws may stand for: an exponent as it is, or a scalar below the order of the curve."""
    for octets in drawn:
        if len(octets) < _SHORTEST_PRIVATE_OCTETS:
            continue
        yield Secret(octets)
        scalar = draw_key(_CURVE, partial(_again, octets)).private_numbers().private_value
        yield Secret(scalar.to_bytes(field_octets(_CURVE), "big"))


def _again(drawn: bytes, _octets: int) -> bytes:
    return drawn
