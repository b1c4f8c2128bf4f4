"""Break claimed requirements one at a time, in a copy of the project; every break must fail a test that claims it.

`python -m tests.conformance.sabotage` first runs the claiming tests unbroken, then once per row of `breaks.BREAKS`.
A break whose text is not found exactly once, that makes the tests uncollectable, or that no claiming test notices,
fails the script.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.conformance.breaks import BREAKS, Break
from tests.conformance.catalogue import load_catalogue

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("mikey_sdp", "tests", "scenarios", "examples", "docs", "pyproject.toml", "README.md")
COPIES: Final = 2
TESTS_FAILED: Final = 1


def copy_project(target: Path) -> Path:
    """A copy of the tree without caches, in which files may be broken."""
    leave_out = shutil.ignore_patterns("__pycache__")
    target.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=leave_out)
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


def run_tests(tree: Path, *arguments: str, keep_bytecode: bool = False) -> subprocess.CompletedProcess[str]:
    """pytest in a copy, on the copy's own package. Bytecode is kept of unbroken files only."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--assert=plain",
        "-x",
        "--no-header",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "" if keep_bytecode else "1"}
    return subprocess.run(
        command, cwd=tree, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def claims_unbroken(tree: Path, rows: list[Break]) -> dict[str, list[str]]:
    """The tests that claim each requirement, after they have passed on the unbroken copy."""
    target = tree / "claims.json"
    select = ["-m", "requirement", "--ignore=tests/interop", "--ignore=tests/benchmarks"]
    done = run_tests(tree, *select, f"--claims={target}", "tests", keep_bytecode=True)
    if done.returncode:
        raise SystemExit(f"sabotage: the claiming tests fail before anything is broken\n{done.stdout[-3000:]}")
    claims: dict[str, list[str]] = json.loads(target.read_text(encoding="utf-8"))
    unclaimed = [row.requirement for row in rows if row.requirement not in claims]
    if unclaimed:
        raise SystemExit(f"sabotage: no test claims {', '.join(unclaimed)}")
    return claims


class NotBreakable(Exception):
    """The text to put wrong does not stand in the file exactly once."""


@contextmanager
def broken(tree: Path, file: str, old: str, new: str) -> Iterator[None]:
    """A copy in which one text of one file is wrong.

    Raises: NotBreakable; SyntaxError where what is left is no Python.
    """
    target = tree / file
    original = target.read_text(encoding="utf-8")
    if original.count(old) != 1:
        raise NotBreakable(f"the text to break is found {original.count(old)} times in {file}: {old!r}")
    wrong = original.replace(old, new)
    compile(wrong, file, "exec")
    target.write_text(wrong, encoding="utf-8")
    for stale in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
        stale.unlink()
    try:
        yield
    finally:
        target.write_text(original, encoding="utf-8")


def fault_of(row: Break, tree: Path, tests: list[str]) -> str | None:
    """Break, run the claiming tests, mend; what is wrong with the result, or None when a test noticed."""
    try:
        with broken(tree, row.file, row.old, row.new):
            done = run_tests(tree, *tests)
    except NotBreakable as error:
        return str(error)
    if done.returncode == 0:
        return f"broken in {row.file}, and no test noticed: {', '.join(tests)}"
    if done.returncode != TESTS_FAILED:
        return (
            f"pytest ended with {done.returncode} instead of a failed test\n{done.stdout[-2000:]}{done.stderr[-500:]}"
        )
    return None


def main() -> int:
    """Break all rows, or those whose requirement is named; 0 when each break failed a test."""
    parser = argparse.ArgumentParser(prog="tests.conformance.sabotage", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="ID", help="break these only")
    only = parser.parse_args().only
    catalogue = load_catalogue()
    rows = [row for row in BREAKS if not only or row.requirement in only]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mikey_sdp_sabotage_") as folder:
        trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
        first = copy_project(Path(folder, "copy0"))
        claims = claims_unbroken(first, rows)
        trees.put(first)
        for number in range(1, COPIES):
            trees.put(Path(shutil.copytree(first, Path(folder, f"copy{number}"))))

        def broken(row: Break) -> str | None:
            tree = trees.get()
            try:
                return fault_of(row, tree, claims[row.requirement])
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(COPIES) as pool:
            faults = list(pool.map(broken, rows))
    for row, fault in zip(rows, faults, strict=True):
        print(f"{'FAIL' if fault else 'ok  '} {row.requirement:13} {fault or catalogue[row.requirement].text}")
    noticed = sum(fault is None for fault in faults)
    print(f"{noticed} of {len(rows)} breaks were noticed, in {time.monotonic() - started:.0f} s")
    return 0 if noticed == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
