"""The engine: runs give the same trace each time, one bad file doesn't keep others from running."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.engine import RunFinished, RunRefused, RunStarted, run, run_files
from mikey_sdp.scenario.files import find
from mikey_sdp.trace import trace_octets
from tests.unit.scenario.given import GOOD, changed, scenario


def test_a_run_tells_what_it_is_of() -> None:
    result = run(scenario())
    assert (result.name, result.file, result.parties) == ("A call", "a.call.yaml", ("alice", "mallory", "bob"))
    assert len(result.verdicts) == 2
    assert result.held, result.verdicts
    times = [record.at_us for record in result.records]
    assert times == sorted(times)


def test_the_same_file_gives_the_same_trace_and_another_seed_another() -> None:
    first, second = run(scenario()), run(scenario())
    assert trace_octets(first) == trace_octets(second)
    other = run(scenario(changed("name: A call", "name: A call\nseed: 2")))
    assert trace_octets(other) != trace_octets(first)


def test_every_record_can_be_watched_when_it_is_made() -> None:
    seen: list[object] = []
    result = run(scenario(), watch=seen.append)
    assert tuple(seen) == result.records


def test_files_are_run_in_order_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.call.yaml", tmp_path / "b.call.yaml"
    good.write_text(GOOD)
    bad.write_text("name: [")
    events = list(run_files([good, bad, good]))
    assert [type(event) for event in events] == [RunStarted, RunFinished, RunRefused, RunStarted, RunFinished]
    refused = events[2]
    assert isinstance(refused, RunRefused)
    assert refused.file == str(bad)
    started = events[3]
    assert isinstance(started, RunStarted)
    assert (started.number, started.of, started.name) == (3, 3, "A call")


def test_a_key_file_that_is_missing_refuses_the_run(tmp_path: Path) -> None:
    file = tmp_path / "a.call.yaml"
    file.write_text(changed("alice: {credentials: psk}", "alice: {credentials: {psk: {key file: absent}}}"))
    events = list(run_files([file]))
    assert isinstance(events[-1], RunRefused)


def test_folders_are_searched_and_names_taken_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = [tmp_path / "b.call.yaml", tmp_path / "in" / "a.call.yaml"]
    for file in (*files, tmp_path / "other.yaml"):
        file.write_text(GOOD)
    assert find([tmp_path]) == files
    assert find([files[1], tmp_path]) == [files[1], files[0]]
    assert find([tmp_path / "other.yaml"]) == [tmp_path / "other.yaml"]
    with pytest.raises(ScenarioError, match="no such file"):
        find([tmp_path / "absent"])
