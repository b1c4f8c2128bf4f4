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
from mikey_sdp.scenario.sense import check_sense
from mikey_sdp.scenario.source import Source, nearest
from mikey_sdp.scenario.tree import MAX_OCTETS, Mapping, Node, parse


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
    node = parse(octets, file=file)
    source = Source(file=file)
    converter = Converter(source=source)
    scenario = converter.scenario(node)
    _check_references(converter.references, node, source)
    source.raise_errors()
    if scenario is None:  # pragma: no cover - without a value there is an error
        raise source.error((), "nothing could be read")
    check_sense(scenario, source)
    source.raise_errors()
    return Loaded(scenario=scenario, source=source)


def _check_references(references: list[Reference], node: Node, source: Source) -> None:
    """Keep an error for every name that nobody in the file bears."""
    parties = _names(node, "parties")
    attackers = _names(node, "network", "attackers")
    valid = {"party": parties, "attacker": attackers, "party or attacker": [*parties, *attackers]}
    for reference in references:
        known = valid[reference.kind]
        if reference.name not in known:
            there = ", ".join(known) or "none"
            reason = f"no {reference.kind} is called {reference.name!r}; there are: {there}"
            source.note(reference.path, reason, nearest(reference.name, known))


def _names(node: Node, *path: str) -> list[str]:
    """The names that a mapping of the file declares; read from the tree, so that errors elsewhere don't hide them."""
    for step in path:
        if not isinstance(node, Mapping):
            return []
        child = next((value for key, value in node.entries if key.text == step), None)
        if child is None:
            return []
        node = child
    return [key.text for key, _ in node.entries] if isinstance(node, Mapping) else []
