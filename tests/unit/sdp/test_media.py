"""What keying learns of each stream, from bodies of real products and from each attribute's forms."""

from __future__ import annotations

import contextlib

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import (
    Direction,
    MediaLine,
    media_lines,
    with_profile,
)
from tests.unit.sdp.bodies import BODIES
from tests.unit.sdp.counting import calls_of


def streams(name: str) -> tuple[MediaLine, ...]:
    return media_lines(SessionDescription.parse(BODIES[name]))


def described(session: str, *sections: str) -> SessionDescription:
    return SessionDescription.parse("v=0\r\n" + session + "".join(sections))


def one(*lines: str, session: str = "") -> MediaLine:
    m_line = "" if lines and lines[0].startswith("m=") else "m=audio 4000 RTP/AVP 0\r\n"
    return media_lines(described(session, m_line + "".join(f"{line}\r\n" for line in lines)))[0]


def test_an_m_line_with_all_that_belongs_to_it() -> None:
    audio, video = streams("softphone_baresip")
    assert (audio.level, audio.kind, audio.port, audio.port_count) == (0, "audio", 17594, 1)
    assert (audio.profile, audio.formats) == ("RTP/AVP", ("0", "8", "101"))
    assert (audio.ssrcs, audio.rtcp_port, audio.rtcp_mux) == ((3189204716,), 17595, False)
    assert (video.level, video.kind, video.port, video.formats) == (1, "video", 26512, ("97",))
    assert (video.ssrcs, video.mid, video.bundle, video.keying) == ((), None, (), ())
    assert audio.connection is not None
    assert audio.connection.address == "192.0.2.140"


def test_a_webrtc_gateways_streams_share_a_bundle() -> None:
    audio, video, data = streams("webrtc_gateway")
    assert [media.bundle for media in (audio, video, data)] == [("0", "1", "2")] * 3
    assert [media.mid for media in (audio, video, data)] == ["0", "1", "2"]
    assert [media.bundle_only for media in (audio, video, data)] == [False, True, True]
    assert not any(media.is_rejected or media.is_secure or media.takes_keys for media in (audio, video, data))
    assert (audio.rtcp_port, audio.rtcp_mux, video.rtcp_port) == (9, True, None)
    assert video.ssrcs == (4060416241, 1915632297)
    assert audio.keying == ("fingerprint",)


def test_keys_of_other_kinds_are_seen() -> None:
    assert [media.keying for media in streams("collaboration_client")] == [("crypto",), ()]
    assert [media.has_crypto for media in streams("collaboration_client")] == [True, False]
    assert [media.keying for media in streams("softphone_linphone")] == [("zrtp-hash",)] * 2
    assert [media.keying for media in streams("mcptt_group")] == [("key-mgmt",)] * 2
    assert one("k=clear:x", "a=fingerprint:sha-1 AA", "a=crypto:1 X inline:y").keying == ("crypto", "fingerprint", "k=")
    assert one("a=k=:x", "a=cryptoscale:1", "k=prompt").keying == ("k=",)
    assert one(session="a=fingerprint:sha-1 AA\r\n").keying == ("fingerprint",)


@pytest.mark.requirement("4567-7.1-2")
@pytest.mark.parametrize("direction", list(Direction))
def test_a_direction_is_the_streams_own_else_the_sessions_else_both_ways(direction: Direction) -> None:
    other = "a=inactive\r\n" if direction is not Direction.INACTIVE else "a=sendonly\r\n"
    assert one(f"a={direction.value}", session=other).direction is direction
    assert one(session=f"a={direction.value}\r\n").direction is direction
    assert one().direction is Direction.SENDRECV
    assert one(f"a={direction.value}", "a=sendrecv").direction is direction
    assert one(f"a={direction.value}:x", f"b={direction.value}").direction is Direction.SENDRECV


