"""Every seed runs through its harness without a surprise; the seeds of one reach 95 % of its decoder's lines."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.fuzz.harnesses import ROOT, Harness, find_harnesses

LEAST_COVERED = 0.95
EXPECTED = {"decode", "interop", "machines", "mikey", "pcap", "saml", "scenario", "sdp", "sip"}
each_harness = pytest.mark.parametrize("harness", find_harnesses(), ids=lambda harness: harness.name)


def test_no_decoder_is_without_a_harness() -> None:
    assert {harness.name for harness in find_harnesses()} >= EXPECTED


@each_harness
def test_every_seed_runs(harness: Harness) -> None:
    one_input, _ = harness.load()
    seeds = harness.seed_files()
    assert seeds
    for path in seeds:
        one_input(path.read_bytes())


@each_harness
def test_the_seeds_reach_the_decoder(harness: Harness) -> None:
    command = [sys.executable, "-m", "tests.fuzz.measure", harness.name]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = json.loads(printed.splitlines()[-1])
    statements = sum(file["statements"] for file in found.values())
    missing = {name: file["missing"] for name, file in found.items() if file["missing"]}
    missed = sum(len(lines) for lines in missing.values())
    assert statements
    assert 1 - missed / statements >= LEAST_COVERED, f"{missed} of {statements} lines are never reached: {missing}"
