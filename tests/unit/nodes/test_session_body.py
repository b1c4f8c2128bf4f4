from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.commands import AddMedia, Hold, ReKey, RemoveMedia, Resume
from mikey_sdp.nodes.config import Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.session_body import SessionBody, answering_direction, remote_streams
from mikey_sdp.sdp.media import Direction
from mikey_sdp.secret import SeededEntropy


def maker(*kinds: str, host: str = "192.0.2.1") -> BodyMaker:
    config = UserAgentConfig(
        name="alice",
        identity="sip:alice@example.com",
        address=Address(host, 5060),
        streams=Streams(kinds=kinds),
        seed=b"",
        epoch_unix_us=0,
    )
    return BodyMaker(config, SeededEntropy(b"sdp"))


def directions(body: SessionBody) -> list[str]:
    return [stream.direction.value for stream in body.streams]


def ports(body: SessionBody) -> list[int]:
    return [stream.port for stream in body.streams]


def test_a_first_offer_describes_every_kind_on_a_port_of_its_own():
    body = maker("audio", "video").first_offer()
    audio, video = body.streams
    assert str(body) == (
        "v=0\r\n"
        f"o=alice {body.session_id} 1 IN IP4 192.0.2.1\r\n"
        "s=-\r\n"
        "c=IN IP4 192.0.2.1\r\n"
        "t=0 0\r\n"
        "m=audio 40000 RTP/AVP 0\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
        f"a=ssrc:{audio.ssrc} cname:alice@192.0.2.1\r\n"
        "a=sendrecv\r\n"
        "m=video 40002 RTP/AVP 96\r\n"
        "a=rtpmap:96 H264/90000\r\n"
        f"a=ssrc:{video.ssrc} cname:alice@192.0.2.1\r\n"
        "a=sendrecv\r\n"
    )
    assert 0 < audio.ssrc != video.ssrc > 0


def test_two_calls_of_one_party_have_different_sources_and_session_ids():
    bodies = maker("audio")
    first, second = bodies.first_offer(), bodies.first_offer()
    assert first.session_id != second.session_id
    assert first.streams[0].ssrc != second.streams[0].ssrc


def test_an_answer_takes_the_kinds_that_it_knows_and_refuses_the_others_in_their_place():
    offered = remote_streams(
        "v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=video 6000 RTP/SAVP 96\r\nm=audio 6002 RTP/SAVP 8 0\r\n"
        "m=application 6004 UDP/BFCP *\r\nm=audio 6006 RTP/SAVP 8\r\n"
    )
    answer = maker("audio").first_answer(offered)
    assert ports(answer) == [0, 40_002, 0, 0]
    assert "m=video 0 RTP/SAVP 96\r\n" in str(answer)
    assert "m=application 0 UDP/BFCP *\r\n" in str(answer)
    assert "m=audio 40002 RTP/AVP 0\r\n" in str(answer)


def test_a_refused_stream_of_an_offer_is_refused_in_the_answer():
    offered = remote_streams("v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\n")
    assert offered[0].address is None
    assert ports(maker("audio").first_answer(offered)) == [0]


def test_a_peers_stream_is_sent_to_its_own_connection_line_before_the_sessions():
    described = remote_streams(
        "v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 6000 RTP/SAVP 0\r\nm=audio 6002 RTP/SAVP 0\r\nc=IN IP4 192.0.2.77\r\n"
        "m=audio 6004 RTP/SAVP 0\r\nc=IN IP4 0.0.0.0\r\n"
    )
    assert [stream.address for stream in described] == [
        Address("192.0.2.9", 6000),
        Address("192.0.2.77", 6002),
        None,
    ]


@pytest.mark.parametrize(
    ("offered", "holding", "answered"),
    [
        (Direction.SENDRECV, False, Direction.SENDRECV),
        (Direction.SENDONLY, False, Direction.RECVONLY),
        (Direction.RECVONLY, False, Direction.SENDONLY),
        (Direction.INACTIVE, False, Direction.INACTIVE),
        (Direction.SENDRECV, True, Direction.SENDONLY),
        (Direction.SENDONLY, True, Direction.INACTIVE),
    ],
)
def test_an_answer_flows_as_offered_less_what_the_answerer_holds(
    offered: Direction, holding: bool, answered: Direction
):
    assert answering_direction(offered, holding=holding) is answered


def test_changes_make_the_next_version_and_keep_what_they_do_not_change():
    bodies = maker("audio")
    first = bodies.first_offer()
    held = bodies.changed(first, Hold("bob"))
    resumed = bodies.changed(held, Resume("bob"))
    rekeyed = bodies.changed(resumed, ReKey("bob"))
    grown = bodies.changed(rekeyed, AddMedia("bob", "video"))
    shrunk = bodies.changed(grown, RemoveMedia("bob", 0))
    assert [body.version for body in (first, held, resumed, rekeyed, grown, shrunk)] == [1, 2, 3, 4, 5, 6]
    assert (directions(held), directions(resumed)) == (["sendonly"], ["sendrecv"])
    assert rekeyed.streams == resumed.streams
    assert (ports(grown), ports(shrunk)) == ([40_000, 40_002], [0, 40_002])
    assert {body.session_id for body in (first, held, resumed, rekeyed, grown, shrunk)} == {first.session_id}
    assert grown.streams[0] == first.streams[0]


def test_an_answer_within_a_call_keeps_sources_and_takes_a_new_stream():
    bodies = maker("audio", "video")
    mine = bodies.first_answer(remote_streams(str(maker("audio", host="192.0.2.9").first_offer())))
    peer = maker("audio", host="192.0.2.9")
    offer = peer.changed(peer.first_offer(), AddMedia("alice", "video"))
    grown = bodies.next_answer(mine, remote_streams(str(offer)), holding=False)
    assert grown.streams[0] == mine.streams[0]
    assert ports(grown) == [40_000, 40_002]
    assert grown.version == mine.version + 1
    removed = bodies.next_answer(
        grown, remote_streams(str(peer.changed(offer, RemoveMedia("alice", 0)))), holding=False
    )
    assert ports(removed) == [0, 40_002]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (RemoveMedia("bob", 1), "no m= line 1 to remove, the call has 1"),
        (RemoveMedia("bob", -1), "no m= line -1"),
        (AddMedia("bob", "smell"), "no media of the kind 'smell'; there are: audio, video"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_a_hint(change: AddMedia | RemoveMedia, hint: str):
    bodies = maker("audio")
    with pytest.raises(UsageError, match=hint):
        bodies.changed(bodies.first_offer(), change)


def test_there_are_ports_for_eight_streams():
    assert len(maker(*["audio"] * 8).first_offer().streams) == 8
    with pytest.raises(UsageError, match="ports for 8 m= lines"):
        maker(*["audio"] * 9).first_offer()
