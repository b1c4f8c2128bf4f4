"""What our keys, MKI, indexes and checks cost on top of pylibsrtp, a packet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pylibsrtp import Policy, Session

from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession
from tests.benchmarks.timing import ratio_row
from tests.unit.srtp.given import SSRC, key_octets, rtp, sa, salt_octets

PACKETS = [rtp(sequence, octets=160) for sequence in range(1000)]
KEY = key_octets(0) + salt_octets()


def bare_protect() -> list[bytes]:
    session = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_SPECIFIC, ssrc_value=SSRC))
    return [session.protect(packet) for packet in PACKETS]


def bare_unprotect(packets: list[bytes]) -> Callable[[], list[bytes]]:
    def work() -> list[bytes]:
        session = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_SPECIFIC, ssrc_value=SSRC))
        return [session.unprotect(packet) for packet in packets]

    return work


@pytest.mark.parametrize(("mki", "target"), [(b"", 1.3), (b"\x01", 1.5)])
def test_a_packet(show, mki: bytes, target: float) -> None:
    """The sizes are those of 20 ms of G.711: 172 octets of RTP. A work unit is 1,000 packets."""
    named = [sa(mki=mki)]

    def session() -> SrtpSession:
        return SrtpSession(SrtpSender(named), SrtpReceiver(named))

    def protect() -> list[bytes]:
        ours = session()
        return [ours.protect(packet) for packet in PACKETS]

    def unprotect() -> list[bytes]:
        ours = session()
        return [ours.unprotect(packet) for packet in protected]

    protected, plain = protect(), bare_protect()
    assert unprotect() == bare_unprotect(plain)() == PACKETS
    words = f"1000 packets of 172 octets, {'MKI' if mki else 'no MKI'}"
    told = {"target": target, "tolerated": 1.2 * target, "rounds": 15, "times": 1}
    show(lambda: ratio_row(f"protecting {words}", bare_protect, protect, **told))
    show(lambda: ratio_row(f"unprotecting {words}", bare_unprotect(plain), unprotect, **told))
