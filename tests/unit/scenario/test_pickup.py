"""Group pickup: what is counted at the caller is what docs/pickup.md derives, for all answers and for one."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest

from mikey_sdp.scenario import pickup as room
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.scenario.pickup import Pickup, measure
from mikey_sdp.scenario.pickup_cast import MAX_TARGETS, PICKUP_CASES, holdings, target_address
from mikey_sdp.scenario.pickup_counts import Counts, Operation, counting
from mikey_sdp.scenario.pickup_floor import play_alone
from mikey_sdp.scenario.pickup_scene import Way, play

TARGETS = 5
CASES = {case.name: case for case in PICKUP_CASES}
FORMULAS = {
    "PSK": {},
    "DHHMAC, OAKLEY 5": {Operation.POWER: (1, 1)},
    "DHHMAC, P-256": {Operation.MULTIPLE: (1, 1)},
    "DHSIGN, OAKLEY 5": {
        Operation.SIGNATURE: (0, 1),
        Operation.SIGNATURE_CHECK: (1, 0),
        Operation.CHAIN_CHECK: (1, 0),
        Operation.POWER: (1, 1),
    },
    "DHSIGN, P-256": {
        Operation.SIGNATURE: (0, 1),
        Operation.SIGNATURE_CHECK: (1, 0),
        Operation.CHAIN_CHECK: (1, 0),
        Operation.MULTIPLE: (1, 1),
    },
    "RSA": {Operation.SIGNATURE: (0, 1), Operation.CHAIN_CHECK: (0, 1), Operation.ENCRYPTION: (0, 1)},
    "RSA-R": {
        Operation.SIGNATURE: (0, 1),
        Operation.SIGNATURE_CHECK: (1, 0),
        Operation.CHAIN_CHECK: (1, 0),
        Operation.DECRYPTION: (1, 0),
    },
    "ECIES": {Operation.SIGNATURE: (0, 1), Operation.CHAIN_CHECK: (0, 1), Operation.MULTIPLE: (0, 2)},
    "ECMQV": {
        Operation.SIGNATURE: (0, 1),
        Operation.CHAIN_CHECK: (1, 0),
        Operation.MULTIPLE: (0, 1),
        Operation.POINT_SUM: (1, 0),
    },
}
"""By mode: how often for each answer, and how often besides."""
SHARES_A_KEY = {"PSK", "RSA", "ECIES"}


def ticks() -> Iterator[int]:
    """A clock that shows 1 more each time."""
    return count()


def measured(case: ModeCase, way: Way, targets: int = TARGETS) -> Pickup:
    clock = ticks()
    return measure(case, targets, way, lambda: next(clock), rounds=1)


def expected(case: ModeCase, answers: int) -> dict[Operation, int]:
    return {operation: each * answers + once for operation, (each, once) in FORMULAS[case.name].items()}


@pytest.mark.requirement("5197-5.2-9")
@pytest.mark.parametrize("name", CASES)
def test_with_preconditions_every_answer_is_worked_on(name: str) -> None:
    case = CASES[name]
    row = measured(case, Way.PRECONDITIONS)
    assert row.works
    assert row.answers == TARGETS
    assert {operation: times for operation, times in row.counts.items() if times} == expected(case, TARGETS)
    assert (row.tgks, row.discarded) == ((1, 0) if name in SHARES_A_KEY else (TARGETS, TARGETS - 1))


@pytest.mark.requirement("5197-5.2-8")
@pytest.mark.parametrize("name", CASES)
def test_without_them_only_the_answer_that_is_needed_is(name: str) -> None:
    case = CASES[name]
    row = measured(case, Way.ON_MEDIA)
    assert row.works
    assert row.answers == 1
    assert {operation: times for operation, times in row.counts.items() if times} == expected(case, 1)
    assert (row.tgks, row.discarded) == (1, 0)


def test_the_cost_grows_with_the_targets() -> None:
    case = CASES["DHSIGN, P-256"]
    few, more = (measured(case, Way.PRECONDITIONS, targets).counts for targets in (2, 4))
    assert (few[Operation.SIGNATURE_CHECK], more[Operation.SIGNATURE_CHECK]) == (2, 4)
    assert (few[Operation.MULTIPLE], more[Operation.MULTIPLE]) == (3, 5)


def test_times_are_of_the_caller_and_add_up() -> None:
    row = measured(CASES["PSK"], Way.PRECONDITIONS, 2)
    assert row.mikey_ns == 2  # readings before and after he begins, and takes answers
    assert row.beside_ns > 10  # a reading around each turn of the caller
    assert row.floor_ns > 0
    assert row.ratio == row.mikey_ns / row.floor_ns


def test_what_mikey_alone_does_is_what_it_does_in_the_call() -> None:
    for name, case in CASES.items():
        counts = Counts()
        play_alone(case, holdings(case, 3, f"alone {name}"), 3, partial(counting, counts))
        assert dict(counts.operations) == expected(case, 3), name


def test_a_call_whose_media_is_not_decrypted_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def dumb(*arguments: object) -> list[object]:
        records = play(*arguments)  # type: ignore[arg-type]
        return [
            type(record)(**{**{name: getattr(record, name) for name in record.__struct_fields__}, "decrypted": 0})
            if type(record).__name__ == "MediaCounted"
            else record
            for record in records
        ]

    monkeypatch.setattr(room, "play", dumb)
    assert not measured(CASES["PSK"], Way.PRECONDITIONS, 2).works


def test_counting_lets_other_watchers_go_on() -> None:
    seen: list[str] = []

    def other(_frame: object, event: str, _called: object) -> None:
        seen.append(event)

    sys.setprofile(other)
    try:
        with counting(Counts()):
            pass
        assert sys.getprofile() is other
    finally:
        sys.setprofile(None)


def test_every_phone_has_a_certificate_and_an_address_of_its_own() -> None:
    held = holdings(CASES["RSA-R"], 10, "one")
    certificates = {credential.certificates[0] for (credential,) in held.targets}  # type: ignore[union-attr]
    assert len(certificates) == 10
    again = holdings(CASES["RSA-R"], 10, "another")
    assert not certificates & {credential.certificates[0] for (credential,) in again.targets}  # type: ignore[union-attr]
    assert len({target_address(number) for number in range(1, MAX_TARGETS + 1)}) == MAX_TARGETS


def test_rows_are_values() -> None:
    row = measured(CASES["PSK"], Way.ON_MEDIA, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.tgks = 2  # type: ignore[misc]
