"""Capture files: frames of both formats, and files that lie about their lengths."""

from __future__ import annotations

import pytest

from mikey_sdp.dissect.capture import MAX_FRAME_OCTETS, MAX_INTERFACES, Frame, frames, is_capture
from mikey_sdp.errors import DecodeError
from tests.captures import LINK_ETHERNET, LINK_RAW, START_S, block, pcap, pcapng, section

PAYLOADS = [b"one", b"", b"three and a bit"]
ETHERNET_INTERFACE = b"\x01\x00\x00\x00\x00\x00\x00\x00"


def read(data: bytes) -> tuple[list[Frame], list[str]]:
    notes: list[str] = []
    return list(frames(data, notes)), notes


def enhanced(payload: bytes, *, interface: int = 0, ticks: int = 0, captured: int | None = None) -> bytes:
    body = b"".join(n.to_bytes(4, "little") for n in (interface, ticks >> 32, ticks & 0xFFFFFFFF))
    length = len(payload) if captured is None else captured
    return block(6, body + length.to_bytes(4, "little") * 2 + payload)


@pytest.mark.parametrize("nano", [False, True])
def test_pcap_frames_come_in_order_with_their_times(nano: bool) -> None:
    found, notes = read(pcap(PAYLOADS, link=LINK_RAW, nano=nano, start=START_S + 0.25))
    assert [frame.octets for frame in found] == PAYLOADS
    assert [frame.number for frame in found] == [1, 2, 3]
    assert [frame.unix_us for frame in found] == [(START_S + n) * 1_000_000 + 250_000 for n in range(3)]
    assert {frame.link_type for frame in found} == {LINK_RAW}
    assert notes == []


def test_pcap_of_a_big_endian_host() -> None:
    little = pcap([b"abc"], link=LINK_RAW)
    header = b"".join(little[i : i + n][::-1] for i, n in ((0, 4), (4, 2), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4)))
    record = b"".join(little[i : i + 4][::-1] for i in range(24, 40, 4))
    found, _ = read(header + record + b"abc")
    assert [(frame.octets, frame.link_type, frame.unix_us) for frame in found] == [
        (b"abc", LINK_RAW, START_S * 1_000_000)
    ]


def test_frames_know_where_they_lie() -> None:
    for data in (pcap(PAYLOADS), pcapng(PAYLOADS)):
        assert all(data[f.offset : f.offset + len(f.octets)] == f.octets for f in read(data)[0])


def test_pcapng_frames_come_in_order_with_their_times() -> None:
    found, notes = read(pcapng(PAYLOADS, link=LINK_RAW))
    assert [frame.octets for frame in found] == PAYLOADS
    assert [frame.unix_us for frame in found] == [(START_S + n) * 1_000_000 for n in range(3)]
    assert {frame.link_type for frame in found} == {LINK_RAW}
    assert notes == []


