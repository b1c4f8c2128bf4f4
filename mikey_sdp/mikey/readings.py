"""What a MAC or signature covers, where implementations read the standard in more than one way.

Source: RFC 3830 section 5.2, RFC 4738 section 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One reading of what a MAC or signature covers, and the tolerances that it takes to read it so."""

    octets: bytes
    needs: tuple[Tolerance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherReadings:
    """By what a MAC or signature may be tried when it does not hold by the standard's reading.

    Keeps: `coverages`, the likeliest first; an iterator that is not started unless it is needed.
    """

    coverages: Iterable[Coverage]
    acceptance: Acceptance


def verify_one(
    covered: bytes, others: Iterable[Coverage], acceptance: Acceptance, verify: Callable[[bytes], None]
) -> None:
    """Verify the standard's reading, else those others that the profile allows, and note what the one that holds needs.

    `verify` raises PeerError for octets that the MAC or signature is not over.
    Raises: PeerError, that of the standard's reading.
    """
    try:
        verify(covered)
    except PeerError:
        if not _holds_otherwise(others, acceptance, verify):
            raise


def _holds_otherwise(others: Iterable[Coverage], acceptance: Acceptance, verify: Callable[[bytes], None]) -> bool:
    for coverage in others:
        if not all(map(acceptance.allows, coverage.needs)):
            continue
        try:
            verify(coverage.octets)
        except PeerError:
            continue
        acceptance.take(*coverage.needs)
        return True
    return False
