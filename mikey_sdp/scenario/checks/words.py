"""Expectations and counts as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import fields

from mikey_sdp.scenario.expect import Bounds

T = TypeVar("T")


def say_expectation(kind: str, asked: object) -> str:
    """An expectation in a line, in the words of the file."""
    return f"{kind}: {_say(asked)}"


def fits(count: int, wanted: int | Bounds) -> bool:
    """Whether a count is what was wanted."""
    if isinstance(wanted, int):
        return count == wanted
    at_least = 0 if wanted.at_least is UNSET else wanted.at_least
    return count >= at_least and (wanted.at_most is UNSET or count <= wanted.at_most)


def say_count(wanted: int | Bounds) -> str:
    """A wanted count: 3, at least 1, at least 1 and at most 5."""
    if isinstance(wanted, int):
        return str(wanted)
    bounds = (("at least", wanted.at_least), ("at most", wanted.at_most))
    return " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not UNSET)


def given(value: T | UnsetType) -> T | None:
    """A value of the file, or None where it was left out."""
    return None if isinstance(value, UnsetType) else value


def _say(value: Any, word: str = "") -> str:
    if isinstance(value, Bounds):
        return say_count(value)
    if isinstance(value, Struct):
        parts = ((field.encode_name, getattr(value, field.name), field.default) for field in fields(value))
        return ", ".join(f"{word} {_say(part, word)}" for word, part, default in parts if part != default)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_say(part)}" for name, part in value.items())
    if isinstance(value, tuple):
        return (" then " if word == "reaches" else " and ").join(_say(part) for part in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
