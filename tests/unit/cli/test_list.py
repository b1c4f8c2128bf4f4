"""`mikey-sdp list`: names, what they show, who takes part."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from mikey_sdp.cli.list import list_
from tests.unit.scenario.given import GOOD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "a.call.yaml").write_text(GOOD)
    return tmp_path


def test_scenarios_are_listed_with_parties_and_purpose(folder: Path) -> None:
    result = CliRunner().invoke(list_, [str(folder)])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{folder}/scenarios/a.call.yaml  (alice, mallory, bob)",
        "  A call",
        "  that a call can be written down",
    ]


def test_by_default_the_scenarios_folder_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert f"scenarios{os.sep}a.call.yaml" in CliRunner().invoke(list_, []).stdout


def test_json_lists_the_same(folder: Path) -> None:
    assert json.loads(CliRunner().invoke(list_, [str(folder), "--json"]).stdout) == [
        {
            "file": f"{folder}/scenarios/a.call.yaml",
            "name": "A call",
            "shows": "that a call can be written down",
            "parties": ["alice", "mallory", "bob"],
            "expectations": 2,
        }
    ]


def test_a_broken_file_is_told_and_the_others_listed(folder: Path) -> None:
    (folder / "b.call.yaml").write_text("name: 1\nnmae: 2\n")
    result = CliRunner().invoke(list_, [str(folder)])
    assert result.exit_code == 2
    assert "b.call.yaml:2: nmae: unknown word" in result.stderr
    assert "A call" in result.stdout


def test_nothing_to_list_and_nowhere_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(list_, [str(tmp_path)]).exit_code == 3
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(list_, []).exit_code == 2
