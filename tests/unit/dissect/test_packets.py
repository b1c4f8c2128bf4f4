"""From frames to what UDP and TCP carried, over every link type, and fragments in any order."""

from __future__ import annotations

from itertools import permutations

import dpkt
import pytest

from mikey_sdp.dissect.capture import Frame
from mikey_sdp.dissect.fragments import MAX_FRAGMENTS, MAX_OPEN_DATAGRAMS, Datagram, Fragments
from mikey_sdp.dissect.packets import MAX_EXTENSION_HEADERS, Segment, Segments, is_known_link, link_types
from tests import captures
from tests.captures import ALICE, ALICE6, BOB, BOB6

PAYLOAD = b"INVITE and so on"
V4 = captures.udp(PAYLOAD)
V6 = captures.udp(PAYLOAD, ALICE6, BOB6)


def frame(octets: bytes, link: int = captures.LINK_ETHERNET) -> Frame:
    return Frame(number=1, offset=0, link_type=link, octets=octets, unix_us=0)


def segment(octets: bytes, link: int = captures.LINK_ETHERNET) -> Segment | None:
    return Segments().of(frame(octets, link))


@pytest.mark.parametrize(
    ("octets", "link"),
    [
        (captures.ethernet(V4), captures.LINK_ETHERNET),
        (captures.ethernet(V6), captures.LINK_ETHERNET),
        (captures.ethernet(V4, vlans=[7]), captures.LINK_ETHERNET),
        (captures.ethernet(V6, vlans=[7, 8]), captures.LINK_ETHERNET),
        (captures.ethernet(V4) + bytes(18), captures.LINK_ETHERNET),
        (captures.sll(V4), captures.LINK_SLL),
        (captures.sll2(V6), captures.LINK_SLL2),
        (captures.null(V4), captures.LINK_NULL),
        (captures.null(V6), captures.LINK_NULL),
        (b"\0\0\0\x02" + V4, 108),
        (V4, captures.LINK_RAW),
        (V6, captures.LINK_RAW),
        (V4, 12),
        (V4, 228),
        (V6, 229),
    ],
)
def test_udp_is_found_over_every_link(octets: bytes, link: int) -> None:
    found = segment(octets, link)
    assert found is not None
    assert (found.transport, found.payload) == ("UDP", PAYLOAD)
    assert str(found.source) in ("192.0.2.1:5060", "[2001:db8::1]:5060")
    assert str(found.destination) in ("192.0.2.2:5060", "[2001:db8::2]:5060")
    assert found.is_at_port(5060)
    assert not found.is_at_port(2269)
    assert is_known_link(link)


def test_tcp_has_sequence_numbers_and_options_are_passed_over() -> None:
    tcp = dpkt.tcp.TCP(sport=1, dport=2, seq=77, flags=dpkt.tcp.TH_SYN, off=7, opts=bytes(8), data=b"x")
    found = segment(captures.ethernet(captures.ip(tcp, *(ALICE[0], BOB[0]))))
    assert found is not None
    assert (found.transport, found.sequence, found.opens, found.payload) == ("TCP", 77, True, b"x")


def test_ip_options_are_passed_over() -> None:
    packet = bytearray(V4)
    packet[0] = 0x46
    packet[2:4] = (len(V4) + 4).to_bytes(2, "big")
    found = segment(captures.ethernet(bytes(packet[:20]) + b"\x01\x01\x01\x00" + V4[20:]))
    assert found is not None
    assert found.payload == PAYLOAD


def with_extensions(count: int) -> bytes:
    header = bytearray(V6[:40])
    following, header[6] = header[6], 60
    extensions = b"".join(bytes((60 if n + 1 < count else following, 0)) + bytes(6) for n in range(count))
    header[4:6] = (len(V6) - 40 + len(extensions)).to_bytes(2, "big")
    return bytes(header) + extensions + V6[40:]


def test_ipv6_extension_headers_are_passed_over_up_to_a_limit() -> None:
    assert segment(with_extensions(1), captures.LINK_RAW) is not None
    assert segment(with_extensions(MAX_EXTENSION_HEADERS), captures.LINK_RAW) is not None
    assert segment(with_extensions(MAX_EXTENSION_HEADERS + 1), captures.LINK_RAW) is None


