"""Expectations judged on real runs: each kind holds where it should, and fails where something else happened."""

from __future__ import annotations

import pytest

from mikey_sdp.scenario.checks import CHECKS
from mikey_sdp.scenario.expect import Expectation
from mikey_sdp.scenario.witness import Witness
from tests.unit.scenario.recorded_calls import derive_without_secret
from tests.unit.scenario.runs import (
    BUSY,
    CALL,
    CANCELLED,
    EARLY,
    FORKED,
    HELD,
    LOSSY,
    MUTE,
    NO_KEY,
    RE_KEYED,
    REDIRECTED,
    REPLAY,
    SILENT,
    WRONG_KEY,
    verdict,
)

AGREED = FORKED.replace("alice: {credentials: psk}", "alice: {credentials: psk, offers: dhhmac}")
TWO_CALLS = """\
parties:
  alice: {credentials: psk, offers: psk}
  bob: {credentials: psk}
  carol: {credentials: psk}
  dave: {credentials: psk}
steps:
  - {at: 0s, alice: {call: bob}}
  - {at: 1s, alice: {call: carol}}
"""

HOLD = [
    (CALL, "call: {from: alice, answered by: bob, within: 1020ms}"),
    (CALL, "call: {from: alice, reaches: [calling, ringing, answered, confirmed, ended], never reaches: [held]}"),
    (CANCELLED, "call: {from: alice, reaches: [calling, ringing, cancelled], never reaches: [answered]}"),
    (HELD, "call: {from: alice, reaches: [confirmed, held, resumed, ended], never reaches: [rekeyed]}"),
    (BUSY, "call: {from: alice, rejected with: 486, never reaches: [answered]}"),
    (WRONG_KEY, "call: {from: alice, rejected with: 488, warning: 399}"),
    (CALL, "mikey: {from: alice, in: INVITE, mode: psk, level: session, messages: 1, protocols: [mikey]}"),
    (CALL, "mikey: {from: bob, in: 200, mode: psk}"),
    (CALL, "mikey: {from: bob, in: 180, messages: 0, protocols: []}"),
    (RE_KEYED, "mikey: {from: bob, in: 200, nth: 2, mode: psk}"),
    (CALL, "media: {from: alice, to: bob, sent: 50, decrypted: all, undecryptable: 0, clipped: 0}"),
    (CALL, "media: {from: bob, to: alice, line: 0, decrypted: {at least: 50}, clipped: {at most: 1}}"),
    (BUSY, "media: {from: alice, to: bob, sent: 0}"),
    (CALL, "keys: {agreed: [alice, bob]}"),
    (CALL, "keys: {shared: [alice, bob]}"),
    (WRONG_KEY, "keys: {none at: [alice, bob]}"),
    (RE_KEYED, "keys: {changed: [alice, bob]}"),
    (WRONG_KEY, "key management failed: {at: bob, mikey error: 0, status: 488}"),
    (REPLAY, "key management failed: {at: bob, mikey error: 1, because: replay}"),
    (WRONG_KEY, "key management failed: {at: bob, with: alice, mikey error: 0}"),
    (NO_KEY, "key management failed: {at: alice, mikey error: none}"),
    (REPLAY, "attack: {by: mallory, made: {at least: 1}, failed: true}"),
    (LOSSY, "messages: {from: alice, named: INVITE, to: bob, sent: 2, lost: 1, arrived: 1}"),
    (CALL, "messages: {from: alice, named: INVITE, sent: 1, lost: 0}"),
    (RE_KEYED, "re-keyed: {at: bob, times: 1}"),
    (CALL, "re-keyed: {at: alice, times: 0}"),
    (FORKED, "early dialogs: 2"),
    (FORKED, "mikey: {from: proxy, in: INVITE, nth: 2, same as: alice}"),
    (CALL, "early dialogs: {at most: 1}"),
    (CALL, "two-time pad: never"),
    (FORKED, "keys: {unknown to: {mobile: [proxy], alice: [proxy]}}"),
    (FORKED, "keys: {known to: {mobile: [desk]}}"),
    (FORKED, "keys: {none with: {alice: [desk]}}"),
    (CALL, "keys: {not forward secret: [alice, bob]}"),
    (EARLY, "media: {from: bob, to: alice, decrypted late: 3, heard within: 320ms}"),
    (REDIRECTED, "call: {from: alice, to: bob, redirected to: carol, answered by: carol, within: 150ms}"),
    (REDIRECTED, "call: {from: alice, reaches: [calling, redirected, calling, confirmed]}"),
]
FAIL = [
    (CALL, "call: {from: alice, answered by: bob, within: 1019ms}", "after 1.02 s"),
    (BUSY, "call: {from: alice, answered by: bob}", "rejected with 486 Busy Here at"),
    (CALL, "call: {from: alice, rejected with: 486}", "last ended (hung up) at 3 s"),
    (BUSY, "call: {from: alice, rejected with: 488}", "486"),
    (BUSY, "call: {from: alice, rejected with: 486, warning: 399}", "Warning: none"),
    (CALL, "call: {from: alice, reaches: [ringing, calling]}", "never calling in that place"),
    (CALL, "call: {from: alice, never reaches: [ringing]}", "ringing at"),
    (NO_KEY, "call: {from: alice, answered by: bob}", "no INVITE left alice: at 0 s it refused: no mode fits"),
    (CALL, "mikey: {from: alice, in: INVITE, mode: unprotected}", "modes: PSK"),
    (CALL, "mikey: {from: alice, in: INVITE, level: media}", "at session level"),
    (CALL, "mikey: {from: alice, in: INVITE, messages: 2}", "1"),
    (CALL, "mikey: {from: alice, in: INVITE, protocols: [keyp1, mikey]}", "mikey"),
    (CALL, "mikey: {from: bob, in: 180, mode: psk}", "no MIKEY"),
    (CALL, "mikey: {from: alice, in: re-INVITE, messages: 0}", "it sent 0"),
    (CALL, "mikey: {from: alice, in: INVITE, nth: 2, messages: 0}", "it sent 1"),
    (CALL, "media: {from: alice, to: bob, sent: 49}", "50 of 50 packets decrypted"),
    (CALL, "media: {from: alice, to: bob, decrypted: {at most: 49}}", "50 of 50"),
    (BUSY, "media: {from: alice, to: bob, decrypted: all}", "nothing was sent"),
    (CALL, "media: {from: alice, to: bob, undecryptable: {at least: 1}}", "50 of 50"),
    (CALL, "media: {from: alice, to: bob, clipped: 1}", "50 of 50"),
    (WRONG_KEY, "keys: {agreed: [alice, bob]}", "none"),
    (CALL, "keys: {different: [alice, bob]}", "both hold"),
    (WRONG_KEY, "keys: {shared: [alice, bob]}", "alice: none; bob: none"),
    (FORKED, "keys: {shared: [desk, mobile]}", "desk: "),
    (WRONG_KEY, "keys: {different: [alice, bob]}", "one of them holds none"),
    (CALL, "keys: {none at: [bob]}", "it installed"),
    (CALL, "keys: {unknown to: {alice: [bob]}}", "can be made"),
    (WRONG_KEY, "keys: {unknown to: {alice: [bob]}}", "alice holds no key"),
    (FORKED, "keys: {known to: {mobile: [proxy]}}", "none of them opens a packet"),
    (FORKED, "keys: {none with: {alice: [mobile]}}", "it installed"),
    (FORKED, "keys: {known to: {mobile: [desk, proxy]}}", "none of them opens a packet"),
    (FORKED, "keys: {unknown to: {mobile: [desk]}}", "can be made"),
    (CALL, "keys: {forward secret: [alice]}", "can be made"),
    (MUTE, "keys: {unknown to: {alice: [mallory]}}", "opens with its own secrets either"),
    (SILENT, "keys: {unknown to: {alice: [bob]}}", "can be made"),
    (CALL, "keys: {changed: [alice]}", "never re-keyed"),
    (CALL, "key management failed: {at: bob}", "bob refused nothing"),
    (WRONG_KEY, "key management failed: {at: bob, mikey error: 1}", "MIKEY error 0"),
    (WRONG_KEY, "key management failed: {at: bob, with: bob, mikey error: 0}", "bob refused nothing"),
    (WRONG_KEY, "key management failed: {at: bob, mikey error: none}", "MIKEY error 0"),
    (WRONG_KEY, "key management failed: {at: bob, status: 486}", "status 488"),
    (REPLAY, "key management failed: {at: bob, because: bad weather}", "replay"),
    (NO_KEY, "key management failed: {at: alice, because: secure carrier=}", "no mode fits this call"),
    (REPLAY, "attack: {by: mallory, made: 0}", "times: sent a recorded offer"),
    (REPLAY, "attack: {by: mallory, failed: false}", "nobody answered them"),
    (LOSSY, "messages: {from: alice, named: INVITE, sent: 1}", "2 sent, 1 lost, 1 arrived"),
    (LOSSY, "messages: {from: alice, named: INVITE, lost: 0}", "1 lost"),
    (LOSSY, "messages: {from: alice, named: INVITE, arrived: 2}", "1 arrived"),
    (RE_KEYED, "re-keyed: {at: bob, times: 2}", "1 times"),
    (FORKED, "early dialogs: 1", "2"),
    (RE_KEYED, "mikey: {from: bob, in: 200, nth: 2, same as: bob}", "others than in 200 OK"),
    (FORKED, "mikey: {from: proxy, in: INVITE, same as: desk}", "desk sent no such message"),
    (FORKED, "early dialogs: {at least: 3}", "2"),
    (CALL, "two-time pad: found", "none among 100"),
    (EARLY, "media: {from: bob, to: alice, decrypted late: 5}", "packets decrypted"),
    (EARLY, "media: {from: bob, to: alice, heard within: 100ms}", "packets decrypted"),
    (BUSY, "media: {from: bob, to: alice, heard within: 100ms}", "nothing was sent"),
    (REDIRECTED, "call: {from: alice, to: bob, redirected to: alice}", "then redirected"),
    (CALL, "call: {from: alice, redirected to: bob}", "it went nowhere else"),
]


