"""One master key at work on one stream: a libsrtp session and the packet index where it stands.

libsrtp starts every session at rollover counter 0 and SRTCP index 0, and pylibsrtp has no way to set them. A key that
comes into a running stream is therefore led up to the stream's index with packets of no payload that never leave this
module: RFC 3711 section 3.3.1 forbids a re-key to reset the counters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pylibsrtp import Policy, Session

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.srtp.index import stepping_stones
from mikey_sdp.srtp.keyring import MasterKey
from mikey_sdp.srtp.rtp import rtp_octets

MAX_RTCP_STONES: Final = 1 << 20
_EMPTY_RECEIVER_REPORT: Final = bytes((0x80, 201, 0, 1))


class OutboundContext:
    """A key that protects packets: counts them, SRTP and SRTCP apart. # [3830-9.2-2]

    Keeps: `highest`, the packet index at which libsrtp stands when this key is not the one in use.
    """

    __slots__ = ("_rtcp_index", "_session", "highest", "packets", "protect", "protect_rtcp", "rtcp_packets")

    def __init__(self, master: MasterKey) -> None:
        self._session = _open(master, Policy.SSRC_ANY_OUTBOUND)
        self.protect: Callable[[bytes], bytes] = self._session.protect
        self.protect_rtcp: Callable[[bytes], bytes] = self._session.protect_rtcp
        self.highest = 0
        self.packets = 0
        self.rtcp_packets = 0
        self._rtcp_index = 0

    def advance(self, index: int, ssrc: bytes) -> None:
        """Go on where another key of the stream stopped."""
        for stone in stepping_stones(self.highest, index):
            self.protect(_stone(stone, ssrc))
            self.highest = stone

    def advance_rtcp(self, index: int, ssrc: bytes) -> None:
        """Go on with the SRTCP index where another key of the stream stopped, that many packets being sent already.

        Raises: PolicyRefused when so many were sent that it would take more than a second or so.
        """
        if index - self._rtcp_index > MAX_RTCP_STONES:
            raise PolicyRefused("SRTCP index", "too many SRTCP packets were sent to carry their index to a new key")
        stone = _EMPTY_RECEIVER_REPORT + ssrc
        for _ in range(index - self._rtcp_index):
            self.protect_rtcp(stone)
        self._rtcp_index = index + 1


class InboundContext:
    """A key that unprotects packets of one stream."""

    __slots__ = ("_master", "_session", "highest", "unprotect", "unprotect_rtcp")

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._session = _open(master, Policy.SSRC_ANY_INBOUND)
        self.unprotect: Callable[[bytes], bytes] = self._session.unprotect
        self.unprotect_rtcp: Callable[[bytes], bytes] = self._session.unprotect_rtcp
        self.highest = 0

    def advance(self, index: int, ssrc: bytes) -> None:
        """Expect packets from about that index on: what the peer would have sent up to there is played by ourselves."""
        stones = list(stepping_stones(self.highest, index))
        if not stones:
            return
        peer = OutboundContext(self._master)
        peer.advance(stones[0], ssrc)
        for stone in stones:
            self.unprotect(peer.protect(_stone(stone, ssrc)))
        self.highest = stones[-1]


def _stone(index: int, ssrc: bytes) -> bytes:
    return rtp_octets(
        payload_type=0, sequence=index & 0xFFFF, timestamp=0, ssrc=int.from_bytes(ssrc, "big"), payload=b""
    )


def _open(master: MasterKey, direction: int) -> Session:
    return Session(
        Policy(
            key=master.key.reveal() + master.salt.reveal(),
            ssrc_type=direction,
            srtp_profile=master.profile.libsrtp,
        )
    )
