"""The MIKEY messages inside a run's signalling, explained, as values: reports draw them and can't decode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Decoding = Mapping[int, "Decoded"]
"""What is known of each message of a run, by its number; a message without MIKEY may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One line of an explanation and what hangs below it.

    Keeps: `tone` is good, bad, warning, note or nothing.
    """

    text: str
    tone: str = ""
    below: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The MIKEY messages of one signalling message.

    Keeps: `trees`, one a MIKEY message; `in_the_clear`, whether their octets carry keys that anybody can read (MIKEY
    NULL), so that no report may show them.
    """

    trees: tuple[Branch, ...]
    in_the_clear: bool = False
