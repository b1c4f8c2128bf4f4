"""Durations and shares: what is read, what is refused, how times are said."""

from __future__ import annotations

import pytest

from mikey_sdp.scenario.units import fraction_of, micros, say_us


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("0s", 0),
        ("1us", 1),
        ("100ms", 100_000),
        ("2s", 2_000_000),
        ("1.5s", 1_500_000),
        ("0.25ms", 250),
        ("3min", 180_000_000),
        ("0.000001s", 1),
    ],
)
def test_a_duration_is_read_exactly(text: str, us: int) -> None:
    assert micros(text) == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "2",
        "2 s",
        "-2s",
        "2h",
        "1e3s",
        "2.s",
        ".5s",
        "0.5us",
        "0.0000001s",
        "1441min",
        "999999999min",
        "2s\n",
        "\u0662s",
    ],
)
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration|finer than|longer than"):
        micros(text)


@pytest.mark.parametrize(("text", "share"), [("0%", 0.0), ("5%", 0.05), ("0.1%", 0.001), ("100%", 1.0)])
def test_a_share_is_read(text: str, share: float) -> None:
    assert fraction_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "5", "%", "-1%", "101%", "5 %", "0.05", "1e1%"])
def test_other_texts_are_no_shares(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no percentage|more than 100%"):
        fraction_of(text)


@pytest.mark.parametrize(
    ("us", "said"),
    [(0, "0 s"), (250, "250 us"), (40_000, "40 ms"), (1_040_000, "1.04 s"), (2_000_000, "2 s"), (-5_000, "-5 ms")],
)
def test_a_time_is_said_as_people_do(us: int, said: str) -> None:
    assert say_us(us) == said
