"""Scenario files on disk: which there are, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mikey_sdp.errors import ScenarioError

SUFFIX: Final = ".call.yaml"


def find(places: Iterable[str | Path]) -> list[Path]:
    """The scenario files that are named, and those in the folders that are named, in the order of their names.

    Raises: ScenarioError for a name that is neither.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            found += sorted(place.rglob(f"*{SUFFIX}"))
        elif place.exists():
            found.append(place)
        else:
            raise ScenarioError("there is no such file or folder", file=str(place))
    return list(dict.fromkeys(found))


def octets_of(path: str | Path, *, most: int) -> bytes:
    """The octets of a file, no more than `most`.

    Raises: ScenarioError for a file that can't be read.
    """
    try:
        with open(path, "rb") as stream:
            return stream.read(most)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        raise ScenarioError(f"the file can't be read: {reason}", file=str(path)) from None
