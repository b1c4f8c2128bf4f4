"""The matrix: what is measured is what the standards let one expect, and a break in a mode flips its cell."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from _pytest.mark.structures import ParameterSet

from mikey_sdp.dissect.known import Known
from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.mikey.crypto.groups import FiniteField
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.scenario import matrix, matrix_calls, matrix_secrecy, mode_table
from mikey_sdp.scenario.matrix import MATRIX_CASES, SITUATIONS, cell, measure_matrix, row, run_name, variant_of
from mikey_sdp.scenario.matrix_cast import Actor, shared_key
from mikey_sdp.scenario.matrix_outcome import Outcome
from mikey_sdp.scenario.matrix_policy import AT_HAND, policy_choices
from mikey_sdp.scenario.matrix_properties import criteria, properties
from mikey_sdp.scenario.matrix_secrecy import NothingShown
from mikey_sdp.scenario.matrix_words import BASELINE, CONDITIONS, PRINTED, PRINTED_PROPERTIES, Column
from mikey_sdp.scenario.mode_cases import Held, ModeCase, held
from mikey_sdp.scenario.mode_table import measure
from mikey_sdp.secret import Secret
from mikey_sdp.trace import MatrixCell, PropertyRow
from tests.unit.scenario.matrix_runs import NO, OPEN, YES, case_of, name_of, situation, values
from tests.unit.scenario.recorded_calls import same_chance

EXPECTED = {
    "PSK": (YES, OPEN, NO, NO, YES),
    "RSA": (YES, NO, NO, NO, YES),
    "DHSIGN": (NO, YES, YES, YES, NO),
    "NULL": (YES, OPEN, OPEN, YES, YES),
    "DHHMAC": (NO, YES, NO, NO, NO),
    "RSA-R": (NO, YES, YES, YES, YES),
    "DHSIGN P-256": (NO, YES, YES, YES, NO),
    "ECIES": (YES, NO, NO, NO, YES),
    "ECMQV": (NO, YES, YES, YES, NO),
    "DHSAML": (NO, YES, YES, YES, NO),
}
"""Derived by hand from RFC 5197 sections 3 and 5, and from what each mode sends; not taken from its table."""
DIFFERING = {("NULL", "redirect"), ("NULL", "shared-key-conference"), ("DHHMAC", "secure-forking")}
"""Where the measurement contradicts the printed table; docs/matrix.md says why."""


def ticking() -> Callable[[], int]:
    times = itertools.count(0, 1_000)
    return lambda: next(times)


def property_row(name: str) -> PropertyRow:
    case = case_of(name)
    return properties(case, measure(case, ticking(), calls=1), variant_of(case))


def test_the_rows_are_those_that_are_printed_in_that_order_and_then_the_later_ones() -> None:
    assert [name_of(case) for case in MATRIX_CASES] == list(EXPECTED)
    assert {case.mode for case in MATRIX_CASES} == set(Mode)


def printed_cells() -> Iterator[ParameterSet]:
    """The thirty cells of the printed table, each with the row of the requirements that speaks of it."""
    places = ((name, column) for name in list(EXPECTED)[:6] for column in CONDITIONS)
    for number, (name, column) in enumerate(places, start=1):
        mark = pytest.mark.requirement(f"5197-5.5-T1-{number:02}")
        yield pytest.param(name, column, marks=mark, id=f"{name}-{column}")


@pytest.mark.requirement("5197-5.5-T1-meta")
@pytest.mark.parametrize(("name", "column"), [*printed_cells()])
def test_every_cell_is_what_the_mode_lets_one_expect(name: str, column: Column) -> None:
    found = cell(case_of(name), column)
    expected = dict(zip(CONDITIONS, EXPECTED[name], strict=True))[column]
    assert values(found) == expected
    assert found.printed == PRINTED[name].get(column, "")
    assert found.agrees is ((name, column) not in DIFFERING)
    first = found.conditions[0]
    assert (first.condition, first.run, values(first)) == (BASELINE, f"{name}/{column}/{BASELINE}", expected)


@pytest.mark.parametrize("name", list(EXPECTED)[6:])
def test_modes_that_came_later_have_cells_and_nothing_printed(name: str) -> None:
    found = row(case_of(name))
    assert {column: values(one) for column, one in found.cells.items()} == dict(
        zip(CONDITIONS, EXPECTED[name], strict=True)
    )
    assert {(one.printed, one.agrees) for one in found.cells.values()} == {(None, None)}


def test_conditions_come_in_the_order_of_their_list_and_only_those_that_are_run() -> None:
    for column, words in CONDITIONS.items():
        assert words[0] == BASELINE
        assert set(SITUATIONS[column]) <= set(words)
        found = [one.condition for one in cell(case_of("RSA"), column).conditions]
        assert found == [word for word in words if word in found]


def case(name: str, column: Column, word: str, expected: tuple[bool, bool], *ids: str) -> ParameterSet:
    """One condition, what it must come to, and the rows of RFC 5197 that say so."""
    marks = [pytest.mark.requirement(*ids)] if ids else []
    return pytest.param(name, column, word, expected, marks=marks, id=f"{name}-{column}-{word}")


@pytest.mark.parametrize(
    ("name", "column", "word", "expected"),
    [
        case("PSK", "early-media", BASELINE, YES, "5197-5.1-1", "5197-5.1-3"),
        case("RSA", "early-media", BASELINE, YES, "5197-5.1-3"),
        case("DHSIGN", "early-media", BASELINE, NO, "5197-5.1-4"),
        case("DHSIGN", "early-media", "buffered", YES, "5197-5.1-4"),
        case("DHSAML", "early-media", BASELINE, NO, "5197-5.1-4"),
        case("DHSIGN", "early-media", "answer-in-183", YES, "5197-5.1-2"),
        case("DHHMAC", "early-media", "reliable-183", YES, "5197-5.1-2"),
        case("RSA-R", "early-media", "reliable-183", YES, "5197-5.1-2"),
        case("DHSIGN", "early-media", "preconditions", YES, "5197-5.1-7"),
        case("RSA-R", "early-media", "preconditions", YES, "5197-5.1-7"),
        case("DHSIGN", "secure-forking", "nothing-shared", YES, "5197-5.2-2", "5197-5.2-6"),
        case("RSA-R", "secure-forking", "nothing-shared", YES, "5197-5.2-2", "5197-5.2-6"),
        case("PSK", "secure-forking", "nothing-shared", NO, "5197-5.2-3"),
        case("DHHMAC", "secure-forking", "nothing-shared", NO, "5197-5.2-6"),
        case("RSA", "secure-forking", "nothing-shared", NO, "5197-5.2-4", "5197-5.2-7"),
        case("RSA", "secure-forking", "private-key-shared", OPEN, "5197-5.2-4"),
        case("RSA", "secure-forking", "both-answer", NO),
        case("DHSIGN", "secure-forking", "private-key-shared", YES),
        case("RSA", "secure-forking", "message-per-device", YES, "5197-5.2-5"),
        case("ECIES", "secure-forking", "message-per-device", YES),
        case("PSK", "retarget", "message-per-user", YES),
        case("RSA", "retarget", "message-per-user", YES, "5197-5.2-5"),
        case("PSK", "secure-forking", "both-answer", OPEN),
        case("RSA-R", "secure-forking", "both-answer", YES),
        case("PSK", "secure-forking", "one-answers-early", OPEN),
        case("DHSIGN", "secure-forking", "one-answers-early", YES),
        case("DHSIGN", "retarget", "strict-identity", NO),
        case("PSK", "retarget", BASELINE, NO, "5197-5.3-6"),
        case("RSA", "retarget", BASELINE, NO, "5197-5.3-6"),
        case("NULL", "retarget", BASELINE, OPEN, "5197-5.3-6"),
        case("PSK", "retarget", "psk-shared-with-target", OPEN, "5197-5.3-6"),
        case("DHHMAC", "retarget", "psk-shared-with-target", YES),
        case("RSA-R", "retarget", "proxy-recursion", YES, "5197-5.3-5"),
        case("PSK", "redirect", BASELINE, NO, "5197-5.3-3"),
        case("PSK", "redirect", "target-at-hand", YES, "5197-5.3-2", "5197-5.3-3"),
        case("RSA", "redirect", "target-at-hand", YES, "5197-5.3-3"),
        case("DHHMAC", "redirect", "target-at-hand", YES, "5197-5.3-3"),
        case("PSK", "redirect", "choice-by-policy", YES, "5197-5.3-3"),
        case("DHSIGN", "shared-key-conference", BASELINE, NO, "5197-5.4-1"),
        case("PSK", "shared-key-conference", BASELINE, YES, "5197-5.4-2"),
        case("PSK", "shared-key-conference", "other-way-round", NO, "5197-5.4-2"),
        case("RSA-R", "shared-key-conference", BASELINE, YES, "5197-5.4-3"),
        case("RSA-R", "shared-key-conference", "other-way-round", NO, "5197-5.4-3"),
        case("PSK", "shared-key-conference", "offerless", YES, "5197-5.4-2"),
        case("RSA", "shared-key-conference", "offerless", YES, "5197-5.4-2"),
        case("RSA-R", "shared-key-conference", "offerless", YES, "5197-5.4-3"),
        case("DHHMAC", "shared-key-conference", "offerless", NO, "5197-5.4-1"),
        case("DHSIGN", "shared-key-conference", "two-steps", YES),
        case("DHHMAC", "shared-key-conference", "two-steps", YES),
        case("ECMQV", "shared-key-conference", "two-steps", YES),
        case("DHSAML", "shared-key-conference", "two-steps", YES),
        case("PSK", "shared-key-conference", "join-and-leave", YES),
        case("RSA", "shared-key-conference", "join-and-leave", YES),
        case("RSA-R", "shared-key-conference", "join-and-leave", YES),
    ],
)
def test_what_a_condition_changes(name: str, column: Column, word: str, expected: tuple[bool, bool]) -> None:
    assert values(situation(name, column, word)) == expected


def test_of_the_policy_s_choices_those_are_told_that_another_mode_would_have_beaten() -> None:
    situations = {column: {BASELINE: found[BASELINE]} for column, found in SITUATIONS.items()}
    rows = [row(case_of("RSA-R")), row(case_of("PSK"))]
    found = {one.column: one for one in policy_choices(situations, rows)}
    assert {column: one.chosen for column, one in found.items()} == {
        "early-media": "PSK",
        "secure-forking": "RSA-R",
        "retarget": "RSA-R",
        "redirect": "RSA-R",
        "shared-key-conference": "PSK",
    }
    for column, one in found.items():
        assert one.run == f"policy/{column}/{BASELINE}"
        assert (one.works, one.secure) == YES


def test_a_choice_that_another_mode_beats_is_told_with_it() -> None:
    """With a policy that weighs nothing, the first rule wins where somebody else answers, and fails."""

    def unaware(case: ModeCase, name: str) -> Outcome:
        return matrix_calls._retarget(case, name, matrix_calls._STRANGER, expects=Expectations())

    retarget = {"retarget": {BASELINE: unaware}}
    (found,) = policy_choices(retarget, [row(case_of("RSA-R"))])
    assert (found.chosen, found.works, found.better) == ("PSK", False, ("RSA-R",))


def test_no_mode_at_hand_does_better_than_the_policy_s_choice() -> None:
    rows = [row(case) for case in MATRIX_CASES if str(case.mode) in AT_HAND and not variant_of(case)]
    choices = list(policy_choices(SITUATIONS, rows))
    assert len(choices) > 15
    assert [(one.run, one.chosen, one.better) for one in choices if one.better] == []


def test_the_policy_chooses_again_for_the_target_of_a_redirect() -> None:
    assert situation("PSK", "redirect", "choice-by-policy").chosen == "RSA-R"


def printed_rows() -> Iterator[ParameterSet]:
    for number, name in enumerate(list(EXPECTED)[:6]):
        ids = (f"5197-5.5-T2-{4 * number + column:02}" for column in range(1, 5))
        yield pytest.param(name, marks=pytest.mark.requirement(*ids))


@pytest.mark.parametrize("name", [*printed_rows()])
def test_the_second_table_is_what_is_printed(name: str) -> None:
    found = property_row(name)
    assert found.printed == dict(PRINTED_PROPERTIES[name])
    measured = {
        "manual-keys": "Yes" if found.manual_keys else "No",
        "needs-pki": "Yes" if found.needs_pki else "No",
        "pfs": "Yes" if found.pfs else "No",
        "key-generation": found.key_generation,
    }
    assert measured == {column: words.rstrip("*") for column, words in found.printed.items()}
    assert found.agrees == dict.fromkeys(measured, True)


@pytest.mark.requirement("5197-3-17")
def test_of_rsa_r_both_keep_the_keys_fresh_and_one_makes_them_secret() -> None:
    """What RFC 5197 prints with an asterisk: the Initiator's part is a RAND that everybody sees."""
    found = property_row("RSA-R")
    assert (found.key_generation, found.secret_by) == ("Both", "Responder")
    assert (property_row("DHSIGN").secret_by, property_row("PSK").secret_by) == ("Both", "Initiator")


