"""A scenario with its callers narrowed to one mode, where that makes sense."""

from __future__ import annotations

from pathlib import Path

from msgspec import UNSET

from mikey_sdp.errors import ScenarioError
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.files import octets_of
from mikey_sdp.scenario.load import Loaded, read
from mikey_sdp.scenario.modes import CREDENTIALS
from mikey_sdp.scenario.placing import put
from mikey_sdp.scenario.reading import calls_of, credentials_of, offered_modes
from mikey_sdp.scenario.tree import MAX_OCTETS, Scalar, parse


class Unfit(Exception):
    """The scenario is about something that can't be shown in this mode; the text says what."""


def narrowed(file: str | Path, mode: str) -> Loaded:
    """The scenario of a file in which whoever calls offers that mode, and nothing else.

    Raises: ScenarioError for a file that can't be used as it is; Unfit where the mode doesn't fit what it shows.
    """
    name = str(file)
    node = parse(octets_of(file, most=MAX_OCTETS + 1), file=name)
    scenario = read(node, file=name).scenario
    calls = calls_of(scenario)
    if not calls:
        raise Unfit("nobody calls")
    for caller, callee in sorted(calls):
        _check_offers(scenario, caller, mode)
        for party in (caller, callee):
            _check_holds(scenario, party, mode)
        node = put(node, ("parties", caller, "offers"), Scalar(line=0, text=mode, plain=True), file=name)
    _check_expects(scenario, mode)
    if mode == "unprotected" and scenario.network.transport != "tls":
        raise Unfit(f"keys in the clear don't go over {scenario.network.transport}")
    try:
        return read(node, file=name)
    except ScenarioError as error:
        raise Unfit(error.reason) from None


def _check_offers(scenario: Scenario, caller: str, mode: str) -> None:
    own = offered_modes(scenario.parties[caller])
    if own is not None and mode not in own:
        raise Unfit(f"{caller} offers {', '.join(own)}")


def _check_holds(scenario: Scenario, name: str, mode: str) -> None:
    """Who is called by an address that a server knows is not known here; the run tells."""
    if name in scenario.parties and getattr(credentials_of(scenario.parties[name]), CREDENTIALS[mode]) is UNSET:
        raise Unfit(f"{name} holds nothing that {mode} works with")


def _check_expects(scenario: Scenario, mode: str) -> None:
    for expectation in scenario.expect:
        asked = expectation.mikey
        if asked is not UNSET and asked.mode is not UNSET and asked.mode != mode:
            raise Unfit(f"it expects {asked.mode}")
