"""Streams: what both ends counted, put together."""

from __future__ import annotations

from mikey_sdp.report.streams import media_kinds, streams
from mikey_sdp.trace import AnyRecord
from tests.unit.report.given import CALL, SDP, counted, sent


def only(*records: AnyRecord) -> str:
    (stream,) = streams(records)
    return str(stream)


def test_both_ends_make_one_stream() -> None:
    audio, video = streams(CALL)
    assert (audio.sender, audio.receiver, audio.kind, audio.media) == ("alice", "bob", "audio", 0)
    assert (audio.sent, audio.arrived, audio.decrypted, audio.undecryptable, audio.clipped) == (50, 48, 47, 1, 3)
    assert not audio.whole
    assert video.whole
    assert audio.first_us == 760_000


def test_a_stream_nobody_received_is_not_whole() -> None:
    (stream,) = streams([counted(0, "alice", "bob", "sent", 50)])
    assert not stream.whole
    assert str(stream) == "0 of 50 packets decrypted"


def test_nothing_sent_is_not_whole() -> None:
    (stream,) = streams([counted(0, "alice", "bob", "sent", 0), counted(0, "bob", "alice", "received", 0)])
    assert not stream.whole


def test_a_stream_is_said_in_a_line() -> None:
    sent_, received = counted(0, "alice", "bob", "sent", 50), counted(0, "bob", "alice", "received", 50, 50)
    assert only(sent_, received) == "50 of 50 packets decrypted"
    assert only(sent_, counted(0, "bob", "alice", "received", 40, 40)) == "40 of 50 packets decrypted, 10 lost"
    assert only(sent_, counted(0, "bob", "alice", "received", 50, 0)) == "0 of 50 packets decrypted, 50 undecryptable"


def test_several_counts_of_one_stream_add_up() -> None:
    twice = [counted(0, "alice", "bob", "sent", 20), counted(9, "alice", "bob", "sent", 30)]
    assert only(*twice, counted(9, "bob", "alice", "received", 50, 50)) == "50 of 50 packets decrypted"


def test_kinds_come_from_the_description_with_most_lines() -> None:
    fewer = sent(0, 1, "alice", "bob", "INVITE", octets=b"v=0\r\nm=audio 1 RTP/SAVP 0\r\n")
    assert media_kinds([fewer, sent(1, 2, "alice", "bob", "INVITE", octets=SDP), fewer]) == {0: "audio", 1: "video"}
    assert media_kinds([]) == {}