@pytest.mark.parametrize(("text", "expect"), HOLD, ids=[expect for _, expect in HOLD])
def test_an_expectation_holds(text: str, expect: str) -> None:
    found = verdict(text, expect)
    assert found.held, found


@pytest.mark.parametrize(("text", "expect", "came"), FAIL, ids=[expect for _, expect, _ in FAIL])
def test_an_expectation_fails_and_says_what_came(text: str, expect: str, came: str) -> None:
    found = verdict(text, expect)
    assert not found.held
    assert came in found.came
    assert found.expected


@pytest.mark.parametrize(
    "expect",
    ["keys: {unknown to: {mobile: [proxy]}}", "keys: {forward secret: [mobile]}", "keys: {private: [alice, mobile]}"],
)
def test_a_key_that_rests_on_no_secret_is_a_secret_of_nobody(expect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(AGREED, expect).held
    derive_without_secret(monkeypatch)
    found = verdict(f"{AGREED}# broken\n", expect)
    assert not found.held
    assert "can be made" in found.came


def test_secrecy_is_not_shown_of_a_key_that_the_party_itself_could_not_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of alice's two calls the secrets at hand open one: that nobody else opens the other shows nothing."""
    every = Witness.secrets
    monkeypatch.setattr(Witness, "secrets", lambda witness, parties: every(witness, {*parties} & {"bob"}))
    found = verdict(TWO_CALLS, "keys: {unknown to: {alice: [dave]}}")
    assert not found.held
    assert "shows nothing" in found.came


def test_that_no_packet_was_sent_does_not_show_that_no_key_stream_is_used_twice() -> None:
    found = verdict(BUSY, "two-time pad: never")
    assert not found.held
    assert found.came == "no packet was sent at all"


def test_every_kind_of_expectation_is_judged_and_tested_both_ways() -> None:
    kinds = set(Expectation.__struct_encode_fields__)
    assert set(CHECKS) == kinds
    assert {expect.partition(":")[0] for _, expect in HOLD} == kinds
    assert {expect.partition(":")[0] for _, expect, _ in FAIL} == kinds


def test_a_failure_names_party_step_and_the_nearest_message_with_its_time() -> None:
    found = verdict(BUSY, "call: {from: alice, answered by: bob}")
    assert found.expected == "bob answers alice, and the call stands (step 1, at 0 s: alice calls bob)"
    assert found.nearest == "486 Busy Here (INVITE) from bob to alice at 210 ms"


def test_the_latest_step_that_concerns_the_party_is_named() -> None:
    found = verdict(RE_KEYED, "re-keyed: {at: bob, times: 2}")
    assert "step 2, at 2 s: alice re-keys with bob" in found.expected
    assert found.nearest.startswith("INVITE sip:bob@192.0.2.2")


def test_an_expectation_is_repeated_in_the_words_of_the_file() -> None:
    found = verdict(CALL, "media: {from: bob, to: alice, line: 0, decrypted: {at least: 50}, clipped: {at most: 1}}")
    assert found.expectation == "media: from bob, to alice, line 0, decrypted at least 50, clipped at most 1"
    assert found.line == 10
