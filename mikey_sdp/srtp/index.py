"""The 48-bit packet index of SRTP, ROC || SEQ, as libsrtp estimates it.

Source: RFC 3711 section 3.3.1 and appendix A.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mikey_sdp.errors import PolicyRefused

INDEX_BITS: Final = 48
MAX_INDEX: Final = (1 << INDEX_BITS) - 1
STRIDE: Final = 0x7000
NEAR: Final = 0x4000
MARGIN: Final = 512
MAX_STONES: Final = 1 << 20
_HALF: Final = 1 << 15


def estimate(highest: int, sequence: int) -> int:
    """The index of the packet with that sequence number which lies closest to the highest index so far.

    Before the first half round no index can lie below zero, so the nearer guess gives way to the possible one. Exactly
    half a round away libsrtp takes the rollover counter as it is; so do we, since both must agree on every index.
    """
    ahead = (sequence - highest) & 0xFFFF
    if ahead < _HALF or (ahead == _HALF and highest & 0xFFFF < _HALF):
        return highest + ahead
    behind = highest + ahead - 0x10000
    return behind if behind >= 0 else behind + 0x10000


def stepping_stones(highest: int, target: int) -> Iterator[int]:
    """The indexes by which a context that stands at `highest` is led up to just below `target`.

    libsrtp takes no rollover counter from us, but follows the sequence numbers that it sees: each stone lies less than
    half a round ahead of the one before. The last one stays clear of `target` by more than the replay window, so no
    packet of the stream itself is taken for a replay.
    Raises: PolicyRefused when the way is longer than a second or so of work (a stream of more than 2^34 packets).
    """
    if target - highest > MAX_STONES * STRIDE:
        raise PolicyRefused(
            "rollover counter", "the stream is too old to be carried over to a new key", facts={"index": target}
        )
    while target - highest > NEAR:
        highest = min(highest + STRIDE, target - MARGIN)
        yield highest
