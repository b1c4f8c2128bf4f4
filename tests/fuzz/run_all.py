"""Run every fuzz harness under atheris for some seconds each: `python -m tests.fuzz.run_all --seconds 60`.

New inputs go to a folder of their own; the seeds of the project stay as they are. What breaks a harness is kept in
build/fuzz/NAME, with its octets printed in hex so that it can become a seed and a test.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.harnesses import ROOT, Harness, find_harnesses

_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_FOUND = re.compile(r"(?:crash|timeout|oom|slow-unit|leak)-[0-9a-f]+$")
_INPUT_LIMITS = ("-timeout=5", "-rss_limit_mb=1024", "-max_len=16384")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one harness did: how many inputs it ran, and what broke it."""

    name: str
    executed: int
    broken: tuple[Path, ...]
    returncode: int
    log: Path

    @property
    def line(self) -> str:
        """The outcome in one line."""
        if self.returncode:
            return f"{self.name:12} FAILED after {self.executed} inputs, see {self.log.relative_to(ROOT)}"
        return f"{self.name:12} {self.executed:>12,} inputs, no surprise"


def fuzz(harness: Harness, seconds: int, extra: list[str]) -> Outcome:
    """Run one harness for that long in a process of its own."""
    folder = ROOT / "build" / "fuzz" / harness.name
    found = folder / "found"
    found.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    command = [sys.executable, str(harness.script), str(found), str(harness.seeds)]
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    with log.open("w", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            [*command, *_INPUT_LIMITS, *extra],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    executed = _EXECUTED.findall(log.read_text(encoding="utf-8", errors="replace"))
    return Outcome(
        name=harness.name,
        executed=int(executed[-1]) if executed else 0,
        broken=tuple(sorted(path for path in folder.iterdir() if _FOUND.search(path.name))),
        returncode=done.returncode,
        log=log,
    )


def show(outcome: Outcome) -> None:
    """Print the outcome; for a broken harness also the end of its log and the octets that broke it."""
    print(outcome.line, flush=True)
    if outcome.returncode:
        print("\n".join(outcome.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]))
        for path in outcome.broken:
            print(f"{path.relative_to(ROOT)}: {path.read_bytes().hex()}")


def main() -> int:
    """Run all, or those named; 0 when none broke and each ran something."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.run_all", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="per harness")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("extra", nargs="*", help="options for libFuzzer, after --")
    parser.add_argument("--seed", type=int, help="for the same inputs each time, together with --runs")
    parser.add_argument("--runs", type=int, help="inputs per harness, should the seconds not end it before")
    options = parser.parse_args()
    options.extra += [f"-{word}={n}" for word in ("seed", "runs") if (n := getattr(options, word)) is not None]
    harnesses = [harness for harness in find_harnesses() if not options.only or harness.name in options.only]
    print(f"Fuzzing {len(harnesses)} harnesses, {options.seconds} s each, {options.jobs} at a time", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(fuzz, harness, options.seconds, options.extra) for harness in harnesses]
        outcomes = []
        for job in as_completed(jobs):
            outcomes.append(job.result())
            show(outcomes[-1])
    print(f"{sum(outcome.executed for outcome in outcomes):,} inputs in all")
    return 0 if harnesses and all(not outcome.returncode and outcome.executed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
