"""For any input whatever: a description that comes out as it went in, or a DecodeError that points into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.codecs import codecs
from mikey_sdp.sdp.connection import Connection
from mikey_sdp.sdp.crypto import cryptos
from mikey_sdp.sdp.key_mgmt import (
    KeyMgmt,
    governing_lines,
    identifier_list,
    insert_key_mgmt,
    join_identifiers,
    key_mgmt_lines,
    parse_identifier_list,
    why_ignored,
)
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import media_lines, secure_profile, with_profile

Value = TypeVar("Value")

FREE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12)
STREAMS = [
    "audio 4000/2 RTP/AVP 0 96",
    "a  1  RTP/AVPF ",
    "video 3 RTP/SAVP 31",
    "v 0 RTP/SAVPF 31",
    "image 5 udptl t38",
]
VALUES = st.one_of(
    FREE,
    st.sampled_from(
        [
            "key-mgmt:mikey AQAF",
            "key-mgmt: keyp1 ",
            "key-mgmt:mikey AQ",
            "audio 4000/2 RTP/AVP 0 96",
            "video 0 RTP/SAVPF 31",
            "video 3 RTP/SAVP 31",
            "IN IP4 233.252.0.1/127",
            "ssrc:77 cname:x",
            "ssrc:x",
            "rtcp:9 IN IP4 0.0.0.0",
            "rtcp-mux",
            "bundle-only",
            "sendonly",
            "mid:a",
            "group:BUNDLE a b",
            "rtpmap:96 opus/48000/2",
            "crypto:1 X inline:y",
        ]
    ),
)
LINES = st.tuples(st.sampled_from("vosctbkam" + "aaammZ"), VALUES, st.sampled_from(["\n", "\r\n"]))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Text of the right form with any order of lines, any line ends, and perhaps some octets changed."""
    text = "v=0\r\n" + written(draw(st.lists(LINES, max_size=12)))
    text = text.rstrip("\r\n") + draw(st.sampled_from(["", "\n", "\r\n", "\r\n\r\n", "\n\n\r\n"]))
    octets = bytearray(text.encode())
    for place, octet in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=2)):
        octets[place % len(octets)] = octet
    return bytes(octets)


@st.composite
def readable(draw: st.DrawFn) -> bytes:
    """A description with at least one stream, whose m= lines can be read."""
    ends = st.sampled_from(["\n", "\r\n"])
    rows = st.lists(st.tuples(st.sampled_from("sbtkaaZ"), FREE, ends), max_size=5)
    streams = st.lists(st.tuples(st.sampled_from(STREAMS), ends, rows), min_size=1, max_size=4)
    text = "v=0\r\n" + written(draw(rows))
    text += "".join(f"m={value}{end}{written(inner)}" for value, end, inner in draw(streams))
    return (text.rstrip("\r\n") + draw(st.sampled_from(["", "\n", "\r\n", "\r\n\r\n"]))).encode()


def written(rows: list[tuple[str, str, str]]) -> str:
    return "".join(f"{kind}={value}{end}" for kind, value, end in rows)


def attempt(work: Callable[[], Value]) -> Value | DecodeError:
    """What `work` gives, or the one error that it may raise."""
    try:
        return work()
    except DecodeError as error:
        return error


def read(source: str | bytes) -> SessionDescription | None:
    """What reading gives; a refusal must point into the source."""
    sd = attempt(lambda: SessionDescription.parse(source))
    if isinstance(sd, DecodeError):
        assert 0 <= sd.offset <= len(source)
        assert sd.field
        return None
    return sd


@given(st.one_of(st.binary(max_size=60), bodies()))
def test_octets_come_out_as_they_went_in(octets: bytes) -> None:
    sd = read(octets)
    if sd is not None:
        assert sd.octets == octets
        assert read(str(sd)) == sd
        assert len(sd.media) == sum(line.kind == "m" for section in sd.sections() for line in section.lines)


@given(st.text().map(lambda text: "v=" + text))
def test_text_comes_out_as_it_went_in(text: str) -> None:
    sd = read(text)
    if sd is not None:
        assert str(sd) == text


