"""Loading: values out of a good file; for a bad one every error with its line, path and nearest right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.behaviour import Answers
from mikey_sdp.scenario.expect import Bounds
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.schema import Party
from tests.unit.scenario.given import GOOD, changed, error_of, errors_of, scenario


def test_a_good_file_becomes_values() -> None:
    read = scenario().scenario
    assert list(read.parties) == ["alice", "bob"]
    assert read.parties["bob"] == Party(credentials="psk", answers=Answers(ringing="100ms", answer="1s"))
    assert read.steps[0].commands["alice"].call == "bob"
    assert read.network.attackers["mallory"].between == ("alice", "bob")
    assert read.network.delay.media == "0s"
    media = read.expect[1].media
    assert media is not None
    assert media.clipped == Bounds(at_most=2)  # type: ignore[union-attr]


def test_every_value_knows_its_line() -> None:
    source = scenario().source
    assert source.line(("parties", "bob", "answers", "ringing")) == 5
    assert source.line(("steps", 1)) == 12
    assert source.line(("expect", 1)) == 15
    assert source.line(("expect", 1, "media", "absent")) == 15


def test_a_party_may_stand_without_a_value() -> None:
    text = changed("alice: {credentials: psk}", "alice:")
    assert scenario(text).scenario.parties["alice"] == Party()


@pytest.mark.parametrize(
    ("before", "after", "line", "path", "hint"),
    [
        ("answers: {", "anwers: {", 5, "parties.bob.anwers", "answers"),
        ("credentials: psk}", "credentials: PSK}", 4, "parties.alice.credentials", "psk"),
        ("call: bob", "call: bop", 11, "steps[0].alice.call", "bob"),
        ("hang up: bob", "hang-up: bob", 12, "steps[1].alice.hang-up", "hang up"),
        ("signalling: 20ms", "signaling: 20ms", 7, "network.delay.signaling", "signalling"),
        ("answered by: bob", "answered_by: bob", 14, "expect[0].call.answered_by", "answered by"),
        ("- media:", "- meda:", 15, "expect[1].meda", "media"),
        ("decrypted: all", "decrypted: al", 15, "expect[1].media.decrypted", "all"),
        ("between: [alice, bob]", "between: [alice, bobb]", 9, "network.attackers.mallory.between[1]", "bob"),
        ("name: A call", "nane: A call", 1, "nane", "name"),
    ],
)
def test_a_misspelt_word_is_found_with_the_nearest_right_one(
    before: str, after: str, line: int, path: str, hint: str
) -> None:
    error = error_of(changed(before, after))
    assert (error.file, error.line, error.path, error.hint) == ("a.call.yaml", line, path, hint)


@pytest.mark.parametrize(
    ("before", "after", "line", "path", "reason"),
    [
        ("answer: 1s", "answer: 1", 5, "parties.bob.answers.answer", "no duration"),
        ("within: 3s", "within: soon", 14, "expect[0].call.within", "no duration"),
        ("at most: 2", "at most: two", 15, "expect[1].media.clipped.at most", "expected a whole number"),
        ("at most: 2", "at most: -2", 15, "expect[1].media.clipped.at most", "too small"),
        ("at most: 2", "at most: 10000000", 15, "expect[1].media.clipped.at most", "too large"),
        ("{at most: 2}", "{}", 15, "expect[1].media.clipped", "at least one of at least, at most"),
        ("{at most: 2}", "[2]", 15, "expect[1].media.clipped", "not a list of 1"),
        ("between: [alice, bob]", "between: [alice]", 9, "network.attackers.mallory.between", "a list of 2"),
        ("replay: {after: 2s}", "replay: {after: 2s}, strip: mikey", 9, "network.attackers.mallory", "exactly one"),
        ("alice: {call: bob}", "alice: {call: bob, cancel: bob}", 11, "steps[0].alice", "exactly one"),
        ("alice: {call: bob}", "alice: {}", 11, "steps[0].alice", "exactly one"),
        ("name: A call", "name:", 1, "name", "expected a text, not nothing"),
        ("alice: {credentials: psk}", "alice: [psk]", 4, "parties.alice", "expected a mapping"),
        ("alice: {credentials: psk}", "Alice: {credentials: psk}", 4, "parties.Alice", "is no name"),
        ("delay: {signalling: 20ms}", "transport: sctp", 7, "network.transport", "expected tcp, tls, udp"),
        ("credentials: psk}", "credentials: psk, security: no}", 4, "parties.alice.security", "expected mikey, none"),
        ("credentials: psk}", "credentials: psk, media: []}", 4, "parties.alice.media", "at least 1"),
    ],
)
def test_a_wrong_value_is_found(before: str, after: str, line: int, path: str, reason: str) -> None:
    errors = errors_of(changed(before, after))
    assert (errors[0].line, errors[0].path) == (line, path)
    assert reason in errors[0].reason


def test_no_error_writes_on_the_terminal() -> None:
    text = changed("name: A call", '"na\\e[31mme": 1').replace("call: bob", '"ca\\e[2Jll": "\\e[0m"')
    assert all(str(error).isprintable() for error in errors_of(text))
    assert str(error_of('a: "\\q\x85"')).isprintable()


def test_what_is_missing_is_named() -> None:
    error = error_of(changed("shows: that a call can be written down\n", ""))
    assert error.reason == "'shows' is missing"


def test_every_error_is_told_in_the_order_of_the_file() -> None:
    text = changed("call: bob", "call: bop").replace("within: 3s", "within: 3").replace("name:", "title:")
    text = text.replace("credentials: psk}", "credential: psk}")
    assert [error.line for error in errors_of(text)] == [1, 4, 11, 14]


def test_reading_stops_when_there_are_too_many_errors() -> None:
    parties = "".join(f"  p{number}: {{nothing: 1}}\n" for number in range(100))
    assert len(errors_of(changed("parties:\n", f"parties:\n{parties}"))) == 50


def test_a_file_that_is_not_there_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="can't be read: No such file"):
        load(tmp_path / "absent.call.yaml")
    with pytest.raises(ScenarioError, match="can't be read"):
        load(tmp_path)
    with pytest.raises(ScenarioError, match="not a file name"):
        load("a\0b")


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    file = tmp_path / "x.call.yaml"
    file.write_text(GOOD)
    loaded = load(file)
    assert loaded.source.file == str(file)
    assert loaded.scenario == scenario().scenario
