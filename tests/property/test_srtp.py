"""SRTP held against RFC 3711 over many streams: whatever order packets come in, whichever key, whatever octets."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.srtp.mki import MkiSplice
from mikey_sdp.srtp.refusal import PacketRefused
from mikey_sdp.srtp.rtcp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SdesType,
    SenderReport,
    SourceDescription,
    decode_compound,
    encode_compound,
)
from mikey_sdp.srtp.rtp import RtpExtension, RtpPacket, carried, rtp_header_octets
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender
from tests.unit.srtp.given import CM_32, CM_80, GCM_128, KEY, SALT, key_octets, rtcp, rtp, sa, salt_octets
from tests.unit.srtp.rfc3711 import open_cm, open_gcm

U8, U16, U32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
MKI = st.binary(max_size=4)

rtp_packets = st.builds(
    RtpPacket,
    marker=st.booleans(),
    payload_type=st.integers(0, 127),
    sequence=U16,
    timestamp=U32,
    ssrc=U32,
    csrcs=st.lists(U32, max_size=15).map(tuple),
    extension=st.none()
    | st.builds(
        RtpExtension, profile=U16, data=st.integers(0, 5).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))
    ),
    payload=st.binary(max_size=60),
    padding=st.integers(0, 20).map(lambda n: bytes(n - 1) + bytes([n]) if n else b""),
)
reports = st.lists(
    st.builds(
        ReportBlock,
        ssrc=U32,
        fraction_lost=U8,
        lost=st.integers(-(1 << 23), (1 << 23) - 1),
        highest_sequence=U32,
        jitter=U32,
        last_sr=U32,
        delay=U32,
    ),
    max_size=3,
).map(tuple)
rtcp_packets = st.one_of(
    st.builds(ReceiverReport, ssrc=U32, reports=reports),
    st.builds(
        SenderReport,
        ssrc=U32,
        ntp=st.builds(NtpTime, st.integers(0, (1 << 64) - 1)),
        rtp_timestamp=U32,
        packets=U32,
        octets=U32,
        reports=reports,
    ),
    st.builds(
        SourceDescription,
        chunks=st.lists(
            st.builds(
                SdesChunk,
                ssrc=U32,
                items=st.lists(
                    st.builds(SdesItem, item_type=st.integers(1, 255).map(SdesType), text=st.binary(max_size=20)),
                    max_size=3,
                ).map(tuple),
            ),
            max_size=3,
        ).map(tuple),
    ),
    st.builds(Bye, ssrcs=st.lists(U32, max_size=31).map(tuple), reason=st.binary(max_size=40)),
)


@given(rtp_packets)
def test_rtp_round_trip(packet: RtpPacket) -> None:
    octets = packet.encode()
    assert RtpPacket.decode(octets) == packet
    assert octets[rtp_header_octets(octets) :] == packet.payload + packet.padding


@given(st.lists(rtcp_packets, min_size=1, max_size=4))
def test_rtcp_round_trip(packets) -> None:
    octets = encode_compound(packets)
    assert decode_compound(octets) == tuple(packets)


@given(st.binary(max_size=120) | st.binary(max_size=80).map(lambda rest: b"\x81\xc8\x00\x06" + rest))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    carried(octets)
    for read in (RtpPacket.decode, decode_compound, rtp_header_octets):
        try:
            read(octets)
        except DecodeError:
            continue


@given(
    st.binary(max_size=120) | rtp_packets.map(RtpPacket.encode),
    st.sampled_from([CM_80, CM_32, GCM_128]),
    MKI,
    st.booleans(),
)
def test_no_octets_get_through_a_receiver_or_raise_anything_else(octets, parameters, mki, bound) -> None:
    given_sa = sa(ssrc=0, parameters=parameters, mki=mki)
    receiver = SrtpReceiver([given_sa])
    if bound:
        receiver.unprotect(SrtpSender([given_sa]).protect(rtp(1)))
    for unprotect in (receiver.unprotect, receiver.unprotect_rtcp):
        try:
            unprotect(octets)
        except (DecodeError, PacketRefused):
            continue
        raise AssertionError("octets without a key were let through")


@given(st.binary(min_size=20, max_size=60), MKI, st.integers(0, 16))
def test_the_mki_comes_out_where_it_went_in(octets: bytes, mki: bytes, tag: int) -> None:
    splice = MkiSplice(len(mki), tag)
    spliced = splice.insert(octets, mki)
    assert splice.split(spliced) == (mki, octets)
    assert spliced[: len(octets) - tag] == octets[: len(octets) - tag]
    assert spliced[len(spliced) - tag :] == octets[len(octets) - tag :]


@settings(max_examples=60)
@given(st.integers(0, 0xFFFF), st.lists(st.integers(-60, 0x7000), max_size=40), MKI)
def test_sender_receiver_and_the_rfc_agree_on_every_index(start: int, steps: list[int], mki: bytes) -> None:
    """Sequence numbers that jump ahead and fall back: all three count the same rollover counter, or the packet is a
    repetition, which the sender refuses."""
    sender, receiver = SrtpSender([sa(mki=mki)]), SrtpReceiver([sa(mki=mki)])
    index, sent = start, set()
    for step in [0, *steps]:
        index = max(start, index + step)
        if index in sent or index < max(sent, default=0) - 100:
            continue
        packet = rtp(index)
        srtp = sender.protect(packet)
        sent.add(index)
        assert open_cm(srtp, KEY, SALT, roc=index >> 16, mki=len(mki)).plain == packet
        assert receiver.unprotect(srtp) == packet
        assert sender.roc == receiver.roc == max(sent) >> 16


@settings(max_examples=60)
@given(
    st.integers(0, 0xFFFF),
    st.lists(
        st.tuples(st.integers(1, 0x7000), st.sampled_from(["same", "rekey", "use1", "use2", "rtcp"])), max_size=30
    ),
)
def test_rekeys_and_switches_lose_no_packet_and_repeat_no_index(start: int, script) -> None:
    """However often keys are replaced or switched, both ends go on, under the key that the RFC's formulas name."""
    generation = 1
    keys = [sa(1, mki=b"\x01"), sa(2, mki=b"\x02")]
    sender, receiver = SrtpSender(keys), SrtpReceiver(keys)
    used, index, control = {(1, 2)}, start, 0
    mki = b"\x02"
    for step, event in script:
        if event == "rekey":
            generation += 1
            numbers = (2 * generation - 1, 2 * generation)
            keys = [sa(numbers[0], mki=b"\x01"), sa(numbers[1], mki=b"\x02")]
            receiver.replace(keys)
            sender.replace(keys)
            used.add(numbers)
            mki = b"\x02"
        elif event.startswith("use"):
            mki = bytes([int(event[-1])])
            sender.use(mki)
        elif event == "rtcp":
            control += 1
            assert receiver.unprotect_rtcp(sender.protect_rtcp(rtcp())) == rtcp()
        index += step
        srtp = sender.protect(rtp(index))
        number = 2 * (generation - 1) + mki[0]
        assert open_cm(srtp, key_octets(number), SALT, roc=index >> 16, mki=1).plain == rtp(index)
        assert receiver.unprotect(srtp) == rtp(index)


