"""How long a master key may be used.

Source: RFC 3711 section 9.2, RFC 3830 section 9.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError

MAX_SRTP_PACKETS: Final = 1 << 48
MAX_SRTCP_PACKETS: Final = 1 << 31
BIRTHDAY_BLOCKS: Final = 1 << 64
"""Where a cipher with blocks of 128 bits begins to show: 2^(b/2) blocks."""
MAX_BLOCKS_A_PACKET: Final = 96
"""AES blocks in the longest packet that we protect; every packet counts as that many, so that no event comes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """When a key has to be replaced, and when it stops working.

    Units: packets protected under one master key, and AES blocks for `rekey_blocks`.
    Keeps: the hard limits `srtp_packets` and `srtcp_packets`, which can only be lowered # [3830-9.2-1]; `rekey_blocks`
    and `rekey_srtcp_packets`, at which a sender says that re-keying is due while the key still works.
    Raises: UsageError for limits beyond those of SRTP or of the cipher.
    """

    srtp_packets: int = MAX_SRTP_PACKETS
    srtcp_packets: int = MAX_SRTCP_PACKETS
    rekey_blocks: int = 1 << 46
    rekey_srtcp_packets: int = 1 << 30

    def __post_init__(self) -> None:
        if not 1 <= self.srtp_packets <= MAX_SRTP_PACKETS:
            raise UsageError(f"a key protects 1 to 2^48 SRTP packets, not {self.srtp_packets}")
        if not 1 <= self.srtcp_packets <= MAX_SRTCP_PACKETS:
            raise UsageError(f"a key protects 1 to 2^31 SRTCP packets, not {self.srtcp_packets}")
        if not 1 <= self.rekey_blocks < BIRTHDAY_BLOCKS:  # [3830-9.2-3]
            raise UsageError("re-keying has to be due well before 2^64 AES blocks")
        if not 1 <= self.rekey_srtcp_packets <= self.srtcp_packets:
            raise UsageError("re-keying has to be due before the last SRTCP packet")

    def due(self, srtp_packets: int, srtcp_packets: int) -> bool:
        """Whether a key that has protected so many packets should be replaced now."""
        return (
            srtp_packets * MAX_BLOCKS_A_PACKET >= self.rekey_blocks
            or srtcp_packets >= self.rekey_srtcp_packets
            or srtp_packets * 2 >= self.srtp_packets
        )
