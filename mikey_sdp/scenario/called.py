"""Scripted calls for tests in Python: a scenario as text, as a mapping or as a file, run and asked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from mikey_sdp.report.page import plain_page
from mikey_sdp.scenario.checks import judge
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.files import octets_of
from mikey_sdp.scenario.load import Loaded, read
from mikey_sdp.scenario.placing import put, read_path
from mikey_sdp.scenario.tree import MAX_OCTETS, Node, Scalar, parse
from mikey_sdp.scenario.tree import Mapping as MappingNode
from mikey_sdp.scenario.tree import Sequence as ListNode
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import RunResult

Written = str | Path | Mapping[str, Any]
"""A scenario as a test writes it: YAML, the file that holds it, or the same as a mapping."""

_WIDTH: Final = 100


class CallFailed(AssertionError):
    """A run that did not come out as expected; its text is the ladder and the verdicts."""

    def __init__(self, result: RunResult) -> None:
        self.result = result
        super().__init__(result.name)

    def __str__(self) -> str:
        return plain_page(self.result, width=_WIDTH)


@dataclass(frozen=True, slots=True)
class Call:
    """A scenario that has run; `result` holds its records and verdicts, `witness` what expectations on secrecy need."""

    loaded: Loaded
    node: Node
    result: RunResult
    witness: Witness

    def assert_held(self) -> None:
        """Fail unless something was expected, something happened, and every expectation held.

        Raises: CallFailed.
        """
        __tracebackhide__ = True
        check(self.result)

    def expect(self, *expectations: str | Mapping[str, Any]) -> None:
        """Fail unless these hold too: each an expectation as a scenario file writes it, such as
        "keys: {agreed: [alice, bob]}".

        Raises: CallFailed; ScenarioError for one that can't be judged.
        """
        __tracebackhide__ = True
        items = [_tree(expectation, "an expectation") for expectation in expectations]
        check(self._judged(items))

    def assert_fails(self, *expectations: str | Mapping[str, Any]) -> None:
        """Fail unless each of these is not true of the run.

        Raises: CallFailed; ScenarioError for one that can't be judged.
        """
        __tracebackhide__ = True
        judged = self._judged([_tree(expectation, "an expectation") for expectation in expectations])
        verdicts = tuple(
            msgspec.structs.replace(verdict, held=not verdict.held, expectation=f"not {verdict.expectation}")
            for verdict in judged.verdicts
        )
        check(msgspec.structs.replace(judged, verdicts=verdicts))

    def _judged(self, items: Sequence[Node]) -> RunResult:
        """The run, with the verdicts on other expectations than those of its file."""
        file = self.loaded.source.file
        node = put(self.node, ("expect",), ListNode(line=0, items=tuple(items)), file=file)
        verdicts = judge(read(node, file=file), self.result.records, witness=self.witness)
        return msgspec.structs.replace(self.result, verdicts=verdicts)


def check(result: RunResult) -> None:
    """Fail unless something was expected, something happened, and every expectation held.

    Raises: CallFailed.
    """
    __tracebackhide__ = True
    if not result.held or not result.shown:
        raise CallFailed(result)


def place(written: Written, changes: Mapping[str, Any] | None = None, *, name: str = "a call") -> Call:
    """Run a scenario in virtual time; `changes` are other values by their places, {"parties.alice.offers": "dhhmac"}.

    A scenario that doesn't say what it is called and what it shows is called `name`.
    Raises: ScenarioError.
    """
    file = str(written) if isinstance(written, Path) else name
    octets = octets_of(written, most=MAX_OCTETS + 1) if isinstance(written, Path) else None
    node = parse(octets, file=file) if octets is not None else _tree(written, file)
    for word in ("name", "shows"):
        if isinstance(node, MappingNode) and word not in {key.text for key, _ in node.entries}:
            node = put(node, (word,), Scalar(line=0, text=name, plain=False), file=file)
    for path, value in (changes or {}).items():
        node = put(node, read_path(path, file=file), _tree(value, file), file=file)
    loaded = read(node, file=file)
    witness = Witness()
    return Call(loaded=loaded, node=node, result=run(loaded, witness=witness), witness=witness)


def _tree(written: Any, file: str) -> Node:
    """A text as the YAML that it is, any other value as JSON, which YAML reads too."""
    if isinstance(written, str):
        return parse(textwrap.dedent(written).encode(), file=file)
    return parse(msgspec.json.format(msgspec.json.encode(written), indent=2), file=file)
