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


def test_a_budget_is_held_against_messages_that_were_made(program: Program, tmp_path: Path) -> None:
    assert json.loads(program("explain", "--psk", "--forking", "--json").out)["mode"] == "DHHMAC"
    tight = json.loads(program("explain", "--psk", "--forking", "--max-octets", "250", "--json").out)
    assert (tight["mode"], [entry["rule"] for entry in tight["overruled"]]) == ("PSK", ["message-size"])
    file = tmp_path / "small.yaml"
    file.write_text("psk: true\nown-certificate: rsa\nmax-octets: 50\n")
    none = program("explain", "--situation", str(file))
    assert none.status == 1
    assert none.out.count("larger than the budget") == 4


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


def test_a_file_knows_of_rejections_and_of_names_in_any_letters(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "refused.yaml"
    file.write_text("own-certificate: RSA\nmodes: [rsa-r, dhsign, unprotected]\nrejected: [rsa-R]\n")
    assert json.loads(program("explain", "--situation", str(file), "--json").out)["mode"] == "DHSIGN"


def test_names_are_taken_in_any_letters(program: Program) -> None:
    done = program("explain", "--own-certificate", "RSA", "--conference", "MEMBER", "--json")
    assert json.loads(done.out)["mode"] == "RSA-R"
    done = program("explain", "--unprotected", "--secure-carrier", "--modes", "Unprotected", "--json")
    assert json.loads(done.out)["mode"] == "NULL"


def test_a_refusal_gives_the_reasons_of_the_modes_asked_for_alone(program: Program) -> None:
    done = program("explain", "--psk", "--modes", "dhhmac", "--modes", "rsa", "--rejected", "dhhmac")
    assert done.status == 1
    assert done.out.splitlines()[1:] == [
        "  DHHMAC: rejected already",
        "  RSA: no RSA certificate of this peer is known beforehand",
    ]
