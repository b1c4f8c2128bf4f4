from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.srtp.rtp import (
    Carried,
    RtpExtension,
    RtpPacket,
    carried,
    rtp_header_octets,
    rtp_octets,
    rtp_sequence,
    rtp_ssrc,
)

FULL = bytes.fromhex(
    "b2 e1 1234 00000fa0 cafebabe"  # V=2 P X CC=2, M PT=97
    "00000001 00000002"  # CSRCs
    "bede 0001 10aa0000"  # extension of one word
    "0102030405"  # payload
    "000003"  # padding
)
FULL_VALUE = RtpPacket(
    marker=True,
    payload_type=97,
    sequence=0x1234,
    timestamp=4000,
    ssrc=0xCAFEBABE,
    csrcs=(1, 2),
    extension=RtpExtension(profile=0xBEDE, data=bytes.fromhex("10aa0000")),
    payload=bytes.fromhex("0102030405"),
    padding=bytes.fromhex("000003"),
)
PLAIN = bytes.fromhex("80 00 0001 00000002 00000003") + b"payload"


def test_a_packet_with_everything_reads_and_writes() -> None:
    assert RtpPacket.decode(FULL) == FULL_VALUE
    assert FULL_VALUE.encode() == FULL


def test_a_plain_packet_reads_and_writes() -> None:
    value = RtpPacket(payload_type=0, sequence=1, timestamp=2, ssrc=3, payload=b"payload")
    assert RtpPacket.decode(PLAIN) == value
    assert value.encode() == PLAIN
    assert rtp_octets(payload_type=0, sequence=1, timestamp=2, ssrc=3, payload=b"payload") == PLAIN
    marked = rtp_octets(payload_type=0, sequence=1, timestamp=2, ssrc=3, payload=b"payload", marker=True)
    assert marked == replace(value, marker=True).encode()


def test_the_header_is_measured_with_csrcs_and_extension() -> None:
    assert rtp_header_octets(FULL) == 28
    assert rtp_header_octets(PLAIN) == 12
    assert (rtp_sequence(FULL), rtp_ssrc(FULL)) == (0x1234, 0xCAFEBABE)


@pytest.mark.parametrize("octets", range(28))
def test_a_header_that_ends_early_is_refused(octets) -> None:
    for read in (RtpPacket.decode, rtp_header_octets):
        with pytest.raises(DecodeError):
            read(FULL[:octets])


@pytest.mark.parametrize("count", [0, 9, 255])
def test_a_padding_count_beyond_the_payload_is_refused(count) -> None:
    with pytest.raises(DecodeError, match="padding count") as caught:
        RtpPacket.decode(FULL[:-1] + bytes([count]))
    assert caught.value.offset == len(FULL) - 1
    with pytest.raises(DecodeError, match="padding count"):
        RtpPacket.decode(FULL[:28])


@pytest.mark.parametrize("first", [0x00, 0x40, 0xC0])
def test_other_versions_are_refused(first) -> None:
    for read in (RtpPacket.decode, rtp_header_octets):
        with pytest.raises(DecodeError, match="version") as caught:
            read(bytes([first]) + PLAIN[1:])
        assert caught.value.offset == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"payload_type": 128},
        {"sequence": 1 << 16},
        {"timestamp": 1 << 32},
        {"ssrc": -1},
        {"csrcs": tuple(range(16))},
        {"padding": b"\x02"},
    ],
)
def test_what_does_not_fit_is_refused(bad) -> None:
    with pytest.raises(UsageError):
        replace(FULL_VALUE, **bad).encode()
    if not {"csrcs", "padding"} & set(bad):
        fields = {"payload_type": 0, "sequence": 0, "timestamp": 0, "ssrc": 0, "payload": b""}
        with pytest.raises(UsageError):
            rtp_octets(**{**fields, **bad})


def test_an_extension_is_whole_words() -> None:
    with pytest.raises(UsageError):
        RtpExtension(profile=1, data=b"\x00")


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        (b"", Carried.UNKNOWN),
        (b"\x00\x01", Carried.STUN),
        (b"\x03", Carried.STUN),
        (b"\x04", Carried.UNKNOWN),
        (b"\x10", Carried.ZRTP),
        (b"\x14", Carried.DTLS),
        (b"\x3f", Carried.DTLS),
        (b"\x40", Carried.TURN_CHANNEL),
        (b"\x4f", Carried.TURN_CHANNEL),
        (b"\x50", Carried.UNKNOWN),
        (b"\x80", Carried.UNKNOWN),
        (b"\x80\x00", Carried.RTP),
        (b"\x80\xbf", Carried.RTP),
        (b"\x80\xc0", Carried.RTCP),
        (b"\x81\xc8", Carried.RTCP),
        (b"\x80\xdf", Carried.RTCP),
        (b"\x80\xe0", Carried.RTP),
        (b"\xbf\x60", Carried.RTP),
        (b"\xc0\xc8", Carried.UNKNOWN),
    ],
)
def test_protocols_on_one_port_are_told_apart(octets, what) -> None:
    assert carried(octets) == what
