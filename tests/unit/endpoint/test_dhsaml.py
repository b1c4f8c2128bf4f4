"""A call in DHSAML mode through offers and answers, with its second round in an offer within the call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Endpoint, KeySet, Options
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.registry import DataType, ErrorNo
from mikey_sdp.secret import SeededEntropy
from tests.exchange.asserted import asserted
from tests.exchange.ends import NOW_US
from tests.unit.endpoint.ends import ALICE, BOB, SECOND_US, Clock, body, hears, mikey_of

CAROL = "sip:carol@example.com"
HOUR_US = 3600 * SECOND_US


class Call:
    """Alice calls Bob; each has a clock."""

    def __init__(self, round_2: RoundTwo = RoundTwo.LIVENESS, *media: str, **saml: object) -> None:
        self.options = Options(choices=Choices(saml=SamlChoices(round_2=round_2, **saml)))
        self.clocks = {ALICE: Clock(NOW_US), BOB: Clock(NOW_US)}
        self.alice, self.bob = self.end(ALICE), self.end(BOB)
        self.media = media or ("audio",)

    def end(self, identity: str, device: str = "") -> Endpoint:
        return Endpoint(
            identity,
            credentials=[asserted(identity)],
            clock=self.clocks.setdefault(identity, Clock(NOW_US)),
            entropy=SeededEntropy(f"{identity}{device}".encode()),
            modes=[Mode.DHSAML],
            options=self.options,
        )

    def set_up(self) -> tuple[KeySet, KeySet]:
        offer = self.alice.offer(body(*self.media), to=BOB)
        answer = self.bob.answer(offer.sdp, body(*self.media, host=2), caller=ALICE)
        assert answer.keys is not None, answer.rejection
        return offer.accept(answer.sdp or ""), answer.keys

    def again(self, caller: KeySet, callee: KeySet, *media: str, rekey: bool = False) -> tuple[KeySet, KeySet]:
        """An offer within the call, its answer, and the ACK."""
        offer = caller.leg.offer(body(*(media or self.media)), rekey=rekey)
        answer = callee.leg.answer(offer.sdp, body(*(media or self.media), host=2))
        assert answer.keys is not None, answer.rejection
        taken = offer.accept(answer.sdp or "")
        callee.leg.confirm()
        return taken, answer.keys


def keys_of(keys: KeySet) -> set[bytes]:
    return {sa.master_key.reveal() for media in keys.media.values() for sa in (*media.send, *media.receive)}


@pytest.mark.parametrize("round_2", [RoundTwo.LIVENESS, RoundTwo.STRENGTHEN, RoundTwo.GROUP])
def test_the_second_round_travels_in_an_offer_within_the_call(round_2: RoundTwo) -> None:
    call = Call(round_2, "audio", "video")
    alice, bob = call.set_up()
    assert (alice.further_round, alice.live, bob.further_round, bob.live) == (True, True, False, False)
    assert len(keys_of(alice)) == 4
    for media in (0, 1):
        assert hears(alice, bob, media=media)
    newer = call.again(alice, bob)
    for keys in newer:
        assert (keys.further_round, keys.live) == (False, True)
    assert (keys_of(newer[0]) == keys_of(alice)) is (round_2 is RoundTwo.LIVENESS)
    assert keys_of(newer[0]) == keys_of(newer[1])
    for media in (0, 1):
        assert hears(newer[0], newer[1], media=media, sequence=2)
        assert hears(newer[1], newer[0], media=media, ssrc=8)
    assert newer[0].csb_ids == alice.csb_ids


@pytest.mark.requirement("5197-3.6-12")
def test_which_messages_the_bodies_carry() -> None:
    call = Call()
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    alice = offer.accept(answer.sdp or "")
    again = alice.leg.offer(body())
    reply = answer.keys.leg.answer(again.sdp, body(host=2))
    bodies = (offer.sdp, answer.sdp, again.sdp, reply.sdp)
    assert [mikey_of(sdp or "").header.data_type for sdp in bodies] == [
        DataType.DHSAML_I_MSG_1,
        DataType.DHSAML_R_MSG_1,
        DataType.DHSAML_I_MSG_2,
        DataType.DHSAML_R_MSG_2,
    ]
    taken = again.accept(reply.sdp or "")
    hold = taken.leg.offer(body())
    assert mikey_of(hold.sdp) == mikey_of(again.sdp)
    assert reply.keys.leg.answer(hold.sdp, body(host=2)).keys.live


def test_a_new_stream_can_come_with_the_second_round() -> None:
    call = Call()
    alice, bob = call.set_up()
    alice, bob = call.again(alice, bob, "audio", "video")
    assert bob.live
    assert hears(alice, bob, media=1)


def test_a_call_is_re_keyed_by_a_new_exchange_with_its_own_second_round() -> None:
    call = Call()
    alice, bob = call.again(*call.set_up())
    assert hears(alice, bob)
    for clock in call.clocks.values():
        clock.unix_us += SECOND_US
    newer, bobs = call.again(alice, bob, rekey=True)
    assert newer.csb_ids != alice.csb_ids
    assert not keys_of(newer) & keys_of(alice)
    assert (newer.further_round, bobs.live) == (True, False)
    newer, bobs = call.again(newer, bobs)
    assert (newer.further_round, bobs.live) == (False, True)
    assert hears(newer, bobs, sequence=2)
    assert (call.alice.open_bundles, call.bob.open_bundles) == (1, 1)


def test_the_callee_re_keys_too() -> None:
    call = Call()
    alice, bob = call.again(*call.set_up())
    bobs, alices = call.again(bob, alice, rekey=True)
    assert (bobs.further_round, alices.live) == (True, False)
    bobs, alices = call.again(bobs, alices)
    assert alices.live
    assert hears(bobs, alices)


def test_an_offer_of_the_callee_leaves_the_second_round_to_the_caller() -> None:
    call = Call()
    alice, bob = call.set_up()
    bob, alice = call.again(bob, alice)
    assert (alice.further_round, bob.further_round, bob.live) == (True, False, False)
    alice, bob = call.again(alice, bob)
    assert bob.live


def test_a_repeated_call_is_never_live() -> None:
    """Bob's phone does not know the time; somebody sends Alice's old offers once more."""
    call = Call(ignore_clock=True)
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    alice, bob = offer.accept(answer.sdp or ""), answer.keys
    again = alice.leg.offer(body())
    assert bob.leg.answer(again.sdp, body(host=2)).keys.live
    bob.leg.close()
    call.clocks[BOB].unix_us += 2 * HOUR_US
    restarted = call.end(BOB, "restarted")
    ghost = restarted.answer(offer.sdp, body(host=2), caller=ALICE).keys
    assert not ghost.live
    refused = ghost.leg.answer(again.sdp, body(host=2)).rejection
    assert refused.mikey_error == ErrorNo.AUTH_FAILURE
    assert not ghost.leg.keys.live


def test_a_call_without_a_second_round_is_never_live_at_the_callee() -> None:
    """Anybody who saw Alice's assertion can call in her name, and leave a second round out of his offer."""
    alice, bob = Call(RoundTwo.NONE).set_up()
    assert (alice.further_round, alice.live, bob.further_round, bob.live) == (False, True, False, False)
    assert not bob.leg.keys.live


