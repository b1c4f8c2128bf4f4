"""Edits of a description touch what they name, and what can't be read again is the caller's fault."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.sdp.lines import MAX_LINES, MAX_MEDIA, MAX_OCTETS, SessionDescription
from tests.unit.sdp.counting import calls_of

BODY = b"v=0\r\ns=-\r\nt=0 0\r\na=tool:x\r\nm=audio 4000 RTP/AVP 0\r\ni=one\r\na=mid:1\r\nm=video 0 RTP/AVP 31\r\n"


def read(source: str | bytes) -> SessionDescription:
    return SessionDescription.parse(source)


def test_changing_a_value_changes_nothing_else() -> None:
    sd = read(BODY)
    changed = sd.with_value(0, 2, "mid:\N{SNOWMAN}")
    assert changed.octets == BODY.replace(b"mid:1", "mid:\N{SNOWMAN}".encode())
    assert sd.octets == BODY


def test_inserted_lines_take_the_line_end_of_the_line_before() -> None:
    sd = read(b"v=0\ns=-\r\nt=0 0\na=x\n")
    rows = [("b", "AS:1"), ("a", "y")]
    assert sd.with_lines(None, 1, rows).octets == b"v=0\nb=AS:1\na=y\ns=-\r\nt=0 0\na=x\n"
    assert sd.with_lines(None, 2, rows).octets == b"v=0\ns=-\r\nb=AS:1\r\na=y\r\nt=0 0\na=x\n"
    assert sd.with_lines(None, 4, rows).octets == b"v=0\ns=-\r\nt=0 0\na=x\nb=AS:1\na=y\n"


@pytest.mark.parametrize(
    ("first", "level", "octets"),
    [
        (False, None, BODY.replace(b"tool:x\r\n", b"tool:x\r\na=p\r\na=q:1\r\n")),
        (True, None, BODY.replace(b"t=0 0\r\n", b"t=0 0\r\na=p\r\na=q:1\r\n")),
        (False, 0, BODY.replace(b"mid:1\r\n", b"mid:1\r\na=p\r\na=q:1\r\n")),
        (True, 0, BODY.replace(b"i=one\r\n", b"i=one\r\na=p\r\na=q:1\r\n")),
        (True, 1, BODY + b"a=p\r\na=q:1\r\n"),
    ],
)
def test_attributes_go_to_the_end_of_a_section_or_before_its_others(
    first: bool, level: int | None, octets: bytes
) -> None:
    changed = read(BODY).with_attributes(level, ["p", "q:1"], first=first)
    assert changed.octets == octets
    assert changed.without_attributes(level, "p").without_attributes(level, "q").octets == BODY


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n"])
def test_how_a_body_ends_survives_lines_added_at_its_end_and_taken_away(ending: bytes) -> None:
    body = b"v=0\r\nm=a\n" + b"a=last" + ending
    longer = read(body).with_attributes(0, ["more"])
    between = ending.partition(b"\n")[0] + b"\n" if ending else b"\n"
    assert longer.octets == b"v=0\r\nm=a\na=last" + between + b"a=more" + ending
    assert longer.without_attributes(0, "more").octets == body
    assert longer.without_lines(0, [2]).octets == body
    assert read(b"v=0").with_attributes(None, ["x"]).octets == b"v=0\r\na=x"


def test_removing_lines_leaves_the_others() -> None:
    sd = read(b"v=0\na=1\na=2\na=1:x\nk=1\n")
    assert sd.without_lines(None, [1, 3]).octets == b"v=0\na=2\nk=1\n"
    assert sd.without_lines(None, []).octets == sd.octets
    assert sd.without_attributes(None, "1").octets == b"v=0\na=2\nk=1\n"
    assert sd.without_attributes(None, "absent") == sd


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_media_section_is_added_at_the_end_with_the_line_ends_of_the_body(ending: str) -> None:
    text = f"m=video 0 RTP/AVP 31{ending or chr(10)}i=two{ending or chr(10)}a=inactive{ending}"
    grown = read(b"v=0\r\nm=audio 1 RTP/AVP 0\r\n\r\n").with_media(text)
    assert grown.octets == (b"v=0\r\nm=audio 1 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\ni=two\r\na=inactive\r\n\r\n")
    assert [section.level for section in grown.media] == [0, 1]
    assert grown == read(grown.octets)
    assert read(b"v=0").with_media("m=x").octets == b"v=0\r\nm=x"


@pytest.mark.parametrize(
    "edit",
    [
        lambda sd: sd.section(2),
        lambda sd: sd.section(-1),
        lambda sd: sd.with_value(0, 3, "x"),
        lambda sd: sd.with_value(0, -1, "x"),
        lambda sd: sd.with_value(0, 1, "x\r\na=y"),
        lambda sd: sd.with_value(0, 1, "x\n"),
        lambda sd: sd.with_value(0, 1, "\0"),
        lambda sd: sd.with_value(0, 1, "\ud800"),
        lambda sd: sd.with_value(0, 1, "x" * MAX_OCTETS),
        lambda sd: sd.with_lines(0, 0, [("a", "x")]),
        lambda sd: sd.with_lines(0, 4, [("a", "x")]),
        lambda sd: sd.with_lines(0, 1, [("m", "x")]),
        lambda sd: sd.with_lines(0, 1, [("v", "0")]),
        lambda sd: sd.with_lines(0, 1, [("", "x")]),
        lambda sd: sd.with_lines(0, 1, [("ab", "x")]),
        lambda sd: sd.with_lines(0, 1, [("=", "x")]),
        lambda sd: sd.with_lines(0, 1, [("a", "")] * MAX_LINES),
        lambda sd: sd.without_lines(0, [0]),
        lambda sd: sd.without_lines(None, [4]),
        lambda sd: sd.without_lines(None, [-1]),
        lambda sd: sd.with_media(""),
        lambda sd: sd.with_media("a=x\r\n"),
        lambda sd: sd.with_media("m=x\r\n\r\na=y\r\n"),
        lambda sd: sd.with_media("m=x\r\nnothing\r\n"),
        lambda sd: sd.with_media("m=x\r\nm=y\r\n"),
    ],
)
def test_an_edit_that_makes_no_description_is_the_callers_fault(edit: object) -> None:
    assert callable(edit)
    with pytest.raises(UsageError):
        edit(read(BODY))


def test_one_more_stream_than_cs_ids_allow_is_the_callers_fault() -> None:
    full = read(b"v=0\n" + b"m=\n" * MAX_MEDIA)
    with pytest.raises(UsageError, match=str(MAX_MEDIA)):
        full.with_media("m=x")


def test_editing_takes_work_in_proportion_to_the_length() -> None:
    short, long = (read("v=0\r\n" + "a=x:y\r\n" * count) for count in (100, 400))
    for edit in (
        lambda sd: sd.without_attributes(None, "x"),
        lambda sd: sd.with_attributes(None, ["y"] * len(sd.session.lines)),
        lambda sd: sd.with_value(None, 5, "z"),
    ):
        assert calls_of(lambda edit=edit: edit(long)) < 4.2 * calls_of(lambda edit=edit: edit(short))
