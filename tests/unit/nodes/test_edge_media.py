"""The media of an edge, packet by packet."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.clock import NtpTime
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_guard import Far, Guard, InTheClear
from mikey_sdp.nodes.edge_media import Crossing
from mikey_sdp.nodes.edge_reception import MAX_SOURCES, Reception
from mikey_sdp.nodes.edge_renaming import named, renamed
from mikey_sdp.nodes.sdes import data_sa
from mikey_sdp.sdp.crypto import Crypto
from mikey_sdp.srtp.rtcp import (
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SenderReport,
    SourceDescription,
    decode_compound,
    encode_compound,
)
from mikey_sdp.srtp.rtp import RtpPacket, rtp_octets
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession

PHONE, PHONE_RTCP = Address("192.0.2.1", 4000), Address("192.0.2.1", 4001)
FAR, FAR_RTCP = Address("198.51.100.7", 5000), Address("198.51.100.7", 5001)
STRANGER = Address("203.0.113.9", 6000)
NEAR = Far(rtp=PHONE, rtcp=PHONE_RTCP, hosts=frozenset({PHONE.host}))
BEYOND = Far(rtp=FAR, rtcp=FAR_RTCP, hosts=frozenset({FAR.host}))


class Ports:
    """A pair that keeps what it is to send."""

    def __init__(self, port: int) -> None:
        self.rtp, self.rtcp = Address("192.0.2.50", port), Address("192.0.2.50", port + 1)
        self.sent: list[tuple[bytes, Address]] = []
        self.control: list[tuple[bytes, Address]] = []

    def send_rtp(self, octets: bytes, destination: Address) -> None:
        self.sent.append((octets, destination))

    def send_rtcp(self, octets: bytes, destination: Address) -> None:
        self.control.append((octets, destination))


def keys(*, mki: bytes = b"") -> tuple[SrtpSession, SrtpSession]:
    """The sessions of two ends."""
    one, two = (replace(data_sa(number, Crypto.fresh(os.urandom)), mki=mki) for number in (1, 2))
    return (
        SrtpSession(SrtpSender((one,)), SrtpReceiver((two,), max_ssrcs=8)),
        SrtpSession(SrtpSender((two,)), SrtpReceiver((one,), max_ssrcs=8)),
    )


def rtp(number: int, ssrc: int = 7, payload: bytes = b"speech") -> bytes:
    return rtp_octets(payload_type=0, sequence=number, timestamp=160 * number, ssrc=ssrc, payload=payload)


def report(ssrc: int = 7) -> bytes:
    return encode_compound([ReceiverReport(ssrc=ssrc, reports=())])


class Scene:
    """A phone, an edge and one who answers, with the edge's ports between them."""

    def __init__(self, *, plain: bool = False, mki: bytes = b"\x01", limit: int = 4) -> None:
        self.inside, self.outside = Ports(20_000), Ports(30_000)
        self.phone, edge_to_phone = keys()
        self.peer, edge_to_peer = keys(mki=mki)
        self.to_phone: Guard = InTheClear() if plain else edge_to_phone
        self.to_peer: Guard = edge_to_peer
        self.crossing = Crossing(0, "audio", self.outside, limit=limit)
        self.crossing.attach(self.inside)
        self.reception = Reception(limit=limit)
        self.reception.attach(self.outside)

    def connect(self, near: Far = NEAR, far: Far = BEYOND) -> None:
        self.crossing.connect(near=near, phone=self.to_phone, far=far, network=self.to_peer)
        self.reception.admit(self.crossing)

    def heard_by_peer(self) -> list[bytes]:
        return [self.peer.unprotect(octets) for octets, _ in self.outside.sent]

    def heard_by_phone(self) -> list[bytes]:
        return [self.phone.unprotect(octets) for octets, _ in self.inside.sent]


def test_packets_cross_both_ways_under_the_keys_of_each_side():
    scene = Scene()
    scene.connect()
    for number in range(3):
        scene.crossing.from_phone(scene.phone.protect(rtp(number)), PHONE)
        scene.reception.take(scene.peer.protect(rtp(number, ssrc=9)), FAR)
    assert scene.heard_by_peer() == [rtp(number) for number in range(3)]
    assert scene.heard_by_phone() == [rtp(number, ssrc=9) for number in range(3)]
    assert {place for _, place in scene.outside.sent} == {FAR}
    assert {place for _, place in scene.inside.sent} == {PHONE}


def test_nothing_leaves_before_there_are_keys_and_what_came_before_follows_then():
    scene = Scene(limit=4)
    early = [scene.phone.protect(rtp(number)) for number in range(6)]
    for octets in early:
        scene.crossing.from_phone(octets, PHONE)
    assert scene.outside.sent == scene.outside.control == []
    scene.connect()
    assert scene.heard_by_peer() == [rtp(number) for number in range(2, 6)]


