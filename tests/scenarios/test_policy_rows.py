"""Each row of the selection policy names a run that bears it out: a scenario or a run of the matrix, and it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.policy.rules import DRAWBACKS, REQUIREMENTS, RULES, Objection, Rule
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load, loads
from mikey_sdp.scenario.matrix import SITUATIONS
from mikey_sdp.trace import KeysInstalled

FOLDER = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize("row", [*RULES, *REQUIREMENTS, *DRAWBACKS], ids=lambda row: row.name)
def test_the_run_of_a_row_is_there(row: Rule | Objection) -> None:
    policy, _, situation = row.run.partition("/")
    if policy == "policy":
        column, _, condition = situation.partition("/")
        assert condition in SITUATIONS[column]  # type: ignore[index]
    else:
        assert (FOLDER / f"{row.run}.call.yaml").is_file()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_run_of_a_rule_has_a_call_in_its_mode(rule: Rule) -> None:
    result = run(load(FOLDER / f"{rule.run}.call.yaml"))
    assert result.held
    assert rule.mode in {record.mode for record in result.records if isinstance(record, KeysInstalled)}


@pytest.mark.parametrize("name", ["message-size", "time"])
def test_the_run_of_a_budget_fails_without_it(name: str) -> None:
    (row,) = (row for row in REQUIREMENTS if row.name == name)
    file = FOLDER / f"{row.run}.call.yaml"
    assert run(load(file)).held
    text = file.read_text(encoding="utf-8")
    word = {"message-size": "budget: {octets: 600}", "time": "answers: 30"}[name]
    assert text.count(word) == 1
    wider = {"message-size": "budget: {octets: 60000}", "time": "answers: 1"}[name]
    assert not run(loads(text.replace(word, wider).encode(), file=str(file))).held
