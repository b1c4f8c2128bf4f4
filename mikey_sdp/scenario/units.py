"""Durations, shares and preferences as a scenario writes them: "100ms", "2s", "5%", 0.5."""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta

_DURATION: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?(us|ms|s|min)", re.ASCII)
_SHARE: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?%", re.ASCII)
NUMBERS_TOO: Final = "x-numbers-too"
"""Marks in the JSON Schema a text that YAML may take for a number."""
_PREFERENCE: Final = re.compile(r"1(?:\.0{1,3})?|0(?:\.[0-9]{1,3})?", re.ASCII)
_UNIT_US: Final = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
_LONGEST_US: Final = 24 * 3_600_000_000


def micros(text: str) -> int:
    """A duration in microseconds.

    Raises: ValueError that says what a duration looks like.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration; write a number and us, ms, s or min, such as 100ms or 2s")
    whole, fraction, unit = match.groups("")
    number: int = int(whole + fraction) * _UNIT_US[unit]
    scaled, rest = divmod(number, int(10 ** len(fraction)))
    if rest:
        raise ValueError(f"{text!r} is finer than a microsecond")
    if scaled > _LONGEST_US:
        raise ValueError(f"{text!r} is longer than a day")
    return scaled


def fraction_of(text: str) -> float:
    """A share as a number from 0 to 1.

    Raises: ValueError that says what a share looks like.
    """
    if _SHARE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no percentage; write such as 5% or 0.1%")
    value = float(text[:-1]) / 100
    if value > 1:
        raise ValueError(f"{text!r} is more than 100%")
    return value


def thousandths_of(text: str) -> int:
    """A q value in thousandths.

    Raises: ValueError that says what a q value looks like.
    """
    if _PREFERENCE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no q value; write a number from 0 to 1, such as 0.5")
    whole, _, fraction = text.partition(".")
    return int(whole) * 1000 + int(fraction.ljust(3, "0"))


Duration = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?(us|ms|s|min)$",
        description="A span of time, such as 100ms, 2s or 1.5s.",
        extra={"reads": micros},
    ),
]
Share = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?%$",
        description="A part of a whole, such as 5% or 0.1%.",
        extra={"reads": fraction_of},
    ),
]
Preference = Annotated[
    str,
    Meta(
        pattern=r"^(1(\.0{1,3})?|0(\.[0-9]{1,3})?)$",
        description="A q value: a number from 0 to 1.",
        extra={"reads": thousandths_of},
        extra_json_schema={NUMBERS_TOO: True},
    ),
]


def say_us(us: int) -> str:
    """A time as people write it: 250 ms, 1.04 s."""
    if 0 < abs(us) < 1_000:
        return f"{us} us"
    if 0 < abs(us) < 1_000_000:
        return f"{us / 1_000:.6g} ms"
    return f"{us / 1_000_000:.6g} s"
