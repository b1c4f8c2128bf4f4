"""`mikey-sdp explain`: facts as options or YAML, the decision in sentences or JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Program


def test_a_decision_is_told_in_sentences_with_their_sections(program: Program) -> None:
    done = program("explain", "--psk", "--forking")
    assert done.status == 0
    assert done.out.splitlines()[0] == "DHHMAC: a key is shared with the peer, and both ends contribute."
    assert "  RFC 5197 section 5, rule 2" in done.out
    assert "If it is rejected, offer PSK" in done.out
    assert "It stands behind since every branch of a forked call gets the same key" in " ".join(done.out.split())
    assert "\x1b" not in done.out


def test_json_has_rules_fired_and_overruled(program: Program) -> None:
    done = program("explain", "--own-certificate", "rsa", "--forward-secrecy", "--json")
    found = json.loads(done.out)
    assert (found["mode"], found["alternatives"]) == ("DHSIGN", [])
    assert [entry["mode"] for entry in found["overruled"]] == ["RSA-R"]


def test_a_file_says_the_same_as_options_which_add_to_it(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text("own-certificate: rsa\npeer-certificate: rsa\nmodes: [RSA, DHSIGN]\n")
    assert json.loads(program("explain", "--situation", str(file), "--json").out)["mode"] == "RSA"
    narrowed = program("explain", "--situation", str(file), "--forking", "--json")
    assert json.loads(narrowed.out)["mode"] == "DHSIGN"


def test_a_rejected_mode_is_not_offered_again(program: Program) -> None:
    done = program("explain", "--psk", "--rejected", "psk", "--json")
    assert json.loads(done.out)["mode"] == "DHHMAC"


def test_nothing_fits_and_every_rule_says_why(program: Program) -> None:
    done = program("explain", "--unprotected")
    assert done.status == 1
    assert "NULL: the carrier was not declared secure" in done.out
    assert json.loads(program("explain", "--json").out)["mode"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("psk: 3\n", "psk"),
        ("pks: true\n", "pks"),
        ("- psk\n", "holds no words"),
        ("a: [\n", "no YAML"),
        ("modes: [FOO]\n", "FOO"),
    ],
)
def test_a_wrong_file_is_told_what_a_situation_has(program: Program, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    done = program("explain", "--situation", str(file))
    assert done.status == 2
    assert said in done.err