@settings(max_examples=40)
@given(st.binary(max_size=200), U16, U32, U32)
def test_gcm_agrees_with_rfc_7714(payload: bytes, sequence: int, timestamp: int, ssrc: int) -> None:
    packet = RtpPacket(payload_type=96, sequence=sequence, timestamp=timestamp, ssrc=ssrc, payload=payload).encode()
    srtp = SrtpSender([sa(ssrc=0, parameters=GCM_128)]).protect(packet)
    assert open_gcm(srtp, key_octets(0, GCM_128), salt_octets(GCM_128), roc=0).plain == packet


@given(rtp_packets.map(RtpPacket.encode), st.sampled_from([CM_80, CM_32, GCM_128]))
def test_packets_of_any_shape_come_back_as_they_were(packet: bytes, parameters) -> None:
    given_sa = sa(ssrc=0, parameters=parameters)
    assert SrtpReceiver([given_sa]).unprotect(SrtpSender([given_sa]).protect(packet)) == packet


@given(st.binary(max_size=40))
def test_a_sender_raises_our_errors_only(octets: bytes) -> None:
    sender = SrtpSender([sa(ssrc=0)])
    for protect in (sender.protect, sender.protect_rtcp):
        try:
            protect(octets)
        except (DecodeError, UsageError):
            continue
