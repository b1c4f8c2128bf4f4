"""The default rule: a pre-shared key first, an unprotected exchange only over a secure carrier, else nothing."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.policy import Facts, after_rejection, select
from mikey_sdp.policy.rules import RULES


def facts(*credentials: str, secure: bool = False, allowed: set[str] | None = None) -> Facts:
    return Facts(
        credentials=frozenset(credentials),
        secure_carrier=secure,
        allowed=None if allowed is None else frozenset(allowed),
    )


@pytest.mark.requirement("5197-5-R1")
@pytest.mark.parametrize("secure", [False, True])
def test_a_shared_key_means_psk(secure: bool) -> None:
    assert select(facts("PSK", secure=secure)).mode == "PSK"


@pytest.mark.requirement("5197-5-R6")
def test_nothing_but_a_secure_carrier_means_unprotected() -> None:
    assert select(facts("NULL", secure=True)).mode == "NULL"


@pytest.mark.requirement("5197-5-R6")
def test_unprotected_is_refused_over_an_open_carrier() -> None:
    with pytest.raises(PolicyRefused, match="not declared secure") as refused:
        select(facts("NULL"))
    assert refused.value.rule == "5197-5-R6"
    assert refused.value.facts == {"credentials": "NULL", "secure carrier": False, "allowed": "all"}


def test_unprotected_is_not_even_a_fallback_where_a_key_is_shared() -> None:
    decision = select(facts("PSK", "NULL", secure=True))
    assert (decision.mode, decision.alternatives) == ("PSK", ())
    assert [fired.rule for fired in decision.fired] == ["5197-5-R1"]


def test_narrowing_can_choose_unprotected_over_a_secure_carrier() -> None:
    assert select(facts("PSK", "NULL", secure=True, allowed={"NULL"})).mode == "NULL"


def test_narrowing_takes_a_mode_away() -> None:
    with pytest.raises(PolicyRefused) as refused:
        select(facts("PSK", allowed={"NULL"}))
    assert refused.value.facts["allowed"] == "NULL"


def test_no_credential_is_refused_and_every_rule_says_why() -> None:
    with pytest.raises(PolicyRefused) as refused:
        select(facts(secure=True))
    assert "PSK: no pre-shared key for this peer" in refused.value.reason
    assert "NULL: unprotected MIKEY was not opted into" in refused.value.reason
    assert refused.value.rule in {rule.name for rule in RULES}


def test_the_reason_names_the_section() -> None:
    decision = select(facts("PSK"))
    assert decision.why.endswith("(RFC 5197 section 5, rule 1)")
    assert decision.fired[0].section == "RFC 5197 section 5, rule 1"


def test_a_narrowed_choice_is_refused_for_the_modes_asked_for_alone() -> None:
    with pytest.raises(PolicyRefused) as refused:
        select(facts("PSK", "DHHMAC", allowed={"RSA"}))
    assert refused.value.reason == "no mode fits this call: RSA: no RSA certificate of this peer is known beforehand"
    assert refused.value.rule == "5197-5-R3"
    with pytest.raises(PolicyRefused, match="the program allows none at all"):
        select(facts("PSK", allowed=set()))


def test_a_rejected_mode_is_not_said_to_lack_a_credential() -> None:
    with pytest.raises(PolicyRefused) as refused:
        after_rejection(facts("PSK", "DHHMAC", "NULL", secure=True), {"PSK", "DHHMAC"})
    assert "PSK: rejected already; DHHMAC: rejected already; RSA: no RSA" in refused.value.reason
    assert refused.value.reason.endswith("NULL: never takes the place of a mode that was rejected")
