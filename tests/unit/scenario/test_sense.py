"""Scenarios whose words are right and that still can't be meant."""

from __future__ import annotations

import pytest

from mikey_sdp.scenario.reading import command_of, credentials_of, expectation_of, parties_of
from mikey_sdp.scenario.schema import Credentials, SharedKey
from tests.unit.scenario.given import changed, error_of, errors_of, scenario


@pytest.mark.parametrize(
    ("before", "after", "line", "path", "reason"),
    [
        ("alice: {credentials: psk}", "alice: {offers: psk}", 4, "parties.alice.offers", "without a credential"),
        ("ringing: 100ms", "ringing: 2s", 5, "parties.bob.answers.ringing", "rings after 2s"),
        ("answer: 1s", "ignore: true, reject: 486", 5, "parties.bob.answers.reject", "takes no notice"),
        ("credentials: psk}", "credentials: psk, talks: {every: 0s}}", 4, "parties.alice.talks.every", "some time"),
        (
            "credentials: psk}",
            "credentials: psk, budget: {time: 9ms}}",
            4,
            "parties.alice.budget",
            "what the modes cost",
        ),
        ("credentials: psk}", "credentials: psk, session expires: 9s}", 4, "parties.alice.session expires", "90s"),
        ("alice: {call: bob}", "alice: {call: alice}", 11, "steps[0].alice", "can't call itself"),
        ("mallory: {between: [alice, bob]", "bob: {between: [alice, bob]", 9, "network.attackers.bob", "already"),
        ("[alice, bob], replay", "[bob, bob], replay", 9, "network.attackers.mallory.between", "no network"),
        ("name: A call", "name: A call\nends: 2s", 13, "steps[1].at", "ends at 2 s"),
        (
            "delay: {",
            "transport: tcp\n  lose: [{from: alice, to: bob, messages: [1]}]\n  delay: {",
            8,
            "network.lose",
            "loses nothing",
        ),
        ("from: alice, answered", "from: bob, answered", 14, "expect[0].call.from", "no step has bob call"),
        ("from: alice, answered", "from: alice, to: alice, answered", 14, "expect[0].call.to", "it calls bob"),
        (
            "from: bob, to: alice",
            "from: bob, to: alice, line: 1",
            15,
            "expect[1].media.line",
            "no call has a media line 1",
        ),
        ("- {at: 3s, alice: {hang up: bob}}", "- {at: 3s}", 12, "steps[1]", "nobody is told"),
    ],
)
def test_what_cannot_be_meant_is_an_error(before: str, after: str, line: int, path: str, reason: str) -> None:
    error = errors_of(changed(before, after))[0]
    assert (error.line, error.path) == (line, path)
    assert reason in error.reason


@pytest.mark.parametrize(
    ("answers", "path", "reason"),
    [
        ("early media: 2s", "early media", "sends a 183 after 2s, but has decided after 200ms"),
        ("reliable: true", "reliable", "no 183 to be confirmed"),
        ("early packets: 5", "early packets", "sends nothing before the call is up"),
    ],
)
def test_what_comes_before_an_answer_has_to_come_before_it(answers: str, path: str, reason: str) -> None:
    error = error_of(changed("answers: {ringing: 100ms, answer: 1s}", f"answers: {{{answers}}}"))
    assert error.path == f"parties.bob.answers.{path}"
    assert reason in error.reason


@pytest.mark.parametrize(
    ("command", "path", "reason"),
    [
        ("transfer: {call with: bob, to: alice}", "transfer.to", "transfer it to somebody else"),
        ("transfer: {call with: bob, to: bob}", "transfer.to", "transfer it to somebody else"),
        ("transfer: {call with: bob, to: carol, attended: true}", "transfer.to", "in no call with carol"),
        ("register: {at: proxy}", "register.at", "proxy knows no address alice"),
    ],
)
def test_a_command_needs_what_it_works_on(command: str, path: str, reason: str) -> None:
    text = changed("alice: {hang up: bob}", f"alice: {{{command}}}").replace("  bob:", "  carol: {}\n  bob:", 1)
    found = {
        error.path: error.reason for error in errors_of(text.replace("network:\n", "network:\n  proxy: {bob: {}}\n"))
    }
    assert reason in found[f"steps[1].alice.{path}"]


