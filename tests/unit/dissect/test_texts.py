"""Octets out of pasted text, and what is told about the tolerance that it took."""

from __future__ import annotations

import pytest

from mikey_sdp.dissect.texts import from_base64, from_hex, tidy
from mikey_sdp.errors import DecodeError


@pytest.mark.parametrize("text", ["AQAF", " AQ\nAF\r\n", "\tA Q A F"])
def test_base64_with_white_space(text: str) -> None:
    assert from_base64(text) == b"\x01\x00\x05"


@pytest.mark.parametrize(
    ("text", "reason", "offset"),
    [
        ("AQ AF!", "'!'", 5),
        ("AQ-F", "'-'", 2),
        ("AQAFA", "multiple of four", 5),
        ("AQ==AQ==", "'A'", 4),
        ("====", "base64", 2),
        ("A===", "'='", 3),
    ],
)
def test_what_is_no_base64_says_where(text: str, reason: str, offset: int) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        from_base64(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "010005ff",
        "01 00 05 FF",
        "01:00:05:ff",
        "0x01, 0x00, 0x05, 0xff",
        "0x010005ff",
        "01-00\n05\tff",
        "\\x01\\x00\\x05\\xff",
    ],
)
def test_hex_with_separators(text: str) -> None:
    assert from_hex(text) == b"\x01\x00\x05\xff"


@pytest.mark.parametrize(("text", "offset"), [("01 0g", 4), ("010", 3), ("01 00 5", 7), ("0x", 1)])
def test_what_is_no_hex_says_where(text: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        from_hex(text)
    assert caught.value.offset == offset


def test_tidy_text_stays_as_it_is() -> None:
    text = "v=0\r\na=key-mgmt:mikey AQAF\r\nm=audio 1 RTP/SAVP 0\n"
    assert tidy(text) == (text, ())


def test_indentation_and_blank_lines_go_away() -> None:
    text, notes = tidy("\n\n   v=0\n   s=x\n\n   t=0 0\n")
    assert text == "v=0\ns=x\n\nt=0 0\n"
    assert "indented by 3" in notes[0]


def test_folded_base64_is_joined_up_to_its_end() -> None:
    text, notes = tidy("\ufeffa=key-mgmt:mikey AQAF\r\n  gM0X\r\n  fg==\r\nABCD\r\nm=audio\r\n")
    assert text == "a=key-mgmt:mikey AQAFgM0Xfg==\r\nABCD\r\nm=audio\r\n"
    assert "folded" in notes[0]


def test_lines_that_follow_a_value_without_padding_are_no_part_of_it_if_they_are_no_base64() -> None:
    text = "a=key-mgmt:mikey AQAF\nm=audio 1 RTP/SAVP 0\na=mid:AQAF\n"
    assert tidy(text) == (text, ())


def test_an_empty_text_is_tidy() -> None:
    assert tidy("") == ("", ())
