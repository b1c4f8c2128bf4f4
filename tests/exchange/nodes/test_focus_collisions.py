"""Members of a relayed conference that chose one SSRC under the key of all: noticed, and over before more leaves."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint.sessions import LiveSessions, MediaKeys
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Streams
from mikey_sdp.scenario.pads import TwoTimePad, two_time_pads
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.rtcp import Bye, decode_compound
from mikey_sdp.srtp.rtp import Carried, carried
from mikey_sdp.trace import CallChanged, KeysInstalled, Warned
from tests.exchange.nodes.conference import Played, conference
from tests.exchange.nodes.phones import MS
from tests.exchange.nodes.test_focus import dial_out, failures
from tests.unit.srtp.given import sa

SSRC = 0x5EED
ROUND_TRIP_MS = 40
PACED_MS = 20
SAME = {"responder_ssrc": SSRC, "streams": Streams(packets=50, first_sequence=100)}


def collided(mode: Mode = Mode.PSK, *, apart_ms: int = 0, members: int = 2, **settings: object) -> Played:
    """The focus calls members who all choose the same SSRC and the same first number."""
    steps = [(number * apart_ms, node, command) for number, (_, node, command) in enumerate(dial_out(members))]
    return conference(mode, members, steps, member=SAME | settings, end_ms=10_000)


def warnings(played: Played, party: str) -> list[Warned]:
    return [one for one in played.records if isinstance(one, Warned) and one.party == party]


def pads(played: Played) -> tuple[TwoTimePad, ...]:
    keys = [sa for log in played.keys.values() for sa in log.seen]
    return two_time_pads([one for one in played.capture.passed if one.to == "focus"], keys)


def rtp_of(played: Played, party: str, *, since_us: int = 0) -> list[int]:
    """The SSRCs of what a member sent since then, in order."""
    return [
        int.from_bytes(one.octets[8:12], "big")
        for one in played.capture.passed
        if one.is_media and one.party == party and carried(one.octets) is Carried.RTP and one.at_us >= since_us
    ]


def silent_from(played: Played, party: str) -> int:
    (warned,) = [one for one in warnings(played, party) if f"SSRC {SSRC:08x}; we choose another" in one.text]
    return warned.at_us


@pytest.mark.requirement("5197-3-22")
@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA], ids=str)
def test_a_collision_is_over_before_more_leaves(mode: Mode) -> None:
    played = collided(mode)
    since_us = silent_from(played, "member2")
    assert SSRC in rtp_of(played, "member2")
    after = set(rtp_of(played, "member2", since_us=since_us))
    assert len(after) == 1
    assert SSRC not in after
    found = pads(played)
    assert 0 < len(found) <= ROUND_TRIP_MS // PACED_MS + 1
    assert all(one.second.at_us < since_us for one in found)
    assert not failures(played)


def test_only_who_was_heard_later_changes() -> None:
    played = collided()
    assert not warnings(played, "member1")
    assert set(rtp_of(played, "member1")) == {SSRC}


def test_both_are_heard_afterwards() -> None:
    played = collided()
    dropped = sum(ssrc == SSRC for ssrc in rtp_of(played, "member2"))
    assert len(rtp_of(played, "member1")) == len(rtp_of(played, "member2")) == 50
    assert played.received("member1") == (50 - dropped, 50 - dropped)
    assert played.received("member2") == (50, 50)
    assert played.received("focus") == (100, 100)
    assert "which another member has" in warnings(played, "focus")[0].text


def test_who_comes_later_gives_way_at_once() -> None:
    """He hears the first one before his own numbers come to where that one was when he joined."""
    played = collided(apart_ms=400, members=3)
    assert not failures(played)
    assert not pads(played)
    assert set(rtp_of(played, "member1")) == {SSRC}
    for name in ("member2", "member3"):
        assert 0 < rtp_of(played, name).count(SSRC) <= ROUND_TRIP_MS // PACED_MS + 1
        assert rtp_of(played, name)[-1] != SSRC
    assert played.received("focus") == (150, 150)


def test_the_map_and_the_trace_have_the_new_ssrc_before_anything_leaves_under_it() -> None:
    played = collided()
    (ssrc,) = set(rtp_of(played, "member2")) - {SSRC}
    known = [
        one.at_us
        for one in played.records
        if isinstance(one, KeysInstalled) and (one.party, one.direction, one.ssrc) == ("focus", "receive", ssrc)
    ]
    first = next(
        one.at_us
        for one in played.capture.passed
        if one.is_media and one.party == "member2" and one.octets[8:12] == ssrc.to_bytes(4, "big")
    )
    assert known
    assert known[0] < first
    assert not [
        one
        for one in played.records
        if isinstance(one, CallChanged) and one.state == "rekeyed" and one.at_us > known[0]
    ]


def test_a_goodbye_leaves_for_the_former_ssrc_in_the_name_of_the_new_one() -> None:
    played = collided()
    (ssrc,) = set(rtp_of(played, "member2")) - {SSRC}
    (passed,) = [one for one in played.capture.passed if one.is_media and carried(one.octets) is Carried.RTCP]
    (sa,) = [one for one in played.keys["member2"].seen if one.ssrc == ssrc and one.cs_id == 2]
    *_, bye = decode_compound(SrtpReceiver((sa,)).unprotect_rtcp(passed.octets))
    assert bye == Bye(ssrcs=(SSRC,), reason=b"SSRC collision")
    assert passed.octets[4:8] == ssrc.to_bytes(4, "big")
    assert passed.at_us > silent_from(played, "member2") - MS


def test_an_ssrc_that_a_stream_has_left_is_not_taken_again() -> None:
    """Its packet indexes were used, and somebody could repeat what was sent then."""
    sent = MediaKeys(csb_id=1, send=(sa(ssrc=1),), receive=(sa(ssrc=2),))
    sessions = LiveSessions()
    sessions.receive_under({0: sent})
    session = sessions.of(0, sent)
    sessions.move(0, sent=None, received=3)
    sessions.move(0, sent=4, received=None)
    assert session.send.ssrc == 4
    for change in ({"sent": None, "received": 2}, {"sent": 1, "received": None}):
        with pytest.raises(PeerError, match="can't go on as SSRC"):
            sessions.move(0, **change)