def test_media_that_precedes_the_answer_waits_and_is_heard_in_order():
    scene = Scene(limit=4)
    for number in range(6):
        scene.reception.take(scene.peer.protect(rtp(number)), FAR)
    assert scene.reception.waiting == 4
    scene.connect()
    assert scene.heard_by_phone() == [rtp(number) for number in range(2, 6)]
    assert scene.reception.waiting == 0


def test_media_of_too_many_places_does_not_wait_and_none_after_the_call_was_taken():
    scene = Scene()
    for host in range(MAX_SOURCES + 3):
        scene.reception.take(rtp(1), Address(f"203.0.113.{host}", 1))
    assert (scene.reception.waiting, scene.reception.strangers) == (MAX_SOURCES, 3)
    scene.reception.settle()
    assert (scene.reception.waiting, scene.reception.strangers) == (0, MAX_SOURCES + 3)
    scene.reception.take(rtp(1), STRANGER)
    assert scene.reception.waiting == 0


def test_a_shut_crossing_sends_nothing_more():
    scene = Scene()
    scene.connect()
    scene.crossing.shut()
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), PHONE)
    scene.reception.take(scene.peer.protect(rtp(1)), FAR)
    assert scene.outside.sent == scene.inside.sent == []


@pytest.mark.parametrize("plain", [False, True])
def test_packets_of_strangers_are_counted_and_dropped(plain: bool):
    scene = Scene(plain=plain)
    scene.connect()
    scene.crossing.from_phone(rtp(1), STRANGER)
    assert scene.crossing.strangers == 1
    scene.reception.take(rtp(1), STRANGER)
    scene.crossing.roams = True
    scene.reception.take(rtp(1), STRANGER)
    assert scene.outside.sent == scene.inside.sent == []
    assert scene.crossing.refused == 1


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x00", b"\x80", b"\x80\xc8\x00\x01", b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), b"\x16\xfe\xfd" * 9],
    ids=["nothing", "one octet", "RTP cut", "RTCP cut", "STUN", "DTLS"],
)
def test_stun_dtls_and_fragments_go_no_further(octets: bytes):
    scene = Scene(plain=True)
    scene.connect()
    scene.crossing.from_phone(octets, PHONE)
    scene.reception.take(octets, FAR)
    assert scene.outside.sent == scene.outside.control == scene.inside.sent == scene.inside.control == []


@given(st.binary(max_size=80), st.booleans())
def test_no_octets_make_it_raise_and_none_pass_that_are_not_authentic(octets: bytes, plain: bool):
    scene = Scene(plain=plain)
    scene.connect()
    scene.reception.take(octets, FAR)
    scene.crossing.from_phone(octets, PHONE)
    assert scene.inside.sent == scene.inside.control == []
    if not plain:
        assert scene.outside.sent == scene.outside.control == []


def test_media_goes_back_to_where_it_first_came_from_and_not_to_a_later_place():
    scene = Scene()
    scene.connect()
    behind_nat, later = Address("203.0.113.50", 7000), Address("203.0.113.51", 7000)
    scene.crossing.roams = True
    scene.reception.take(rtp(1), STRANGER)
    for number, place in enumerate((behind_nat, later)):
        scene.reception.take(scene.peer.protect(rtp(number)), place)
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), PHONE)
    assert [place for _, place in scene.outside.sent] == [behind_nat]
    assert len(scene.inside.sent) == 2


def test_a_replayed_packet_moves_nothing():
    scene = Scene()
    scene.connect()
    scene.crossing.roams = True
    packet = scene.peer.protect(rtp(1))
    scene.reception.take(packet, FAR)
    scene.reception.take(packet, STRANGER)
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), PHONE)
    assert [place for _, place in scene.outside.sent] == [FAR]


def test_the_phone_is_answered_at_the_port_of_its_host_from_which_it_sends():
    scene = Scene()
    scene.connect()
    elsewhere = Address(PHONE.host, 4444)
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), elsewhere)
    scene.reception.take(scene.peer.protect(rtp(1)), FAR)
    assert [place for _, place in scene.inside.sent] == [elsewhere]
    scene.crossing.from_phone(bytes([0x80]) + bytes(40), PHONE)
    scene.reception.take(scene.peer.protect(rtp(2)), FAR)
    assert scene.inside.sent[-1][1] == elsewhere


@pytest.mark.parametrize("mux", [False, True])
def test_rtcp_crosses_both_ways_on_a_port_of_its_own_or_beside_rtp(mux: bool):
    scene = Scene()
    near = replace(NEAR, mux=mux, rtcp=PHONE if mux else PHONE_RTCP)
    far = replace(BEYOND, mux=mux, rtcp=FAR if mux else FAR_RTCP)
    scene.connect(near, far)
    scene.crossing.from_phone(scene.phone.protect_rtcp(report()), near.rtcp or PHONE)
    scene.reception.take(scene.peer.protect_rtcp(report(9)), far.rtcp or FAR)
    outward = scene.outside.sent if mux else scene.outside.control
    inward = scene.inside.sent if mux else scene.inside.control
    assert [(scene.peer.unprotect_rtcp(octets), place) for octets, place in outward] == [(report(), far.rtcp)]
    assert [(scene.phone.unprotect_rtcp(octets), place) for octets, place in inward] == [(report(9), near.rtcp)]
    assert scene.crossing.passed == 2


