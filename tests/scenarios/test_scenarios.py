"""Every scenario runs, its expectations hold, and its trace is the same whatever the interpreter's hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.scenario.modes import MODES
from tests.scenarios.twins import FILES, ROOT, stem

RUN_ALL = """
import hashlib, json, sys
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load
from mikey_sdp.trace import MessageSent, trace_octets
from tests.scenarios.masking import masked

found = {}
for file in sys.argv[1:]:
    whole = run(load(file))
    result = masked(whole)
    found[file] = {
        "failed": [verdict.expectation for verdict in result.verdicts if not verdict.held],
        "verdicts": len(result.verdicts),
        "trace": hashlib.sha256(trace_octets(result)).hexdigest(),
        "messages": [record.octets.hex() for record in result.records if isinstance(record, MessageSent)],
        "masked": sum(one != other for one, other in zip(whole.records, result.records, strict=True)),
        "lengths": [len(record.octets) for record in whole.records if isinstance(record, MessageSent)],
    }
print(json.dumps(found))
"""
SEEDS = ("0", "4711")
ENCRYPTED = {
    "rsa": 1,
    "rsa-r": 1,
    "audio-video-every-mode": 2,
    "wrong-keys": 1,
    "expired-certificates": 1,
    "unknown-issuers": 1,
    "wrong-identities": 1,
    "callees-with-bad-certificates": 1 + 4,
    "replays": 2 + 1 + 2,
    "tampered-offers": 2 * 12 + 2,
    "tampered-answers": 2 * 5 + 2 * 9,
    "early-media-rsa": 1,
    "early-media-rsa-r": 1,
    "fork-impostor-answers-early": 2 * (1 + 1),
    "fork-rsa-one-key": 1 + 2,
    "next-mode-after-488": 1,
    "several-messages-for-certificates": 1 + 2,
    "several-messages-attacked": 3 * (1 + 1 + 2),
    "fork-rsa-own-keys": 1 + 2,
    "fork-rsa-r-three-phones": 2 * (3 + 1),
    "redirect-chooses-another-mode": 1,
    "redirect-rsa": 2,
    "redirect-twice": 1,
    "policy-by-credentials": 2,
    "policy-minds-the-size": 2,
    "policy-minds-the-time": 2,
    "always-reverse-rsa": 3,
    "same-ssrc-reverse-rsa": 2 * (1 + 2),
    "retarget-reverse-rsa": 3,
    "retarget-rsa": 2,
    "conference-asked-key": 10,
    "conference-offerless": 3,
    "sdes-early-media": 1,
    "sdes-what-proxies-learn": 2,
}
"""How many SIP messages of a scenario carry a key that RSA encrypted; what an attacker or a proxy passes on is sent
once more."""


def said(file: Path, word: str) -> str:
    """What the leading comment of a scenario says behind a word: the statements that it shows, or what breaks it."""
    comment = " ".join(
        line.removeprefix("#").strip() if line.startswith("#") else "\n"
        for line in file.read_text(encoding="utf-8").splitlines()
    ).partition("\n")[0]
    return comment.partition(f"{word}: ")[2].partition("Break: ")[0].strip()


def claimed(file: Path) -> list[str]:
    return [name.strip() for name in said(file, "Statements").split(",") if name.strip()]


CLAIMED = [
    pytest.param(file, id=file.name, marks=[pytest.mark.requirement(*claimed(file))] if claimed(file) else ())
    for file in FILES
]


@pytest.fixture(scope="module")
def runs() -> list[dict[str, Any]]:
    """What the runs of all scenarios came to, once for each hash seed, each in a process of its own."""
    files = [str(file) for file in FILES]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN_ALL, *files],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for seed in SEEDS
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    return [json.loads(output) for output in outputs]


@pytest.mark.parametrize("file", CLAIMED)
def test_every_expectation_holds(file: Path, runs: list[dict[str, Any]]) -> None:
    for found in runs:
        assert found[str(file)]["verdicts"] > 0
        assert found[str(file)]["failed"] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_two_hash_seeds_give_the_same_octets(file: Path, runs: list[dict[str, Any]]) -> None:
    first, second = (found[str(file)] for found in runs)
    assert len(first["messages"]) > 1
    assert first["messages"] == second["messages"]
    assert first["trace"] == second["trace"]
    assert first["lengths"] == second["lengths"] == [len(message) // 2 for message in first["messages"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_what_rsa_encrypts_is_left_to_chance(file: Path, runs: list[dict[str, Any]]) -> None:
    assert [found[str(file)]["masked"] for found in runs] == [ENCRYPTED.get(stem(file), 0)] * 2


def test_every_mode_has_its_scenario() -> None:
    asked = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    assert [word for word in MODES if f"mode: {word}," not in asked] == []


def test_the_scenarios_of_the_first_storey_are_there() -> None:
    assert {file.name.removesuffix(".call.yaml") for file in FILES} >= {
        "audio-video-media-level",
        "basic-call",
        "bidding-down",
        "callee-without-key",
        "lost-packets",
        "null-over-tls",
        "rekey-by-reinvite",
        "replayed-invite",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_leading_comment_says_what_it_shows(file: Path) -> None:
    first, second, *_ = file.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# ")
    assert second.startswith("# ")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_leading_comment_names_the_statements_and_what_breaks_them(file: Path) -> None:
    assert claimed(file)
    assert said(file, "Break")
