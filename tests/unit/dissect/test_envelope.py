"""SIP, RTSP and HTTP around what is looked for, read with tolerance but in linear time."""

from __future__ import annotations

import pytest

from mikey_sdp.dissect.envelope import MAX_BODY_OCTETS, MAX_HEAD_OCTETS, MAX_PARTS, MessageStream, is_envelope, read
from mikey_sdp.errors import DecodeError
from tests.samples import ok, sip


def test_a_request_and_its_answer() -> None:
    request, answer = read(sip(b"v=0\r\n")), read(ok(b"v=0\r\n"))
    assert (request.is_request, request.label) == (True, "INVITE")
    assert (answer.is_request, answer.label) == (False, "200 OK to INVITE")
    assert request.header("call-id") == "1@192.0.2.1"
    assert request.parts()[0].octets == b"v=0\r\n"
    assert request.parts()[0].content_type == "application/sdp"
    assert sip(b"v=0\r\n")[request.parts()[0].offset :] == b"v=0\r\n"


@pytest.mark.parametrize(
    ("start", "label"),
    [
        (b"DESCRIBE rtsp://a/b RTSP/1.0", "DESCRIBE"),
        (b"RTSP/2.0 463 Key Management Failure", "463 Key Management Failure"),
        (b"HTTP/1.1 200 OK", "200 OK"),
        (b"POST /key HTTP/1.1", "POST"),
        (b"SIP/2.0 488", "488"),
    ],
)
def test_other_protocols_have_the_same_shape(start: bytes, label: str) -> None:
    message = start + b"\r\nA: b\r\n\r\nbody"
    assert is_envelope(message)
    assert read(message).label == label
    assert read(message).body.octets == b"body"


def test_compact_folded_and_odd_headers() -> None:
    found = read(
        b"INVITE sip:bob@box SIP/2.0\nc:\n application/sdp\n ;charset=x\nL : 3\nno colon\nX: 1\nX: 2\n\nabcdef"
    )
    assert found.body.content_type == "application/sdp ;charset=x"
    assert found.body.octets == b"abc"
    assert found.all_headers("x") == ("1", "2")
    assert found.header("missing") == ""


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999", ""])
def test_a_length_that_is_none_takes_the_body_as_it_is(length: str) -> None:
    assert read(f"INVITE sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\nbody".encode()).body.octets == b"body"


def test_a_message_without_headers_or_without_their_end() -> None:
    assert read(b"INVITE sip:a SIP/2.0\r\n\r\nbody").body.octets == b"body"
    cut = read(b"INVITE sip:a SIP/2.0\r\nA: b")
    assert (cut.header("a"), cut.body.octets) == ("b", b"")


@pytest.mark.parametrize("octets", [b"", b"INVITE sip:a SIP/2.0", b"v=0\r\n", b"SIP/2.0 20 OK\r\n", b"\x00" * 50])
def test_what_has_no_start_line_is_refused(octets: bytes) -> None:
    assert not is_envelope(octets)
    with pytest.raises(DecodeError):
        read(octets)


def test_parts_of_a_multipart_body() -> None:
    body = (
        b"preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1  \r\n"
        b"c: application/sdp\r\nContent-Transfer-Encoding: Base64\r\n\r\nv=0\r\n\r\n"
        b"--b1\r\n\r\nbare\r\n--b1--\r\nepilogue"
    )
    whole = sip(body, content_type='multipart/mixed;boundary="b1"')
    parts = read(whole).parts()
    assert [part.octets for part in parts] == [b"hello", b"v=0\r\n", b"bare"]
    assert [part.content_type for part in parts] == ["text/plain", "application/sdp", ""]
    assert [part.transfer_encoding for part in parts] == ["", "base64", ""]
    assert all(whole[part.offset : part.offset + len(part.octets)] == part.octets for part in parts)


def test_parts_are_bounded() -> None:
    body = b"--b\r\n\r\nx\r\n" * (MAX_PARTS + 20)
    assert len(read(sip(body, content_type="multipart/mixed;boundary=b")).parts()) == MAX_PARTS


def test_multipart_without_a_boundary_is_one_body() -> None:
    assert len(read(sip(b"x", content_type="multipart/mixed")).parts()) == 1


def test_a_stream_skips_what_is_no_message() -> None:
    one = sip(b"v=0\r\n")
    stream = MessageStream()
    found = list(stream.feed(b"\r\n\r\njunk\r\n" + one + b"$\x00 interleaved\n" + one + b"half of a li"))
    assert found == [one, one]
    assert len(stream) == len(b"half of a li")


@pytest.mark.parametrize(
    "junk",
    [
        b"x" * (MAX_HEAD_OCTETS + 9000),
        b"INVITE sip:a SIP/2.0\r\n" + b"A: b\r\n" * (MAX_HEAD_OCTETS // 6 + 9),
    ],
    ids=["line", "head"],
)
def test_a_stream_gives_up_on_what_never_ends(junk: bytes) -> None:
    stream = MessageStream()
    for start in range(0, len(junk), 1000):
        assert list(stream.feed(junk[start : start + 1000])) == []
        assert len(stream) <= MAX_HEAD_OCTETS + 1000
    assert list(stream.feed(b"\n" + sip(b""))) == [sip(b"")]


def test_a_stream_waits_for_no_body_longer_than_the_limit() -> None:
    stream = MessageStream()
    head = f"INVITE sip:a SIP/2.0\r\nContent-Length: {MAX_BODY_OCTETS + 5}\r\n\r\n".encode()
    (found,) = stream.feed(head + b"x" * (MAX_BODY_OCTETS + 5))
    assert len(found) == len(head) + MAX_BODY_OCTETS