def test_an_ipv6_authentication_header_counts_its_length_differently() -> None:
    header = bytearray(V6[:40])
    following, header[6] = header[6], 51
    authentication = bytes((following, 4)) + bytes(22)
    header[4:6] = (len(V6) - 40 + len(authentication)).to_bytes(2, "big")
    found = segment(bytes(header) + authentication + V6[40:], captures.LINK_RAW)
    assert found is not None
    assert found.payload == PAYLOAD


def test_lengths_of_zero_mean_all_that_is_there() -> None:
    v4, v6 = bytearray(V4), bytearray(V6)
    v4[2:4] = v6[4:6] = b"\x00\x00"
    for packet in (v4, v6):
        found = segment(bytes(packet), captures.LINK_RAW)
        assert found is not None
        assert found.payload == PAYLOAD


@pytest.mark.parametrize("whole", [V4, V6, captures.tcp(PAYLOAD, 1), captures.tcp(PAYLOAD, 1, ALICE6, BOB6)])
def test_a_frame_that_breaks_off_is_skipped(whole: bytes) -> None:
    ethernet = captures.ethernet(whole)
    assert all(segment(ethernet[:end]) is None for end in range(len(ethernet)))


@pytest.mark.parametrize(
    ("octets", "link"),
    [
        (captures.ethernet(V4)[:12] + b"\x08\x06" + bytes(40), captures.LINK_ETHERNET),
        (captures.ethernet(V4, vlans=[1] * 5), captures.LINK_ETHERNET),
        (b"\x50" + bytes(40), captures.LINK_RAW),
        (V4[:9] + b"\x01" + V4[10:], captures.LINK_RAW),
        (V4, 9999),
    ],
)
def test_anything_else_is_skipped(octets: bytes, link: int) -> None:
    assert segment(octets, link) is None


def test_link_types_are_named_for_people() -> None:
    assert "Ethernet" in link_types()
    assert not is_known_link(9999)


LONG = bytes(range(256)) * 5
PIECES = {
    "ipv4": captures.fragments(captures.udp(LONG), 480),
    "ipv6": captures.fragments6(captures.udp(LONG, ALICE6, BOB6), 480),
}


@pytest.mark.parametrize("version", list(PIECES))
def test_fragments_are_put_together_in_any_order(version: str) -> None:
    pieces = PIECES[version]
    assert len(pieces) == 3
    for order in permutations(pieces):
        segments = Segments()
        found = [segments.of(frame(piece, captures.LINK_RAW)) for piece in order]
        assert found[:-1] == [None, None]
        assert found[-1] is not None
        assert found[-1].payload == LONG


def test_a_missing_fragment_means_nothing_is_found() -> None:
    segments = Segments()
    assert [segments.of(frame(piece, captures.LINK_RAW)) for piece in PIECES["ipv4"][1:]] == [None, None]


def piece(offset: int, payload: bytes, *, more: bool = True, key: int = 1) -> Datagram:
    return Datagram(
        source=b"a", destination=b"b", protocol=17, payload=payload, identification=key, offset=offset, more=more
    )


def test_of_overlapping_fragments_the_first_counts_and_holes_stay_holes() -> None:
    fragments = Fragments()
    assert fragments.whole(piece(0, b"first...")) is None
    assert fragments.whole(piece(0, b"second..")) is None
    whole = fragments.whole(piece(8, b"end", more=False))
    assert whole is not None
    assert whole.payload == b"first...end"
    overlapping = Fragments()
    assert overlapping.whole(piece(0, bytes(16))) is None
    assert overlapping.whole(piece(8, bytes(8), more=False)) is None


def test_open_datagrams_are_bounded_and_the_oldest_goes_first() -> None:
    fragments = Fragments()
    for key in range(MAX_OPEN_DATAGRAMS + 1):
        fragments.whole(piece(0, bytes(8), key=key))
    assert fragments.whole(piece(8, b"x", more=False, key=0)) is None
    assert fragments.whole(piece(8, b"x", more=False, key=MAX_OPEN_DATAGRAMS)) is not None


@pytest.mark.parametrize("hopeless", [[piece(8 * n, b"") for n in range(MAX_FRAGMENTS + 1)], [piece(0, bytes(65_536))]])
def test_a_datagram_that_can_never_be_whole_is_dropped(hopeless: list[Datagram]) -> None:
    fragments = Fragments()
    assert [fragments.whole(one) for one in hopeless] == [None] * len(hopeless)
    whole = fragments.whole(piece(0, b"fresh", more=False))
    assert whole is not None
    assert whole.payload == b"fresh"
