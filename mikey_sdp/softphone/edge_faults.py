"""What is wrong with an edge's configuration: at which word, why, and which word was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mikey_sdp.errors import UsageError
from mikey_sdp.report.printable import printable

Path = tuple[str | int, ...]
"""The way to a word of the file: names, and positions in lists from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """One thing that is wrong: at which key, why, and the word that was probably meant."""

    path: str
    reason: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.hint!r}?)" if self.hint else ""
        return f"{self.path}: {self.reason}{hint}" if self.path else f"{self.reason}{hint}"


class EdgeConfigError(UsageError):
    """A configuration that can't be used.

    Keeps: `faults`, every one that was found, in the order of the file.
    """

    def __init__(self, file: str, faults: Sequence[ConfigFault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{file}: {fault}" for fault in faults))


@dataclass(slots=True)
class Faults:
    """The faults of one file as they are found."""

    file: str
    found: list[ConfigFault] = field(default_factory=list)

    def note(self, path: Path, reason: str, hint: str | None = None) -> None:
        """Keep one, and read on."""
        self.found.append(ConfigFault(path=say_path(path), reason=reason, hint=hint))

    def end(self) -> None:
        """Raise what was found.

        Raises: EdgeConfigError.
        """
        if self.found:
            raise EdgeConfigError(self.file, self.found)


def say_path(path: Path) -> str:
    """A path as one word: accounts[0].psk."""
    said = ""
    for step in path:
        said += f"[{step}]" if isinstance(step, int) else f".{step}" if said else step
    return printable(said)


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that a misspelt one was probably meant to be."""
    folded = {known.casefold().replace("_", "-"): known for known in valid}
    close = difflib.get_close_matches(word[:64].casefold().replace("_", "-"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