def test_where_the_initiator_of_rsa_r_sends_no_rand_the_responder_makes_the_keys_alone() -> None:
    """The note to the second table: "Both" is said of an Initiator who sends one."""
    assert property_row("RSA-R").without_rand == "Responder"
    assert property_row("PSK").without_rand is None


@pytest.mark.requirement("5197-3.7-6")
@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("PSK", ("Initiator", "Responder")),
        ("RSA", ("Responder",)),
        ("RSA-R", ("Initiator",)),
        ("DHSIGN", ()),
        ("NULL", ("Initiator", "Responder")),
    ],
)
def test_whose_secrets_open_a_recording(name: str, ends: tuple[str, ...]) -> None:
    assert property_row(name).opened_by == ends


def test_self_signed_certificates_do_without_an_authority() -> None:
    """RFC 5197 sections 3.2 and 3.3: what needs a PKI is that nobody was accepted by hand."""
    for name in ("RSA", "DHSIGN", "RSA-R"):
        found = property_row(name)
        assert (found.needs_pki, found.pinned, found.certificates) == (True, True, 2)
    assert property_row("PSK").pinned is None


@pytest.mark.requirement("5197-3-14")
@pytest.mark.parametrize(
    ("name", "keys", "certificates", "beforehand", "objects", "messages"),
    [
        ("PSK", 1, 0, True, 45, 1),
        ("DHHMAC", 1, 0, True, 45, 2),
        ("RSA", 0, 1, True, 11, 1),
        ("RSA-R", 0, 1, False, 11, 2),
        ("DHSIGN", 0, 1, False, 11, 2),
        ("NULL", 0, 0, False, 0, 1),
    ],
)
def test_what_must_be_there_beforehand(
    name: str, keys: int, certificates: int, beforehand: bool, objects: int, messages: int
) -> None:
    """Ten users: a key for each pair, or a certificate each and one authority."""
    case = case_of(name)
    found = criteria(case, measure(case, ticking(), calls=1), variant_of(case), group_keying=False)
    assert (found.keys_per_pair, found.certificates_per_user) == (keys, certificates)
    assert (found.peer_beforehand, found.objects, found.messages) == (beforehand, objects, messages)