def test_pcapng_has_interfaces_of_different_kinds() -> None:
    raw_in_ms = LINK_RAW.to_bytes(2, "little") + bytes(6) + b"\x09\x00\x01\x00\x03\x00\x00\x00" + bytes(4)
    shifted = b"\x01\x00" + bytes(6) + b"\x0e\x00\x08\x00" + (10).to_bytes(8, "little")
    binary = b"\x01\x00" + bytes(6) + b"\x09\x00\x01\x00\x8a\x00\x00\x00"
    data = section() + b"".join(block(1, body) for body in (ETHERNET_INTERFACE, raw_in_ms, shifted, binary))
    data += b"".join(enhanced(b"x", interface=n, ticks=5000) for n in range(4))
    found, _ = read(data)
    assert [frame.link_type for frame in found] == [LINK_ETHERNET, LINK_RAW, LINK_ETHERNET, LINK_ETHERNET]
    assert [frame.unix_us for frame in found] == [5000, 5_000_000, 10_005_000, 5000 * 1_000_000 // 1024]


def test_pcapng_blocks_of_old_and_simple_packets() -> None:
    old_header = b"".join(number.to_bytes(4, "little") for number in (0, 0, 7, 2, 2))
    old = block(2, old_header + b"ab")
    simple = block(3, (3).to_bytes(4, "little") + b"cde")
    found, _ = read(section() + block(1, ETHERNET_INTERFACE) + old + block(99, b"unknown") + simple)
    assert [(frame.number, frame.octets, frame.unix_us) for frame in found] == [(1, b"ab", 7), (2, b"cde", None)]


def test_a_simple_packet_ends_at_the_snap_length() -> None:
    interface = b"\x01\x00\x00\x00" + (2).to_bytes(4, "little")
    found, _ = read(section() + block(1, interface) + block(3, (9).to_bytes(4, "little") + b"ab"))
    assert [frame.octets for frame in found] == [b"ab"]


def test_a_new_section_brings_its_own_byte_order_and_interfaces() -> None:
    body = (0).to_bytes(12, "big") + (1).to_bytes(4, "big") * 2 + b"z"
    second = section("big") + block(1, b"\x00\x65" + bytes(6), "big") + block(6, body, "big")
    found, _ = read(section() + block(1, ETHERNET_INTERFACE) + enhanced(b"a") + second)
    assert [(frame.octets, frame.link_type) for frame in found] == [(b"a", LINK_ETHERNET), (b"z", LINK_RAW)]


@pytest.mark.parametrize("whole", [pcap(PAYLOADS), pcapng(PAYLOADS)], ids=["pcap", "pcapng"])
def test_a_capture_that_was_cut_short_gives_what_it_has(whole: bytes) -> None:
    complete = [frame.octets for frame in read(whole)[0]]
    for end in range(24, len(whole)):
        found, notes = read(whole[:end])
        assert [frame.octets for frame in found] == complete[: len(found)]
        assert not notes or "cut short" in notes[0]
    assert "cut short" in read(whole[:-1])[1][0]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "magic"),
        (b"\x01\x00\x05", "magic"),
        (pcap([])[:23], "file header"),
        (pcap([])[:24] + bytes(8) + (MAX_FRAME_OCTETS + 1).to_bytes(4, "little") + bytes(4), "Captured Packet Length"),
        (section()[:8] + b"\x00" * 20, "Byte-Order Magic"),
        (section() + (6).to_bytes(4, "little") + bytes(20), "Block Total Length"),
        (section() + block(6, b"")[:-4] + b"\x10\x00\x00\x00", "Block Total Length"),
        (section() + (6).to_bytes(4, "little") + (13).to_bytes(4, "little") + bytes(9), "Block Total Length"),
        (section() + block(1, b"\x01\x00"), "Interface Description Block"),
        (section() + block(1, ETHERNET_INTERFACE) + block(6, bytes(16)), "Packet Block"),
        (section() + block(1, ETHERNET_INTERFACE) + block(3, b""), "Simple Packet Block"),
        (section() + enhanced(b"x"), "Interface ID"),
        (section() + block(3, bytes(4)), "Interface ID"),
        (section() + block(1, ETHERNET_INTERFACE) + enhanced(b"abcd", captured=5), "Captured Packet Length"),
        (section() + block(1, ETHERNET_INTERFACE + b"\x09\x00\x09\x00"), "Option Length"),
        (section() + block(1, ETHERNET_INTERFACE) * (MAX_INTERFACES + 1), "Interface Description Block"),
    ],
)
def test_a_capture_that_lies_is_refused(data: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read(data)
    assert caught.value.field == field
    assert caught.value.offset <= len(data)


def test_block_length_zero_ends_at_once() -> None:
    with pytest.raises(DecodeError, match="two lengths"):
        read(section() + (9).to_bytes(4, "little") + bytes(100_000))


def test_a_section_that_breaks_off_before_its_byte_order() -> None:
    assert read(b"\n\r\r\n=") == ([], ["the capture is cut short: it ends inside a block at offset 0"])


def test_magic_numbers() -> None:
    assert is_capture(pcap([]))
    assert is_capture(pcapng([]))
    assert not is_capture(b"\x01\x00\x05\x80")
    assert not is_capture(b"")
