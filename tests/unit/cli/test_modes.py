"""`mikey-sdp modes`: the table for people, for programs, and what is said where a mode can't be had."""

from __future__ import annotations

import json

import pytest

from mikey_sdp.cli import modes as module
from mikey_sdp.errors import BackendUnavailable, PeerError
from mikey_sdp.scenario.mode_cases import CASES, ModeCase
from mikey_sdp.scenario.mode_table import CpuClock, Measured
from tests.unit.cli.conftest import Program


def measured(case: ModeCase, *, works: bool = True, **changed: object) -> Measured:
    values: dict[str, object] = {
        "case": case,
        "works": works,
        "i_message_octets": 165,
        "r_message_octets": 83,
        "initiator_ns": 1_234_567,
        "responder_ns": 500_000,
        "forward_secrecy": False,
        "contributors": ("Initiator",),
    }
    return Measured(**(values | changed))  # type: ignore[arg-type]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, Measured | Exception]:
    """What the measurement of a mode comes to, by its word; a plain row where nothing else is said."""
    told: dict[str, Measured | Exception] = {}

    def measure(case: ModeCase, _clock: CpuClock, *, calls: int) -> Measured:
        assert calls == 5
        outcome = told.get(case.word, measured(case))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(module, "measure", measure)
    return told


def test_every_mode_is_really_run(program: Program) -> None:
    shown = program("modes", "--calls", "1", "--json")
    assert shown.status == 0
    found = json.loads(shown.out)
    assert [row["name"] for row in found] == [case.name for case in CASES]
    assert all(row["works"] and row["initiator_us"] > 0 and row["responder_us"] > 0 for row in found)
    dhsign = next(row for row in found if row["name"] == "DHSIGN, P-256")
    assert dhsign["mode"] == "DHSIGN"
    assert dhsign["forward_secrecy"] is True
    assert dhsign["contributors"] == ["Initiator", "Responder"]
    assert 500 < dhsign["i_message_octets"] < 800


def test_a_row_shows_sizes_times_secrecy_and_makers(program: Program, rows: dict[str, Measured | Exception]) -> None:
    shown = program("modes", "psk")
    assert shown.status == 0
    head, units, row, *_ = shown.out.splitlines()
    assert head.split() == ["mode", "I_MESSAGE", "R_MESSAGE", "Initiator", "Responder", "forward", "key", "made"]
    assert units.split() == ["octets", "octets", "ms", "CPU", "ms", "CPU", "secrecy", "by"]
    assert row.split() == ["PSK", "165", "83", "1.23", "0.50", "no", "Initiator"]
    assert max(map(len, shown.out.splitlines())) <= 82


def test_columns_stand_below_their_heads(program: Program, rows: dict[str, Measured | Exception]) -> None:
    head, _, *table = program("modes").out.splitlines()
    lines = table[: len(CASES)]
    assert [line[: head.index("I_MESSAGE")].strip() for line in lines] == [case.name for case in CASES]
    for word, cell in (("I_MESSAGE", "165"), ("R_MESSAGE", "83"), ("Initiator", "1.23"), ("Responder", "0.50")):
        end = head.index(word) + len(word)
        assert all(line[:end].endswith(cell) for line in lines)
    assert all(line[head.index("forward") :].startswith("no ") for line in lines)
    assert all(line[head.index("key") :] == "Initiator" for line in lines)


def test_modes_can_be_picked_by_the_words_of_a_scenario(
    program: Program, rows: dict[str, Measured | Exception]
) -> None:
    found = json.loads(program("modes", "dhsign", "rsa-r", "--json").out)
    assert [row["name"] for row in found] == ["RSA-R", "DHSIGN, OAKLEY 5", "DHSIGN, P-256"]
    wrong = program("modes", "dhsing")
    assert wrong.status == 2
    assert "'dhsign'" in wrong.err


def test_what_could_not_be_told_is_a_question_mark(program: Program, rows: dict[str, Measured | Exception]) -> None:
    case = next(case for case in CASES if case.word == "rsa")
    rows["rsa"] = measured(case, forward_secrecy=None, contributors=None)
    assert program("modes", "rsa").out.splitlines()[2].split()[-2:] == ["?", "?"]


@pytest.mark.parametrize(
    ("contributors", "said"),
    [(("Initiator", "Responder"), "both ends"), (("Responder",), "Responder"), ((), "neither")],
)
def test_who_made_the_key(
    contributors: tuple[str, ...], said: str, program: Program, rows: dict[str, Measured | Exception]
) -> None:
    case = next(case for case in CASES if case.word == "rsa")
    rows["rsa"] = measured(case, contributors=contributors, forward_secrecy=True)
    assert program("modes", "rsa").out.splitlines()[2].endswith(f"  yes      {said}")


def test_media_that_was_not_decrypted_fails(program: Program, rows: dict[str, Measured | Exception]) -> None:
    rows["psk"] = measured(CASES[0], works=False)
    shown = program("modes")
    assert shown.status == 1
    assert "media was not decrypted" in shown.out


def test_a_missing_library_is_told_and_the_other_modes_are_run(
    program: Program, rows: dict[str, Measured | Exception]
) -> None:
    rows["ecmqv"] = BackendUnavailable("pycryptodome", install="pip install 'mikey_sdp[ec]'")
    shown = program("modes", "ecmqv", "psk")
    assert shown.status == 2
    psk, ecmqv = shown.out.splitlines()[2:4]
    assert psk.split()[:2] == ["PSK", "165"]
    assert ecmqv.startswith("ECMQV ")
    assert "not measured" in ecmqv
    assert "mikey_sdp[ec]" in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    (row,) = json.loads(program("modes", "ecmqv", "--json").out)
    assert row["mode"] == "ECMQV"
    assert "pycryptodome" in row["error"]


def test_a_call_that_fails_outweighs_a_missing_library(program: Program, rows: dict[str, Measured | Exception]) -> None:
    rows["ecmqv"] = BackendUnavailable("pycryptodome", install="pip install 'mikey_sdp[ec]'")
    rows["psk"] = PeerError("the MAC does not verify", mikey_error=0)
    shown = program("modes")
    assert shown.status == 1
    assert "not measured: the MAC does not verify" in shown.out


@pytest.mark.parametrize(("word", "row"), [("RSA", "RSA"), ("NULL", "NULL"), ("Unprotected", "NULL")])
def test_names_are_taken_in_any_letters(
    word: str, row: str, program: Program, rows: dict[str, Measured | Exception]
) -> None:
    shown = program("modes", word)
    assert shown.status == 0
    assert [line.split()[0] for line in shown.out.splitlines()[2:3]] == [row]


def test_the_table_says_how_it_was_measured(program: Program, rows: dict[str, Measured | Exception]) -> None:
    shown = program("modes").out
    assert "the middle one of 5 calls" in shown
    assert "OAKLEY 5 has 1536 bits" in shown
    assert "DHSAML: its first round alone" in shown
