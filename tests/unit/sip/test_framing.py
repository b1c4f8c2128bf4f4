"""Streams: cut where Content-Length says, at any chunking, with no more memory than one message needs."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import Message, StreamFramer
from mikey_sdp.sip.message import MAX_BODY_OCTETS, MAX_HEAD_OCTETS
from tests.unit.sip.samples import INVITE, joined, request

SHORT = request("BYE", "L \t:\r\n  0")
BODIED = request("MESSAGE", "content-LENGTH: 04", body=b"\r\n\r\n")
STREAM = INVITE + SHORT + b"\r\n\r\n" + BODIED + b"\r\n" + INVITE


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 500, len(STREAM)])
def test_any_chunking_gives_the_same_messages(chunk: int) -> None:
    framer, found = StreamFramer(), []
    for start in range(0, len(STREAM), chunk):
        found += framer.feed(STREAM[start : start + chunk])
    assert found == [INVITE, SHORT, BODIED, INVITE]
    assert all(Message.parse(octets).octets == octets for octets in found)
    assert framer.pending_octets == 0


def test_an_unfinished_message_waits() -> None:
    framer = StreamFramer()
    assert framer.feed(INVITE[:-1]) == []
    assert framer.pending_octets == len(INVITE) - 1
    assert framer.feed(INVITE[-1:] + b"\r") == [INVITE]
    assert framer.feed(b"\n\r\n" + SHORT[:4]) == []
    assert framer.pending_octets == 4


def test_line_ends_between_messages_are_not_kept() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n" * 100_000) == []
    assert framer.pending_octets == 0


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (request("BYE"), "no Content-Length"),
        (request("BYE", "Content-Length: x"), "no Content-Length"),
        (request("BYE", "Content-Length: 4", "l: 5"), "two that differ"),
        (request("BYE", f"l: {MAX_BODY_OCTETS + 1}"), f"a body of more than {MAX_BODY_OCTETS} octets"),
        (b"a" * (MAX_HEAD_OCTETS + 5), f"a header of more than {MAX_HEAD_OCTETS} octets"),
        (joined("a" * MAX_HEAD_OCTETS, "b"), f"a header of more than {MAX_HEAD_OCTETS} octets"),
    ],
)
def test_a_stream_that_cannot_be_cut_is_given_up(octets: bytes, reason: str) -> None:
    framer = StreamFramer()
    with pytest.raises(DecodeError) as caught:
        framer.feed(SHORT + octets)
    assert caught.value.reason == reason
    assert caught.value.partial == (SHORT,)
    assert caught.value.offset == len(SHORT)
    assert framer.pending_octets == 0
    with pytest.raises(DecodeError):
        framer.feed(SHORT)


def test_the_same_length_twice_is_for_the_parser_to_refuse() -> None:
    (octets,) = StreamFramer().feed(request("BYE", "l: 0", "Content-Length: 0"))
    with pytest.raises(DecodeError, match="stands twice"):
        Message.parse(octets)


def test_many_small_pieces_take_linear_time() -> None:
    framer, big = StreamFramer(), request("MESSAGE", f"l: {MAX_BODY_OCTETS}", body=bytes(MAX_BODY_OCTETS))
    whole = []
    for start in range(0, len(big), 16):
        whole += framer.feed(big[start : start + 16])
    assert whole == [big]
