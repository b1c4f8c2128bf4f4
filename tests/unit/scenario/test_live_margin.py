from __future__ import annotations

from msgspec import UNSET

from mikey_sdp.scenario.expect import Bounds
from mikey_sdp.scenario.live_margin import widened
from tests.unit.scenario.given import scenario

_CALL = """
name: a call
shows: nothing
parties:
  alice: {credentials: psk, expects: {conference: focus}FOCUS}
  bob: {credentials: psk, talks: {every: 10ms}}
steps:
  - {at: 0s, alice: {call: bob}}
expect:
  - call: {from: alice, answered by: bob, within: 1100ms}
  - call: {from: alice, reaches: [calling]}
  - media: {from: alice, to: bob, sent: 40, decrypted: 20, undecryptable: 0, clipped: 3, heard within: 50ms}
  - media: {from: alice, to: bob, sent: 0, decrypted: all}
  - keys: {agreed: [alice, bob]}
"""


def test_spans_have_a_margin_more_and_nothing_else_changes():
    loaded = scenario(_CALL.replace("FOCUS", ""))
    wide = widened(loaded, 100_000).scenario.expect
    call, media = wide[0].call, wide[2].media
    assert call
    assert media
    assert call.within == "1200000us"
    assert media.heard_within == "150000us"
    assert (media.sent, media.decrypted, media.undecryptable, media.clipped) == (40, 20, 0, 3)
    assert wide[1] == loaded.scenario.expect[1]
    assert wide[3:] == loaded.scenario.expect[3:]
    assert wide[1].call
    assert wide[1].call.within is UNSET


def test_what_a_focus_passes_on_may_vary_by_the_packets_of_the_margin():
    loaded = scenario(_CALL.replace("FOCUS", ", conference: {media: relayed}"))
    wide = widened(loaded, 250_000).scenario.expect
    media, none = wide[2].media, wide[3].media
    assert media
    assert none
    assert media.sent == Bounds(at_least=15, at_most=65)
    assert media.decrypted == Bounds(at_least=1, at_most=45)
    assert (media.undecryptable, media.clipped) == (0, 3)
    assert (none.sent, none.decrypted) == (0, "all")