def test_all_tables_have_a_row_for_each_mode() -> None:
    told = []
    found = measure_matrix([case_of("PSK"), case_of("RSA-R")], ticking(), timed=1, watch=told.append)
    assert [name_of(case) for case in told] == ["PSK", "RSA-R"]
    assert [[one.mode for one in table] for table in (found.table1, found.table2, found.table3)] == [
        ["PSK", "RSA-R"]
    ] * 3
    psk, rsa_r = found.table3
    assert (psk.mandatory, psk.messages, psk.objects, psk.group_keying) == ("Yes", 1, 45, True)
    assert (rsa_r.mandatory, rsa_r.messages, rsa_r.objects, rsa_r.peer_beforehand) == (None, 2, 11, False)
    assert (psk.initiator_us, psk.responder_us) == (2.0, 1.0)
    assert {one.column for one in found.policy} == set(CONDITIONS)


def test_a_missing_library_leaves_a_row_without_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_case: ModeCase, _column: str, _keep: object) -> MatrixCell:
        raise BackendUnavailable("no library for this", install="pip install it")

    monkeypatch.setattr(matrix, "cell", missing)
    found = measure_matrix([case_of("ECMQV")], ticking(), timed=1)
    assert "no library" in found.table1[0].error
    assert (found.table1[0].cells, found.table2, found.table3) == ({}, (), ())


