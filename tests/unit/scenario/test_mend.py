"""All errors of a file at once: a wrong word does not hide what makes no sense elsewhere, and invents nothing."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import ScenarioError
from tests.unit.scenario.given import GOOD, changed, errors_of

SENSELESS = (
    GOOD.replace("alice: {credentials: psk}", "alice: {credentials: psk, offers: rsa}")
    .replace("alice: {hang up: bob}", "alice: {hang up: alice}")
    .replace("decrypted: all", "line: 1, decrypted: all")
    .replace("within: 3s}", "within: 3s}\n  - mikey: {from: alice, in: INVIT, messages: 1}")
)


def places(text: str) -> list[tuple[int | None, str]]:
    return [(error.line, error.path) for error in errors_of(text)]


def test_the_senseless_file_has_four_errors() -> None:
    assert places(SENSELESS) == [
        (4, "parties.alice.offers"),
        (12, "steps[1].alice"),
        (15, "expect[1].mikey.in"),
        (16, "expect[2].media.line"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "wrong", "hidden"),
    [
        ("answers: {", "anwers: {", (5, "parties.bob.anwers"), {16}),  # how many media lines bob has is not known
        ("alice: {call: bob}", "alice: {cal: bob}", (11, "steps[0].alice.cal"), set()),
        ("answered by: bob", "answered by: bop", (14, "expect[0].call.answered by"), set()),
        ("decrypted: all", "decrypted: al", (16, "expect[2].media.decrypted"), {16}),
        ("signalling: 20ms", "signalling: 20", (7, "network.delay.signalling"), set()),
        ("after: 2s", "afer: 2s", (9, "network.attackers.mallory.replay.afer"), set()),
        ("name: A call", "nam: A call", (1, "nam"), set()),
        ("shows: that a call can be written down\n", "shows:\n", (2, "shows"), set()),
    ],
)
def test_a_wrong_word_hides_nothing_but_what_may_follow_from_it(
    before: str, after: str, wrong: tuple[int, str], hidden: set[int]
) -> None:
    assert SENSELESS.count(before) == 1
    found = places(SENSELESS.replace(before, after))
    others = [place for place in places(SENSELESS) if place[0] not in hidden]
    assert found == sorted([*others, wrong])


def test_what_is_missing_hides_nothing_either() -> None:
    lines = [error.line for error in errors_of(SENSELESS.replace("name: A call\n", ""))]
    assert lines == [1, 3, 11, 14, 15]


def test_a_wrong_step_is_not_blamed_for_calls_that_are_missed() -> None:
    assert places(changed("alice: {call: bob}", "alice: {call: bop}")) == [(11, "steps[0].alice.call")]


def test_a_wrong_party_is_not_blamed_for_keys_that_are_missed() -> None:
    text = GOOD.replace("alice: {credentials: psk}", "alice: {credentials: {psk: {shared with: [bob]}}}")
    assert places(text.replace("bob: {credentials: psk,", "bob: {credentails: psk,")) == [
        (5, "parties.bob.credentails")
    ]


def test_a_wrong_network_is_not_blamed_for_registrations_there() -> None:
    """Found by fuzzing: the proxy that a phone registers at was put aside with the network."""
    text = GOOD.replace("network:\n", "network:\n  proxy: {Xob: {to: [bob]}}\n").replace(
        "{at: 3s, alice: {hang up: bob}}", "{at: 3s, alice: {register: {at: proxy}}}"
    )
    assert "register" in text
    assert [path for _, path in places(text)] == ["network.proxy.Xob"]


@pytest.mark.parametrize("parties", ["parties: 1", "parties: {}", "parties: [a]", "partys: {a: }", "parties: {A: }"])
def test_without_parties_the_rest_is_not_asked(parties: str) -> None:
    errors = errors_of(f"name: x\nshows: y\n{parties}\nsteps: []\nexpect: []\n")
    assert errors
    assert all(isinstance(error, ScenarioError) for error in errors)
