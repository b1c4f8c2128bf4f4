"""What docs/interop.md shows is what happens, and it names everything there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mikey_sdp.interop.commands import KINDS, End, words_of
from mikey_sdp.interop.results import KINDS as KINDS_OF_FAILURE
from mikey_sdp.mikey.modes.contract import Mode
from tests.unit.interop.conversation import Talk

DOC = (Path(__file__).parents[3] / "docs" / "interop.md").read_text(encoding="utf-8")
DIALOGUE = re.findall(r"^```dialogue\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


def pattern(answer: str) -> str:
    """The answer as printed, with anything where it has dots."""
    return re.escape(answer).replace(r"\.\.\.", ".*")


def test_the_dialogue_goes_as_printed() -> None:
    talk = Talk()
    lines = "".join(DIALOGUE).splitlines()
    assert len(lines) >= 16
    for said, answered in zip(lines[::2], lines[1::2], strict=True):
        assert (said[:2], answered[:2]) == ("> ", "< ")
        assert re.fullmatch(pattern(answered[2:]), talk.session.answer(said[2:])), said
        if "..." not in answered:
            json.loads(answered[2:])


def cells(first: str) -> str:
    """The first column of the table whose head begins so."""
    _, found, rest = DOC.partition(f"| {first} |")
    assert found, first
    return "\n".join(row.split("|")[1] for row in rest.partition("\n\n")[0].splitlines()[2:])


def test_all_words_are_named() -> None:
    assert set(re.findall(r"`(\w+)`", cells("`cmd`"))) == set(KINDS)
    assert set(re.findall(r"`(\w+)`", cells("field"))) == set(words_of(End))
    assert set(re.findall(r"`(\w+)`", cells("kind"))) == set(KINDS_OF_FAILURE.values())
    assert all(mode.value in cells("mode") for mode in Mode)
    for word in {word for kind in KINDS.values() for word in words_of(kind)}:
        assert f"`{word}`" in DOC
