"""What the tests claim of each RFC: printed per level, kept in docs/conformance, and held against the gate.

`python -m tests.conformance.report` runs the claiming tests, prints the table and fails when the gate is not met or
docs/conformance is out of date; with `--write` it writes docs/conformance instead of comparing.
A claim counts when a test that makes it has passed. Live tests claim nothing here, since they may be skipped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.conformance.catalogue import Later, Requirement, load_catalogue, load_later, load_reasons
from tests.conformance.pages import pages

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ROOT / "docs" / "conformance"
LEAST_ADVISED: Final = 0.8
LEAST_MEASURED: Final = 0.95
MOST_DOCUMENTATION: Final = 3


def passed_claims() -> dict[str, list[str]]:
    """Run the claiming tests; the tests that passed, by requirement. Ends the program when one fails."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "claims.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "requirement", "tests"]
        command += ["--ignore=tests/interop", "--ignore=tests/benchmarks", f"--claims={target}"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise SystemExit("conformance: a test that claims a requirement failed, or a claim is wrong (see above)")
        claims: dict[str, list[str]] = json.loads(target.read_text(encoding="utf-8"))
    return claims


def table(catalogue: Mapping[str, Requirement], claims: Mapping[str, object]) -> list[str]:
    """One line per RFC and level: claimed / all."""
    lines: list[str] = []
    for rfc in dict.fromkeys(row.rfc for row in catalogue.values()):
        rows = [row for row in catalogue.values() if row.rfc == rfc]
        levels = dict.fromkeys(row.level for row in rows)
        counts = [_count(rows, level, claims) for level in levels]
        lines.append(f"{rfc.upper().replace('RFC', 'RFC ')}  {'  '.join(counts)}")
    return lines


def _count(rows: Sequence[Requirement], level: str, claims: Mapping[str, object]) -> str:
    of_level = [row for row in rows if row.level == level]
    return f"{level} {sum(row.id in claims for row in of_level)}/{len(of_level)}"


def gate_faults(
    catalogue: Mapping[str, Requirement], claims: Mapping[str, object], reasons: Mapping[str, str]
) -> list[str]:
    """Why the gate is not met, one line a fault; empty when it is met."""
    faults = [f"unclaimed.tsv: {name} is no requirement" for name in reasons if name not in catalogue]
    faults += [f"unclaimed.tsv: {name} is claimed by a test; drop its line" for name in reasons if name in claims]
    gated = [row for row in catalogue.values() if row.gated and (row.binding or row.advised)]
    faults += [
        f"{row.id} ({row.level}, {row.area}) is neither claimed nor listed with a reason: {row.text}"
        for row in gated
        if row.id not in claims and row.id not in reasons
    ]
    for rfc in dict.fromkeys(row.rfc for row in gated):
        advised = [row for row in gated if row.rfc == rfc and row.advised]
        share = sum(row.id in claims for row in advised) / len(advised)
        if share < LEAST_ADVISED:
            faults.append(f"{rfc}: {share:.0%} of the gated SHOULDs are claimed; {LEAST_ADVISED:.0%} are asked")
    return faults


def measured_faults(
    catalogue: Mapping[str, Requirement],
    claims: Mapping[str, object],
    reasons: Mapping[str, str],
    later: Mapping[str, Later],
) -> list[str]:
    """Why too few of the statements that are measured are claimed, one line a fault.

    Those on later work don't count, and few may be called documentation; a reason in unclaimed.tsv lifts no share.
    """
    rows = {row.id: row for row in catalogue.values() if row.measured}
    faults = [fault for name, why in later.items() for fault in why.faults(name)]
    faults += [f"later.tsv: {name} is no measured statement" for name in later if name not in rows]
    faults += [f"later.tsv: {name} is claimed by a test; drop its line" for name in later if name in claims]
    if sum(why.kind == "documentation" for why in later.values()) > MOST_DOCUMENTATION:
        faults.append(f"later.tsv: more than {MOST_DOCUMENTATION} rows are called documentation")
    asked = [row for name, row in rows.items() if name not in later]
    unclaimed = [row for row in asked if row.id not in claims]
    faults += [
        f"{row.id} ({row.level}, {row.area}) is neither claimed nor listed with a reason: {row.text}"
        for row in unclaimed
        if row.id not in reasons
    ]
    if asked and len(unclaimed) > (1 - LEAST_MEASURED) * len(asked):
        share = 1 - len(unclaimed) / len(asked)
        faults.append(f"{share:.1%} of the measured statements are claimed; {LEAST_MEASURED:.0%} are asked")
    return faults


def _differences(wanted: Mapping[str, str]) -> list[str]:
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def _write(wanted: Mapping[str, str]) -> None:
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in _differences(wanted):
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8")
        else:
            (PAGES / name).unlink()
        print(f"wrote docs/conformance/{name}")


def main(arguments: Iterable[str] | None = None) -> int:
    """Run, print, compare or write; 0 when the gate is met and the pages are up to date."""
    parser = argparse.ArgumentParser(prog="tests.conformance.report", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/conformance")
    write = parser.parse_args(None if arguments is None else list(arguments)).write
    catalogue, reasons, later = load_catalogue(), load_reasons(), load_later()
    claims = passed_claims()
    print("\nclaimed / all")
    print("\n".join(table(catalogue, claims)))
    wanted = pages(catalogue, claims, {**reasons, **{name: f"{why.kind}: {why.reason}" for name, why in later.items()}})
    if write:
        _write(wanted)
    faults = [*gate_faults(catalogue, claims, reasons), *measured_faults(catalogue, claims, reasons, later)]
    faults += [f"docs/conformance/{name} is out of date; run: make docs" for name in _differences(wanted)]
    print("\n".join(f"FAIL {fault}" for fault in faults) if faults else "The gate is met.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