def test_a_phone_that_changes_its_ssrc_stays_one_stream_for_the_network():
    scene = Scene()
    scene.connect()
    for ssrc, numbers in ((1, (65_535, 0)), (2, (500, 501)), (3, (9,))):
        if ssrc > 1:
            scene.phone.send.move(ssrc)
        for number in numbers:
            scene.crossing.from_phone(scene.phone.protect(rtp(number, ssrc)), PHONE)
    heard = [RtpPacket.decode(octets) for octets in scene.heard_by_peer()]
    assert {packet.ssrc for packet in heard} == {1}
    assert [packet.sequence for packet in heard] == [65_535, 0, 1, 2, 3]


def test_reports_of_a_stream_that_was_renamed_carry_its_name():
    block = ReportBlock(ssrc=5, fraction_lost=0, lost=0, highest_sequence=1, jitter=0, last_sr=0, delay=0)
    compound = [
        ReceiverReport(ssrc=5, reports=(block,)),
        SourceDescription(chunks=(SdesChunk(ssrc=5, items=()),)),
    ]
    first, second = decode_compound(renamed(encode_compound(compound), (6).to_bytes(4, "big")))
    assert isinstance(first, ReceiverReport)
    assert isinstance(second, SourceDescription)
    assert (first.ssrc, first.reports[0].ssrc, second.chunks[0].ssrc) == (6, 5, 6)


def test_a_packet_under_another_name_is_otherwise_the_same():
    packet = RtpPacket.decode(named(rtp(65_530, 1), (8).to_bytes(4, "big"), 10))
    assert (packet.ssrc, packet.sequence, packet.payload) == (8, 4, b"speech")


def test_a_branch_that_sends_as_another_stream_is_heard_on():
    scene = Scene()
    scene.connect()
    scene.reception.take(scene.peer.protect(rtp(1, 1)), FAR)
    scene.peer.send.move(2)
    scene.reception.take(scene.peer.protect(rtp(900, 2)), FAR)
    assert [RtpPacket.decode(octets).ssrc for octets in scene.heard_by_phone()] == [1, 2]


def test_two_branches_with_one_port_are_told_apart_by_their_keys_and_places():
    one, two = Scene(), Scene()
    two.reception, two.outside = one.reception, one.outside
    two.crossing = Crossing(0, "audio", one.outside, limit=4)
    two.crossing.attach(two.inside)
    one.crossing.roams = two.crossing.roams = True
    elsewhere = Address("198.51.100.8", 5000)
    two.reception.take(two.peer.protect(rtp(1)), STRANGER)
    one.connect()
    two.connect(far=Far(rtp=elsewhere, rtcp=None, hosts=frozenset({elsewhere.host})))
    one.reception.take(one.peer.protect(rtp(1)), FAR)
    one.reception.take(two.peer.protect(rtp(2)), elsewhere)
    assert one.heard_by_phone() == [rtp(1)]
    assert two.heard_by_phone() == [rtp(1), rtp(2)]


def test_a_stream_on_hold_is_not_sent_to():
    scene = Scene()
    scene.connect(far=Far(rtp=None, rtcp=None, hosts=frozenset({FAR.host})))
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), PHONE)
    scene.crossing.from_phone(scene.phone.protect_rtcp(report()), PHONE_RTCP)
    assert scene.outside.sent == scene.outside.control == []


def test_new_keys_overlap_with_the_old_ones():
    scene = Scene()
    scene.connect()
    late = scene.peer.protect(rtp(1))
    fresh = [replace(data_sa(number, Crypto.fresh(os.urandom)), mki=b"\x02") for number in (1, 2)]
    assert isinstance(scene.to_peer, SrtpSession)
    scene.to_peer.replace([fresh[1]], [fresh[0]])
    scene.peer.replace([fresh[0]], [fresh[1]])
    for octets in (scene.peer.protect(rtp(2)), late):
        scene.reception.take(octets, FAR)
    scene.crossing.from_phone(scene.phone.protect(rtp(1)), PHONE)
    assert scene.heard_by_phone() == [rtp(2), rtp(1)]
    assert scene.heard_by_peer() == [rtp(1)]


def test_sender_reports_of_a_phone_are_those_of_the_stream_that_the_network_knows():
    scene = Scene(plain=True)
    scene.connect()
    scene.crossing.from_phone(rtp(1, 1), PHONE)
    scene.crossing.from_phone(rtp(1, 2), PHONE)
    sent = SenderReport(ssrc=2, ntp=NtpTime(1), rtp_timestamp=1, packets=1, octets=1)
    scene.crossing.from_phone(encode_compound([sent]), PHONE_RTCP)
    ((octets, _),) = scene.outside.control
    (heard,) = decode_compound(scene.peer.unprotect_rtcp(octets))
    assert isinstance(heard, SenderReport)
    assert heard.ssrc == 1
