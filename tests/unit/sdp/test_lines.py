"""Lines come out as they went in; what is no description says where it fails."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.lines import MAX_LINES, MAX_MEDIA, MAX_OCTETS, Line, Section, SessionDescription
from tests.unit.sdp.counting import calls_of

BODY = b"v=0\r\ns=-\r\nt=0 0\r\na=tool:x\r\nm=audio 4000 RTP/AVP 0\r\ni=one\r\na=mid:1\r\nm=video 0 RTP/AVP 31\r\n"


def read(source: str | bytes) -> SessionDescription:
    return SessionDescription.parse(source)


def test_a_description_falls_into_a_session_part_and_a_section_for_each_m_line() -> None:
    sd = read(BODY)
    assert sd.session == Section(
        level=None,
        lines=(
            Line(kind="v", value="0"),
            Line(kind="s", value="-"),
            Line(kind="t", value="0 0"),
            Line(kind="a", value="tool:x"),
        ),
    )
    assert [(section.level, [line.kind for line in section.lines]) for section in sd.media] == [
        (0, ["m", "i", "a"]),
        (1, ["m"]),
    ]
    assert [str(section) for section in sd.sections()] == [
        "v=0\r\ns=-\r\nt=0 0\r\na=tool:x\r\n",
        "m=audio 4000 RTP/AVP 0\r\ni=one\r\na=mid:1\r\n",
        "m=video 0 RTP/AVP 31\r\n",
    ]
    assert sd.section(None) is sd.session
    assert sd.section(1) is sd.media[1]


@pytest.mark.parametrize(
    "body",
    [
        b"v=0",
        b"v=",
        b"v=0\n",
        b"v=0\r\n",
        b"v=0\r\n\r\n",
        b"v=0\n\n\r\n\n",
        b"v=0\na=1\r\na=2\nm=a\r\n",
        b"v=0\r\nm=audio 4000/2 RTP/AVP 0",
        b"v=007\r\ns=007\r\nt=0 0\r\nt=1 2\r\nc=x\r\nc=y\r\nk=prompt\r\nk=clear:1\r\n",
        b"v=0\r\nQ=unknown\r\ny=01\r\nb=X-YZ:1\r\na=\r\na=:\r\na= x : y \r\nx==\r\n",
        b"v=0\r\ns=\xff\xfe\xc3\xa9\xc3(\r\n",
        "v=0\r\ns=\N{SNOWMAN}\u2028\x0b\x0c\x1c\x85\x7f\x01\t \r\n".encode(),
    ],
)
def test_what_is_read_comes_out_octet_for_octet(body: bytes) -> None:
    assert read(body).octets == body
    assert read(body.decode("utf-8", "surrogateescape")).octets == body


def test_text_comes_out_as_it_went_in() -> None:
    text = "v=0\r\ns=\N{SNOWMAN}\udcff\nm=x"
    assert str(read(text)) == text
    assert read(text) == read(text.encode("utf-8", "surrogateescape"))


def test_attributes_are_found_by_name() -> None:
    section = read(b"v=0\na=x:1\na=inactive\na=x:2:3\na=xy:4\nk=x:5\na=x\n").session
    assert section.attributes("x") == ("1", "2:3", "")
    assert section.attribute("x") == "1"
    assert section.attribute("inactive") == ""
    assert section.attribute("absent") is None
    assert section.value("k") == "x:5"
    assert section.value("c") is None
    assert section.positions("a") == (1, 2, 3, 4, 6)
    assert section.positions("a", "x") == (1, 3, 6)


@pytest.mark.parametrize(
    ("body", "offset", "field", "reason"),
    [
        (b"", 0, "v", "starts with v="),
        (b"\r\n", 0, "v", "starts with v="),
        (b"o=x\r\nv=0\r\n", 0, "v", "starts with v="),
        (b" v=0", 0, "v", "starts with v="),
        (b"v:0", 0, "v", "starts with v="),
        (b"v=0\r\ns -\r\n", 5, "line 2", "x=value"),
        (b"v=0\r\n\xc3\xa9\r\na=1\r\n", 5, "line 2", "x=value"),
        (b"v=0\r\ns=\xc3\xa9\r\n1=2\r\n", 11, "line 3", "x=value"),
        (b"v=0\r\n\r\ns=-\r\n", 5, "line 2", "x=value"),
        (b"v=0\r\ns=-\r\n =x", 10, "line 3", "x=value"),
        (b"v=0\r\ns=-\r\na", 10, "line 3", "x=value"),
        (b"v=0\r\ns=a\0b\r\n", 8, "line 2", "NUL"),
        (b"v=0\0", 3, "line 1", "NUL"),
        (b"v=0\r\ns=a\rb\r\n", 8, "line 2", "CR that ends no line"),
        (b"v=0\r\r\ns=-\r\n", 3, "line 1", "CR that ends no line"),
        (b"v=0\r", 3, "SDP", "CR that ends no line"),
        (b"v=0\r\n\r", 3, "SDP", "CR that ends no line"),
        (b"v=0\r\n\r\r\n", 3, "SDP", "CR that ends no line"),
        (b"v=0\r\ns=-\r\nm=a\r\nv=0\r\n", 15, "line 4", "second description"),
    ],
)
def test_what_is_no_description_says_where(body: bytes, offset: int, field: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        read(body)
    assert (caught.value.offset, caught.value.field, caught.value.section) == (offset, field, "RFC 4566 section 5")


def test_offsets_count_characters_in_text() -> None:
    with pytest.raises(DecodeError) as caught:
        read("v=0\r\ns=\N{SNOWMAN}\r\n1=2\r\n")
    assert caught.value.offset == 10


@pytest.mark.parametrize(("text", "offset"), [("v=0\ns=\ud800", 6), ("v=\udfff", 2)])
def test_text_without_octets_is_refused(text: str, offset: int) -> None:
    with pytest.raises(DecodeError, match="has no octets") as caught:
        read(text)
    assert caught.value.offset == offset


def test_a_fault_knows_its_place_in_the_whole() -> None:
    body = b"v=0\r\ns=\xc3\xa9\r\nm=a\r\na=12345\r\n"
    for source, offset in ((body, 11 + 5 + 2), (body.decode(), 10 + 5 + 2)):
        error = read(source).fault("bad", 0, 1, column=2, field="a", section="here")
        assert (error.offset, error.reason, error.field, error.section) == (offset, "bad", "a", "here")
    inner = DecodeError("bad", offset=3, field="f", section="s")
    assert read(body).placed(inner, 0, 1, column=2).offset == 11 + 5 + 2 + 3
    assert read(body).fault("bad", None, 0, field="v", section="s").offset == 0


def filled(octets: int) -> bytes:
    return b"v=0\r\na=" + b"x" * (octets - 7)


def test_size_has_a_limit() -> None:
    assert read(filled(MAX_OCTETS)).octets == filled(MAX_OCTETS)
    for giant in (filled(MAX_OCTETS + 1), filled(MAX_OCTETS + 1).decode(), "v=0\na=" + "\N{SNOWMAN}" * 22_000):
        with pytest.raises(DecodeError, match="octets"):
            read(giant)


def test_the_number_of_lines_has_a_limit() -> None:
    most = b"v=0\n" + b"a=\n" * (MAX_LINES - 1)
    assert len(read(most).session.lines) == MAX_LINES
    with pytest.raises(DecodeError, match="lines"):
        read(most + b"a=\n")


def test_the_number_of_streams_has_a_limit_that_two_cs_ids_each_allow() -> None:
    most = b"v=0\n" + b"m=\n" * MAX_MEDIA
    assert len(read(most).media) == MAX_MEDIA
    assert 2 * MAX_MEDIA <= 255 < 2 * (MAX_MEDIA + 1)
    with pytest.raises(DecodeError, match="m= lines") as caught:
        read(most + b"m=\n")
    assert caught.value.offset == 4 + 3 * MAX_MEDIA


def test_values_never_show() -> None:
    sd = read(b"v=0\r\nk=clear:hush\r\nm=a\r\na=crypto:1 hush\r\n")
    assert "hush" not in repr(sd) + repr(sd.session) + repr(sd.media) + repr(sd.session.lines[1])
    assert repr(sd) == "SessionDescription(<4 lines, 1 media>)"


@pytest.mark.parametrize("unit", ["a=x:y\r\n", "m=audio 1 RTP/AVP 0\r\n", "a=\n", "z=\N{SNOWMAN}\r\n"])
def test_reading_takes_work_in_proportion_to_the_length(unit: str) -> None:
    short, long = ("v=0\r\n" + unit * count for count in (30, 120))
    assert calls_of(lambda: read(long)) < 4.2 * calls_of(lambda: read(short))
