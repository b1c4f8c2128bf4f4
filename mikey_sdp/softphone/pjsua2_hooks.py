"""Callbacks that an application can override without switching off what the plug-in does in them.

pjsua2 calls the method of the most derived class only. So every override is wrapped: the plug-in's step runs once a
callback, before or after the application's, whether that calls `super()` or not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

Step = Callable[[Any, Any], None]


def wrap(cls: type, name: str, *, before: str = "", after: str = "") -> None:
    """Let methods of these names run around the callback that a class has, in its body or from a mix-in."""
    handler = getattr(cls, name, None)
    if handler is None or getattr(handler, "secured", False):
        return

    @functools.wraps(handler)
    def secured(self: Any, prm: Any) -> Any:
        if any(prm is running for running in self._in_callback):  # the application called super()
            return handler(self, prm)
        self._in_callback.append(prm)
        try:
            if before:
                self._step(before, prm)
            try:
                return handler(self, prm)
            finally:
                if after:
                    self._step(after, prm)
        finally:
            self._in_callback.pop()

    secured.secured = True  # type: ignore[attr-defined]
    setattr(cls, name, secured)


def wrap_all(cls: type, hooks: Iterable[tuple[str, str, str]]) -> None:
    """Wrap every callback of a table of name, step before and step after."""
    for name, before, after in hooks:
        wrap(cls, name, before=before, after=after)
