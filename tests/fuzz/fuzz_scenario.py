"""Fuzz the loading of scenario files: `python -m tests.fuzz.fuzz_scenario CORPUS_DIR -max_total_time=60`.

Beyond "a scenario or a ScenarioError" it checks that errors point into the file, and that a scenario's parts can be put
into words.
"""

from __future__ import annotations

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.load import Loaded, loads
from mikey_sdp.scenario.reading import (
    command_of,
    credentials_of,
    expectation_of,
    offered_modes,
    parties_of,
    servers_of,
)
from mikey_sdp.scenario.routes import addresses_of
from mikey_sdp.scenario.source import CollectedScenarioError
from mikey_sdp.scenario.units import micros, say_us
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/scenario/tree.py",
    "mikey_sdp/scenario/convert.py",
    "mikey_sdp/scenario/shapes.py",
    "mikey_sdp/scenario/source.py",
    "mikey_sdp/scenario/load.py",
    "mikey_sdp/scenario/sense.py",
    "mikey_sdp/scenario/sense_network.py",
    "mikey_sdp/scenario/sense_servers.py",
    "mikey_sdp/scenario/sense_steps.py",
    "mikey_sdp/scenario/meetings.py",
    "mikey_sdp/scenario/names.py",
    "mikey_sdp/scenario/reading.py",
    "mikey_sdp/scenario/routes.py",
    "mikey_sdp/scenario/units.py",
]


def one_input(data: bytes) -> None:
    """Read `data` as a scenario file."""
    try:
        loaded = loads(data, file="fuzz.call.yaml")
    except CollectedScenarioError as several:
        lines = [error.line or 0 for error in several.errors]
        assert lines == sorted(lines)
        for error in several.errors:
            _check(error, data)
    except ScenarioError as error:
        _check(error, data)
    else:
        _say(loaded)


def _check(error: ScenarioError, data: bytes) -> None:
    """An error points into the file and can be told."""
    text = str(error)
    assert text.startswith("fuzz.call.yaml")
    assert error.reason
    assert text.isprintable(), ascii(text)
    # YAML ends lines at more signs than the line feed; a line for every octet is the most there can be.
    assert error.line is None or 1 <= error.line <= len(data) + 2, text


def _say(loaded: Loaded) -> None:
    """Use what is built on: nothing of a scenario that was taken may fail later."""
    scenario = loaded.scenario
    assert set(scenario.parties) <= set(parties_of(scenario))
    for party in scenario.parties.values():
        credentials_of(party)
        offered_modes(party)
    for step in scenario.steps:
        assert say_us(micros(step.at))
        known = {*scenario.parties, *addresses_of(scenario), *servers_of(scenario)}
        assert all(command_of(command)[1] in known for command in step.commands.values())
    for at, expectation in enumerate(scenario.expect):
        assert expectation_of(expectation)[0]
        assert loaded.source.line(("expect", at)) is not None


if __name__ == "__main__":
    under_atheris(one_input)