def test_somebody_else_answers_only_where_that_is_allowed() -> None:
    call = Call()
    call.options = replace(call.options, require_idr=False)
    carol = call.end(CAROL)
    offer = call.alice.offer(body(), to=BOB)
    answer = carol.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.rejection.mikey_error == ErrorNo.INVALID_ID  # the offer names Bob


def test_a_caller_who_is_not_whom_the_assertion_is_about() -> None:
    call = Call()
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=CAROL)
    assert answer.rejection.mikey_error == ErrorNo.INVALID_CERT
    assert call.bob.open_bundles == 0


def test_a_forged_answer_to_the_second_round_changes_nothing() -> None:
    call = Call()
    alice, bob = call.set_up()
    offer = alice.leg.offer(body())
    other = Call()
    with pytest.raises(PeerError):
        offer.accept(other.bob.answer(other.alice.offer(body(), to=BOB).sdp, body(host=2), caller=ALICE).sdp or "")
    assert alice.leg.keys.further_round
    assert offer.accept(bob.leg.answer(offer.sdp, body(host=2)).sdp or "").live


def test_the_mode_is_used_only_where_it_is_asked_for() -> None:
    call = Call()
    end = Endpoint(ALICE, credentials=[asserted(ALICE)], clock=call.clocks[ALICE], entropy=SeededEntropy(b"policy"))
    with pytest.raises(PolicyRefused, match="DHSAML: experimental modes"):
        end.offer(body(), to=BOB)
    assert "SIP domain vouches" in call.alice.offer(body(), to=BOB).why


def test_keys_of_assertions_alone_are_not_offered_where_forward_secrecy_is_asked_for() -> None:
    call = Call(variant=Variant.STATIC)
    call.options = replace(call.options, forward_secrecy=True)
    with pytest.raises(PolicyRefused):
        call.end(ALICE).offer(body(), to=BOB)
    call.options = replace(call.options, choices=Choices())
    assert call.end(ALICE).offer(body(), to=BOB).mode is Mode.DHSAML
