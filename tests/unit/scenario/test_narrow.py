"""A scenario in another mode, where that still shows what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.narrow import Unfit, narrowed

TEXT = """\
name: A call
shows: what a test needs
parties:
  alice: {credentials: [psk, certificate, unprotected]}
  bob: {credentials: [psk, certificate, unprotected], offers: psk}
steps:
  - {at: 0s, alice: {call: bob}}
expect:
  - call: {from: alice, answered by: bob}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "a.call.yaml"
    place.write_text(TEXT)
    return place


def change(file: Path, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    file.write_text(TEXT.replace(before, after))


@pytest.mark.parametrize("mode", ["psk", "dhhmac", "rsa", "rsa-r", "dhsign"])
def test_who_calls_offers_that_mode_and_nothing_else(file: Path, mode: str) -> None:
    parties = narrowed(file, mode).scenario.parties
    assert (parties["alice"].offers, parties["bob"].offers) == (mode, "psk")


@pytest.mark.parametrize(
    ("before", "after", "mode", "reason"),
    [
        ("unprotected]}\n", "unprotected], offers: [psk, rsa]}\n", "dhsign", "alice offers psk, rsa"),
        ("[psk, certificate, unprotected]}\n", "psk}\n", "rsa", "alice holds nothing that rsa works with"),
        ("[psk, certificate, unprotected], offers", "psk, offers", "rsa", "bob holds nothing that rsa works with"),
        ("name: A call", "name: A call", "ecies", "doesn't work with a certified rsa key"),
        ("name: A call", "name: A call", "unprotected", "in the clear don't go over udp"),
        (
            "call: {from: alice, answered by: bob}",
            "mikey: {from: alice, in: INVITE, mode: psk}",
            "dhhmac",
            "expects psk",
        ),
    ],
)
def test_what_cannot_be_shown_in_a_mode_says_why(file: Path, before: str, after: str, mode: str, reason: str) -> None:
    change(file, before, after)
    with pytest.raises(Unfit, match=reason):
        narrowed(file, mode)


def test_where_nobody_calls_no_mode_is_shown(file: Path) -> None:
    file.write_text(TEXT.partition("steps:")[0])
    with pytest.raises(Unfit, match="nobody calls"):
        narrowed(file, "psk")


def test_keys_in_the_clear_go_over_tls(file: Path) -> None:
    change(file, "steps:", "network: {transport: tls}\nsteps:")
    assert narrowed(file, "unprotected").scenario.parties["alice"].offers == "unprotected"


def test_a_file_that_cannot_be_used_is_an_error_all_the_same(file: Path) -> None:
    change(file, "call: bob}}", "call: bop}}")
    with pytest.raises(ScenarioError, match="did you mean 'bob'"):
        narrowed(file, "psk")