@pytest.mark.parametrize(
    ("direction", "sends", "receives", "peer"),
    [
        (Direction.SENDRECV, True, True, Direction.SENDRECV),
        (Direction.SENDONLY, True, False, Direction.RECVONLY),
        (Direction.RECVONLY, False, True, Direction.SENDONLY),
        (Direction.INACTIVE, False, False, Direction.INACTIVE),
    ],
)
def test_a_direction_has_two_sides(direction: Direction, sends: bool, receives: bool, peer: Direction) -> None:
    assert (direction.sends, direction.receives, direction.seen_by_peer) == (sends, receives, peer)


def test_directions_of_a_door_station() -> None:
    assert [media.direction for media in streams("door_station_oneway")] == [Direction.RECVONLY, Direction.SENDONLY]


@pytest.mark.requirement("4567-7.1-3")
def test_an_address_is_the_streams_own_else_the_sessions() -> None:
    audio, video, board = streams("sap_announcement")
    found = [(media.connection.address, media.port) for media in (audio, video, board) if media.connection]
    assert found == [("233.252.0.12", 30000), ("233.252.0.13", 30004), ("233.252.0.12", 32416)]
    assert all(media.connection and media.connection.is_multicast for media in (audio, video, board))
    assert (video.port_count, video.connection and video.connection.count) == (2, 2)
    assert one().connection is None
    held = streams("hold_old_style")[0]
    assert held.connection is not None
    assert held.connection.is_unspecified
    assert held.direction is Direction.INACTIVE


@pytest.mark.parametrize(
    ("lines", "port"),
    [
        ((), 4001),
        (("a=rtcp-mux",), 4000),
        (("a=rtcp:53020",), 53020),
        (("a=rtcp:53020 IN IP4 192.0.2.1", "a=rtcp-mux"), 53020),
        (("m=audio 65535 RTP/AVP 0",), None),
        (("m=audio 0 RTP/AVP 0", "a=rtcp:53020"), None),
        (("m=image 6000 udptl t38", "a=rtcp:53020"), None),
        (("m=video 4000 UDP/TLS/RTP/SAVPF 96",), 4001),
    ],
)
def test_where_rtcp_goes(lines: tuple[str, ...], port: int | None) -> None:
    assert one(*lines).rtcp_port == port


def test_sources_are_announced_each_once_in_order() -> None:
    lines = ("a=ssrc:7 cname:x", "a=ssrc:4294967295 cname:y", "a=ssrc:7 msid:z", "a=ssrc:0", "a=ssrc-group:FID 7 8")
    assert one(*lines).ssrcs == (7, 4294967295, 0)


@pytest.mark.parametrize(
    ("value", "port", "count", "profile", "formats"),
    [
        ("audio 4000 RTP/SAVP 0 8", 4000, 1, "RTP/SAVP", ("0", "8")),
        ("audio 4000/2 RTP/AVP 0", 4000, 2, "RTP/AVP", ("0",)),
        ("audio 0 RTP/AVP", 0, 1, "RTP/AVP", ()),
        ("audio  04000  RTP/AVP  0  8 ", 4000, 1, "RTP/AVP", ("0", "8")),
        ("audio 4000 RTP/AVP \x0b0", 4000, 1, "RTP/AVP", ("\x0b0",)),
        ("x-y.z 65535 TCP/BFCP *", 65535, 1, "TCP/BFCP", ("*",)),
    ],
)
def test_forms_of_the_m_line(value: str, port: int, count: int, profile: str, formats: tuple[str, ...]) -> None:
    media = one(f"m={value}")
    assert (media.port, media.port_count, media.profile, media.formats) == (port, count, profile, formats)


