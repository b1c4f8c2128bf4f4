"""The SRTP sessions of a call while keys and lines change under them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.payloads import SecurityPolicy
from mikey_sdp.mikey.registry import SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from tests.unit.endpoint.ends import ALICE, BOB, Call, Ends, body, call, hears, mikey_of, rtp


@pytest.fixture
def ends() -> Ends:
    return Ends()


def changed(made: Call, *media: str, rekey: bool = False, by_bob: bool = False) -> tuple[KeySet, KeySet]:
    """An offer within the call and its answer: the keys of Alice and of Bob."""
    offering, answering = (made.bobs_leg, made.alices_leg) if by_bob else (made.alices_leg, made.bobs_leg)
    offer = offering.offer(body(*media), rekey=rekey)
    answer = answering.answer(offer.sdp, body(*media, host=2))
    assert answer.keys is not None, answer.rejection
    keys = offer.accept(answer.sdp or "")
    answering.confirm()
    return (answer.keys, keys) if by_bob else (keys, answer.keys)


def mki_of(keys: KeySet, media: int = 0, sequence: int = 100) -> bytes:
    return keys.session(media).protect(rtp(sequence))[-11:-10]


@pytest.mark.parametrize("by_bob", [True, False])
def test_keys_of_one_leg_have_names_of_their_own(ends: Ends, by_bob: bool) -> None:
    made = call(ends.alice(), ends.bob())
    names = [made.keys.media[0].send[0].mki]
    for turn in range(300):
        ends.clock.unix_us += 1
        names.append(changed(made, rekey=True, by_bob=by_bob or turn < 2)[0].media[0].send[0].mki)
    assert all(before != after for before, after in pairwise(names))
    assert names[:5] == [b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"]
    assert len(set(names)) == 256


def test_a_line_that_was_off_during_a_rekey_comes_back_under_the_new_key(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video")
    old = made.keys.session(1)
    assert hears(made.keys, made.answer.keys, media=1)
    changed(made, "audio", "video:0")
    changed(made, "audio", "video:0", rekey=True)
    alices, bobs = changed(made, "audio", "video")
    assert alices.session(1) is not old
    assert hears(alices, bobs, media=1, ssrc=100)
    assert hears(bobs, alices, media=1, ssrc=101)
    assert alices.media[1].send[0].mki == b"\x02"


def test_a_line_that_comes_back_under_the_same_key_goes_on(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video")
    old = made.keys.session(1)
    old.protect(rtp(5))
    changed(made, "audio", "video:0")
    alices, _ = changed(made, "audio", "video")
    assert alices.session(1) is old
    with pytest.raises(UsageError):
        alices.session(1).protect(rtp(5))


def test_a_line_that_is_off_has_no_counters_to_tell(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video")
    for sequence in range(0, 0x18000, 0x4000):
        made.keys.session(1).protect(rtp(sequence % 0x10000))
    again = made.alices_leg.offer(body("audio", "video"), rekey=True)
    assert [entry.roc for entry in mikey_of(again.sdp).header.sessions] == [0, 0, 1, 0]
    again.accept(made.bobs_leg.answer(again.sdp, body("audio", "video", host=2)).sdp or "")
    made.bobs_leg.confirm()
    changed(made, "audio", "video:0")
    back = made.alices_leg.offer(body("audio", "video"), rekey=True)
    assert [entry.roc for entry in mikey_of(back.sdp).header.sessions] == [0, 0, 0, 0]
    answer = made.bobs_leg.answer(back.sdp, body("audio", "video", host=2))
    assert hears(back.accept(answer.sdp or ""), answer.keys, media=1, sequence=1)


def test_a_line_that_goes_at_media_level_takes_its_bundle_along(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video", level="media")
    old = made.keys.session(1)
    changed(made, "audio", "video:0")
    assert (made.alice.open_bundles, made.bob.open_bundles) == (1, 1)
    alices, bobs = changed(made, "audio", "video")
    assert alices.session(1) is not old
    assert hears(alices, bobs, media=1)


def test_a_line_that_was_refused_at_media_level_can_be_offered_by_who_refused_it(ends: Ends) -> None:
    alice, bob = ends.alice(), ends.bob()
    offer = alice.offer(body("audio", "video"), to=BOB, level="media")
    answer = bob.answer(offer.sdp, body("audio", "video:0", host=2), caller=ALICE)
    made = Call(alice, bob, offer, answer, offer.accept(answer.sdp or ""))
    assert (alice.open_bundles, bob.open_bundles) == (1, 1)
    alices, bobs = changed(made, "audio", "video", by_bob=True)
    assert hears(bobs, alices, media=1)


def test_an_answer_that_takes_no_secured_stream_installs_nothing(ends: Ends) -> None:
    bob = ends.bob()
    answer = bob.answer(ends.alice().offer(body(), to=BOB, level="media").sdp, body("audio:0"), caller=ALICE)
    assert (answer.rejection, answer.keys, bob.open_bundles) == (None, None, 0)
    assert "key-mgmt" not in (answer.sdp or "")


def test_a_session_that_is_made_late_has_the_keys_of_now(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    alices, _ = changed(made, rekey=True)
    assert mki_of(made.keys) == b"\x02"
    assert alices.session(0) is made.keys.session(0)


def test_a_session_that_is_made_before_confirmation_sends_under_the_old_key(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    offer = made.alices_leg.offer(body(), rekey=True)
    answer = made.bobs_leg.answer(offer.sdp, body(host=2))
    assert mki_of(answer.keys) == b"\x01"
    assert hears(made.keys, answer.keys)
    offer.accept(answer.sdp)
    assert hears(made.keys, answer.keys, sequence=2)
    made.bobs_leg.confirm()
    assert mki_of(answer.keys, sequence=101) == b"\x02"


def test_a_stream_that_runs_elsewhere_keeps_its_counter(ends: Ends) -> None:
    """Whoever runs the media is told; a session made here can't join, and the exchange goes on."""
    made = call(ends.alice(), ends.bob())
    for sequence in range(0, 0x18000, 0x4000):
        made.keys.session(0).protect(rtp(sequence % 0x10000))
    offer = made.alices_leg.offer(body(), rekey=True)
    answer = made.bobs_leg.answer(offer.sdp, body(host=2))
    assert answer.keys.media[0].receive[0].roc == 1
    with pytest.raises(PeerError, match="rollover counter 1"):
        answer.keys.session(0)
    offer.accept(answer.sdp)
    made.bobs_leg.confirm()


