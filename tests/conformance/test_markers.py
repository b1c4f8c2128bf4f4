"""The rules of the requirement markers hold: known ids only, four at most, and the gate can't be passed by silence."""

from __future__ import annotations

import dataclasses

from tests.conformance.catalogue import GATED, Later, Requirement, load_catalogue, load_later, load_reasons
from tests.conformance.markers import faults_of
from tests.conformance.pages import pages
from tests.conformance.report import MOST_DOCUMENTATION, gate_faults, measured_faults

MUST = Requirement(id="3830-9-1", rfc="rfc3830", level="MUST", area="codec", who="both", text="Be one | whole.")
SHOULDS = [
    dataclasses.replace(MUST, id=f"3830-9-{number}", level="SHOULD", text=f"Advice {number}.") for number in range(2, 7)
]
CATALOGUE = {row.id: row for row in [MUST, *SHOULDS]}
MEASURED = {
    name: dataclasses.replace(MUST, id=name, rfc="rfc5197", level=("CLAIM", "RULE", "TABLE", "FACT")[number % 4])
    for number, name in enumerate(f"5197-3-{number}" for number in range(1, 81))
}
LATER_ROW = dataclasses.replace(MUST, id="5197-7-1", rfc="rfc5197", level="CLAIM")
ALL_CLAIMED = {name: ["tests/unit/test_it.py::test_it[case]"] for name in CATALOGUE}


def without(*ids: str) -> dict[str, list[str]]:
    return {name: tests for name, tests in ALL_CLAIMED.items() if name not in ids}


def test_an_unknown_id_is_a_fault() -> None:
    assert faults_of("test_it", ["3830-9-1"], set(CATALOGUE)) == []
    assert "'3830-9-99'" in faults_of("test_it", ["3830-9-99"], set(CATALOGUE))[0]


def test_more_than_four_claims_are_a_fault() -> None:
    ids = list(CATALOGUE)
    assert faults_of("test_it", ids[:4], set(CATALOGUE)) == []
    assert "5 requirements" in faults_of("test_it", ids[:5], set(CATALOGUE))[0]
    assert "twice" in faults_of("test_it", [ids[0], ids[0]], set(CATALOGUE))[0]


def test_the_gate_is_met_when_all_is_claimed() -> None:
    assert gate_faults(CATALOGUE, ALL_CLAIMED, {}) == []


def test_an_unclaimed_must_needs_a_reason() -> None:
    assert any("3830-9-1" in fault for fault in gate_faults(CATALOGUE, without("3830-9-1"), {}))
    assert gate_faults(CATALOGUE, without("3830-9-1"), {"3830-9-1": "needs RSA"}) == []


def test_a_reason_for_a_claimed_or_unknown_requirement_is_a_fault() -> None:
    assert len(gate_faults(CATALOGUE, ALL_CLAIMED, {"3830-9-1": "needs RSA", "3830-0-0": "no such thing"})) == 2


def test_reasons_do_not_lift_the_share_of_shoulds() -> None:
    reasons = {"3830-9-2": "later", "3830-9-3": "later"}
    assert gate_faults(CATALOGUE, without("3830-9-2"), reasons) != []
    assert gate_faults(CATALOGUE, without("3830-9-2"), {"3830-9-2": "later"}) == []
    assert any("60%" in fault for fault in gate_faults(CATALOGUE, without(*reasons), reasons))


def test_areas_outside_the_gate_ask_for_nothing() -> None:
    other = dataclasses.replace(MUST, id="6043-9-9", rfc="rfc6043")
    rtsp = dataclasses.replace(MUST, id="4567-9-9", rfc="rfc4567", area="rtsp")
    assert gate_faults({**CATALOGUE, other.id: other, rtsp.id: rtsp}, ALL_CLAIMED, {}) == []


def test_one_in_twenty_of_the_measured_statements_may_be_open_and_has_a_reason() -> None:
    claims = {name: ["test_it"] for name, row in MEASURED.items() if row.measured}
    assert len(claims) == 60
    assert measured_faults(MEASURED, claims, {}, {}) == []
    for name in list(claims)[:3]:
        del claims[name]
    assert len(measured_faults(MEASURED, claims, {}, {})) == 3
    reasons = dict.fromkeys(MEASURED, "not built")
    assert measured_faults(MEASURED, claims, reasons, {}) == []
    del claims["5197-3-10"]
    assert measured_faults(MEASURED, claims, reasons, {}) == [
        "93.3% of the measured statements are claimed; 95% are asked"
    ]


def test_what_is_called_later_work_is_of_the_sections_that_speak_of_it() -> None:
    catalogue = {**MEASURED, LATER_ROW.id: LATER_ROW}
    claims = {name: ["test_it"] for name in MEASURED}
    later, told = Later(kind="later", reason="it is"), Later(kind="documentation", reason="it is")
    assert len(measured_faults(catalogue, claims, {}, {})) == 1
    assert measured_faults(catalogue, claims, {}, {LATER_ROW.id: later}) == []
    del claims["5197-3-1"]
    assert any("5197-3-1" in fault for fault in measured_faults(catalogue, claims, {}, {"5197-3-1": later}))
    assert any("claimed" in fault for fault in measured_faults(MEASURED, claims, {}, {"5197-3-2": told}))
    many = dict.fromkeys(list(MEASURED)[: 2 * MOST_DOCUMENTATION], told)
    assert any("called documentation" in fault for fault in measured_faults(MEASURED, {}, {}, many))
    assert any("no measured" in fault for fault in measured_faults(MEASURED, claims, {}, {MUST.id: told}))


def test_pages_name_the_tests_and_the_reasons() -> None:
    texts = pages(CATALOGUE, without("3830-9-2"), {"3830-9-2": "later"})
    assert "| 3830-9-1 | MUST | both | Be one \\| whole. | `unit/test_it.py::test_it` |" in texts["rfc3830.md"]
    assert "| 3830-9-2 | SHOULD | codec | Advice 2. | later |" in texts["rfc3830.md"]
    assert "| [3830](rfc3830.md) | 1 / 1 | 4 / 5 | - |" in texts["README.md"]


def test_the_catalogue_loads_and_every_reason_belongs_to_it() -> None:
    catalogue = load_catalogue()
    assert {row.rfc for row in catalogue.values() if row.gated} == GATED
    assert set(load_reasons()) <= set(catalogue)
    later = load_later()
    assert [fault for name, why in later.items() for fault in why.faults(name)] == []
    assert all(catalogue[name].measured for name in later)
    assert not set(later) & set(load_reasons())
