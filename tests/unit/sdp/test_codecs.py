"""Formats and SDES suites, as sdp-transform reads them and where it must not be asked."""

from __future__ import annotations

import pytest

from mikey_sdp.sdp.codecs import Codec, codecs
from mikey_sdp.sdp.lines import Section, SessionDescription
from tests.unit.sdp.bodies import BODIES


def section(*lines: str) -> Section:
    return SessionDescription.parse("v=0\r\n" + "\r\n".join(lines)).media[0]


def test_formats_come_in_the_order_of_the_m_line() -> None:
    read = codecs(SessionDescription.parse(BODIES["softphone_pjsip"]).media[0])
    assert read == (
        Codec(payload_type=96, name="opus", clock_rate=48000, channels=2),
        Codec(payload_type=9, name="G722", clock_rate=8000),
        Codec(payload_type=8, name="PCMA", clock_rate=8000),
        Codec(payload_type=0, name="PCMU", clock_rate=8000),
        Codec(payload_type=101, name="telephone-event", clock_rate=48000),
        Codec(payload_type=102, name="telephone-event", clock_rate=8000),
    )


def test_static_formats_need_no_map_and_unexplained_ones_are_left_out() -> None:
    read = codecs(section("m=audio 1 RTP/AVP 0 96 18 1000 x", "a=rtpmap:97 opus/48000"))
    assert [codec.name for codec in read] == ["PCMU", "G729"]


def test_a_map_says_more_than_the_static_table() -> None:
    assert codecs(section("m=audio 1 RTP/AVP 0", "a=rtpmap:0 PCMU/16000/1")) == (
        Codec(payload_type=0, name="PCMU", clock_rate=16000),
    )


def test_the_session_part_has_no_formats() -> None:
    assert codecs(SessionDescription.parse(b"v=0\r\na=rtpmap:0 PCMU/8000\r\n").session) == ()


@pytest.mark.parametrize(
    "line",
    [
        "a=rtpmap:96 opus",
        "a=rtpmap:96",
        "a=rtpmap:",
        "a=rtpmap:96 opus/x",
        "a=rtpmap:96 opus/" + "9" * 500,
        "a=rtpmap:96 opus/48000\x0ba=rtpmap:96 x/1",
        "a=rtpmap:96 opus/48000\u2028",
        "a=rtpmap:\N{ARABIC-INDIC DIGIT NINE}\N{ARABIC-INDIC DIGIT SIX} opus/48000",
        "a=rtpmap:96 opus/48000" + " " * 1000,
    ],
)
def test_maps_that_can_be_misread_are_not_read(line: str) -> None:
    assert codecs(section("m=audio 1 RTP/AVP 96", line)) == ()


def test_a_codec_called_like_a_number_keeps_a_name() -> None:
    assert codecs(section("m=audio 1 RTP/AVP 96", "a=rtpmap:96 7/8000/two"))[0] == Codec(
        payload_type=96, name="7", clock_rate=8000
    )
