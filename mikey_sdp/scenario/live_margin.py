"""What a scenario expects, with the time that real machines take to think: spans are as much longer as one margin says.

Counts stay as they are written, but for those of packets that a focus passes on: how many there are depends on who has
joined by then, so that they may vary by as many packets as one member sends within the margin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace as changed

from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.expect import Bounds, CallExpected, CountOrAll, Expectation, MediaExpected
from mikey_sdp.scenario.load import Loaded
from mikey_sdp.scenario.units import micros

MARGIN_US: Final = 500_000
"""How much later than in virtual time something may happen in a live run."""


def widened(loaded: Loaded, margin_us: int = MARGIN_US) -> Loaded:
    """The scenario, as a live run of it is judged."""
    scenario = loaded.scenario
    expect = tuple(_widened(scenario, expectation, margin_us) for expectation in scenario.expect)
    return replace(loaded, scenario=changed(scenario, expect=expect))


def _widened(scenario: Scenario, expectation: Expectation, margin_us: int) -> Expectation:
    if expectation.call is not UNSET:
        return changed(expectation, call=_call(expectation.call, margin_us))
    if expectation.media is not UNSET:
        return changed(expectation, media=_media(scenario, expectation.media, margin_us))
    return expectation


def _call(call: CallExpected, margin_us: int) -> CallExpected:
    return changed(call, within=_longer(call.within, margin_us))


def _media(scenario: Scenario, media: MediaExpected, margin_us: int) -> MediaExpected:
    media = changed(media, heard_within=_longer(media.heard_within, margin_us))
    if scenario.parties[media.from_].conference is UNSET:
        return media
    spare = margin_us // min(micros(party.talks.every) or margin_us for party in scenario.parties.values())
    return changed(media, sent=_around(media.sent, spare), decrypted=_around(media.decrypted, spare))


def _longer(span: str | UnsetType, margin_us: int) -> str | UnsetType:
    return span if isinstance(span, UnsetType) else f"{micros(span) + margin_us}us"


def _around(count: CountOrAll | UnsetType, spare: int) -> CountOrAll | UnsetType:
    """Bounds around a number of packets; none stays none, and some stay some."""
    return Bounds(at_least=max(1, count - spare), at_most=count + spare) if isinstance(count, int) and count else count
