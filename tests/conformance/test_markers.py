"""The rules of the requirement markers hold: known ids only, four at most, and the gate can't be passed by silence."""

from __future__ import annotations

import dataclasses

from tests.conformance.catalogue import GATED, Requirement, load_catalogue, load_reasons
from tests.conformance.markers import faults_of
from tests.conformance.pages import pages
from tests.conformance.report import gate_faults

MUST = Requirement(id="3830-9-1", rfc="rfc3830", level="MUST", area="codec", who="both", text="Be one | whole.")
SHOULDS = [
    dataclasses.replace(MUST, id=f"3830-9-{number}", level="SHOULD", text=f"Advice {number}.") for number in range(2, 7)
]
CATALOGUE = {row.id: row for row in [MUST, *SHOULDS]}
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


def test_pages_name_the_tests_and_the_reasons() -> None:
    texts = pages(CATALOGUE, without("3830-9-2"), {"3830-9-2": "later"})
    assert "| 3830-9-1 | MUST | both | Be one \\| whole. | `unit/test_it.py::test_it` |" in texts["rfc3830.md"]
    assert "| 3830-9-2 | SHOULD | codec | Advice 2. | later |" in texts["rfc3830.md"]
    assert "| [3830](rfc3830.md) | 1 / 1 | 4 / 5 | - |" in texts["README.md"]


def test_the_catalogue_loads_and_every_reason_belongs_to_it() -> None:
    catalogue = load_catalogue()
    assert {row.rfc for row in catalogue.values() if row.gated} == GATED
    assert set(load_reasons()) <= set(catalogue)
