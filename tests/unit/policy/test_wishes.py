"""What is asked of a key beside the credentials: secrecy, a part in it, forks, early media, conferences, budgets."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.policy import Conference, Cost, Facts, after_rejection, check_offered, select

ALL = frozenset({"PSK", "DHHMAC", "RSA", "RSA-R", "DHSIGN"})
SECTIONS_OF_5 = "RFC 5197 section 5"


def chosen(*held: str, **asked: object) -> str:
    return select(Facts(credentials=frozenset(held) or ALL, **asked)).mode


@pytest.mark.requirement("5197-5-R2")
def test_a_shared_key_and_forward_secrecy_or_a_part_in_the_key_mean_dhhmac() -> None:
    assert chosen("PSK", "DHHMAC", forward_secrecy=True) == "DHHMAC"
    assert chosen("PSK", "DHHMAC", both_contribute=True) == "DHHMAC"
    assert chosen("PSK", "DHHMAC") == "PSK"


@pytest.mark.requirement("5197-5-R3")
def test_a_known_certificate_means_rsa() -> None:
    assert chosen("RSA", "RSA-R", "DHSIGN") == "RSA"


@pytest.mark.requirement("5197-5-R4")
def test_our_certificate_alone_means_rsa_r_which_gives_both_a_part_but_no_forward_secrecy() -> None:
    assert chosen("RSA-R", "DHSIGN") == "RSA-R"
    assert chosen("RSA-R", "DHSIGN", both_contribute=True) == "RSA-R"
    assert chosen("RSA-R", "DHSIGN", forward_secrecy=True) == "DHSIGN"


@pytest.mark.requirement("5197-5-R5")
def test_certificates_and_forward_secrecy_mean_dhsign() -> None:
    decision = select(Facts(credentials=frozenset({"RSA", "RSA-R", "DHSIGN"}), forward_secrecy=True))
    assert (decision.mode, decision.alternatives) == ("DHSIGN", ())
    assert {(entry.mode, entry.rule) for entry in decision.overruled} == {
        ("RSA", "5197-5.5-T2-PFS"),
        ("RSA-R", "5197-5.5-T2-PFS"),
    }


@pytest.mark.requirement("5197-5-11")
def test_forks_move_modes_with_one_key_for_all_behind_the_others() -> None:
    decision = select(Facts(credentials=ALL, forking=True))
    assert (decision.mode, *decision.alternatives) == ("RSA-R", "DHSIGN", "DHHMAC", "PSK", "RSA")
    assert {entry.mode for entry in decision.drawbacks} == {"PSK", "RSA", "DHHMAC"}


def test_early_media_moves_modes_that_wait_for_the_answer_behind_the_others() -> None:
    assert chosen("DHHMAC", "RSA", early_media=True) == "RSA"
    decision = select(Facts(credentials=frozenset({"DHSIGN"}), early_media=True))
    assert [entry.rule for entry in decision.drawbacks_of("DHSIGN")] == ["5197-5.1"]


def test_a_key_in_too_many_hands_weighs_more_than_a_clipped_greeting() -> None:
    decision = select(Facts(credentials=frozenset({"PSK", "DHHMAC"}), forking=True, early_media=True))
    assert decision.mode == "DHHMAC"
    assert [entry.section for entry in decision.drawbacks_of("DHHMAC")] == [f"{SECTIONS_OF_5}.{n}" for n in (2, 1)]


def test_a_drawback_does_not_keep_a_call_from_being_made() -> None:
    decision = select(Facts(credentials=frozenset({"PSK"}), forking=True))
    assert (decision.mode, decision.drawbacks[0].rule) == ("PSK", "5197-5.2-key")


@pytest.mark.parametrize(
    ("part", "held", "expected"),
    [
        (Conference.FOCUS, ALL, "PSK"),
        (Conference.FOCUS, ALL - {"PSK"}, "RSA"),
        (Conference.MEMBER, ALL, "RSA-R"),
    ],
)
def test_a_conference_goes_by_who_initiates(part: Conference, held: frozenset[str], expected: str) -> None:
    assert select(Facts(credentials=held, conference=part)).mode == expected


def test_a_focus_with_diffie_hellman_only_is_refused_with_the_section() -> None:
    with pytest.raises(PolicyRefused, match="conference key") as refused:
        select(Facts(credentials=frozenset({"DHSIGN"}), conference=Conference.FOCUS))
    assert refused.value.rule == "5197-5-R5"


def test_a_message_that_is_too_large_is_not_sent() -> None:
    costs = {"RSA": Cost(octets=1258, offer_us=900, answer_us=100), "DHSIGN": Cost(octets=609, offer_us=1, answer_us=1)}
    facts = Facts(credentials=frozenset(costs), costs=costs, octets=1000)
    decision = select(facts)
    assert decision.mode == "DHSIGN"
    assert [(entry.mode, entry.rule) for entry in decision.overruled] == [("RSA", "message-size")]


def test_many_answers_cost_time_each() -> None:
    costs = {
        "DHHMAC": Cost(octets=329, offer_us=900, answer_us=1000),
        "PSK": Cost(octets=165, offer_us=90, answer_us=50),
    }
    budget = {"costs": costs, "time_us": 5000, "forking": True}
    held = frozenset(costs)
    assert select(Facts(credentials=held, answers=4, **budget)).mode == "DHHMAC"
    assert select(Facts(credentials=held, answers=5, **budget)).mode == "PSK"


def test_a_call_that_may_be_sent_on_needs_no_key_of_the_called_party() -> None:
    decision = select(Facts(credentials=ALL, retargeting=True))
    assert (decision.mode, *decision.alternatives) == ("RSA-R", "DHSIGN", "PSK", "DHHMAC", "RSA")
    assert {entry.section for entry in decision.drawbacks} == {f"{SECTIONS_OF_5}.3"}


def test_a_rejection_goes_to_the_next_mode_and_never_to_an_unprotected_one() -> None:
    facts = Facts(credentials=frozenset({"PSK", "DHHMAC", "NULL"}), secure_carrier=True)
    assert after_rejection(facts, {"PSK"}).mode == "DHHMAC"
    with pytest.raises(PolicyRefused):
        after_rejection(facts, {"PSK", "DHHMAC"})


@pytest.mark.requirement("5197-5-6")
def test_a_responder_may_take_some_modes_only() -> None:
    only_dh = Facts(credentials=frozenset(), allowed=frozenset({"DHSIGN", "DHHMAC"}))
    check_offered("DHSIGN", only_dh)
    with pytest.raises(PolicyRefused) as refused:
        check_offered("RSA", only_dh)
    assert refused.value.rule == "accepted-modes"


def test_a_responder_may_ask_for_forward_secrecy() -> None:
    wishes = Facts(credentials=frozenset(), forward_secrecy=True)
    check_offered("DHHMAC", wishes)
    with pytest.raises(PolicyRefused, match="section 5"):
        check_offered("RSA-R", wishes)