@pytest.mark.parametrize(
    ("psk", "reason"),
    [
        ("{shared with: [alice]}", "can't share a key with itself"),
        ("{shared with: [bob]}", "bob holds no psk; give it one"),
        ("{label: x, key file: y}", "not from both"),
    ],
)
def test_a_shared_key_needs_someone_to_share_it(psk: str, reason: str) -> None:
    text = changed("alice: {credentials: psk}", f"alice: {{credentials: {{psk: {psk}}}}}")
    assert reason in error_of(text.replace("bob: {credentials: psk,", "bob: {")).reason


@pytest.mark.parametrize(
    ("party", "path", "reason"),
    [
        ("offers: dhhmac, credentials: certificate", "offers", "'dhhmac' without a credential"),
        ("offers: dhsign, credentials: psk", "offers", "'dhsign' without a credential"),
        ("offers: ecmqv, credentials: certificate", "offers", "doesn't work with a certified rsa key"),
        (
            "offers: rsa, credentials: {certificate: {key: ec}}",
            "offers",
            "write credentials: {certificate: {key: rsa}}",
        ),
        ("credentials: {certificate: {knows: [bob]}}", "credentials.certificate.knows[0]", "bob holds no certificate"),
        ("credentials: {certificate: {names: alice}}", "credentials.certificate.names", "names alice anyway"),
    ],
)
def test_a_mode_needs_what_it_works_with(party: str, path: str, reason: str) -> None:
    error = error_of(changed("alice: {credentials: psk}", f"alice: {{{party}}}"))
    assert (error.line, error.path) == (4, f"parties.alice.{path}")
    assert reason in error.reason


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_dhsign_works_with_any_certified_key(key: str) -> None:
    scenario(
        changed("alice: {credentials: psk}", f"alice: {{offers: dhsign, credentials: {{certificate: {{key: {key}}}}}}}")
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [("INVIT", "INVITE"), ("invite", "INVITE"), ("reINVITE", "re-INVITE"), ("99", None), ("700", None)],
)
def test_a_message_is_called_by_its_method_or_status(name: str, hint: str | None) -> None:
    text = changed("- media:", f"- mikey: {{from: alice, in: {name}, messages: 1}}\n  - media:")
    error = error_of(text)
    assert (error.path, error.hint) == ("expect[1].mikey.in", hint)


def test_two_attackers_cannot_sit_at_one_place() -> None:
    text = changed("replay: {after: 2s}}", "replay: {after: 2s}}\n    eve: {between: [bob, alice], eavesdrop: true}")
    assert "'mallory' sits between the two already" in error_of(text).reason


def test_an_attacker_who_does_nothing_is_left_out() -> None:
    assert "leave him out" in error_of(changed("replay: {after: 2s}", "eavesdrop: false")).reason


def test_who_injects_sits_before_those_who_are_to_get_it() -> None:
    text = changed("replay: {after: 2s}", "inject: {to: carol}")
    error = error_of(text.replace("  alice: {", "  carol: {credentials: psk}\n  alice: {", 1))
    assert error.path == "network.attackers.mallory.inject.to"
    assert "'carol' gets nothing that passes there" in error.reason


def test_lines_that_change_places_are_two() -> None:
    error = error_of(changed("replay: {after: 2s}", "mikey lines: {swap: [2, 2]}"))
    assert error.path == "network.attackers.mallory.mikey lines.swap"
    assert "takes its own place" in error.reason


def test_one_change_of_lines_at_a_time() -> None:
    error = error_of(changed("replay: {after: 2s}", "mikey lines: {swap: [1, 2], remove: 1}"))
    assert error.path.startswith("network.attackers.mallory.mikey lines")


def test_attackers_stand_between_the_parties_of_a_ladder() -> None:
    assert parties_of(scenario().scenario) == ("alice", "mallory", "bob")


def test_short_forms_mean_the_long_ones() -> None:
    party = scenario().scenario.parties["alice"]
    assert credentials_of(party) == Credentials(psk=SharedKey())
    assert command_of(scenario().scenario.steps[1].commands["alice"]) == ("hang_up", "bob")
    assert expectation_of(scenario().scenario.expect[1])[0] == "media"
