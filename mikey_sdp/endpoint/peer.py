"""Whether the party that proved itself is the one that the call is with."""

from __future__ import annotations

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.registry import ErrorNo


def check_peer(*, expected: str, proved: str, retarget: bool = False) -> None:
    """The identity of the signalling and the one that MIKEY authenticated must be one. # [4567-8-2]

    Raises: PeerError with Invalid ID (7).
    """
    if not retarget and canonical_identity(expected) != canonical_identity(proved):
        raise PeerError(
            f"the call is with {expected}, the keys are {proved or 'nobody'}'s",
            mikey_error=ErrorNo.INVALID_ID,
            section="RFC 4567 section 8",
        )
