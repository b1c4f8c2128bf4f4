"""Where calls go: first hops, what servers do with an address, whom a call can reach, and circles."""

from __future__ import annotations

import pytest

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.meetings import Meetings
from mikey_sdp.scenario.reading import calls_of, parties_of, servers_of
from mikey_sdp.scenario.routes import addresses_of, cycle_from, first_hop, next_hops, reached
from tests.unit.scenario.given import error_of, errors_of, scenario

TOP = "name: N\nshows: S\n"
PARTIES = """\
parties:
  alice:
  desk: {identity: bob}
  mobile: {identity: bob}
  carol:
"""
FORK = TOP + PARTIES + "network: {proxy: {bob: {to: [desk, mobile]}}}\n"
CHAIN = (
    TOP
    + PARTIES
    + """\
network:
  proxies:
    edge: {stands before: [alice]}
    middle: {bob: {to: [core]}}
    core: {bob: {to: [mobile, {at: desk, q: 0.5}]}, office: {retarget: carol}}
"""
)
REDIRECTED = (
    TOP
    + PARTIES
    + """\
network:
  proxy: {bob: {to: [redirect-server, desk], follow redirects: true}}
  redirect server: {bob: [carol], home: [bob]}
"""
)


def of(text: str) -> Scenario:
    return scenario(text).scenario


@pytest.mark.parametrize(
    ("text", "caller", "called", "hop"),
    [
        (FORK, "alice", "bob", ("proxy", "bob")),
        (FORK, "alice", "carol", (None, "carol")),
        (FORK, "alice", "desk", (None, "desk")),
        (CHAIN, "alice", "bob", ("edge", "bob")),
        (CHAIN, "alice", "carol", ("edge", "carol")),
        (CHAIN, "alice", "desk", (None, "desk")),
        (CHAIN, "carol", "bob", ("middle", "bob")),
        (REDIRECTED, "alice", "home", ("redirect-server", "home")),
    ],
)
def test_a_call_goes_first_to_who_knows_the_address(
    text: str, caller: str, called: str, hop: tuple[str | None, str]
) -> None:
    assert first_hop(of(text), caller, called) == hop


def test_a_server_passes_on_what_it_knows_nothing_of() -> None:
    assert list(next_hops(of(CHAIN), "edge", "bob")) == [("middle", "bob")]
    assert list(next_hops(of(CHAIN), "edge", "carol")) == [(None, "carol")]
    assert list(next_hops(of(CHAIN), "middle", "bob")) == [("core", "bob")]
    assert list(next_hops(of(CHAIN), "core", "bob")) == [(None, "mobile"), (None, "desk")]
    assert list(next_hops(of(CHAIN), "core", "office")) == [("core", "carol")]


@pytest.mark.parametrize(
    ("text", "caller", "called", "phones"),
    [
        (FORK, "alice", "bob", ("desk", "mobile")),
        (CHAIN, "alice", "bob", ("mobile", "desk")),
        (CHAIN, "alice", "office", ("carol",)),
        (REDIRECTED, "alice", "bob", ("desk", "carol")),
        (REDIRECTED, "alice", "home", ("desk", "carol")),
    ],
)
def test_a_call_reaches_phones(text: str, caller: str, called: str, phones: tuple[str, ...]) -> None:
    assert reached(of(text), caller, called) == phones


def test_phones_that_register_are_reached() -> None:
    text = FORK.replace("{to: [desk, mobile]}", "{}") + "steps: [{at: 0s, mobile: {register: {at: proxy}}}]\n"
    assert reached(of(text), "alice", "bob") == ("mobile",)


def test_servers_and_their_addresses() -> None:
    assert servers_of(of(CHAIN)) == ("edge", "middle", "core")
    assert addresses_of(of(CHAIN)) == ("bob", "office")
    assert servers_of(of(REDIRECTED)) == ("proxy", "redirect-server")


def test_a_server_stands_left_of_the_first_phone_that_it_leads_to() -> None:
    assert parties_of(of(FORK)) == ("alice", "proxy", "desk", "mobile", "carol")
    assert parties_of(of(REDIRECTED)) == ("alice", "proxy", "desk", "mobile", "redirect-server", "carol")
    assert parties_of(of(CHAIN))[0] == "alice"
    assert set(parties_of(of(CHAIN))) == {"alice", "desk", "mobile", "carol", "edge", "middle", "core"}


def test_proxies_that_send_calls_to_each_other_are_a_circle() -> None:
    text = TOP + PARTIES + "network: {proxies: {one: {bob: {to: [two]}}, two: {bob: {to: [desk, one]}}}}\n"
    errors = [error for error in error_lines(text) if "circles" in error]
    assert errors == [
        "a call to bob at one goes round in circles: to bob at two, then to bob at one",
    ]


def error_lines(text: str) -> list[str]:
    return [error.reason for error in errors_of(text)]


def test_addresses_that_stand_for_each_other_are_a_circle() -> None:
    text = TOP + PARTIES + "network: {proxy: {bob: {retarget: ann}, ann: {retarget: bob}}}\n"
    assert "goes round in circles: to ann at proxy, then to bob at proxy" in error_lines(text)[0]


def test_redirections_are_no_circle() -> None:
    found = of(TOP + PARTIES + "network: {proxy: {bob: {to: [redirect-server]}}, redirect server: {bob: [carol]}}\n")
    assert cycle_from(found, "proxy", "bob") == ()


def test_an_address_that_leads_nowhere_is_an_error_with_the_phones_of_its_user() -> None:
    error = error_of(TOP + PARTIES + "network: {proxy: {bob: {}}}\n")
    assert (error.reason, error.hint) == ("bob leads nowhere; say to whom", "to: [desk, mobile]")


STEPS = """\
steps:
  - {at: 1s, alice: {call: bob}}
  - {at: 2s, alice: {transfer: {call with: bob, to: carol}}}
"""


def test_who_can_be_reached_can_be_met() -> None:
    found = of(FORK + STEPS)
    assert calls_of(found) == {("alice", "bob"), ("bob", "carol")}
    meetings = Meetings(found)
    assert meetings.first_us("mobile", "alice") == meetings.first_us("alice", "bob") == 1_000_000
    assert meetings.first_us("desk", "mobile") is None
    assert meetings.partners("alice") == ["desk", "mobile"]
