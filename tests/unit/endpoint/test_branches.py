"""Branches of a forked call that have keys in common: what is told, and what is refused before it is a two-time pad."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Answer, Endpoint, KeySet, Offer, Options
from mikey_sdp.endpoint.settling import SHARED_BY_BRANCHES
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import CASES, NOW_US, Case, credential, named
from tests.unit.endpoint.ends import ALICE, BOB, Clock, body

SECURE = {"secure_carrier": True}
SHARING = [case for case in CASES if case.mode in (Mode.PSK, Mode.NULL, Mode.RSA, Mode.ECIES)]
APART = [case for case in CASES if case not in SHARING]


class Fork:
    """Alice's offer, and as many devices of Bob's as answer it."""

    def __init__(self, case: Case, *, ours: tuple[int, ...] = (), media: tuple[str, ...] = ("audio",)) -> None:
        self.case = case
        self.clock = Clock(NOW_US)
        self.media = media
        self.alice = self._end(ALICE, BOB, "alice")
        self.offer: Offer = self.alice.offer(body(*media, ssrcs=ours), to=BOB, **SECURE)

    def _end(self, own: str, peer: str, seed: str) -> Endpoint:
        held = credential(self.case.mode, own, peer, self.case.key, self.case.choices.dh_group)
        return Endpoint(
            own,
            credentials=[held],
            clock=self.clock,
            entropy=SeededEntropy(seed.encode()),
            modes=[self.case.mode],
            options=Options(choices=self.case.choices),
        )

    def answered(self, device: str, *ssrcs: int, media: tuple[str, ...] = ()) -> Answer:
        own = body(*(media or self.media), ssrcs=ssrcs, host=2)
        return self._end(BOB, ALICE, device).answer(self.offer.sdp, own, caller=ALICE, **SECURE)

    def answer(self, device: str, *ssrcs: int, media: tuple[str, ...] = ()) -> str:
        answer = self.answered(device, *ssrcs, media=media)
        assert answer.sdp is not None, answer.rejection
        return answer.sdp

    def branch(self, device: str, *ssrcs: int, media: tuple[str, ...] = ()) -> KeySet:
        return self.offer.accept(self.answer(device, *ssrcs, media=media))


@pytest.mark.requirement("5197-3-23", "5197-5-9", "5197-5.2-10", "5197-5.2-11")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_one_ssrc_under_one_key_is_a_two_time_pad(case: Case) -> None:
    """What the two encrypted, laid over each other, is what they said, laid over each other: no key is needed."""
    fork = Fork(case)
    said = [bytes.fromhex("8000000100000000000000b2") + text for text in (b"the desk says so", b"the mobile: else")]
    sent = [
        fork.answered(device, 0xB2).keys.session(0).protect(packet)
        for device, packet in zip(("desk", "mobile"), said, strict=True)
    ]
    shown = bytes(one ^ other for one, other in zip(sent[0][12:28], sent[1][12:28], strict=True))
    meant = bytes(one ^ other for one, other in zip(said[0][12:], said[1][12:], strict=True))
    assert (shown == meant) is (case in SHARING)


@pytest.mark.parametrize("case", SHARING, ids=named)
def test_one_ssrc_of_two_branches_under_one_key_is_refused_before_media(case: Case) -> None:
    fork = Fork(case)
    first = fork.branch("desk", 0xB2)
    answer = fork.answer("mobile", 0xB2)
    before = fork.alice.open_bundles
    with pytest.raises(PeerError, match="000000b2, a two-time pad") as refused:
        fork.offer.accept(answer)
    assert (refused.value.section, refused.value.mikey_error) == ("RFC 3711 section 9.1", None)
    assert fork.alice.open_bundles == before
    assert first.leg.open
    third = fork.branch("tablet", 0xB3)
    assert third.media[0].receive[0].ssrc == 0xB3


@pytest.mark.parametrize("case", APART, ids=named)
def test_one_ssrc_of_two_branches_under_keys_of_their_own_is_no_collision(case: Case) -> None:
    fork = Fork(case)
    first, second = fork.branch("desk", 0xB2), fork.branch("mobile", 0xB2)
    assert first.media[0].receive[0].ssrc == second.media[0].receive[0].ssrc == 0xB2
    assert not first.media[0].shares_a_key_with(second.media[0])
    assert SHARED_BY_BRANCHES not in second.advice


def test_different_ssrcs_are_told_to_share_a_key_and_no_more() -> None:
    fork = Fork(Case(Mode.PSK))
    first, second = fork.branch("desk", 0xB2), fork.branch("mobile", 0xB3)
    assert SHARED_BY_BRANCHES not in first.advice
    assert second.advice.count(SHARED_BY_BRANCHES) == 1
    assert not any("our stream" in text for text in second.advice)


def test_our_own_stream_to_two_branches_is_told_since_it_has_one_key_and_one_ssrc() -> None:
    fork = Fork(Case(Mode.PSK), ours=(0xA1,))
    fork.branch("desk", 0xB2)
    second = fork.branch("mobile", 0xB3)
    assert [text for text in second.advice if "our stream 000000a1 has one key" in text]
    apart = Fork(Case(Mode.DHHMAC), ours=(0xA1,))
    apart.branch("desk", 0xB2)
    assert not any("our stream" in text for text in apart.branch("mobile", 0xB3).advice)


def test_a_branch_that_is_over_may_have_sent_all_the_same() -> None:
    fork = Fork(Case(Mode.PSK))
    fork.branch("desk", 0xB2).leg.close()
    with pytest.raises(PeerError, match="two-time pad"):
        fork.branch("mobile", 0xB2)


def test_an_answer_that_was_refused_counts_for_nothing() -> None:
    fork = Fork(Case(Mode.PSK), media=("audio", "video"))
    fork.branch("desk", 0xB1, 0xB2)
    with pytest.raises(PeerError):
        fork.branch("mobile", 0xC1, 0xB2)
    assert fork.branch("tablet", 0xC1, 0xC2).media.keys() == {0, 1}


def test_streams_that_a_branch_does_not_take_collide_with_none() -> None:
    fork = Fork(Case(Mode.PSK), media=("audio", "video"))
    fork.branch("desk", 0xB1, 0xB2, media=("audio", "video:0"))
    assert 1 in fork.branch("mobile", 0xC1, 0xB2).media


def test_lines_of_one_call_have_keys_of_their_own() -> None:
    """Two streams of one branch with one SSRC are no pad: each crypto session has its own TEK."""
    fork = Fork(Case(Mode.PSK), media=("audio", "video"))
    keys = fork.branch("desk", 0xB2, 0xB2)
    assert not keys.media[0].shares_a_key_with(keys.media[1])
