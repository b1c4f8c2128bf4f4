"""Which functions of compiled libraries a piece of work calls, for tests that count them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType


@contextmanager
def watched() -> Iterator[Counter[str]]:
    """Count the calls that are made meanwhile: functions by name, methods by the name of their class and their own."""
    calls: Counter[str] = Counter()

    def saw(_frame: FrameType, event: str, called: object) -> None:
        if event != "c_call":
            return
        owner = getattr(called, "__self__", None)
        name = getattr(called, "__name__", "")
        bound = owner is not None and not isinstance(owner, ModuleType)
        calls[f"{type(owner).__name__}.{name}" if bound else name] += 1

    sys.setprofile(saw)
    try:
        yield calls
    finally:
        sys.setprofile(None)
