"""What an edge costs a packet on top of pylibsrtp, which opens it on one side and seals it on the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pylibsrtp import Policy, Session

from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_media import Crossing, Far
from mikey_sdp.nodes.edge_reception import Reception
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession
from tests.benchmarks.timing import ratio_row
from tests.unit.srtp.given import SSRC, key_octets, rtp, sa, salt_octets

PACKETS = [rtp(sequence, octets=160) for sequence in range(1000)]
PHONE, BRANCH = Address("127.0.0.1", 20_000), Address("127.0.0.1", 30_000)
TO_PHONE, FROM_PHONE, TO_BRANCH, FROM_BRANCH = 1, 2, 3, 4


class Ports:
    """A pair of ports that keeps what is sent."""

    rtp, rtcp = Address("127.0.0.1", 40_000), Address("127.0.0.1", 40_001)

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send_rtp(self, octets: bytes, _destination: Address) -> None:
        self.sent.append(octets)

    send_rtcp = send_rtp


def policy(number: int, kind: int) -> Policy:
    key = key_octets(number) + salt_octets()
    if kind == Policy.SSRC_SPECIFIC:
        return Policy(key=key, ssrc_type=kind, ssrc_value=SSRC)
    return Policy(key=key, ssrc_type=kind)


def bare(coming: int, leaving: int, packets: list[bytes]) -> Callable[[], list[bytes]]:
    """Open and seal with the library alone."""

    def work() -> list[bytes]:
        opens = Session(policy(coming, Policy.SSRC_SPECIFIC))
        seals = Session(policy(leaving, Policy.SSRC_SPECIFIC))
        return [seals.protect(opens.unprotect(packet)) for packet in packets]

    return work


def protected(number: int) -> list[bytes]:
    session = Session(policy(number, Policy.SSRC_SPECIFIC))
    return [session.protect(packet) for packet in PACKETS]


def crossing() -> tuple[Crossing, Ports, Ports]:
    """A call that is up, SDES on one side and keys without MKI on the other."""
    phone, network = Ports(), Ports()
    made = Crossing(0, "audio", network, limit=64)
    made.attach(phone)
    made.connect(
        near=Far(rtp=PHONE, rtcp=PHONE, hosts=frozenset({PHONE.host})),
        phone=SrtpSession(SrtpSender([sa(TO_PHONE, ssrc=0)]), SrtpReceiver([sa(FROM_PHONE, ssrc=0)])),
        far=Far(rtp=BRANCH, rtcp=BRANCH, hosts=frozenset({BRANCH.host})),
        network=SrtpSession(SrtpSender([sa(TO_BRANCH, ssrc=0)]), SrtpReceiver([sa(FROM_BRANCH, ssrc=0)])),
    )
    return made, phone, network


@pytest.mark.parametrize("way", ["to the network", "to the phone"])
def test_a_packet_across(show, way: str) -> None:
    """The sizes are those of 20 ms of G.711; a work unit is 1,000 packets, sockets apart."""
    outward = way == "to the network"
    keys = (FROM_PHONE, TO_BRANCH) if outward else (FROM_BRANCH, TO_PHONE)
    packets = protected(keys[0])

    def across() -> list[bytes]:
        made, phone, network = crossing()
        if outward:
            for packet in packets:
                made.from_phone(packet, PHONE)
            return network.sent
        reception = Reception(limit=64)
        reception.admit(made)
        for packet in packets:
            reception.take(packet, BRANCH)
        return phone.sent

    floor = bare(*keys, packets)
    assert across() == floor()
    show(lambda: ratio_row(f"1000 packets {way}", floor, across, target=1.8, tolerated=2.2, rounds=15, times=1))
