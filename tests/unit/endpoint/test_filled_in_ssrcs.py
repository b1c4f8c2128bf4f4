"""An offer that says under which SSRC whoever answers is to send, as the Initiator's CS ID map may."""

from __future__ import annotations

from mikey_sdp.endpoint.core import Options
from mikey_sdp.sdp.offer_answer import KeyedLevel


def test_the_map_has_an_ssrc_for_the_responder_s_stream_of_each_line() -> None:
    keyed = KeyedLevel(level=None, media=(0, 1), positions=2)
    assert [entry.ssrc for entry in keyed.sessions({0: 7, 1: 8}, theirs=100)] == [7, 100, 8, 101]


def test_unless_it_is_asked_for_the_responder_chooses() -> None:
    keyed = KeyedLevel(level=None, media=(0,), positions=1)
    assert [entry.ssrc for entry in keyed.sessions({0: 7})] == [7, 0]
    assert Options().responder_ssrc is None
