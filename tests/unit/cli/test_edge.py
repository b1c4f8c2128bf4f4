"""`mikey-sdp edge` before any socket is opened: the example, the check, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Program

ROOT = Path(__file__).parents[3]


@pytest.fixture
def example(program: Program, tmp_path: Path) -> Path:
    """The example configuration, with the key that it points to."""
    file = tmp_path / "edge.toml"
    file.write_text(program("edge", "--example-config").out, encoding="utf-8")
    (tmp_path / "alice.psk").write_text("00112233445566778899aabbccddeeff\n", encoding="ascii")
    return file


def test_the_example_is_in_order_with_its_key(program: Program, example: Path) -> None:
    ran = program("edge", str(example), "--check")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"{example} is in order: sip:alice@example.com",
        "phones find it at udp:127.0.0.1:5062, tcp:127.0.0.1:5062",
        "the network finds it at udp:192.0.2.10:5060, tcp:192.0.2.10:5060; it sends to udp:proxy.example.com:5060",
    ]


def test_the_check_as_json(program: Program, example: Path) -> None:
    ran = program("edge", str(example), "--check", "--json")
    assert ran.status == 0
    assert json.loads(ran.out) == {
        "file": str(example),
        "accounts": ["sip:alice@example.com"],
        "phone": ["udp:127.0.0.1:5062", "tcp:127.0.0.1:5062"],
        "network": ["udp:192.0.2.10:5060", "tcp:192.0.2.10:5060"],
        "proxy": "udp:proxy.example.com:5060",
    }


def test_all_mistakes_are_told_each_in_a_line_with_its_place(program: Program, example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    wrong = text.replace('media = "sdes"', 'media = "sdse"').replace("@alice.psk", "@nobody.psk")
    example.write_text(wrong, encoding="utf-8")
    ran = program("edge", str(example), "--check")
    assert (ran.status, ran.out) == (2, "")
    assert f"{example}: phone.media: expected one of sdes, plain, not 'sdse' (did you mean 'sdes'?)" in ran.err
    example.write_text(text.replace("@alice.psk", "@nobody.psk"), encoding="utf-8")
    ran = program("edge", str(example), "--check")
    assert ran.status == 2
    missing = example.parent / "nobody.psk"
    assert ran.err == f"mikey-sdp: {example}: accounts[0].psk: {missing} can't be read: No such file or directory\n"


def test_a_key_never_prints(program: Program, example: Path) -> None:
    for text in ("0011", "hex:xyz", "00112233445566778899aabbccddee"):
        (example.parent / "alice.psk").write_text(text, encoding="ascii")
        ran = program("edge", str(example), "--check")
        assert ran.status == 2
        assert text not in ran.err + ran.out


def test_without_a_configuration_it_says_how_to_get_one(program: Program) -> None:
    ran = program("edge")
    assert ran.status == 2
    assert "--example-config" in ran.err


def test_a_configuration_that_is_not_there(program: Program, tmp_path: Path) -> None:
    ran = program("edge", str(tmp_path / "no.toml"), "--check")
    assert ran.status == 2
    assert "no.toml can't be read: No such file or directory" in ran.err


def test_a_log_that_can_not_be_written(program: Program, example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    example.write_text(text.replace('# file = "edge.log"', 'file = "no/such/folder/edge.log"'), encoding="utf-8")
    ran = program("edge", str(example))
    assert ran.status == 2
    assert f"log.file: {os.path.join(example.parent, 'no/such/folder/edge.log')} can't be written" in ran.err


def test_the_reference_tells_every_word(program: Program) -> None:
    """docs/edge.md names each word of the example, and no other."""
    words = {
        line.partition("=")[0].strip("# ")
        for line in program("edge", "--example-config").out.splitlines()
        if " = " in line
    }
    told = (ROOT / "docs" / "edge.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in told.splitlines() if line.startswith("| `")}
    assert {row.rpartition(".")[2] for row in rows} == words
