"""Ranges of ports that are free now, for whoever takes a range rather than single ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_TRIES: Final = 200


@contextmanager
def free_range(pairs: int, host: str = "127.0.0.1") -> Iterator[tuple[int, int]]:
    """The first (even) and last port of so many pairs that nobody has; they are held until the block ends."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(_TRIES):
        with ExitStack() as held:

            def take(port: int, held: ExitStack = held) -> int:
                made = held.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                made.bind((host, port))
                return int(made.getsockname()[1])

            try:
                first = (take(0) + 1) & ~1
                for port in range(first + 2, first + 2 + 2 * pairs):
                    take(port)
            except (OSError, OverflowError):
                continue
            yield first + 2, first + 1 + 2 * pairs
            return
    raise RuntimeError(f"{host} has no {pairs} pairs of ports in a row")
