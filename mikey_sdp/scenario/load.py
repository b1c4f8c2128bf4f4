"""A `*.call.yaml` file to a checked value.

Whatever the file holds, the outcome is a scenario or a `ScenarioError` that tells every mistake with its line, the path
inside the file, and the nearest right word.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath

from mikey_sdp.scenario.convert import Converter, Reference
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.files import octets_of
from mikey_sdp.scenario.judgeable import check_expectations
from mikey_sdp.scenario.mend import note_errors_besides
from mikey_sdp.scenario.names import names_by_kind
from mikey_sdp.scenario.sense import check_sense
from mikey_sdp.scenario.sense_outside import check_outside
from mikey_sdp.scenario.source import Source, nearest
from mikey_sdp.scenario.tree import MAX_OCTETS, Node, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A scenario, and where each of its values stands."""

    scenario: Scenario
    source: Source


def load(path: str | FilePath) -> Loaded:
    """Read one file.

    Raises: ScenarioError, also for a file that can't be opened.
    """
    return loads(octets_of(path, most=MAX_OCTETS + 1), file=str(path))


def loads(octets: bytes, *, file: str = "scenario") -> Loaded:
    """Read the octets of a file; `file` is its name in errors.

    Raises: ScenarioError.
    """
    return read(parse(octets, file=file), file=file)


def read(node: Node, *, file: str) -> Loaded:
    """Read the tree of a file, as it was parsed or with other values put into it.

    Raises: ScenarioError that tells everything that is wrong with it.
    """
    source = Source(file=file)
    scenario = convert(node, source)
    if scenario is None:
        note_errors_besides(node, source)
        source.raise_errors()
        raise source.error((), "nothing could be read")  # pragma: no cover - without a value there is an error
    check_sense(scenario, source)
    check_expectations(scenario, source)
    check_outside(scenario, source)
    source.raise_errors()
    return Loaded(scenario=scenario, source=source)


def convert(node: Node, source: Source) -> Scenario | None:
    """The tree as a value, its sense unchecked; None where `source` holds errors about its words."""
    converter = Converter(source=source)
    scenario = converter.scenario(node)
    _check_references(converter.references, node, source)
    return None if source.errors else scenario


def _check_references(references: list[Reference], node: Node, source: Source) -> None:
    """Keep an error for every name that nobody in the file bears."""
    valid = names_by_kind(node)
    for reference in references:
        known = valid[reference.kind]
        if reference.name not in known:
            there = ", ".join(known) or "none"
            reason = f"no {reference.kind} is called {reference.name!r}; there are: {there}"
            source.note(reference.path, reason, nearest(reference.name, known))
