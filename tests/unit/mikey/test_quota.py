"""How many signed messages are looked at: shares of peers, strangers together, and time that gives them back."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.modes.quota import AnswerQuota, Limits, SignatureQuota

S = 1_000_000
START = 1_800_000_000 * S
LIMITS = Limits(per_peer=3, strangers=5, window_us=60 * S, known_peers=2, answers=2)


def at(second: float) -> NtpTime:
    return NtpTime.from_unix_us(START + int(second * S))


def taken(quota: SignatureQuota, peer: str, second: float = 0, *, times: int = 100) -> int:
    """How many of so many messages were looked at."""
    for number in range(times):
        try:
            quota.spend(peer, at(second))
        except PeerError:
            return number
    return times


def test_one_name_gets_its_share_and_no_more() -> None:
    assert taken(SignatureQuota(LIMITS), "sip:alice@example.com") == 3


def test_nobody_is_told_that_he_had_his_share() -> None:
    quota = SignatureQuota(LIMITS)
    taken(quota, "sip:alice@example.com")
    with pytest.raises(PeerError, match="too many signed messages from sip:alice") as refused:
        quota.spend("sip:alice@example.com", at(0))
    assert refused.value.mikey_error is None


def test_spellings_of_a_name_share_one() -> None:
    quota = SignatureQuota(LIMITS)
    assert taken(quota, "sip:alice@example.com", times=2) == 2
    assert taken(quota, "SIP:alice@EXAMPLE.com") == 1


def test_strangers_share_what_is_left_however_many_names_they_make_up() -> None:
    quota = SignatureQuota(LIMITS)
    assert sum(taken(quota, f"sip:{n}@example.com", times=1) for n in range(50)) == 5
    assert taken(quota, "") == 0


def test_strangers_without_a_name_have_what_all_strangers_have() -> None:
    assert taken(SignatureQuota(LIMITS), "") == 5


def test_who_proved_himself_is_not_locked_out_by_strangers() -> None:
    quota = SignatureQuota(LIMITS)
    quota.spend("sip:alice@example.com", at(0))
    quota.proved("sip:alice@example.com", at(0))
    assert sum(taken(quota, f"sip:{n}@example.com", times=1) for n in range(50)) == 4
    assert taken(quota, "sip:alice@example.com") == 2


def test_what_was_used_is_earned_back() -> None:
    quota = SignatureQuota(LIMITS)
    quota.proved("sip:alice@example.com", at(0))
    assert taken(quota, "sip:alice@example.com", 0) == 3
    assert taken(quota, "sip:alice@example.com", 19.9) == 0
    assert taken(quota, "sip:alice@example.com", 20) == 1
    assert taken(quota, "sip:alice@example.com", 100) == 3


def test_a_clock_that_is_set_back_earns_nothing_by_it_and_loses_nothing() -> None:
    quota = SignatureQuota(LIMITS)
    quota.proved("sip:alice@example.com", at(0))
    assert taken(quota, "sip:alice@example.com", 0) == 3
    assert taken(quota, "sip:alice@example.com", -86_400) == 0
    assert taken(quota, "sip:alice@example.com", -86_400 + 60) == 3


def test_memory_is_bounded() -> None:
    quota = SignatureQuota(LIMITS)
    for second in range(2000):
        taken(quota, f"sip:{second}@example.com", second, times=1)
        if second % 7 == 0:
            quota.proved(f"sip:{second}@example.com", at(second))
        assert len(quota) <= 2 + 2 * 5


def test_the_last_to_prove_themselves_are_remembered() -> None:
    quota = SignatureQuota(Limits(per_peer=2, strangers=1, window_us=60 * S, known_peers=2))
    for name in ("a", "b", "a", "c"):
        quota.proved(name, at(0))
    assert taken(quota, "") == 1
    assert [taken(quota, name) for name in ("a", "b", "c")] == [2, 0, 2]


def test_answers_are_counted_too() -> None:
    quota = AnswerQuota(LIMITS)
    quota.spend()
    quota.spend()
    with pytest.raises(PeerError, match="too many answers") as refused:
        quota.spend()
    assert refused.value.mikey_error is None


@pytest.mark.parametrize("wrong", [{"per_peer": 0}, {"answers": 0}, {"per_peer": 50, "window_us": 49}])
def test_limits_that_can_not_be(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Limits(**wrong)
