"""Captures: read back with dpkt and with our own reader, neither of which shares code with the writer."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterator

import dpkt
import pytest

from mikey_sdp.dissect.capture import frames
from mikey_sdp.errors import UsageError
from mikey_sdp.report.pcapng import pcapng
from mikey_sdp.trace import AttackMade, Passed
from tests.unit.report.given import sent

EPOCH = 1_767_225_600_000_000


def passed(octets: bytes = b"INVITE x\r\n", transport: str = "UDP", **changes: object) -> Passed:
    fields = {
        "at_us": 1_500_000,
        "arrived_us": 1_520_000,
        "party": "alice",
        "to": "bob",
        "transport": transport,
        "source": ("192.0.2.1", 5060),
        "destination": ("192.0.2.2", 5060),
        "octets": octets,
    }
    return Passed(**{**fields, **changes})  # type: ignore[arg-type]


def packets(capture: bytes) -> Iterator[tuple[float, dpkt.ip.IP]]:
    for when, octets in dpkt.pcapng.Reader(io.BytesIO(capture)):
        yield when, (dpkt.ip6.IP6 if octets[0] >> 4 == 6 else dpkt.ip.IP)(octets)


def comments(capture: bytes) -> list[str]:
    """The comment options, found by their place in the blocks."""
    found, at = [], 0
    order = "little" if capture[8:12] == b"\x4d\x3c\x2b\x1a" else "big"
    while at < len(capture):
        kind, length = (int.from_bytes(capture[at + n : at + n + 4], order) for n in (0, 4))
        assert int.from_bytes(capture[at + length - 4 : at + length], order) == length
        assert length % 4 == 0
        if kind == 6:
            octets = int.from_bytes(capture[at + 20 : at + 24], order)
            option = at + 28 + octets + -octets % 4
            assert capture[option : option + 2] == (1).to_bytes(2, order)
            size = int.from_bytes(capture[option + 2 : option + 4], order)
            found.append(capture[option + 4 : option + 4 + size].decode())
        at += length
    return found


def test_a_datagram_comes_back_with_its_time_addresses_and_octets() -> None:
    ((when, packet),) = packets(pcapng([passed()], epoch_unix_us=EPOCH))
    assert when == pytest.approx(EPOCH / 1e6 + 1.5)
    assert (str(ipaddress.ip_address(packet.src)), str(ipaddress.ip_address(packet.dst))) == ("192.0.2.1", "192.0.2.2")
    assert (packet.data.sport, packet.data.dport, packet.data.data) == (5060, 5060, b"INVITE x\r\n")


@pytest.mark.parametrize("octets", [b"", b"x", b"xy", b"odd", bytes(65_507)])
@pytest.mark.parametrize("hosts", [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")])
def test_checksums_and_lengths_are_those_that_dpkt_works_out(octets: bytes, hosts: tuple[str, str]) -> None:
    one = passed(octets, source=(hosts[0], 40_000), destination=(hosts[1], 40_002))
    ((_, packet),) = packets(pcapng([one]))
    theirs = (packet.data.sum, getattr(packet, "sum", 0), packet.data.ulen, len(packet))
    packet.data.sum = 0
    if ":" not in hosts[0]:
        packet.sum = 0
    again = type(packet)(bytes(packet))
    assert theirs == (again.data.sum, getattr(again, "sum", 0), len(octets) + 8, len(bytes(packet)))


def test_our_own_reader_reads_what_we_write() -> None:
    found = list(frames(pcapng([passed(), passed(b"second", at_us=7)], epoch_unix_us=EPOCH), []))
    assert [frame.unix_us for frame in found] == [EPOCH + 1_500_000, EPOCH + 7]
    assert [frame.link_type for frame in found] == [101, 101]
    assert found[1].octets.endswith(b"second")


def test_tcp_is_one_stream_each_way() -> None:
    back = {"source": ("192.0.2.2", 5060), "destination": ("192.0.2.1", 5060)}
    capture = pcapng([passed(b"12345", "TCP"), passed(b"abc", "TCP", **back), passed(b"67", "TCP")])
    segments = [packet.data for _, packet in packets(capture)]
    assert [(one.seq, one.ack, one.data) for one in segments] == [(1, 1, b"12345"), (1, 6, b"abc"), (6, 4, b"67")]
    assert all(isinstance(one, dpkt.tcp.TCP) for one in segments)


def test_what_is_too_long_for_a_packet_is_cut_into_segments() -> None:
    long = bytes(range(256)) * 600
    for transport in ("TCP", "UDP"):
        segments = [packet.data for _, packet in packets(pcapng([passed(long, transport)]))]
        assert len(segments) == 3
        assert b"".join(one.data for one in segments) == long
        assert [one.seq for one in segments] == [1, 60_001, 120_001]


def test_signalling_over_tls_is_put_where_tools_look_for_text() -> None:
    one = passed(transport="TLS", destination=("192.0.2.2", 5061))
    capture = pcapng([one])
    ((_, packet),) = packets(capture)
    assert packet.data.dport == 5060
    assert comments(capture) == ["alice to bob, arrived at 1.52 s; carried by TLS and shown as what was inside"]


def test_comments_tell_who_sent_what_and_what_became_of_it() -> None:
    records = (
        sent(1_500_000, 4, "alice", "bob", "INVITE x", "MIKEY PSK I_MESSAGE", octets=b"INVITE x\r\n"),
        AttackMade(at_us=1_500_000, party="alice", text="changed octet 7", number=4),
    )
    lost = passed(b"lost", arrived_us=None)
    assert comments(pcapng([passed(), lost], records=records)) == [
        "alice to bob, arrived at 1.52 s; changed octet 7; MIKEY PSK I_MESSAGE",
        "alice to bob, lost on its way",
    ]


def test_comments_of_strangers_are_bounded_and_printable() -> None:
    (comment,) = comments(pcapng([passed(party="x\x1b[2J\ud800é" * 2_000)]))
    assert comment.isprintable()
    assert len(comment) < 2_100


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no address"):
        pcapng([passed(source=("bob.example.com", 5060))])


def test_a_capture_of_nothing_is_one() -> None:
    assert list(packets(pcapng([]))) == []
    assert list(frames(pcapng([]), [])) == []
