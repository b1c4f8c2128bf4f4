"""Other values at places of a file: paths are read as errors write them, and nothing is made up."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.load import Loaded, read
from mikey_sdp.scenario.placing import put, read_path
from mikey_sdp.scenario.source import say_path
from mikey_sdp.scenario.tree import parse
from tests.unit.scenario.given import GOOD

FILE = "a.call.yaml"


def placed(path: str, value: str, text: str = GOOD) -> Loaded:
    node = parse(text.encode(), file=FILE)
    return read(put(node, read_path(path, file=FILE), parse(value.encode(), file=FILE), file=FILE), file=FILE)


@pytest.mark.parametrize(
    "text", ["parties.alice.offers", "steps[0].at", "parties.alice.key-mgmt level", "expect[1].media.clipped.at most"]
)
def test_a_path_is_read_as_errors_write_it(text: str) -> None:
    assert say_path(read_path(text, file=FILE)) == text


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a[x]", "a[0", "a[0]b", "a[12345]"])
def test_what_is_no_path_is_told(text: str) -> None:
    with pytest.raises(ScenarioError, match="is no path"):
        read_path(text, file=FILE)


def test_a_value_takes_the_place_of_another() -> None:
    scenario = placed("network.delay.signalling", "70ms").scenario
    assert scenario.network.delay.signalling == "70ms"
    assert scenario.parties["bob"].answers.answer == "1s"


def test_what_the_file_leaves_out_is_put_in() -> None:
    assert placed("network.loss.media", "5%").scenario.network.loss.media == "5%"
    assert placed("parties.alice.talks.packets", "7").scenario.parties["alice"].talks.packets == 7
    assert placed("seed", "9").scenario.seed == 9
    bare = GOOD.replace("alice: {credentials: psk}", "alice:")
    assert placed("parties.alice.credentials", "psk", bare).scenario.parties["alice"].credentials == "psk"


def test_a_list_is_put_in_whole_or_entry_by_entry() -> None:
    assert placed("parties.alice.media", "[audio, video]").scenario.parties["alice"].media == ("audio", "video")
    assert placed("steps[1].at", "4s").scenario.steps[1].at == "4s"
    assert placed("steps[1].alice.hang up", "bob").scenario.steps[1].commands["alice"].hang_up == "bob"
    attacker = placed("network.attackers.mallory.between[1]", "bob").scenario.network.attackers["mallory"]
    assert attacker.between == ("alice", "bob")


def test_a_value_counts_as_standing_in_the_line_that_it_is_put_into() -> None:
    with pytest.raises(ScenarioError) as caught:
        placed("network.delay.signalling", "soon")
    assert (caught.value.line, caught.value.path) == (7, "network.delay.signalling")


@pytest.mark.parametrize(
    ("path", "line", "at", "reason", "hint"),
    [
        ("partis.alice.offers", 1, "partis", "unknown word", "parties"),
        ("parties.alcie.offers", 4, "parties.alcie", "nothing in the file is called 'alcie'", "alice"),
        ("parties.alice.ofers", 4, "parties.alice.ofers", "unknown word", "offers"),
        ("network.attackers.malory.strip", 9, "network.attackers.malory", "there are: mallory", "mallory"),
        ("steps[2].at", 11, "steps[2]", "2 entries here", None),
        ("steps[0].bob.call", 11, "steps[0].bob", "nothing in the file is called 'bob'", None),
        ("steps.at", 11, "steps", "nothing can be named below this", None),
        ("parties[0]", 4, "parties", "this is no list", None),
        ("name.first", 1, "name", "nothing can be named below this", None),
        ("parties.alice.credentials.psk.label", 4, "parties.alice.credentials", "the file has 'psk' here", None),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_the_nearest_right_word(
    path: str, line: int, at: str, reason: str, hint: str | None
) -> None:
    with pytest.raises(ScenarioError) as caught:
        placed(path, "x")
    error = caught.value
    assert (error.file, error.line, error.path, error.hint) == (FILE, line, at, hint)
    assert reason in error.reason
