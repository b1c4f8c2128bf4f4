"""Looking up the Data SA of a packet: first by SSRC and destination, then by MKI or packet index.

This is the interface by which SRTP retrieves its Data SAs from MIKEY (RFC 3830 section 4.4). MIKEY knows no addresses;
they come from SIP, and whoever registers a Data SA brings them along. # [3830-4.4-3]
Source: RFC 3830 section 4.4 and appendix A.1, RFC 3711 section 3.2.3.
"""

from __future__ import annotations

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.payloads.validity import IntervalValidity
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind

Destination = tuple[str, int]
"""Host and port to which the packets of a stream go, seen from this end."""
ANY_SSRC = 0


class SaTable:
    """The Data SAs of one endpoint, each under the SSRC and the destination of its packets."""

    def __init__(self) -> None:
        self._sas: dict[tuple[int, Destination], list[DataSa]] = {}

    def __len__(self) -> int:
        return sum(len(sas) for sas in self._sas.values())

    def register(self, sa: DataSa, destination: Destination) -> None:
        """Make a Data SA known; SSRC 0 stands for a stream whose SSRC no one has told yet.

        Raises: PeerError when another crypto session uses the same key for the same SSRC already.
        """
        for (ssrc, _where), sas in self._sas.items():
            for other in sas:
                if ssrc == sa.ssrc != ANY_SSRC and other.cs_id != sa.cs_id and other.master_key == sa.master_key:
                    raise PeerError(  # [3830-6.1.1-5]
                        f"crypto sessions {other.cs_id} and {sa.cs_id} would use one key for SSRC {ssrc:08x}",
                        mikey_error=ErrorNo.UNSPECIFIED,
                        section="RFC 3830 section 6.1.1",
                    )
        self._sas.setdefault((sa.ssrc, destination), []).append(sa)

    def lookup(
        self, ssrc: int, destination: Destination, *, mki: bytes | None = None, index: int | None = None
    ) -> DataSa:
        """The Data SA for a packet of that SSRC to that destination. # [3830-4.4-2]

        A Data SA of that very SSRC goes before one of any SSRC, a later one before an earlier. Where keys go by MKI
        the packet's decides, where they have intervals its index does.
        Raises: PacketRefused when there is none.
        """
        found = self._sas.get((ssrc, destination)) or self._sas.get((ANY_SSRC, destination))  # [3830-6.1.1-3]
        if not found:
            raise PacketRefused(RefusalKind.NO_KEY, f"SSRC {ssrc:08x} to {destination[0]} port {destination[1]}")
        for sa in reversed(found):
            if _chosen(sa, mki, index):  # [3830-A.1-1]
                return sa
        if mki is not None:
            raise PacketRefused(RefusalKind.UNKNOWN_MKI, mki.hex())
        raise PacketRefused(RefusalKind.NO_KEY, f"none of {len(found)} for packet index {index}")

    def withdraw(self, destination: Destination) -> None:
        """Forget everything that was registered for a destination."""
        for key in [key for key in self._sas if key[1] == destination]:
            del self._sas[key]


def _chosen(sa: DataSa, mki: bytes | None, index: int | None) -> bool:
    if mki is not None and sa.mki != mki:
        return False
    if not isinstance(sa.validity, IntervalValidity) or index is None:
        return True
    return int.from_bytes(sa.validity.valid_from, "big") <= index <= int.from_bytes(sa.validity.valid_to, "big")
