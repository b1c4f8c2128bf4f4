"""The signs and words of the matrix on its page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mikey_sdp.report.markup import Element, add
from mikey_sdp.trace import CriteriaRow, MatrixCell, MatrixCondition, MatrixRow, PropertyRow

Pages = Mapping[str, Sequence[tuple[str, str]]]
"""The pages of each condition's run: what each shows, and its file."""
Meanings = Mapping[str, Mapping[str, str]]
"""What is done in each condition of each column."""

SIGNS: Final = MappingProxyType({"yes": "✓", "open": "!", "no": "✕"})
EXPLAINED: Final = MappingProxyType(
    {
        "yes": "the call worked, and nobody but its members could derive its keys",
        "open": "it worked, and others could",
        "no": "it did not work",
    }
)
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")


def outcome_word(*, works: bool, secure: bool) -> str:
    """How a run came out: yes, open or no."""
    if not works:
        return "no"
    return "yes" if secure else "open"


def word_of(one: MatrixCell | MatrixCondition) -> str:
    """How a cell or a condition came out."""
    return outcome_word(works=one.works, secure=one.secure)


def file_of(run: str) -> str:
    """The name of a run's page, after the run."""
    return f"{anchor(run)}.html"


def anchor(text: str) -> str:
    """A text as part of a link."""
    return _NO_LETTERS.sub("-", text.lower()).strip("-")


def title_of(word: str) -> str:
    """A column or condition as one says it."""
    return word.replace("-", " ").replace("ssrc", "SSRC").replace("psk", "PSK").replace("shared key", "shared-key")


def name_of(row: MatrixRow | PropertyRow | CriteriaRow) -> str:
    """A mode with its variant."""
    return f"{row.mode} {row.variant}".strip()


def place_of(row: MatrixRow, column: str) -> str:
    """Where the panel of a cell is on the page."""
    return f"cell-{anchor(name_of(row))}-{anchor(column)}"


def printed_words(printed: str | None) -> str:
    """What RFC 5197 has in a cell."""
    if printed is None:
        return "not in RFC 5197"
    return f"RFC: {printed}" if printed else "RFC: blank"


def sign(parent: Element, word: str) -> None:
    """The sign of an outcome; whoever can't see it gets the word beside it."""
    add(parent, "span", SIGNS[word], class_=f"sign {word}", aria_hidden="true")


def run_links(parent: Element, pages: Sequence[tuple[str, str]]) -> None:
    """A link to each page of a run."""
    links = add(parent, "span", class_="links")
    for label, file in pages:
        add(links, "a", label, href=file)
