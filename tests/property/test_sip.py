"""For any octets whatever: a message that comes out as it went in, or a DecodeError that points into them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import (
    AgentCore,
    CSeq,
    Hop,
    InviteReceived,
    Message,
    NameAddr,
    Request,
    RequestReceived,
    Response,
    Send,
    SipWarning,
    StreamFramer,
    Uri,
    Via,
    build_response,
    identity,
)
from tests.unit.sip.samples import INVITE, request, response

SOURCE = Hop("UDP", "192.0.2.1", 5060)
PARTS = [
    *(
        "INVITE ",
        "sip:bob@h",
        " SIP/2.0",
        "SIP/2.0 200 OK",
        "\r\n",
        "\r\n\r\n",
        "\r\n ",
        ": ",
        "Via: SIP/2.0/UDP h;branch=",
    ),
    *("z9hG4bK1", "From: <sip:a@h>;tag=1\r\n", "To: <sip:b@h>\r\n", "Call-ID: c\r\n", "CSeq: 1 INVITE\r\n", "l: 3\r\n"),
    *('"', "<", ">", ";", ",", "=", "\\", "%41", "@", ":", " ", "\t", "*", "[::1]", "tag", "\u00fc", "\x00", "7", "m"),
]
TEXT = st.lists(st.sampled_from(PARTS) | st.text(max_size=2), max_size=30).map("".join)
OCTETS = st.binary(max_size=200) | TEXT.map(lambda text: text.encode("utf-8", "replace"))
WORD = st.text("abcdefgXYZ0189-_.!~*'", min_size=1, max_size=9)
SAFE_TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good message with some octets replaced, taken out or put in."""
    octets = bytearray(draw(st.sampled_from([INVITE, request("BYE", "l: 0"), response("183 x", 'Warning: 399 h "x"')])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets)))
        octets[at : at + draw(st.integers(0, 9))] = draw(
            st.binary(max_size=6) | st.sampled_from([p.encode() for p in PARTS])
        )
    return bytes(octets)


def check(error: DecodeError, length: int) -> None:
    """An error says where and by which rule."""
    assert 0 <= error.offset <= length
    assert error.field
    assert error.section.startswith("RFC")


def read_all(message: Request | Response) -> None:
    """Every accessor, those that may refuse included."""
    _ = message.via, message.from_.identity, message.to.identity, message.cseq, message.call_id, message.summary
    _ = message.contacts, message.routes, message.record_routes, message.max_forwards, message.options("Require")
    for read in (
        lambda: message.warnings,
        lambda: message.content_type,
        lambda: message.expires,
        lambda: message.retry_after,
    ):
        with contextlib.suppress(DecodeError):
            read()


@given(OCTETS | damaged())
def test_any_octets_are_a_message_or_refused(octets: bytes) -> None:
    try:
        message = Message.parse(octets)
    except DecodeError as error:
        check(error, len(octets))
        return
    assert octets.startswith(message.octets)
    assert Message.parse(message.octets) == message
    read_all(message)
    added = message.with_top("Via", "SIP/2.0/UDP p;branch=z9hG4bKp")
    assert len(Message.parse(added.octets).vias) == len(message.vias) + 1


@given(OCTETS | damaged())
def test_a_user_agent_survives_any_octets(octets: bytes) -> None:
    core = AgentCore(local=SOURCE, contact="sip:bob@192.0.2.1", entropy=SeededEntropy(b"x"))
    for output in core.receive(octets, SOURCE):
        if isinstance(output, (InviteReceived, RequestReceived)):
            core.respond(output.incoming, 180)
            core.respond(output.incoming, 200, body=b"v=0")
        elif isinstance(output, Send):
            assert isinstance(Message.parse(output.octets), Response)
    core.receive(octets, SOURCE)


@given(st.lists(OCTETS | damaged(), max_size=4), st.integers(1, 40))
def test_a_framer_cuts_the_same_whatever_the_pieces(pieces: list[bytes], chunk: int) -> None:
    stream = b"".join(pieces)

    def cut(size: int) -> tuple[list[bytes], bool]:
        framer, found = StreamFramer(), []
        try:
            for start in range(0, len(stream), size):
                found += framer.feed(stream[start : start + size])
        except DecodeError as error:
            return [*found, *error.partial], True  # type: ignore[list-item]
        return found, False

    assert cut(chunk) == cut(len(stream) or 1)


@pytest.mark.parametrize(
    "parse",
    [Uri.parse, NameAddr.parse, NameAddr.parse_list, Via.parse_list, CSeq.parse, SipWarning.parse_list, identity],
)
@given(text=TEXT | st.text(max_size=30))
def test_any_text_is_a_value_or_refused(parse: object, text: str) -> None:
    try:
        found = parse(text)  # type: ignore[operator]
    except DecodeError as error:
        check(error, len(text))
        return
    again = ", ".join(map(str, found)) if isinstance(found, tuple) and not isinstance(found, CSeq) else str(found)
    assert parse(again) == found  # type: ignore[operator]


@given(SAFE_TEXT, WORD, WORD, WORD)
def test_any_display_name_survives(display: str, user: str, host: str, tag: str) -> None:
    try:
        uri = Uri.parse(f"sip:{user}@{host}")
    except DecodeError:
        uri = Uri.parse("sip:a@h")
    address = NameAddr(uri=uri, display=display).with_tag(tag)
    read = NameAddr.parse(str(address))
    assert (read.uri, read.tag) == (uri, tag)
    assert read.display == display


@given(st.text(max_size=30), st.text(max_size=10))
def test_no_text_adds_a_line(value: str, name: str) -> None:
    message = Message.parse(INVITE)
    lines = message.octets.count(b"\r\n")
    for edit in (
        lambda: message.with_field("X-Test", value),
        lambda: message.with_top(name, "x"),
        lambda: build_response(message, 200, value, to_tag=name),  # type: ignore[arg-type]
    ):
        try:
            made = edit().octets
        except (UsageError, UnicodeEncodeError):
            continue
        assert made.count(b"\r\n") <= lines + 1
        assert made.count(b"\n") == made.count(b"\r") == made.count(b"\r\n")
