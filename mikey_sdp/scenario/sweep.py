"""A grid of parameters over a scenario: which runs there are, and what each came to.

A parameter is one place of the file, or several that change together, with the values that take turns there. Each
combination, with each seed, is a run; whatever happens in it, it is a row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Final

from mikey_sdp.errors import MikeySdpError, ScenarioError, UsageError
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.files import octets_of
from mikey_sdp.scenario.load import convert, read
from mikey_sdp.scenario.measures import Measures, measures_of
from mikey_sdp.scenario.placing import put, read_path
from mikey_sdp.scenario.source import CollectedScenarioError, Path, Source, say_path
from mikey_sdp.scenario.tree import MAX_OCTETS, Node, Scalar, parse
from mikey_sdp.trace import RunResult

MAX_RUNS: Final = 100_000
SEED: Final = "seed"
_OPENING: Final = {"[": "]", "{": "}"}
_QUOTES: Final = "\"'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Places of the file, the texts of the values that take turns there, and these values.

    Keeps: `name`, the places as the user wrote them.
    """

    name: str
    paths: tuple[Path, ...]
    texts: tuple[str, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One run of a sweep: which value each parameter takes, by its position, and the seed."""

    number: int
    choice: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one run came to.

    Keeps: `values`, those of the parameters in their order; `outcome`: held, failed (an expectation did not hold),
    empty (nothing was expected, or nothing happened), refused (the combination makes no sense, `error` says why) or
    crashed (a fault of the program, `error` names it); `failed`, the expectations that did not hold.
    """

    values: tuple[str, ...]
    seed: int
    outcome: str
    failed: tuple[str, ...] = ()
    error: str = ""
    measures: Measures = field(default_factory=Measures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A file, the parameters over it, and the seeds with which each combination is run."""

    file: str
    root: Node
    parameters: tuple[Parameter, ...]
    seeds: tuple[int, ...]

    def points(self) -> Iterator[Point]:
        """Every run, the last parameter changing fastest, the seeds faster still."""
        choices = itertools.product(*(range(len(parameter.texts)) for parameter in self.parameters))
        for number, (choice, seed) in enumerate(itertools.product(choices, self.seeds)):
            yield Point(number=number, choice=choice, seed=seed)

    def texts(self, point: Point) -> tuple[str, ...]:
        """The values of a run as the user wrote them."""
        return tuple(parameter.texts[at] for parameter, at in zip(self.parameters, point.choice, strict=True))

    def document(self, point: Point) -> Node:
        """The file of a run."""
        node = self.root
        for parameter, at in zip(self.parameters, point.choice, strict=True):
            node = _with(node, parameter, at, self.file)
        return put(node, (SEED,), Scalar(line=0, text=str(point.seed), plain=True), file=self.file)


def sweep_of(file: str | FilePath, settings: Iterable[str], *, seeds: int = 1) -> Sweep:
    """The sweep over a scenario file; settings read such as parties.alice.offers=psk,dhhmac.

    Raises: ScenarioError for a file, paths or values that can't be used, all of them at once; UsageError for too many
    runs.
    """
    name = str(file)
    root = parse(octets_of(file, most=MAX_OCTETS + 1), file=name)
    source = Source(file=name)
    scenario = convert(root, source)
    source.raise_errors()
    parameters = tuple(parameter_of(setting, file=name) for setting in settings)
    _check_distinct(parameters, name)
    errors = [error for parameter in parameters for error in _errors_of(root, parameter, name)]
    if errors:
        raise errors[0] if len(errors) == 1 else CollectedScenarioError(errors)
    first = 0 if scenario is None else scenario.seed
    sweep = Sweep(file=name, root=root, parameters=parameters, seeds=tuple(range(first, first + seeds)))
    runs = len(sweep.seeds)
    for parameter in parameters:
        runs *= len(parameter.texts)
    if runs > MAX_RUNS:
        raise UsageError(f"a sweep has at most {MAX_RUNS} runs, these would be {runs}")
    return sweep


def parameter_of(setting: str, *, file: str) -> Parameter:
    """One parameter: places, joined with commas where they change together, an equals sign, values with commas.

    Raises: ScenarioError for a text of another form.
    """
    places, equals, values = setting.partition("=")
    texts = _split(values)
    if not equals or not all(texts):
        raise ScenarioError(f"{setting!r} sets nothing; write such as parties.alice.offers=psk,dhhmac", file=file)
    if len(set(texts)) < len(texts):
        raise ScenarioError("a value stands there twice", file=file, path=places.strip())
    return Parameter(
        name=places.strip(),
        paths=tuple(read_path(place, file=file) for place in places.split(",")),
        texts=texts,
        values=tuple(_value(text, places.strip(), file) for text in texts),
    )


def run_point(sweep: Sweep, point: Point) -> Row:
    """One run as a row; that it can't be run is a row too."""
    values = sweep.texts(point)
    try:
        loaded = read(sweep.document(point), file=sweep.file)
        result = run(loaded)
        measures = measures_of(loaded.scenario, result)
    except MikeySdpError as error:
        return Row(values=values, seed=point.seed, outcome="refused", error=" / ".join(str(error).splitlines()))
    except Exception as error:  # one fault of ours must not cost the user all other runs
        return crashed(sweep, point, f"{type(error).__name__}: {error}")
    return Row(
        values=values,
        seed=point.seed,
        outcome=_outcome(result),
        failed=tuple(verdict.expectation for verdict in result.verdicts if not verdict.held),
        measures=measures,
    )


def crashed(sweep: Sweep, point: Point, error: str) -> Row:
    """The row of a run that a fault of the program ended."""
    return Row(values=sweep.texts(point), seed=point.seed, outcome="crashed", error=" ".join(error.split()))


def _outcome(result: RunResult) -> str:
    if not result.held:
        return "failed"
    return "held" if result.shown else "empty"


def _with(node: Node, parameter: Parameter, at: int, file: str) -> Node:
    for path in parameter.paths:
        node = put(node, path, parameter.values[at], file=file)
    return node


def _check_distinct(parameters: Sequence[Parameter], file: str) -> None:
    """Two that set the same place would overrule each other in silence."""
    taken: set[Path] = set()
    for path in (path for parameter in parameters for path in parameter.paths):
        if path == (SEED,):
            raise ScenarioError("seeds are counted, not listed; say how many there are", file=file, path=SEED)
        if path in taken:
            raise ScenarioError("this place is set twice", file=file, path=say_path(path))
        taken.add(path)


def _errors_of(root: Node, parameter: Parameter, file: str) -> Iterator[ScenarioError]:
    """What is wrong with a parameter's values, each on its own: a misspelt word is no result."""
    for at in range(len(parameter.texts)):
        source = Source(file=file)
        try:
            convert(_with(root, parameter, at, file), source)
        except ScenarioError as error:  # of a path, the same for every value
            yield error
            return
        yield from source.errors


def _value(text: str, place: str, file: str) -> Node:
    try:
        return parse(text.encode(), file=file)
    except ScenarioError as error:
        raise ScenarioError(f"{text!r} can't be read: {error.reason}", file=file, path=place) from None


def _split(values: str) -> tuple[str, ...]:
    """The values between the commas that stand outside brackets and quotes."""
    found, closing, quote = [""], [], ""
    for sign in values:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in _QUOTES:
            quote = sign
        elif sign in _OPENING:
            closing.append(_OPENING[sign])
        elif closing and sign == closing[-1]:
            closing.pop()
        elif sign == "," and not closing:
            found.append("")
            continue
        found[-1] += sign
    return tuple(text.strip() for text in found)
