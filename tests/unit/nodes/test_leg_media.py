from __future__ import annotations

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.config import Streams
from mikey_sdp.nodes.contract import Address, SendDatagram, SetTimer
from mikey_sdp.nodes.leg_media import LegMedia
from mikey_sdp.nodes.media import NoProtection
from mikey_sdp.nodes.session_body import LocalStream, RemoteStream, SessionBody
from mikey_sdp.sdp.media import Direction
from mikey_sdp.secret import SeededEntropy

HOST, PEER = "192.0.2.1", "192.0.2.2"
NOTHING_BEFORE = {"claim": lambda place: None, "now_us": Micros(0)}


def leg_media(**streams: object) -> LegMedia:
    return LegMedia(Streams(**streams), SeededEntropy(b""), timer="media/1")  # type: ignore[arg-type]


def body(*ports: int) -> SessionBody:
    streams = [LocalStream(kind="audio", port=port, ssrc=port) for port in ports]
    return SessionBody(user="alice", host=HOST, session_id=1, streams=tuple(streams))


def remote(*ports: int, direction: Direction = Direction.SENDRECV) -> tuple[RemoteStream, ...]:
    return tuple(
        RemoteStream(
            kind="audio", address=Address(PEER, port) if port else None, direction=direction, protocol="RTP/SAVP 0"
        )
        for port in ports
    )


def test_without_keys_nothing_is_sent_and_nothing_is_opened():
    media = leg_media()
    media.listen(body(4_000), remote(6_000), {}, **NOTHING_BEFORE)
    media.speak(body(4_000), remote(6_000), {})
    assert not media.running
    assert media.tick(Micros(0)) == []
    receiver = media.places[Address(HOST, 4_000), Address(PEER, 6_000)]
    assert receiver.receive(bytes(12), Micros(0)) is None


def test_every_stream_sends_at_each_tick_until_its_last_packet():
    media = leg_media(packets=2, interval_us=30_000)
    protections = {0: NoProtection(), 1: NoProtection()}
    media.speak(body(4_000, 4_002), remote(6_000, 6_002), protections)
    first, second = media.tick(Micros(0)), media.tick(Micros(30_000))
    assert [type(action) for action in first] == [SendDatagram, SendDatagram, SetTimer]
    assert first[-1] == SetTimer("media/1", 30_000)
    assert [type(action) for action in second] == [SendDatagram, SendDatagram]
    assert not media.ticking
    assert not media.running


def test_only_live_streams_take_part():
    media = leg_media()
    protections = dict.fromkeys(range(3), NoProtection())
    media.listen(body(4_000, 0, 4_004), remote(6_000, 6_002, 0), protections, **NOTHING_BEFORE)
    media.speak(body(4_000, 0, 4_004), remote(6_000, 6_002, 0), protections)
    assert list(media.receivers) == list(media.senders) == [0]


def test_a_stream_follows_its_peer_to_another_address_and_stops_when_it_is_removed():
    media = leg_media()
    media.speak(body(4_000), remote(6_000), {0: NoProtection()})
    media.speak(body(4_000), remote(7_000), {0: NoProtection()})
    packet = media.tick(Micros(0))[0]
    assert isinstance(packet, SendDatagram)
    assert packet.datagram.destination == Address(PEER, 7_000)
    media.speak(body(0), remote(7_000), {0: NoProtection()})
    assert not media.running


def test_a_stream_that_the_peer_does_not_take_is_paused():
    media = leg_media()
    media.speak(body(4_000), remote(6_000, direction=Direction.SENDONLY), {0: NoProtection()})
    assert not media.running
    media.speak(body(4_000), remote(6_000), {0: NoProtection()})
    assert media.running
