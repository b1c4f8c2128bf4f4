"""Whom an offer reaches: devices with and without what its mode asks for, and users that it was not made for."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Endpoint
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Secret
from tests.exchange.ends import certified
from tests.unit.endpoint.devices import CAROL, DESK, MOBILE, TABLET, answered, bobs, credential_of, device, end
from tests.unit.endpoint.ends import ALICE, BOB, KEY, body, hears, mikey_of

ALICES = certified(ALICE, "rsa")


def alice(*modes: Mode) -> Endpoint:
    return end(ALICE, PskCredential(BOB, KEY), credential_of(ALICES, DESK), modes=modes)


@pytest.mark.requirement("5197-5.2-2", "5197-5.2-6", "5197-3.7-7")
@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_every_device_can_check_a_signature_and_gets_keys_of_its_own(mode: Mode) -> None:
    offer = alice(mode).offer(body(), to=BOB)
    answers = [answered(bobs(holder), offer.sdp) for holder in (DESK, MOBILE, TABLET)]
    taken = [offer.accept(answer.sdp or "") for answer in answers]
    assert len({keys.media[0].receive[0].master_key.reveal() for keys in taken}) == 3
    assert all(hears(mine, answer.keys) for mine, answer in zip(taken, answers, strict=True))


@pytest.mark.requirement("5197-5.2-3")
@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC])
def test_a_device_without_the_shared_key_can_not_answer(mode: Mode) -> None:
    offer = alice(mode).offer(body(), to=BOB)
    assert answered(end(BOB, PskCredential(ALICE, KEY)), offer.sdp).keys is not None
    for held in ((), (PskCredential(ALICE, Secret(b"some other key!!")),)):
        assert answered(end(BOB, *held), offer.sdp).rejection.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("5197-5.2-4", "5197-5.2-7")
def test_only_the_device_whose_certificate_was_used_can_open_an_envelope() -> None:
    offer = alice(Mode.RSA).offer(body(), to=BOB)
    assert answered(bobs(DESK), offer.sdp).keys is not None
    assert answered(bobs(MOBILE), offer.sdp).rejection.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("5197-5.3-6")
@pytest.mark.parametrize(
    ("mode", "reached"),
    [(Mode.PSK, False), (Mode.DHHMAC, False), (Mode.RSA, False), (Mode.DHSIGN, True), (Mode.RSA_R, True)],
)
def test_a_user_whom_a_call_was_not_made_for(mode: Mode, reached: bool) -> None:
    """Carol takes Bob's calls and the caller takes whoever answers: what is left is whether she can."""
    offer = alice(mode).offer(body(), to=BOB)
    carols = credential_of(device("phone", CAROL), ALICES)
    carol = end(CAROL, PskCredential(ALICE, Secret(b"key of the two..")), carols, answers_for=frozenset({BOB}))
    answer = answered(carol, offer.sdp)
    assert (answer.keys is not None) is reached
    if reached:
        assert offer.accept(answer.sdp or "", retarget=True).peer == CAROL


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_an_offer_that_names_nobody_is_not_taken_by_the_end_that_made_it(mode: Mode) -> None:
    """Sent back to its maker, who would talk to himself; another signature that verifies makes it no other offer."""
    reached = end(ALICE, credential_of(ALICES, ALICES, DESK), modes=(mode,), require_idr=False)
    offer = reached.offer(body(), to=BOB, names_peer=False)
    answer = reached.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.keys is None
    assert answer.rejection is not None
    assert "replay" in answer.rejection.warning[1]


@pytest.mark.requirement("5197-5-1", "5197-5-2")
def test_an_end_of_one_mode_calls_in_it_and_answers_in_others() -> None:
    simple = end(BOB, credential_of(DESK, ALICES), modes=(Mode.RSA_R,))
    full = end(ALICE, PskCredential(BOB, KEY), credential_of(ALICES, DESK))
    offer = simple.offer(body(), to=ALICE)
    answer = full.answer(offer.sdp, body(host=2), caller=BOB)
    assert answer.keys is not None
    assert (offer.mode, hears(offer.accept(answer.sdp or ""), answer.keys)) == (Mode.RSA_R, True)
    back = alice(Mode.RSA).offer(body(), to=BOB)
    assert answered(simple, back.sdp).keys is not None


@pytest.mark.requirement("5197-5-3", "5197-5-10")
@pytest.mark.parametrize("mode", [Mode.RSA, Mode.RSA_R])
def test_a_cached_envelope_key_saves_public_key_operations(mode: Mode) -> None:
    offer = alice(mode).offer(body(), to=BOB)
    answer = answered(bobs(DESK), offer.sdp)
    assert answer.keys is not None
    rekey = offer.accept(answer.sdp or "").leg.offer(body(), rekey=True)
    assert (offer.mode, rekey.mode) == (mode, Mode.PSK)
    assert {payload.payload_type.name for payload in mikey_of(rekey.sdp).payloads}.isdisjoint({"SIGN", "PKE", "CERT"})
    assert answer.keys.leg.answer(rekey.sdp, body(host=2)).keys is not None
