"""Servers that can't be meant."""

from __future__ import annotations

import pytest

from tests.unit.scenario.given import error_of, errors_of

TOP = """\
name: N
shows: S
parties:
  alice:
  bob:
  desk: {identity: carol}
network:
"""


@pytest.mark.parametrize(
    ("network", "path", "reason"),
    [
        ("proxy: {}", "network.proxy", "no call ever comes to proxy"),
        ("proxies: {edge: {record route: true}}", "network.proxies.edge", "no call ever comes to edge"),
        ("proxy: {bob: {to: [proxy]}}", "network.proxy.bob.to[0]", "leads back to proxy"),
        ("proxy: {bob: {to: [home]}, home: {to: [bob]}}", "network.proxy.bob.to[0]", "home leads back to proxy"),
        ("proxy: {carol: {}}", "network.proxy.carol", "leads nowhere"),
        ("proxy: {carol: {retarget: bob, to: [desk]}}", "network.proxy.carol.to", "carol stands for bob"),
        ("proxy: {carol: {retarget: bob, fork: serial}}", "network.proxy.carol.fork", "whose places and order hold"),
        (
            "proxies: {one: {stands before: [alice]}, two: {stands before: [alice]}}",
            "network.proxies.two.stands before[0]",
            "go out through one",
        ),
        ("redirect server: {bob: [bob]}", "network.redirect server.bob[0]", "name another place"),
        (
            "redirect server: {home: [{at: bob, after: 1s}]}",
            "network.redirect server.home[0].after",
            "only a proxy can wait",
        ),
        ("proxies: {bob: {stands before: [alice]}}", "network.proxies.bob", "a party is called 'bob' already"),
        (
            "attackers: {proxy: {between: [alice, bob], eavesdrop: true}}\n  proxy: {bob: {}}",
            "network.attackers.proxy",
            "a proxy is called 'proxy' already",
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error(network: str, path: str, reason: str) -> None:
    found = {error.path: error.reason for error in errors_of(f"{TOP}  {network}\n")}
    assert path in found
    assert reason in found[path]


@pytest.mark.parametrize(
    ("network", "path", "hint"),
    [
        ("proxy: {bob: {to: [dask]}}", "network.proxy.bob.to[0]", "desk"),
        ("proxy: {bob: {retarget: alise}}", "network.proxy.bob.retarget", "alice"),
        ("proxy: {bob: {frk: serial}}", "network.proxy.bob.frk", "fork"),
        ("proxy: {bob: {fork: seriel}}", "network.proxy.bob.fork", "serial"),
        ("proxies: {edge: {stands before: [alise]}}", "network.proxies.edge.stands before[0]", "alice"),
        ("redirect server: {home: [bop]}", "network.redirect server.home[0]", "bob"),
        ("links: [{between: [alice, proxi]}]\n  proxy: {bob: {}}", "network.links[0].between[1]", "proxy"),
    ],
)
def test_a_misspelt_name_is_found_with_the_nearest_right_one(network: str, path: str, hint: str) -> None:
    error = error_of(f"{TOP}  {network}\n")
    assert (error.path, error.hint) == (path, hint)


@pytest.mark.parametrize("q", ["2", "0.1234", "-1", "half"])
def test_a_preference_is_a_number_from_0_to_1(q: str) -> None:
    error = error_of(f"{TOP}  proxy: {{bob: {{to: [{{at: bob, q: {q}}}]}}}}\n")
    assert (error.path, "q value" in error.reason) == ("network.proxy.bob.to[0].q", True)


@pytest.mark.parametrize(
    ("certificate", "path", "reason"),
    [
        ("{same as: bob}", "same as", "bob holds no certificate of its own"),
        ("{same as: desk, expired: true}", "same as", "is said where desk holds it"),
        ("{same as: desk, key: ec}", "key", "the key of desk is an rsa key"),
    ],
)
def test_who_has_a_copy_says_nothing_of_the_original(certificate: str, path: str, reason: str) -> None:
    text = TOP.replace("network:\n", "").replace("alice:", f"alice: {{credentials: {{certificate: {certificate}}}}}")
    error = error_of(text.replace("{identity: carol}", "{identity: carol, credentials: certificate}"))
    assert error.path == f"parties.alice.credentials.certificate.{path}"
    assert reason in error.reason


def test_a_key_of_a_group_needs_a_name() -> None:
    text = TOP.replace("network:\n", "").replace("alice:", "alice: {credentials: {psk: {of group: true}}}")
    assert error_of(text).path == "parties.alice.credentials.psk.of group"
