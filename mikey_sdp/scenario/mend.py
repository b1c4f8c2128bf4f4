"""The errors of a file that its misspelt words would hide.

Whether a scenario makes sense can only be asked of values, and a file with a wrong word in it gives none. So each wrong
part is put aside in favour of one that says nothing, and the rest is asked; what is found wrong with it, and does not
hang on a part that was put aside, is told together with the wrong words.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from mikey_sdp.scenario.convert import Converter
from mikey_sdp.scenario.judgeable import check_expectations
from mikey_sdp.scenario.sense import check_sense
from mikey_sdp.scenario.source import Path, Source
from mikey_sdp.scenario.tree import Mapping, Node, Scalar, Sequence

_IN_PIECES: Final = frozenset({"parties", "steps", "expect"})


def note_errors_besides(node: Node, source: Source) -> None:
    """Add to the errors about words in `source` those about sense that don't follow from them."""
    if not isinstance(node, Mapping) or ("parties",) in source.wrong:
        return
    parties = next((value for key, value in node.entries if key.text == "parties"), None)
    if not isinstance(parties, Mapping) or not parties.entries:
        return
    aside = frozenset(path[: 2 if path[0] in _IN_PIECES else 1] for path in source.wrong if path)
    rest = _Rest(aside=aside, somebody=parties.entries[0][0].text)
    scratch = Source(file=source.file)
    scenario = Converter(source=scratch).scenario(rest.of(node))
    if scenario is None:
        return
    check_sense(scenario, scratch)
    check_expectations(scenario, scratch)
    for path, error in zip(scratch.wrong, scratch.errors, strict=True):
        if path[:1] not in aside and path[:2] not in aside and not rest.spoils(error.path):
            source.errors.append(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """A file without its wrong parts; `somebody` is one of its parties."""

    aside: AbstractSet[Path]
    somebody: str

    def of(self, node: Mapping) -> Mapping:
        """The tree with nothing wrong in it."""
        kept = [(key, self._section(key.text, value)) for key, value in node.entries if (key.text,) not in self.aside]
        there = {key.text for key, _ in kept}
        kept += [(_word(word), _word(word)) for word in ("name", "shows") if word not in there]
        return Mapping(line=node.line, entries=tuple(kept))

    def _section(self, name: str, node: Node) -> Node:
        """A part of the file, each wrong piece replaced in its place, so that all others keep theirs."""
        if name == "parties" and isinstance(node, Mapping):
            return Mapping(
                line=node.line,
                entries=tuple(
                    (key, _nothing(key.line) if (name, key.text) in self.aside else value)
                    for key, value in node.entries
                ),
            )
        if name in _IDLE and isinstance(node, Sequence):
            idle = _IDLE[name](self.somebody)
            items = tuple(idle if (name, at) in self.aside else item for at, item in enumerate(node.items))
            return Sequence(line=node.line, items=items)
        return node

    def spoils(self, path: str) -> bool:
        """Whether an error may only be there because of what was put aside."""
        sections = {piece[0] for piece in self.aside}
        return any(of.fullmatch(path) is not None for section, of in _HANGS_ON.items() if section in sections)


def _word(text: str) -> Scalar:
    return Scalar(line=0, text=text, plain=False)


def _nothing(line: int = 0) -> Mapping:
    return Mapping(line=line, entries=())


def _idle_step(_somebody: str) -> Node:
    return Mapping(line=0, entries=((_word("at"), _word("0s")),))


def _idle_expectation(somebody: str) -> Node:
    """One that is true of whoever it is about; whether it can be judged is nobody's concern here."""
    keys = Mapping(line=0, entries=((_word("none at"), Sequence(line=0, items=(_word(somebody),))),))
    return Mapping(line=0, entries=((_word("keys"), keys),))


_IDLE: Final = {"steps": _idle_step, "expect": _idle_expectation}
_HANGS_ON: Final = {
    "parties": re.compile(r"parties\..*\.credentials\..*|expect\[[0-9]+\]\..*\.line"),
    "steps": re.compile(
        r"steps\[[0-9]+\]\.[^.]+\..*"
        r"|expect\[[0-9]+\]\.(?:call\.(?:from|to)|media\.to|keys\..*|key management failed\.at|re-keyed\.at)"
    ),
}
"""By the section that has a wrong piece, the places of errors about several pieces that may follow from it."""
