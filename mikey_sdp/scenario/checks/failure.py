"""Why an expectation did not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What was expected of whom in which step, what came instead, and the closest thing that did happen."""

    expected: str
    came: str
    nearest: str = ""