@given(bodies())
def test_every_reading_of_a_description_gives_a_value_or_a_decode_error(octets: bytes) -> None:
    sd = read(octets)
    if sd is None:
        return
    for section in sd.sections():
        assert all(0 <= codec.payload_type <= 999 for codec in codecs(section))
    for level in range(len(sd.media)):
        keys = attempt(lambda level=level: cryptos(sd, level))
        assert "inline:" not in repr(keys)
    found = attempt(lambda: (media_lines(sd), key_mgmt_lines(sd), governing_lines(sd)))
    if isinstance(found, DecodeError):
        assert 0 < found.offset <= len(octets)
        return
    media, lines, governing = found
    assert len(governing) == len(media) == len(sd.media)
    assert identifier_list(sd) == ";".join(line.kmpid for line in lines)
    for stream, its in zip(media, governing, strict=True):
        assert stream.takes_keys or not its
        assert all(line.level in (None, stream.level) and why_ignored(line, media) is None for line in its)


@given(readable(), st.data())
def test_securing_adds_one_line_changes_one_token_and_can_be_undone(octets: bytes, data: st.DataObject) -> None:
    sd = SessionDescription.parse(octets)
    media = media_lines(sd)
    level = data.draw(st.integers(0, len(media) - 1))
    at = data.draw(st.sampled_from([None, level]))
    profile = media[level].profile
    secure = insert_key_mgmt(with_profile(sd, level, secure_profile(profile)), at, [KeyMgmt(kmpid="q", data=b"\0")])
    (added,) = (
        (section.level, position)
        for section in secure.sections()
        for position in section.positions("a", "key-mgmt")
        if section.lines[position].value == "key-mgmt:q AA=="
    )
    assert added[0] == at
    assert read(secure.octets) is not None
    assert with_profile(secure, level, profile).without_lines(at, [added[1]]).octets == octets


@given(st.from_regex(r"[A-Za-z0-9]+", fullmatch=True), st.binary())
def test_any_message_of_any_protocol_is_written_and_read_again(kmpid: str, data: bytes) -> None:
    offer = KeyMgmt(kmpid=kmpid, data=data)
    assert KeyMgmt.parse(offer.value) == KeyMgmt.parse(" " + offer.value) == offer
    sd = insert_key_mgmt(SessionDescription.parse("v=0\r\n"), None, [offer])
    (line,) = key_mgmt_lines(sd)
    assert (line.kmpid, line.data, line.value) == (kmpid, data, offer.value)


@given(st.one_of(st.text(max_size=20), st.text("mikeyAQ09+/= \t", max_size=20).map(lambda text: "mikey " + text)))
def test_an_attribute_is_written_back_as_it_was_read_or_refused_within_itself(value: str) -> None:
    offer = attempt(lambda: KeyMgmt.parse(value))
    if isinstance(offer, DecodeError):
        assert 0 <= offer.offset <= len(value)
    else:
        assert offer.value == value.removeprefix(" ")


@given(st.one_of(st.binary(max_size=20), st.text("ab;9- ", max_size=12).map(str.encode)))
def test_an_identifier_list_is_read_to_what_would_be_written_or_refused_within_itself(octets: bytes) -> None:
    found = attempt(lambda: parse_identifier_list(octets))
    if isinstance(found, DecodeError):
        assert 0 <= found.offset <= len(octets)
    else:
        assert join_identifiers(found).encode() == octets


@given(st.one_of(st.text(max_size=20), st.from_regex(r"IN IP[46] [0-9:./]+", fullmatch=True)))
def test_any_connection_is_a_value_or_a_decode_error(value: str) -> None:
    connection = attempt(lambda: Connection.parse(value))
    if not isinstance(connection, DecodeError):
        assert connection.address in value
        assert not (connection.is_unspecified and connection.is_multicast)


@pytest.mark.parametrize("cut", range(0, 200, 3))
def test_any_beginning_of_a_description_is_read_or_refused(cut: int) -> None:
    whole = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAF\r\n\r\n"
    sd = read(whole[:cut])
    assert sd is None or sd.octets == whole[:cut]