@pytest.mark.parametrize(
    ("lines", "field", "offset"),
    [
        (("m=",), "m", 7),
        (("m=audio",), "m", 7),
        (("m=audio 4000",), "m", 7),
        (("m=audio 4000 ",), "m", 7),
        (("m=audio x RTP/AVP 0",), "m", 7),
        (("m=audio 65536 RTP/AVP 0",), "m", 7),
        (("m=audio 123456 RTP/AVP 0",), "m", 7),
        (("m=audio 4000/ RTP/AVP 0",), "m", 7),
        (("m=audio -1 RTP/AVP 0",), "m", 7),
        (("m=audio \N{ARABIC-INDIC DIGIT ONE} RTP/AVP 0",), "m", 7),
        (("m= 4000 RTP/AVP 0",), "m", 7),
        (("m=a 1 RTP/AVP 0", "c=IN IP4"), "c", 24),
        (("m=a 1 RTP/AVP 0", "a=rtcp:"), "a=rtcp", 29),
        (("m=a 1 RTP/AVP 0", "a=rtcp:65536"), "a=rtcp", 29),
        (("m=a 1 RTP/AVP 0", "a=rtcp:9 9", "a=ssrc:x"), "a=ssrc", 41),
        (("m=a 1 RTP/AVP 0", "a=ssrc:"), "a=ssrc", 29),
        (("m=a 1 RTP/AVP 0", "a=ssrc:4294967296 cname:x"), "a=ssrc", 29),
        (("m=a 1 RTP/AVP 0", "a=ssrc:" + "9" * 5000), "a=ssrc", 29),
    ],
)
def test_lines_that_keying_needs_and_cant_be_read(lines: tuple[str, ...], field: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        one(*lines)
    assert (caught.value.field, caught.value.offset) == (field, offset)


def test_a_session_address_that_cant_be_read() -> None:
    with pytest.raises(DecodeError) as caught:
        one(session="c=IN\r\n")
    assert (caught.value.field, caught.value.offset) == ("c", 7)


@pytest.mark.parametrize("port", [0, 1])
@pytest.mark.parametrize("bundled", [False, True])
@pytest.mark.parametrize(("profile", "secure"), [("RTP/SAVP", True), ("RTP/SAVPF", True), ("RTP/AVP", False)])
def test_which_streams_take_keys(port: int, bundled: bool, profile: str, secure: bool) -> None:
    lines = (f"m=audio {port} {profile} 0", *(("a=bundle-only",) if bundled else ()))
    media = one(*lines)
    assert media.is_secure is secure
    assert media.is_rejected is (port == 0 and not bundled)
    assert media.takes_keys is (secure and not media.is_rejected)


@pytest.mark.parametrize(
    "unit", ["m=audio 1 RTP/SAVP 0\r\n", "m=a 1 RTP/SAVP 0\r\na=mid:1\r\na=ssrc:1\r\na=ssrc:2\r\n"]
)
def test_the_work_grows_with_the_number_of_streams_and_no_faster(unit: str) -> None:
    session = "a=group:BUNDLE 1 2 3\r\nk=x\r\nc=IN IP4 a\r\n" * 40
    short, long = (described(session, unit * count) for count in (30, 120))
    assert calls_of(lambda: media_lines(long)) < 4.2 * calls_of(lambda: media_lines(short))


@pytest.mark.parametrize("filler", [" ", "x", "/", "1", " 1", "x ", "1/"])
def test_long_lines_come_to_an_end(filler: str) -> None:
    for line in ("m=", "m=audio 1", "c=IN IP4 ", "a=rtcp:", "a=ssrc:"):
        value = line + filler * (60_000 // len(filler))
        lines = (value,) if line.startswith("m=") else ("m=a 1 RTP/AVP 0", value)
        with contextlib.suppress(DecodeError):
            assert one(*lines).level == 0


def test_what_an_edit_leaves_alone_is_read_anew_only_if_the_session_part_says_something_else() -> None:
    sd = SessionDescription.parse("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\n")
    audio, _ = media_lines(sd)
    secured = with_profile(sd, 1, "RTP/SAVP")
    assert media_lines(secured)[0] is audio
    assert media_lines(secured)[1].profile == "RTP/SAVP"
    held = sd.with_attributes(None, ["sendonly"])
    assert [line.direction for line in media_lines(held)] == [Direction.SENDONLY] * 2
    again = with_profile(sd, 1, "RTP/SAVP")
    assert [line.direction for line in media_lines(again)] == [Direction.SENDRECV] * 2
    keyed = sd.with_attributes(None, ["key-mgmt:mikey AAAA"])
    assert [line.keying for line in media_lines(keyed)] == [("key-mgmt",)] * 2
