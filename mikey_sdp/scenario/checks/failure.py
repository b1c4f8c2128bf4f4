"""Why an expectation did not hold."""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.scenario.units import say_us
from mikey_sdp.trace import StepTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What was expected of whom in which step, what came instead, and the closest thing that did happen."""

    expected: str
    came: str
    nearest: str = ""
    step: StepTaken | None = None

    @property
    def told(self) -> str:
        """What was expected, with the step that should have led to it."""
        if self.step is None:
            return self.expected
        return f"{self.expected} (step {self.step.number}, at {say_us(self.step.at_us)}: {self.step.text})"
