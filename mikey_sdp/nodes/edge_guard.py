"""How the media of one m= line is protected on one side of an edge, and where the party on that side takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mikey_sdp.nodes.contract import Address
from mikey_sdp.srtp.rtcp import check_rtcp
from mikey_sdp.srtp.rtp import rtp_header_octets

_NOWHERE: Final[frozenset[str]] = frozenset()


class Guard(Protocol):
    """How media is protected on one side: an SRTP session, or in so many words not at all."""

    @property
    def protect(self) -> Callable[[bytes], bytes]:
        """RTP as it is sent."""

    @property
    def unprotect(self) -> Callable[[bytes], bytes]:
        """RTP in the clear."""

    @property
    def protect_rtcp(self) -> Callable[[bytes], bytes]:
        """RTCP as it is sent."""

    @property
    def unprotect_rtcp(self) -> Callable[[bytes], bytes]:
        """RTCP in the clear."""


class InTheClear:
    """No protection, where that is what was asked for; what is no RTP or RTCP goes no further all the same."""

    def protect(self, octets: bytes) -> bytes:
        """The packet itself."""
        return octets

    def unprotect(self, octets: bytes) -> bytes:
        """The packet itself, if it is RTP."""
        rtp_header_octets(octets)
        return octets

    def protect_rtcp(self, octets: bytes) -> bytes:
        """The packet itself."""
        return octets

    def unprotect_rtcp(self, octets: bytes) -> bytes:
        """The packet itself, if it is RTCP."""
        check_rtcp(octets)
        return octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """Where the other side of one m= line takes media, and from which hosts it may come.

    Keeps: `rtp` and `rtcp`, None where nothing is to be sent; `mux`, whether RTCP goes to the RTP port from ours.
    """

    rtp: Address | None
    rtcp: Address | None
    mux: bool = False
    hosts: frozenset[str] = _NOWHERE


NOBODY: Final = Far(rtp=None, rtcp=None)
