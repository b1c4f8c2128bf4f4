from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.srtp.rtcp import (
    Bye,
    OtherRtcp,
    ReceiverReport,
    ReportBlock,
    RtcpType,
    SdesChunk,
    SdesItem,
    SdesType,
    SenderReport,
    SourceDescription,
    check_rtcp,
    decode_compound,
    encode_compound,
)

SR = bytes.fromhex("81c8000c cafebabe 0123456789abcdef 00000fa0 00000032 00001f40")
BLOCK = bytes.fromhex("00000003 40 fffffe 00010005 0000000a 23456789 00010000")
SDES = bytes.fromhex("81ca0005 cafebabe 01 09 6d65406578616d706c 02 01 78 0000")  # two items, two null octets
BYE = bytes.fromhex("81cb0003 cafebabe 04 67 6f 6e 65 000000")
BLOCK_VALUE = ReportBlock(
    ssrc=3, fraction_lost=0x40, lost=-2, highest_sequence=0x10005, jitter=10, last_sr=0x23456789, delay=0x10000
)
SR_VALUE = SenderReport(
    ssrc=0xCAFEBABE,
    ntp=NtpTime(0x0123456789ABCDEF),
    rtp_timestamp=4000,
    packets=50,
    octets=8000,
    reports=(BLOCK_VALUE,),
)
SDES_VALUE = SourceDescription(
    chunks=(
        SdesChunk(
            ssrc=0xCAFEBABE,
            items=(
                SdesItem(item_type=SdesType.CNAME, text=b"me@exampl"),
                SdesItem(item_type=SdesType.NAME, text=b"x"),
            ),
        ),
    )
)
BYE_VALUE = Bye(ssrcs=(0xCAFEBABE,), reason=b"gone")
COMPOUND = SR + BLOCK + SDES + BYE
VALUES = (SR_VALUE, SDES_VALUE, BYE_VALUE)


def test_a_compound_packet_reads_and_writes() -> None:
    assert decode_compound(COMPOUND) == VALUES
    assert encode_compound(VALUES) == COMPOUND


def test_a_receiver_report_with_an_extension_reads_and_writes() -> None:
    octets = bytes.fromhex("80c90002 00000007 aabbccdd")
    value = ReceiverReport(ssrc=7, extension=bytes.fromhex("aabbccdd"))
    assert decode_compound(octets) == (value,)
    assert encode_compound([value]) == octets
    sender = replace(SR_VALUE, extension=b"abcd")
    receiver = ReceiverReport(ssrc=7, reports=(BLOCK_VALUE, BLOCK_VALUE))
    assert decode_compound(encode_compound([sender, receiver])) == (sender, receiver)


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "abcd", "é@example"])
def test_a_canonical_name_is_filled_to_words_with_at_least_one_null(name) -> None:
    value = SourceDescription.cname(1, name)
    octets = encode_compound([value])
    assert len(octets) % 4 == 0
    assert octets.endswith(b"\0")
    assert decode_compound(octets) == (value,)
    assert value.chunks[0].items[0].text == name.encode()


def test_unknown_kinds_and_items_survive() -> None:
    octets = bytes.fromhex("9fce0002 00000001 deadbeef") + bytes.fromhex("81ca0002 00000001 63 00 00 00")
    packets = decode_compound(octets)
    assert packets[0] == OtherRtcp(packet_type=RtcpType.PSFB, count=31, body=bytes.fromhex("00000001deadbeef"))
    assert encode_compound(packets) == octets
    assert not packets[1].chunks[0].items[0].item_type.known


def test_padding_of_the_last_packet_is_dropped() -> None:
    padded = bytes.fromhex("a0c90002 00000007 00000004")
    assert decode_compound(padded) == (ReceiverReport(ssrc=7),)
    assert decode_compound(SR + BLOCK + padded)[1] == ReceiverReport(ssrc=7)
    with pytest.raises(DecodeError, match="only the last packet"):
        decode_compound(padded + padded)


@pytest.mark.parametrize("count", [0, 3, 5, 12, 255])
def test_a_wrong_padding_count_is_refused(count) -> None:
    with pytest.raises(DecodeError, match="padding count"):
        decode_compound(bytes.fromhex("a0c90002 00000007 000000") + bytes([count]))
    with pytest.raises(DecodeError, match="padding count"):
        decode_compound(bytes.fromhex("a0cb0000"))


def test_every_prefix_that_ends_inside_a_packet_is_refused() -> None:
    ends = {len(SR + BLOCK), len(SR + BLOCK + SDES), len(COMPOUND)}
    for octets in range(len(COMPOUND)):
        if octets in ends:
            assert len(decode_compound(COMPOUND[:octets])) < 3
            continue
        with pytest.raises(DecodeError):
            decode_compound(COMPOUND[:octets])


@pytest.mark.parametrize(
    "octets",
    [
        bytes.fromhex("40c90001 00000007"),  # version 1
        bytes.fromhex("81c90001 00000007"),  # a report that isn't there
        bytes.fromhex("80c80001 00000007"),  # a sender report without sender info
        bytes.fromhex("81ca0002 00000001 01056162"),  # an item beyond the chunk
        bytes.fromhex("81ca0002 00000001 00000001"),  # padding that isn't null
        bytes.fromhex("81ca0001 00000001"),  # a chunk without an end
        bytes.fromhex("81ca0003 00000001 00000000 00000000"),  # surplus words
        bytes.fromhex("82cb0001 00000001"),  # one SSRC of two
        bytes.fromhex("81cb0002 00000001 05616263"),  # a reason beyond the packet
        bytes.fromhex("81cb0002 00000001 00000000"),  # no reason
        bytes.fromhex("81cb0003 00000001 01610000 00000000"),  # a surplus word
    ],
)
def test_what_the_lengths_do_not_bear_out_is_refused(octets) -> None:
    with pytest.raises(DecodeError):
        decode_compound(octets)


@pytest.mark.parametrize(
    "packets",
    [
        [],
        [Bye(ssrcs=tuple(range(32)))],
        [replace(SR_VALUE, packets=1 << 32)],
        [ReceiverReport(ssrc=1, reports=(replace(BLOCK_VALUE, lost=1 << 23),))],
        [ReceiverReport(ssrc=1, extension=b"abc")],
        [SourceDescription.cname(1, "x" * 256)],
    ],
)
def test_what_does_not_fit_is_refused(packets) -> None:
    with pytest.raises(UsageError):
        encode_compound(packets)


@pytest.mark.parametrize("octets", [b"", COMPOUND[:7], b"\x41" + COMPOUND[1:], b"\x81\x00" + COMPOUND[2:]])
def test_what_cannot_start_rtcp_is_told(octets) -> None:
    with pytest.raises(DecodeError):
        check_rtcp(octets)
    check_rtcp(COMPOUND[:8])