def test_a_rekey_that_the_offerer_missed_does_not_silence_him(ends: Ends) -> None:
    """His packets are still under the first key when the second attempt is answered."""
    made = call(ends.alice(), ends.bob())
    assert hears(made.keys, made.answer.keys)
    for _ in range(2):
        ends.clock.unix_us += 1
        offer = made.alices_leg.offer(body(), rekey=True)
        answer = made.bobs_leg.answer(offer.sdp, body(host=2))
    assert hears(made.keys, answer.keys, sequence=2)
    offer.accept(answer.sdp)
    made.bobs_leg.confirm()
    assert hears(made.keys, answer.keys, sequence=3)
    assert hears(answer.keys, made.keys, sequence=3)


def test_an_offer_that_was_overtaken_brings_no_old_keys_back(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    hold = made.alices_leg.offer(body())
    held = made.bobs_leg.answer(hold.sdp, body(host=2))
    alices, _ = changed(made, rekey=True)
    with pytest.raises(UsageError, match="has other keys by now"):
        hold.accept(held.sdp)
    assert made.alices_leg.keys.media == alices.media


def test_early_sessions_outlive_an_answer_that_is_refused(ends: Ends) -> None:
    offer = ends.alice().offer(body(), to=BOB)
    early = offer.keys.session(0)
    answer = ends.bob().answer(offer.sdp, body(host=2), caller=ALICE)
    with pytest.raises(PeerError):
        offer.accept(answer.sdp.replace("RTP/SAVP", "RTP/AVP"))
    assert offer.accept(answer.sdp).session(0) is early


def test_branches_are_told_that_they_share_their_keys(ends: Ends) -> None:
    offer = ends.alice().offer(body(), to=BOB)
    first, second = (
        offer.accept(ends.bob().answer(offer.sdp, body(host=host), caller=ALICE).sdp or "") for host in (2, 3)
    )
    assert first.advice == ()
    assert any("branches" in text for text in second.advice)


def test_a_policy_can_be_renegotiated_within_a_call(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(renegotiate=True))
    made.alices_leg._state.srtp = replace(DEFAULT_SRTP, encr_alg=SrtpEncrAlg.AES_F8)
    offer = made.alices_leg.offer(body(), rekey=True)
    refusal = made.bobs_leg.answer(offer.sdp, body(host=2))
    with pytest.raises(ErrorReported) as caught:
        offer.accept(refusal.sdp)
    again = offer.retry(caught.value, body())
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    keys = again.accept(answer.sdp)
    assert keys.media[0].send[0].mki == b"\x02"
    assert made.alices_leg.keys.media == keys.media
    assert made.alices_leg.offer(body()).sdp.count(again.sdp.splitlines()[-2]) == 1


def test_more_lines_bring_no_other_policy(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    made.alices_leg._state.srtp = replace(DEFAULT_SRTP, tag_octets=4)
    assert mikey_of(made.alices_leg.offer(body("audio", "video")).sdp).find(SecurityPolicy) is None
    assert mikey_of(made.alices_leg.offer(body(), rekey=True).sdp).find(SecurityPolicy) is not None
