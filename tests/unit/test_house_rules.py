"""The rules of ARCHITECTURE.md that neither ruff nor import-linter can see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mikey_sdp"
SOURCES = sorted(PACKAGE.rglob("*.py"))
BELOW_THE_DRIVERS = (
    *("nodes", "endpoint", "dissect", "sdp", "srtp", "policy", "report", "mikey", "sip", "trace"),
    *("wire.py", "errors.py", "secret.py", "clock.py"),
)
IMPURE = {"asyncio", "random", "secrets", "select", "selectors", "socket", "subprocess", "threading", "time", "uuid"}
IMPURE_CALLS = {("os", "urandom"), ("os", "getrandom"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")}
MOST_LINES = 400
TARGETS = [
    "setup",
    "demo",
    "fmt",
    "lint",
    "type",
    "test",
    "live",
    "conformance",
    "mutation",
    "bench",
    "fuzz",
    "docs",
    "check",
]


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(path: Path) -> Iterator[str]:
    """The first word of every module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """Every `name.attribute(...)` that a file calls, `module.name.attribute(...)` by its last two words."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            yield str(name), node.func.attr


def test_no_file_is_too_long() -> None:
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_below_the_drivers_nothing_touches_clock_chance_or_network() -> None:
    pure = [path for path in SOURCES if relative(path).partition("/")[0] in BELOW_THE_DRIVERS]
    assert pure
    assert {relative(path): bad for path in pure if (bad := IMPURE & set(imports(path)))} == {}
    assert {relative(path): bad for path in pure if (bad := IMPURE_CALLS & set(calls(path)))} == {}


def test_only_the_wire_knows_struct() -> None:
    assert [relative(path) for path in SOURCES if "struct" in imports(path)] == []


def test_no_assert_guards_input() -> None:
    guards = [
        f"{relative(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert guards == []


@pytest.mark.parametrize("target", TARGETS)
def test_the_makefile_has_every_target_and_says_what_it_does(target: str) -> None:
    assert re.search(rf"^{target}:.*## .+", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_what_the_readme_tells_a_user_to_run() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = ["make demo", "make test", "make live", "make conformance", "make sabotage", "make fuzz", "make bench"]
    assert [command for command in commands if command not in script] == []
