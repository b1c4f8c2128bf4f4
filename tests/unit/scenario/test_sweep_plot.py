"""Pictures of sweeps: right numbers at right places, refusals before anything runs, the same file every time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.scenario.sweep_plot import check_plot, numbers_of, parameter_over, series_of, write_plot
from tests.unit.scenario.sweeps import grid, row

SWEEP = grid("parties.alice.offers=psk,rsa", "network.delay.signalling=10ms,100ms,1s", seeds=2)
ROWS = [
    row(mode, delay, seed=seed, setup_ms=None if mode == "rsa" and delay == "1s" else ms + seed)
    for mode in ("psk", "rsa")
    for delay, ms in (("10ms", 20.0), ("100ms", 200.0), ("1s", 2000.0))
    for seed in (0, 1)
]


@pytest.mark.parametrize(
    ("setting", "numbers"),
    [
        ("network.delay.media=10ms,1s", (" (ms)", (10, 1000))),
        ("network.loss.media=0%,2.5%", (" (%)", (0, 2.5))),
        ("parties.alice.talks.packets=1,20", ("", (1, 20))),
        ("parties.alice.offers=psk,rsa", None),
        ("network.delay.media=10ms,5%", None),
    ],
)
def test_values_are_numbers_where_all_of_them_are(setting: str, numbers: object) -> None:
    assert numbers_of(grid(setting).parameters[0]) == numbers


def test_the_first_parameter_with_numbers_runs_along_the_picture() -> None:
    assert parameter_over(SWEEP, None) == 1
    assert parameter_over(SWEEP, "parties.alice.offers") == 0
    assert parameter_over(grid("parties.alice.offers=psk,rsa"), None) == 0


def test_each_combination_of_the_others_is_a_line_and_a_missing_number_a_gap() -> None:
    one, other = series_of(SWEEP, ROWS, column="setup_ms", along=1)
    assert (one.label, other.label) == ("psk", "rsa")
    assert one.points == {0: (20, 21), 1: (200, 201), 2: (2000, 2001)}
    assert other.points == {0: (20, 21), 1: (200, 201)}


def test_lines_are_named_in_full_where_several_parameters_change() -> None:
    sweep = grid("parties.alice.offers=psk,rsa", "network.loss.media=0%,1%", "network.delay.media=1ms,2ms")
    (line,) = series_of(sweep, [row("psk", "1%", "2ms", setup_ms=1.0)], column="setup_ms", along=2)
    assert line.label == "parties.alice.offers psk, network.loss.media 1%"


@pytest.mark.parametrize(
    ("file", "column", "over", "reason"),
    [
        ("a.pdf", "setup_ms", None, r"a \.png or \.svg file"),
        ("a", "setup_ms", None, "a picture is"),
        ("a.svg", "setup", None, "did you mean 'setup_ms'"),
        ("a.svg", "mode", None, "nothing is measured"),
        ("a.svg", "setup_ms", "parties.alice.offer", "did you mean 'parties.alice.offers'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(file: str, column: str, over: str | None, reason: str) -> None:
    with pytest.raises(UsageError, match=f"(?i){reason}"):
        check_plot(SWEEP, Path(file), column=column, over=over)


def test_without_a_parameter_there_is_nothing_to_draw() -> None:
    with pytest.raises(UsageError, match="a parameter that changes"):
        check_plot(grid(), Path("a.svg"), column="setup_ms", over=None)


def test_without_matplotlib_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[sweep\]"):
        check_plot(SWEEP, Path("a.svg"), column="setup_ms", over=None)


@pytest.mark.parametrize("over", ["network.delay.signalling", "parties.alice.offers"])
def test_a_picture_says_what_it_shows_and_is_the_same_every_time(over: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for name in ("one.svg", "two.svg"):
        write_plot(SWEEP, ROWS, tmp_path / name, column="setup_ms", over=over, title="a call: \x1b[31m12 runs")
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    unit = " (ms)" if over.startswith("network") else ""
    for said in ("setup (ms)", f"{over}{unit}", "a call: ?[31m12 runs"):
        assert f"<!-- {said} -->" in drawn
    for said in ("psk", "rsa"):  # as values of the parameter or as names of lines
        assert f"<!-- {said} -->" in drawn


def test_a_picture_of_pixels_is_one(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_plot(SWEEP, ROWS, tmp_path / "a.png", column="packets_sent", over=None, title="a call")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
