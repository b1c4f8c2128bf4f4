"""A grid over a scenario: its runs in their order, each a row whatever happens, bad places and values told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError, UsageError
from mikey_sdp.scenario import sweep as module
from mikey_sdp.scenario.measures import Measures
from mikey_sdp.scenario.source import CollectedScenarioError
from mikey_sdp.scenario.sweep import Row, Sweep, parameter_of, run_point, sweep_of
from tests.unit.scenario.runs import CALL

TEXT = (
    f"name: A call\nshows: what a test needs\n{CALL}expect:\n  - call: {{from: alice, answered by: bob, within: 1s}}\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "a.call.yaml"
    place.write_text(TEXT)
    return place


def rows(sweep: Sweep) -> list[Row]:
    return [run_point(sweep, point) for point in sweep.points()]


@pytest.mark.parametrize(
    ("setting", "texts"),
    [
        ("parties.alice.offers=psk,dhhmac", ("psk", "dhhmac")),
        ("parties.alice.offers=[psk, dhhmac],psk", ("[psk, dhhmac]", "psk")),
        (
            "parties.alice.credentials={psk: {label: a, shared with: [bob]}}, psk",
            ("{psk: {label: a, shared with: [bob]}}", "psk"),
        ),
        ("name='a, b',c", ("'a, b'", "c")),
        ("name=a=b", ("a=b",)),
    ],
)
def test_values_stand_between_the_commas_outside_brackets_and_quotes(setting: str, texts: tuple[str, ...]) -> None:
    assert parameter_of(setting, file="f").texts == texts


@pytest.mark.parametrize("setting", ["", "name", "name=", "name=a,,b", "name=a,a", "=a", "name=[a", "name=*x"])
def test_what_sets_nothing_is_told(setting: str) -> None:
    with pytest.raises(ScenarioError):
        parameter_of(setting, file="f")


def test_the_last_parameter_changes_fastest_and_the_seeds_faster_still(file: Path) -> None:
    sweep = sweep_of(file, ["parties.alice.offers=psk,dhhmac", "network.delay.signalling=10ms,20ms"], seeds=2)
    found = [(*sweep.texts(point), point.seed) for point in sweep.points()]
    assert found == [(mode, delay, seed) for mode in ("psk", "dhhmac") for delay in ("10ms", "20ms") for seed in (0, 1)]
    assert [point.number for point in sweep.points()] == list(range(8))


def test_seeds_count_from_that_of_the_file(file: Path) -> None:
    file.write_text(TEXT + "seed: 7\n")
    assert sweep_of(file, [], seeds=3).seeds == (7, 8, 9)


def test_every_run_has_its_own_values_and_its_own_row(file: Path) -> None:
    found = rows(sweep_of(file, ["parties.alice.offers=psk,dhhmac,rsa", "network.delay.signalling=0ms,10ms"]))
    assert [(*row.values, row.outcome) for row in found] == [
        ("psk", "0ms", "held"),
        ("psk", "10ms", "failed"),
        ("dhhmac", "0ms", "held"),
        ("dhhmac", "10ms", "failed"),
        ("rsa", "0ms", "refused"),
        ("rsa", "10ms", "refused"),
    ]
    assert [row.measures.mode for row in found] == ["PSK", "PSK", "DHHMAC", "DHHMAC", "", ""]
    assert found[0].measures.setup_ms == 1000
    assert found[1].measures.setup_ms == 1020
    assert found[1].failed == ("call: from alice, answered by bob, within 1s",)
    assert "offer 'rsa' without a credential" in found[4].error
    assert found[4].measures == Measures()


def test_places_that_are_joined_change_together(file: Path) -> None:
    setting = "parties.alice.credentials,parties.bob.credentials=psk,certificate"
    found = rows(sweep_of(file, [setting, "network.delay.signalling=0ms"]))
    assert [row.outcome for row in found] == ["held", "held"]
    assert found[0].measures.mode == "PSK"
    assert found[1].measures.mode not in ("", "PSK")


def test_another_seed_is_another_run(file: Path) -> None:
    lossy = sweep_of(file, ["network.loss.media=50%"], seeds=3)
    assert len({row.measures.packets_decrypted for row in rows(lossy)}) > 1
    assert rows(lossy) == rows(lossy)


def test_a_run_that_expects_nothing_is_told_apart(file: Path) -> None:
    file.write_text(TEXT.partition("expect:")[0])
    assert [row.outcome for row in rows(sweep_of(file, []))] == ["empty"]


def test_a_fault_of_the_program_costs_one_row(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_given: object) -> None:
        raise IndexError("out of\nrange")

    monkeypatch.setattr(module, "run", fault)
    (row,) = rows(sweep_of(file, ["network.delay.media=1ms"]))
    assert (row.values, row.outcome, row.error) == (("1ms",), "crashed", "IndexError: out of range")


def test_bad_places_and_values_of_all_parameters_are_told_at_once(file: Path) -> None:
    settings = ["parties.alcie.offers=psk,rsa", "parties.alice.offers=pks,psk,ras", "network.delay.media=1ms"]
    with pytest.raises(CollectedScenarioError) as caught:
        sweep_of(file, settings)
    assert [(error.path, error.hint) for error in caught.value.errors] == [
        ("parties.alcie", "alice"),
        ("parties.alice.offers", "psk"),
        ("parties.alice.offers", "rsa"),
    ]
    assert all(error.file == str(file) for error in caught.value.errors)


def test_a_name_that_nobody_bears_is_a_bad_value(file: Path) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'bob'"):
        sweep_of(file, ["steps[0].alice.call=bob,bop"])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["seed=1,2"], "say how many"),
        (["parties.alice.offers=psk", "parties.alice.offers=dhhmac"], "set twice"),
        (["parties.alice.offers,parties.alice.offers=psk"], "set twice"),
    ],
)
def test_no_place_is_set_twice(file: Path, settings: list[str], reason: str) -> None:
    with pytest.raises(ScenarioError, match=reason):
        sweep_of(file, settings)


def test_a_file_that_cannot_be_used_is_told_before_anything_runs(file: Path) -> None:
    file.write_text(TEXT.replace("call: bob", "call: bop"))
    with pytest.raises(ScenarioError, match="did you mean 'bob'"):
        sweep_of(file, [])


def test_there_is_an_end_to_the_number_of_runs(file: Path) -> None:
    values = ",".join(f"{number}ms" for number in range(400))
    with pytest.raises(UsageError, match="at most 100000 runs, these would be 160000"):
        sweep_of(file, [f"network.delay.media={values}", f"network.delay.signalling={values}"])
