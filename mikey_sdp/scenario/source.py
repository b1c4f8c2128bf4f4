"""Where each value of a scenario stands in its file, for errors and verdicts that point there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.errors import ScenarioError
from mikey_sdp.report.printable import printable

_MAX_ERRORS: Final = 50

Path = tuple[str | int, ...]
"""The way from the top of the file to a value: names, and positions in lists from 0."""


def say_path(path: Path) -> str:
    """A path as one word: expect[2].media.from."""
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        else:
            said += f".{step}" if said else step
    return printable(said)


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that a misspelt one was probably meant to be."""
    folded = {known.casefold().replace("_", " "): known for known in valid}
    close = difflib.get_close_matches(word[:64].casefold().replace("_", " "), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


class CollectedScenarioError(ScenarioError):
    """Every error of one scenario file; the fields are those of the first, the text tells all."""

    def __init__(self, errors: Sequence[ScenarioError]) -> None:
        first = errors[0]
        super().__init__(first.reason, file=first.file, line=first.line, path=first.path, hint=first.hint)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


@dataclass(slots=True)
class Source:
    """One file: its name, the line of every value in it, and the errors found so far, with the places they are at."""

    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    errors: list[ScenarioError] = field(default_factory=list)
    wrong: list[Path] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of a value, or of the nearest thing around it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, path: Path, reason: str, hint: str | None = None) -> ScenarioError:
        """An error at that place, to be raised or kept."""
        return ScenarioError(reason, file=self.file, line=self.line(path), path=say_path(path), hint=hint)

    def note(self, path: Path, reason: str, hint: str | None = None) -> None:
        """Keep an error, and read on.

        Raises: CollectedScenarioError when a file has so many that reading on helps nobody.
        """
        self.errors.append(self.error(path, reason, hint))
        self.wrong.append(path)
        if len(self.errors) >= _MAX_ERRORS:
            self.raise_errors()

    def raise_errors(self) -> None:
        """Raise what was kept, in the order of the file.

        Raises: ScenarioError for one, CollectedScenarioError for several.
        """
        if not self.errors:
            return
        self.errors.sort(key=lambda error: error.line or 0)
        raise self.errors[0] if len(self.errors) == 1 else CollectedScenarioError(self.errors)
