"""Why a packet was not let through."""

from __future__ import annotations

import enum
from typing import Final

from pylibsrtp import Error

from mikey_sdp.errors import PeerError, UsageError

SECTION: Final = "RFC 3711 section 3.3"
MAX_PLAIN_OCTETS: Final = 1356
MAX_PLAIN_RTCP_OCTETS: Final = 1352
MAX_PROTECTED_OCTETS: Final = 1500
"""What pylibsrtp takes: packets of an Ethernet frame, less room for the longest trailer when protecting."""


class RefusalKind(enum.StrEnum):
    """Why a packet was dropped, from the least to the most telling when several keys were tried."""

    UNKNOWN_MKI = "unknown MKI"
    NO_KEY = "no key for this packet index"
    FOREIGN_SSRC = "foreign SSRC"
    TOO_SHORT = "too short or malformed"
    TOO_LONG = "too long"
    UNENCRYPTED = "SRTCP packet is not encrypted"
    AUTHENTICATION = "authentication failure"
    REPLAY = "replay"


class PacketRefused(PeerError):
    """An SRTP or SRTCP packet that was dropped; nobody is told, and the stream goes on.

    Keeps: `kind`, the reason as a value to count by.
    """

    def __init__(self, kind: RefusalKind, detail: str = "") -> None:
        self.kind = kind
        super().__init__(f"{kind.value}: {detail}" if detail else kind.value, mikey_error=None, section=SECTION)


_KINDS: Final = {
    "authentication failure": RefusalKind.AUTHENTICATION,
    "cipher failure": RefusalKind.AUTHENTICATION,
    "replay check failed (bad index)": RefusalKind.REPLAY,
    "replay check failed (index too old)": RefusalKind.REPLAY,
    "packet index is too old to consider": RefusalKind.REPLAY,
    "unable to perform desired validation": RefusalKind.UNENCRYPTED,
}
_RANKS: Final = {kind: rank for rank, kind in enumerate(RefusalKind)}


def refused(error: Exception) -> PacketRefused:
    """What libsrtp said when it didn't unprotect a packet, in our terms."""
    if not isinstance(error, Error):
        return PacketRefused(RefusalKind.TOO_LONG, f"at most {MAX_PROTECTED_OCTETS} octets can be unprotected")
    said = str(error)
    return PacketRefused(_KINDS.get(said, RefusalKind.TOO_SHORT), said)


def most_telling(refusals: list[PacketRefused]) -> PacketRefused:
    """The one refusal to report when several keys were tried."""
    return max(refusals, key=lambda refusal: _RANKS[refusal.kind])


def not_protected(error: Exception, octets: int) -> UsageError:
    """What libsrtp said when it didn't protect a packet of ours: always a fault of the calling program."""
    if isinstance(error, ValueError):
        return UsageError(
            f"a packet of {octets} octets is too long: at most {MAX_PLAIN_OCTETS} (RTP) or {MAX_PLAIN_RTCP_OCTETS} "
            "(RTCP) octets can be protected"
        )
    if str(error).startswith("replay check failed"):
        return UsageError("this sequence number was sent under this key before, or lies too far behind: a two-time pad")
    return UsageError(f"the packet can't be protected: {error}")
