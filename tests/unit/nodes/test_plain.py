from __future__ import annotations

import pytest

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.nodes.plain import PlainEndpoint, PlainLeg

PLAIN = "v=0\r\no=a 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
SECURE = PLAIN.replace("RTP/AVP", "RTP/SAVP")


def test_offers_and_answers_stay_as_they_are_written():
    endpoint = PlainEndpoint()
    assert endpoint.offer(PLAIN).sdp == PLAIN
    answer = endpoint.answer(PLAIN, PLAIN)
    assert (answer.sdp, answer.rejection, answer.keys) == (PLAIN, None, None)


def test_an_offer_that_demands_srtp_is_rejected_with_the_warning_for_it():
    answer = PlainEndpoint().answer(SECURE, PLAIN)
    assert answer.sdp is None
    assert answer.rejection is not None
    assert (answer.rejection.status, answer.rejection.warning[0]) == (488, 302)


def test_a_refused_secure_stream_demands_nothing():
    assert PlainEndpoint().answer(SECURE.replace("4000", "0"), PLAIN).rejection is None


def test_an_offer_that_can_not_be_read_is_a_bad_request():
    answer = PlainEndpoint().answer("nonsense", PLAIN)
    assert answer.rejection is not None
    assert answer.rejection.status == 400


def test_an_answer_that_demands_srtp_was_not_asked_for():
    offer = PlainEndpoint().offer(PLAIN)
    offer.accept(PLAIN)
    with pytest.raises(PolicyRefused, match="was not offered"):
        offer.accept(SECURE)


def test_a_plain_call_can_be_offered_again_but_has_no_keys_to_renew():
    leg = PlainLeg()
    assert leg.offer(PLAIN).sdp == PLAIN
    assert leg.answer(PLAIN, PLAIN).sdp == PLAIN
    with pytest.raises(PolicyRefused, match="no keys to renew"):
        leg.offer(PLAIN, rekey=True)
    leg.close()
