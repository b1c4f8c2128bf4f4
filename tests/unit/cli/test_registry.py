"""Looking up code points: by name space, word and number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mikey_sdp.mikey.registry import ALL_REGISTRIES
from mikey_sdp.mikey.registry.transport import TRANSPORT_NAMES
from tests.unit.cli.conftest import Program


def found(program: Program, *wishes: str) -> list[dict[str, Any]]:
    shown = program("registry", *wishes, "--json")
    assert shown.status == (0 if json.loads(shown.out) else 3)
    entries: list[dict[str, Any]] = json.loads(shown.out)
    return entries


def test_everything_is_listed(program: Program) -> None:
    everything = found(program)
    assert len(everything) == sum(len(list(points)) for points in ALL_REGISTRIES.values()) + len(TRANSPORT_NAMES)
    text = program("registry").out
    assert [name for name in ALL_REGISTRIES if f"\n{name}\n" not in f"\n{text}"] == []


def test_a_name_space_by_its_name(program: Program) -> None:
    entries = found(program, "KEMAC encr alg")
    assert [(one["value"], one["name"], one["reference"]) for one in entries] == [
        (0, "NULL", "RFC3830"),
        (1, "AES-CM-128", "RFC3830"),
        (2, "AES-KW-128", "RFC3830"),
        (3, "AES-CM-256", "RFC6043"),
    ]
    assert found(program, "kemac ENCR alg") == entries


def test_a_number_in_every_name_space(program: Program) -> None:
    assert {(one["registry"], one["name"]) for one in found(program, "26")} == {
        ("data type", "SAKKE msg"),
        ("next payload", "SAKKE"),
    }
    assert [one["name"] for one in found(program, "0x2AD01C64")] == ["TEK from TGK"]
    assert [one["name"] for one in found(program, "2269")] == ["mikey"]


def test_several_words_narrow_it_down(program: Program) -> None:
    assert [one["name"] for one in found(program, "data type", "26")] == ["SAKKE msg"]
    assert {one["reference"] for one in found(program, "rfc4771")} == {"RFC4771"}
    assert {one["standing"] for one in found(program, "experimental")} == {"experimental"}
    assert [one["value"] for one in found(program, "srtp", "hmac")] == [1]


def test_the_text_says_who_stands_behind_a_number(program: Program) -> None:
    text = program("registry", "data type").out
    assert "    0  Pre-shared " in text
    assert "  241  DHSAML I_MSG_1 " in text
    assert "[experimental]" in text
    assert "RFC4650" in text


@pytest.mark.parametrize(
    ("wish", "hint"),
    [
        ("data tpe", "did you mean 'data type'"),
        ("kemca", "did you mean 'KEMAC'"),
        ("qqqqqqqq", "try a shorter word"),
        ("77777", "numbers that nobody assigned are not listed"),
    ],
)
def test_nothing_found_gives_the_nearest(wish: str, hint: str, program: Program) -> None:
    shown = program("registry", wish)
    assert shown.status == 3
    assert shown.out == ""
    assert f"no code point fits {wish!r}" in shown.err
    assert hint in shown.err
