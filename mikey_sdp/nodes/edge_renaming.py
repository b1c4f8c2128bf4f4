"""Packets under another SSRC than they came with: what a phone sends is one stream for the network, whatever it does.

Source: RFC 3550 sections 5.1 and 6.4 to 6.7, RFC 3711 section 9.1.
"""

from __future__ import annotations

from typing import Final

_HEADER: Final = 4
_NAMED: Final = 8


def named(rtp: bytes, ssrc: bytes, shift: int) -> bytes:
    """An RTP packet under that SSRC, its sequence number shifted; one that has both is itself."""
    number = (rtp[2] << 8 | rtp[3]) + shift & 0xFFFF
    return rtp[:2] + number.to_bytes(2, "big") + rtp[4:8] + ssrc + rtp[12:]


def renamed(rtcp: bytes, ssrc: bytes) -> bytes:
    """A compound RTCP packet whose sender has that SSRC in every packet in which it had the one of the first packet.

    What its reports say of other sources stays as it is.
    """
    before, parts, at = rtcp[4:8], list[bytes](), 0
    while at + _NAMED <= len(rtcp):
        end = at + 4 * (int.from_bytes(rtcp[at + 2 : at + 4], "big") + 1)
        packet = rtcp[at:end]
        if packet[_HEADER:_NAMED] == before:
            packet = packet[:_HEADER] + ssrc + packet[_NAMED:]
        parts.append(packet)
        at = end
    return b"".join(parts) + rtcp[at:]
