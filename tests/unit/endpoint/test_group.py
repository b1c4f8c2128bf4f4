"""The key of a conference at its owner: what members are given in an offer, what they ask for, and when it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Endpoint, Expectations, GroupKeys
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.policy import Conference
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, certificate_credential
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Clock, body

CAROL = "sip:carol@example.com"
MEMBER = Expectations(conference=Conference.MEMBER)


def group(*members: str) -> GroupKeys:
    return GroupKeys(ALICE, admits=frozenset(members or (BOB, CAROL)).__contains__, entropy=SeededEntropy(b"group"))


def owner(keys: GroupKeys, *, mode: Mode = Mode.PSK) -> Endpoint:
    held = [PskCredential(peer, KEY) for peer in (BOB, CAROL)] + [certificate_credential(ALICE, BOB, "rsa")]
    entropy = SeededEntropy(b"owner")
    return Endpoint(ALICE, credentials=held, clock=Clock(NOW_US), entropy=entropy, modes=[mode], group=keys)


def member(identity: str, *, mode: Mode = Mode.PSK) -> Endpoint:
    held = [PskCredential(ALICE, KEY), certificate_credential(identity, ALICE, "rsa")]
    return Endpoint(
        identity, credentials=held, clock=Clock(NOW_US), entropy=SeededEntropy(identity.encode()), modes=[mode]
    )


def pushed(alice: Endpoint, identity: str) -> tuple[bytes, bytes]:
    """What a member receives under, as the owner and as the member has it."""
    offer = alice.offer(body(), to=identity)
    answer = member(identity).answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.keys is not None
    ours, theirs = offer.accept(answer.sdp or "").media[0].send[0], answer.keys.media[0].receive[0]
    return ours.master_key.reveal(), theirs.master_key.reveal()


def test_every_member_is_offered_the_same_key() -> None:
    alice = owner(group())
    keys = {*pushed(alice, BOB), *pushed(alice, CAROL)}
    assert len(keys) == 1


def test_a_mode_for_two_makes_keys_for_two() -> None:
    keys = group()
    alice = owner(keys, mode=Mode.DHHMAC)
    offer = alice.offer(body(), to=BOB)
    answer = member(BOB, mode=Mode.DHHMAC).answer(offer.sdp, body(host=2), caller=ALICE)
    accepted = offer.accept(answer.sdp or "")
    assert accepted.csb_ids != (keys.csb_id,)


def test_after_a_renewal_the_next_offer_has_the_new_key_and_a_re_key_too() -> None:
    keys = group()
    alice = owner(keys)
    offer, bob = alice.offer(body(), to=BOB), member(BOB)
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    call = offer.accept(answer.sdp or "")
    assert call.media[0].initiated
    assert keys.has_given(call.media[0].send)
    before = call.media[0].send[0].master_key
    keys.renew()
    assert not keys.has_given(call.media[0].send)
    (for_carol, _) = pushed(alice, CAROL)
    assert call.leg is not None
    assert answer.keys is not None
    assert answer.keys.leg is not None
    again = call.leg.offer(body(), rekey=True)
    anew = again.accept(answer.keys.leg.answer(again.sdp, body(host=2)).sdp or "")
    assert anew.media[0].send[0].master_key.reveal() == for_carol != before.reveal()
    assert keys.has_given(anew.media[0].send)


@pytest.mark.requirement("5197-5.4-3")
def test_who_asks_in_rsa_r_gets_the_key_and_asks_again_for_the_next() -> None:
    keys = group()
    alice, bob = owner(keys, mode=Mode.RSA_R), member(BOB, mode=Mode.RSA_R)
    offer = bob.offer(body(host=2), to=ALICE, expects=MEMBER)
    answer = alice.answer(offer.sdp, body(), caller=BOB)
    call = offer.accept(answer.sdp or "")
    assert call.csb_ids == (keys.csb_id,)
    assert keys.has_given(call.media[0].send)
    keys.renew()
    assert call.leg is not None
    assert answer.keys is not None
    assert answer.keys.leg is not None
    again = call.leg.offer(body(host=2), rekey=True)
    anew = again.accept(answer.keys.leg.answer(again.sdp, body()).sdp or "")
    assert anew.csb_ids == (keys.csb_id,)
    assert keys.has_given(anew.media[0].send)


def test_who_is_not_admitted_is_refused() -> None:
    alice, bob = owner(group(CAROL), mode=Mode.RSA_R), member(BOB, mode=Mode.RSA_R)
    answer = alice.answer(bob.offer(body(host=2), to=ALICE, expects=MEMBER).sdp, body(), caller=BOB)
    assert answer.keys is None
    assert answer.rejection is not None


def test_the_name_of_a_key_tells_whether_it_is_of_now() -> None:
    keys = group()
    alice = owner(keys)
    offer = alice.offer(body(), to=BOB)
    answer = member(BOB).answer(offer.sdp, body(host=2), caller=ALICE)
    (sa,) = offer.accept(answer.sdp or "").media[0].send
    assert keys.has_given((sa,))
    assert not keys.has_given((replace(sa, validity=replace(sa.validity, spi=b"\x09")),))  # type: ignore[type-var]
    assert not keys.has_given(())
