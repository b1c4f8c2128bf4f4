from __future__ import annotations

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.errors import PeerError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.media import NoProtection, StreamReceiver, StreamSender
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.srtp.rtp import RtpPacket

HERE, THERE = Address("192.0.2.1", 40_000), Address("192.0.2.2", 40_000)


class Marked:
    """A protection that a test can read: a letter in front of each packet."""

    def __init__(self, letter: bytes) -> None:
        self.letter = letter

    def protect(self, octets: bytes) -> bytes:
        return self.letter + octets

    def unprotect(self, octets: bytes) -> bytes:
        if not octets.startswith(self.letter):
            raise PeerError("another key", mikey_error=None)
        return octets[1:]


def sender(**changes: object) -> StreamSender:
    settings: dict[str, object] = {
        "kind": "audio",
        "source": HERE,
        "destination": THERE,
        "ssrc": 0xDECAFBAD,
        "protection": Marked(b"a"),
        "packets": 50,
        "interval_us": 20_000,
        "payload_octets": 160,
        "entropy": SeededEntropy(b"media"),
    }
    return StreamSender(**(settings | changes))  # type: ignore[arg-type]


def packets(stream: StreamSender, count: int) -> list[RtpPacket]:
    return [RtpPacket.decode(stream.next_packet(Micros(0)).datagram.octets[1:]) for _ in range(count)]


def test_a_stream_is_rtp_of_constant_size_with_rising_numbers_and_one_marker():
    first, second, third = packets(sender(), 3)
    assert [packet.sequence - first.sequence for packet in (first, second, third)] == [0, 1, 2]
    assert [(packet.timestamp - first.timestamp) % 2**32 for packet in (first, second, third)] == [0, 160, 320]
    assert {packet.ssrc for packet in (first, second, third)} == {0xDECAFBAD}
    assert {packet.payload_type for packet in (first, second, third)} == {0}
    assert {len(packet.payload) for packet in (first, second, third)} == {160}
    assert [packet.marker for packet in (first, second, third)] == [True, False, False]


def test_video_has_its_own_payload_type_and_clock():
    first, second = packets(sender(kind="video"), 2)
    assert first.payload_type == 96
    assert (second.timestamp - first.timestamp) % 2**32 == 1_800


def test_the_first_sequence_number_stays_in_the_lower_half_and_follows_from_the_entropy():
    firsts = {packets(sender(entropy=SeededEntropy(bytes([n]))), 1)[0].sequence for n in range(40)}
    assert max(firsts) < 1 << 15
    assert len(firsts) > 30


def test_sequence_and_timestamp_wrap():
    stream = sender(entropy=lambda octets: b"\xff" * octets, packets=None)
    seen = packets(stream, (1 << 15) + 3)
    assert [packet.sequence for packet in seen[-3:]] == [0xFFFF, 0, 1]
    assert [packet.timestamp for packet in seen[:2]] == [0xFFFFFFFF, 159]


def test_a_packet_leaves_protected_from_the_own_to_the_peers_media_address():
    datagram = sender().next_packet(Micros(7)).datagram
    assert (datagram.source, datagram.destination, datagram.transport) == (HERE, THERE, Transport.MEDIA)
    assert datagram.octets.startswith(b"a\x80\x80")


def test_a_stream_ends_after_its_packets_and_remembers_when_it_began():
    stream = sender(packets=2)
    assert stream.running
    stream.next_packet(Micros(5))
    stream.next_packet(Micros(9))
    assert not stream.running
    assert (stream.packets, stream.first_us, stream.left) == (2, 5, 0)


def test_a_paused_stream_does_not_run_and_an_endless_one_does_not_end():
    stream = sender(packets=None)
    packets(stream, 100)
    assert stream.running
    stream.paused = True
    assert not stream.running


def test_a_receiver_counts_what_arrives_and_what_its_key_opens():
    receiver = StreamReceiver(Marked(b"a"))
    stream = sender()
    for at in (100, 200):
        receiver.receive(stream.next_packet(Micros(0)).datagram.octets, Micros(at))
    assert receiver.receive(b"b-other", Micros(300)) is None
    assert (receiver.packets, receiver.decrypted, receiver.undecryptable) == (3, 2, 1)
    assert (receiver.first_us, receiver.ssrc) == (100, 0xDECAFBAD)


def test_a_receiver_without_keys_opens_nothing_until_it_has_them():
    receiver = StreamReceiver()
    stream = sender()
    assert receiver.receive(stream.next_packet(Micros(0)).datagram.octets, Micros(1)) is None
    receiver.protection = Marked(b"a")
    assert receiver.receive(stream.next_packet(Micros(0)).datagram.octets, Micros(2)) is not None
    assert (receiver.packets, receiver.decrypted, receiver.undecryptable, receiver.first_us) == (2, 1, 1, 2)


def test_plain_rtp_counts_as_arrived_and_never_as_decrypted():
    receiver = StreamReceiver(NoProtection())
    stream = sender(protection=NoProtection())
    receiver.receive(stream.next_packet(Micros(0)).datagram.octets, Micros(1))
    receiver.receive(b"\x00 no RTP", Micros(2))
    assert (receiver.packets, receiver.decrypted, receiver.undecryptable) == (2, 0, 1)
    assert receiver.ssrc == 0xDECAFBAD


@pytest.mark.parametrize("octets", [b"", b"\x80", b"\x80" * 11])
def test_what_is_too_short_for_rtp_is_counted_and_no_more(octets: bytes):
    receiver = StreamReceiver(NoProtection())
    assert receiver.receive(octets, Micros(1)) is None
    assert receiver.undecryptable == 1


def test_packets_that_come_before_the_keys_wait_for_them_up_to_a_limit():
    stream, receiver = sender(), StreamReceiver(holds=3)
    for at in range(5):
        assert receiver.receive(stream.next_packet(Micros(at)).datagram.octets, Micros(at)) is None
    assert (receiver.packets, receiver.undecryptable, receiver.first_us) == (5, 5, None)
    receiver.use(Marked(b"a"), Micros(70))
    assert (receiver.decrypted, receiver.decrypted_late, receiver.undecryptable) == (0, 3, 5)
    assert (receiver.first_us, receiver.ssrc) == (70, 0xDECAFBAD)
    receiver.receive(stream.next_packet(Micros(80)).datagram.octets, Micros(80))
    assert (receiver.decrypted, receiver.decrypted_late, receiver.undecryptable) == (1, 3, 5)
    receiver.use(Marked(b"a"), Micros(90))
    assert (receiver.decrypted_late, receiver.first_us) == (3, 70)


def test_what_waited_in_vain_was_never_decrypted():
    receiver = StreamReceiver(holds=3)
    receiver.receive(sender().next_packet(Micros(0)).datagram.octets, Micros(0))
    receiver.use(Marked(b"b"), Micros(1))
    assert (receiver.decrypted_late, receiver.undecryptable, receiver.first_us) == (0, 1, None)


def test_the_first_sequence_number_can_be_given() -> None:
    assert [packets(sender(first_sequence=number), 1)[0].sequence for number in (0, 258)] == [0, 258]