def test_the_matrix_comes_out_the_same_twice() -> None:
    """But for what hangs on the chance of padding, which no cell does."""
    first, second = (cell(case_of("RSA"), "secure-forking") for _ in range(2))
    assert first == second


# What is broken shows


@pytest.mark.requirement("5197-5.5-T2-11")
def test_static_diffie_hellman_values_turn_forward_secrecy_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert property_row("DHSIGN").pfs is True
    values = itertools.cycle([5, 6])

    def told(case: ModeCase) -> Held:
        """Somebody who steals what lasts gets the private value too, since it lasts."""
        parties = held(case)
        return replace(
            parties, long_term=tuple(replace(known, dh_private=Secret(b"\x05")) for known in parties.long_term)
        )

    monkeypatch.setattr(FiniteField, "draw", lambda field, _entropy: field.private(bytes((next(values),))))
    monkeypatch.setattr(mode_table, "held", told)
    found = property_row("DHSIGN")
    assert found.pfs is False
    assert found.agrees["pfs"] is False


@pytest.mark.requirement("5197-5.5-T1-12")
@pytest.mark.parametrize("name", ["DHSIGN", "DHHMAC", "DHSIGN P-256"])
def test_one_tgk_for_two_branches_turns_secure_forking_off(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert values(cell(case_of(name), "secure-forking")) == YES
    made = matrix_calls._cast

    def alike(case: ModeCase, *names: str, **changed: object) -> dict[str, Actor]:
        return same_chance(made(case, *names, **changed), "desk", "mobile")  # type: ignore[arg-type]

    monkeypatch.setattr(matrix_calls, "_cast", alike)
    found = cell(case_of(name), "secure-forking")
    assert values(found) == OPEN
    assert not found.agrees if found.printed else True
    assert "mobile reads what alice and desk say" in " ".join(found.conditions[0].notes)
    both = next(one for one in found.conditions if one.condition == "both-answer")
    assert "desk and mobile have a key in common" in both.notes


@pytest.mark.parametrize(("name", "expected"), [("PSK", OPEN), ("DHHMAC", YES)])
def test_a_server_that_is_given_the_psk_turns_secure_off(
    monkeypatch: pytest.MonkeyPatch, name: str, expected: tuple[bool, bool]
) -> None:
    """Of a Diffie-Hellman exchange it still reads nothing."""
    assert values(situation(name, "redirect", "target-at-hand")) == YES
    given = (Known(psk=shared_key("alice", "carol")),)
    monkeypatch.setattr(matrix_calls, "Server", partial(matrix_calls.Server, holds=given))
    assert values(situation(name, "redirect", "target-at-hand")) == expected


def test_where_the_attacker_is_blind_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_secrecy, "attack", lambda _seen, _secrets: ())
    with pytest.raises(NothingShown, match=r"DHSIGN/redirect/baseline: .* with all secrets of alice and carol"):
        cell(case_of("DHSIGN"), "redirect")


def test_a_run_is_named_by_mode_column_and_condition() -> None:
    assert run_name(case_of("DHSIGN P-256"), "retarget", BASELINE) == "DHSIGN P-256/retarget/baseline"
