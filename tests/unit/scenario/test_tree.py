"""Reading YAML within bounds: what is refused, at which line, and at what cost."""

from __future__ import annotations

import contextlib
import sys

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.tree import MAX_DEPTH, MAX_LINE, MAX_NODES, MAX_OCTETS, Mapping, Scalar, Sequence, parse


def read(text: str | bytes) -> Mapping | Sequence | Scalar:
    return parse(text if isinstance(text, bytes) else text.encode(), file="f")


def test_lines_and_quotes_are_kept() -> None:
    assert read("a: 1\nb:\n  - 'x'\n") == Mapping(
        line=1,
        entries=(
            (Scalar(line=1, text="a", plain=True), Scalar(line=1, text="1", plain=True)),
            (
                Scalar(line=2, text="b", plain=True),
                Sequence(line=3, items=(Scalar(line=3, text="x", plain=False),)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("a: 1\na: 2\n", 2, "'a' stands here twice"),
        ("a: !!python/name:os.system x\n", 1, "tags"),
        ("a: !mine {b: 1}\n", 1, "tags"),
        ("? [1, 2]\n: 3\n", 1, "a name must be a word"),
        ("? {a: 1}\n: 3\n", 1, "a name must be a word"),
        ("a: *nobody\n", 1, "nothing before this line is called &nobody"),
        ("a: &a [*a]\n", 1, "nothing before this line is called &a"),
        ("a: 1\n---\nb: 2\n", 2, "one scenario"),
        ("a: [1\nb: 2\n", 2, "expected"),
        ("a: 'x\n", None, ""),
        ("\tb: 1\n", 1, ""),
        ("[" * (MAX_DEPTH + 1), 1, "nested deeper"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: \x00\n", None, "not YAML"),
        ("a: " + "x" * 5000, 1, "at most"),
        (b"#\n" * MAX_OCTETS, None, "octets"),
        ("\n#" + "x" * MAX_LINE, 2, "a line has at most"),
        ("%YAML 9.9\n---\na: 1\n", None, ""),
    ],
)
def test_what_a_scenario_may_not_hold_is_refused(text: str | bytes, line: int | None, reason: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(text)
    if line is not None:
        assert refused.value.line == line
    assert reason in refused.value.reason


def test_an_alias_stands_for_what_it_names() -> None:
    tree = read("a: &x {b: 1}\nc: *x\n")
    assert isinstance(tree, Mapping)
    assert tree.entries[1][1] == tree.entries[0][1]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n" for level in range(1, 20))
    with pytest.raises(ScenarioError, match=f"more than {MAX_NODES} values"):
        read(f"l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n{levels}")


def calls_to_read(text: str) -> int:
    """How many Python calls reading takes: the same on every machine."""
    count = 0

    def counting(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        with contextlib.suppress(ScenarioError):
            read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "make",
    [
        lambda size: "- a\n" * size,
        lambda size: "".join(f"k{number}: v\n" for number in range(size)),
        lambda size: "a: " * size,
        lambda size: "? " * size,
        lambda size: "- " * size,
        lambda size: "a: &a b\n" + "- *a\n" * size,
        lambda size: "'" + "''" * size,
        lambda size: '"' + "\\n" * size,
        lambda size: "#\n" * size,
        lambda size: "\n" * size,
        lambda size: "{" + "a, " * size,
    ],
)
def test_reading_takes_linear_time(make: object) -> None:
    small, large = calls_to_read(make(500)), calls_to_read(make(2000))  # type: ignore[operator]
    assert large <= 5 * small + 1000


def test_looking_ahead_in_a_line_has_an_end() -> None:
    assert calls_to_read("[" * 2400) <= 1.1 * calls_to_read("[" * 1200)
