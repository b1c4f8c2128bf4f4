"""Octets that never print, and where fresh ones come from."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final, NoReturn

Entropy = Callable[[int], bytes]
"""Draws that many octets. In production `os.urandom`; in a reproducible run a `SeededEntropy`. # [3830-4.2.2-1]"""


class Secret:
    """Key material on its way through a call trace: shows its length and nothing else.

    Equality takes constant time; `reveal()` is the one explicit way to the octets. Not hashable, not picklable, not
    iterable, so that it can't slip into a cache, a dump or a log by accident. # [4650-5.1-2]
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        if not isinstance(octets, bytes | bytearray | memoryview):  # of a number, bytes() would make that many zeros
            raise TypeError(
                f"a Secret is made of octets, not of {type(octets).__name__}; encode text, b'...' or .encode()"
            )
        self._octets: Final = bytes(octets)

    def reveal(self) -> bytes:
        """The octets themselves. The caller answers for where they go."""
        return self._octets

    def fingerprint(self) -> str:
        """Sixteen hex digits by which two keys can be compared in a report without telling either."""
        return hashlib.sha256(b"mikey_sdp fingerprint\x00" + self._octets).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Secret(<{len(self._octets)} octets>)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret can't be pickled or copied into a dump")


class SeededEntropy:
    """Octets that follow from a seed: SHA-256 of seed and counter. For scenarios and tests, never for real calls."""

    def __init__(self, seed: bytes) -> None:
        self._seed = bytes(seed)
        self._counter = 0
        self._pool = b""

    def __call__(self, octets: int) -> bytes:
        """The next `octets` octets."""
        while len(self._pool) < octets:
            self._pool += hashlib.sha256(self._seed + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
        drawn, self._pool = self._pool[:octets], self._pool[octets:]
        return drawn
