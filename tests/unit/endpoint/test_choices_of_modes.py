"""The policy at work: wishes, budgets, what comes after a rejection or a redirect, and which offers are accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Answer, Endpoint, Expectations, GroupKeys, Offer, Options
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import Variant
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.payloads import ErrorPayload
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.policy import Conference, Cost
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from mikey_sdp.secret import SeededEntropy
from tests.exchange.asserted import asserted
from tests.exchange.ends import NOW_US, certificate_credential
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Clock, body, hears, mikey_of

CAROL = "sip:carol@example.com"


def end(
    identity: str,
    *held: Credential,
    modes: tuple[Mode, ...] | None = None,
    group: GroupKeys | None = None,
    **options: object,
) -> Endpoint:
    return Endpoint(
        identity,
        credentials=held,
        clock=Clock(NOW_US),
        entropy=SeededEntropy(identity.encode()),
        modes=modes,
        group=group,
        options=Options(**options),
    )


def holder(own: str, peer: str) -> tuple[Credential, Credential]:
    """A key that is shared with the peer, and a certificate."""
    return PskCredential(peer, KEY), certificate_credential(own, peer, "rsa")


def stranger(own: str, peer: str) -> CertificateCredential:
    """A certificate, and none known of the peer."""
    credential = certificate_credential(own, peer, "rsa")
    return replace(credential, trust=replace(credential.trust, known=()))


def answered(answerer: Endpoint, offer: Offer, **around: object) -> Answer:
    return answerer.answer(offer.sdp, body(host=2), caller=ALICE, **around)


def refusal_of(offer: Offer, answer: Answer) -> ErrorReported:
    """What the offerer reads in the MIKEY Error message of a rejection."""
    assert answer.rejection is not None
    assert answer.rejection.mikey_message is not None
    line = KeyMgmt(kmpid="mikey", data=answer.rejection.mikey_message).attribute
    said = body(host=2).replace("t=0 0\r\n", f"t=0 0\r\na={line}\r\n").replace("RTP/AVP", "RTP/SAVP")
    with pytest.raises(ErrorReported) as caught:
        offer.accept(said)
    return caught.value


@pytest.mark.parametrize(
    ("expects", "mode"),
    [
        (Expectations(), Mode.PSK),
        (Expectations(forking=True), Mode.RSA_R),
        (Expectations(retargeting=True), Mode.RSA_R),
        (Expectations(early_media=True), Mode.PSK),
        (Expectations(conference=Conference.FOCUS), Mode.PSK),
        (Expectations(conference=Conference.MEMBER), Mode.RSA_R),
    ],
)
def test_what_is_expected_of_a_call_weighs_in_its_mode(expects: Expectations, mode: Mode) -> None:
    alice, bob = end(ALICE, *holder(ALICE, BOB)), end(BOB, *holder(BOB, ALICE))
    if expects.conference is Conference.MEMBER:  # who asks for the key of a conference is to be given one
        bob = end(BOB, *holder(BOB, ALICE), group=GroupKeys(BOB, admits=ALICE.__eq__, entropy=SeededEntropy(b"group")))
    offer = alice.offer(body(), to=BOB, expects=expects)
    assert offer.mode is mode
    answer = answered(bob, offer)
    assert answer.keys is not None
    assert (answer.keys.mode, hears(offer.accept(answer.sdp or ""), answer.keys)) == (mode, True)


def test_media_before_the_answer_ask_for_keys_before_the_answer() -> None:
    alice = end(ALICE, *holder(ALICE, BOB), modes=(Mode.DHHMAC, Mode.RSA))
    modes = [alice.offer(body(), to=BOB, expects=Expectations(early_media=early)).mode for early in (False, True)]
    assert modes == [Mode.DHHMAC, Mode.RSA]


@pytest.mark.requirement("5197-5-R2")
@pytest.mark.parametrize("wish", ["forward_secrecy", "both_contribute"])
def test_a_wish_of_the_end_rules_modes_out(wish: str) -> None:
    offer = end(ALICE, *holder(ALICE, BOB), **{wish: True}).offer(body(), to=BOB)
    assert offer.mode is Mode.DHHMAC
    assert {"PSK", "RSA"} <= {entry.mode for entry in offer.decision.overruled}
    assert offer.decision.alternatives[-1] == "DHSIGN"


def test_an_offer_tells_what_spoke_for_and_against_its_mode() -> None:
    offer = end(ALICE, PskCredential(BOB, KEY)).offer(body(), to=BOB, expects=Expectations(forking=True))
    assert [fired.mode for fired in offer.decision.fired] == ["DHHMAC", "PSK"]
    against = [(entry.mode, entry.rule) for entry in offer.decision.drawbacks]
    assert against == [("DHHMAC", "5197-5.2-target"), ("PSK", "5197-5.2-key"), ("PSK", "5197-5.2-target")]
    assert offer.why == offer.decision.why


def test_an_offer_that_turns_out_too_large_makes_way_for_the_next_mode() -> None:
    held = stranger(ALICE, BOB)
    free = end(ALICE, held, modes=(Mode.RSA_R, Mode.DHSIGN, Mode.PSK)).offer(body(), to=BOB)
    assert free.mode is Mode.RSA_R
    large = len(mikey_of(free.sdp).octets)
    offer = end(ALICE, held, PskCredential(BOB, KEY), max_octets=large - 1, both_contribute=True).offer(body(), to=BOB)
    assert offer.mode is Mode.DHHMAC
    assert "RSA-R" in offer.decision.alternatives  # which was never built: the first mode fits
    tight = len(mikey_of(offer.sdp).octets) - 1
    with pytest.raises(PolicyRefused, match="larger than the budget"):
        end(ALICE, held, PskCredential(BOB, KEY), max_octets=tight, both_contribute=True).offer(body(), to=BOB)
    swapped = end(ALICE, PskCredential(BOB, KEY), max_octets=tight).offer(
        body(), to=BOB, expects=Expectations(forking=True)
    )
    assert swapped.mode is Mode.PSK
    assert len(mikey_of(swapped.sdp).octets) <= tight
    assert [(entry.mode, entry.rule) for entry in swapped.decision.overruled] == [("DHHMAC", "message-size")]


def test_the_budget_is_for_all_messages_of_an_offer() -> None:
    one = len(mikey_of(end(ALICE, PskCredential(BOB, KEY)).offer(body(), to=BOB).sdp).octets)
    alice = end(ALICE, PskCredential(BOB, KEY), max_octets=one + 10)
    assert alice.offer(body(), to=BOB).mode is Mode.PSK
    with pytest.raises(PolicyRefused, match="larger than the budget"):
        alice.offer(body("audio", "video"), to=BOB, level="media")


def test_many_answers_take_time() -> None:
    costs = {
        Mode.DHHMAC: Cost(octets=0, offer_us=900, answer_us=1000),
        Mode.PSK: Cost(octets=0, offer_us=9, answer_us=5),
    }
    alice = end(ALICE, PskCredential(BOB, KEY), costs=costs, max_time_us=5000)
    few, many = (alice.offer(body(), to=BOB, expects=Expectations(forking=True, answers=count)) for count in (4, 5))
    assert (few.mode, many.mode) == (Mode.DHHMAC, Mode.PSK)


def test_an_update_has_the_mode_that_it_is_made_in_and_nothing_is_chosen() -> None:
    alice = end(ALICE, *holder(ALICE, BOB), modes=(Mode.RSA, Mode.PSK, Mode.DHSIGN), both_contribute=True)
    bob = end(BOB, *holder(BOB, ALICE))
    offer = alice.offer(body(), to=BOB)
    assert offer.mode is Mode.DHSIGN
    leg = offer.accept(answered(bob, offer).sdp or "").leg
    for later in (leg.offer(body()), leg.offer(body(), rekey=True)):
        assert (later.mode, later.decision) == (Mode.DHSIGN, None)
        assert "CSB that stands" in later.why
        with pytest.raises(UsageError):
            later.next_mode(body())


@pytest.mark.requirement("5197-5-6")
def test_a_peer_of_diffie_hellman_only_refuses_the_kind_of_message_and_gets_another() -> None:
    held = holder(BOB, ALICE)
    alice = end(ALICE, certificate_credential(ALICE, BOB, "rsa"))
    bob = end(BOB, *held, accepts=frozenset({Mode.DHSIGN, Mode.DHHMAC}))
    offer = alice.offer(body(), to=BOB)
    seen = [offer.mode]
    while (answer := answered(bob, offer)).keys is None and len(seen) < 4:
        assert answer.rejection is not None
        assert (answer.rejection.status, answer.rejection.mikey_error) == (488, ErrorNo.INVALID_DT)
        told = Message.decode(answer.rejection.mikey_message or b"")
        assert [error.error_no for error in told.all(ErrorPayload)] == [ErrorNo.INVALID_DT]
        assert "accepted: DHHMAC, DHSIGN" in answer.rejection.warning[1]
        offer = offer.next_mode(body(), refusal=refusal_of(offer, answer))
        seen.append(offer.mode)
    assert seen == [Mode.RSA, Mode.RSA_R, Mode.DHSIGN]
    assert hears(offer.accept(answer.sdp or ""), answer.keys)


def test_nothing_is_spent_on_an_offer_in_a_mode_that_is_not_accepted() -> None:
    """An RSA message that this end could not even verify is refused for its kind."""
    offer = end(ALICE, certificate_credential(ALICE, BOB, "rsa")).offer(body(), to=BOB)
    bare = end(BOB, PskCredential(ALICE, KEY), accepts=frozenset({Mode.PSK}))
    assert answered(bare, offer).rejection.mikey_error == ErrorNo.INVALID_DT
    assert answered(end(BOB, PskCredential(ALICE, KEY)), offer).rejection.mikey_error != ErrorNo.INVALID_DT


@pytest.mark.parametrize(
    ("wish", "mode", "taken"),
    [
        ("forward_secrecy", Mode.PSK, False),
        ("forward_secrecy", Mode.RSA_R, False),
        ("forward_secrecy", Mode.DHHMAC, True),
        ("both_contribute", Mode.RSA, False),
        ("both_contribute", Mode.RSA_R, True),
        ("both_contribute", Mode.DHSIGN, True),
    ],
)
def test_what_an_end_asks_of_its_own_keys_it_asks_of_offers(wish: str, mode: Mode, taken: bool) -> None:
    offer = end(ALICE, *holder(ALICE, BOB), modes=(mode,)).offer(body(), to=BOB)
    answer = answered(end(BOB, *holder(BOB, ALICE), **{wish: True}), offer)
    assert (answer.keys is not None) is taken
    assert taken or answer.rejection.mikey_error == ErrorNo.INVALID_DT


def test_an_announcement_in_a_mode_that_is_not_accepted() -> None:
    announced = end(ALICE, PskCredential(BOB, KEY)).announce(body(), to=BOB).sdp
    assert end(BOB, PskCredential(ALICE, KEY)).listen(announced, announcer=ALICE).mode is Mode.PSK
    with pytest.raises(PeerError) as refused:
        end(BOB, PskCredential(ALICE, KEY), accepts=frozenset({Mode.RSA})).listen(announced, announcer=ALICE)
    assert refused.value.mikey_error == ErrorNo.INVALID_DT


def test_saml_under_static_keys_has_no_forward_secrecy() -> None:
    def ends(variant: Variant) -> tuple[Endpoint, Endpoint]:
        choices = Choices(dh_group=DhGroup.ECP_P_256, saml=SamlChoices(variant=variant))
        alice = end(ALICE, asserted(ALICE, DhGroup.ECP_P_256), modes=(Mode.DHSAML,), choices=choices)
        return alice, end(BOB, asserted(BOB, DhGroup.ECP_P_256), choices=choices, forward_secrecy=True)

    for variant, taken in ((Variant.STATIC, False), (Variant.EPHEMERAL, True)):
        alice, bob = ends(variant)
        answer = answered(bob, alice.offer(body(), to=BOB))
        assert (answer.keys is not None) is taken


def test_an_update_under_an_envelope_key_goes_by_its_bundle() -> None:
    alice = end(ALICE, certificate_credential(ALICE, BOB, "rsa"))
    bob = end(BOB, certificate_credential(BOB, ALICE, "rsa"), accepts=frozenset({Mode.RSA}))
    offer = alice.offer(body(), to=BOB)
    answer = answered(bob, offer)
    assert answer.keys is not None
    rekey = offer.accept(answer.sdp or "").leg.offer(body(), rekey=True)
    assert rekey.mode is Mode.PSK
    assert answer.keys.leg.answer(rekey.sdp, body(host=2)).keys is not None


def test_a_rejection_without_a_reason_leads_on_and_never_to_an_unprotected_mode() -> None:
    alice = end(ALICE, PskCredential(BOB, KEY), NullCredential())
    offer = alice.offer(body(), to=BOB, secure_carrier=True)
    second = offer.next_mode(body())
    assert (offer.mode, second.mode) == (Mode.PSK, Mode.DHHMAC)
    assert mikey_of(second.sdp).header.csb_id != mikey_of(offer.sdp).header.csb_id
    with pytest.raises(PolicyRefused):
        second.next_mode(body())
    plain = end(ALICE, NullCredential()).offer(body(), to=BOB, secure_carrier=True)
    assert plain.mode is Mode.NULL
    with pytest.raises(PolicyRefused):
        plain.next_mode(body())


def test_a_mode_that_was_rejected_does_not_come_back_with_another_policy() -> None:
    alice = end(ALICE, PskCredential(BOB, KEY), srtp=replace(DEFAULT_SRTP, encr_alg=SrtpEncrAlg.AES_F8))
    bob = end(BOB, PskCredential(ALICE, KEY), renegotiate=True)
    offer = alice.offer(body(), to=BOB).next_mode(body())
    with pytest.raises(ErrorReported) as caught:
        offer.accept(answered(bob, offer).sdp or "")
    again = offer.retry(caught.value, body())
    assert (offer.mode, again.mode) == (Mode.DHHMAC, Mode.DHHMAC)
    assert answered(bob, again).keys is not None


def test_what_follows_a_rejection_is_as_good_as_what_was_asked_for() -> None:
    offer = end(ALICE, *holder(ALICE, BOB), forward_secrecy=True).offer(body(), to=BOB)
    second = offer.next_mode(body())
    assert (offer.mode, second.mode) == (Mode.DHHMAC, Mode.DHSIGN)
    with pytest.raises(PolicyRefused):
        second.next_mode(body())


@pytest.mark.parametrize("cause", [ErrorNo.INVALID_TS, ErrorNo.INVALID_ID, ErrorNo.INVALID_SPPAR])
def test_another_mode_does_not_mend_a_clock_a_name_or_a_policy(cause: ErrorNo) -> None:
    offer = end(ALICE, PskCredential(BOB, KEY)).offer(body(), to=BOB)
    with pytest.raises(PolicyRefused) as refused:
        offer.next_mode(body(), refusal=ErrorReported([cause], [], advisory=True))
    assert refused.value.rule == "not-for-the-mode"
    mixed = ErrorReported([cause, ErrorNo.INVALID_DT], [], advisory=True)
    assert offer.next_mode(body(), refusal=mixed).mode is Mode.DHHMAC


@pytest.mark.requirement("5197-5.3-3", "5197-3.7-3")
@pytest.mark.parametrize(
    ("credential", "mode"),
    [
        (PskCredential(CAROL, KEY), Mode.PSK),
        (certificate_credential(ALICE, CAROL, "rsa"), Mode.RSA),
        (stranger(ALICE, CAROL), Mode.RSA_R),
    ],
)
def test_a_redirect_goes_by_what_is_at_hand_for_the_new_target(credential: Credential, mode: Mode) -> None:
    alice = end(ALICE, PskCredential(BOB, KEY), credential)
    offer = alice.offer(body(), to=BOB)
    assert offer.mode is Mode.PSK
    second = offer.redirected(body(), to=CAROL)
    assert second.mode is mode
    assert mikey_of(second.sdp).header.csb_id != mikey_of(offer.sdp).header.csb_id
    carol = end(CAROL, PskCredential(ALICE, KEY), certificate_credential(CAROL, ALICE, "rsa"))
    answer = answered(carol, second)
    assert answer.keys is not None
    assert second.accept(answer.sdp or "").peer == CAROL


@pytest.mark.requirement("5197-5.3-3", "5197-5.3-4")
def test_a_redirect_to_somebody_for_whom_nothing_is_at_hand() -> None:
    offer = end(ALICE, PskCredential(BOB, KEY)).offer(body(), to=BOB)
    with pytest.raises(PolicyRefused, match="no pre-shared key for this peer"):
        offer.redirected(body(), to=CAROL)


def test_a_redirect_keeps_what_was_expected_and_forgets_that_the_carrier_was_secure() -> None:
    alice = end(ALICE, PskCredential(CAROL, KEY), NullCredential(BOB), NullCredential("sip:eve@example.com"))
    offer = alice.offer(body(), to=BOB, secure_carrier=True, expects=Expectations(forking=True))
    assert offer.redirected(body(), to=CAROL).mode is Mode.DHHMAC
    with pytest.raises(PolicyRefused, match="carrier was not declared secure"):
        offer.redirected(body(), to="sip:eve@example.com")
    assert offer.redirected(body(), to="sip:eve@example.com", secure_carrier=True).mode is Mode.NULL


def test_a_redirect_never_leads_from_a_protected_mode_to_an_unprotected_one() -> None:
    """Whoever stands on the way could say 302, and name somebody for whom nothing but an unprotected key is at hand."""
    alice = end(ALICE, PskCredential(BOB, KEY), NullCredential(BOB), NullCredential(CAROL))
    offer = alice.offer(body(), to=BOB, secure_carrier=True)
    assert offer.mode is Mode.PSK
    with pytest.raises(PolicyRefused, match="offered protected before"):
        offer.redirected(body(), to=CAROL, secure_carrier=True)


def test_a_call_that_was_answered_is_not_redirected() -> None:
    alice, bob = end(ALICE, PskCredential(BOB, KEY)), end(BOB, PskCredential(ALICE, KEY))
    offer = alice.offer(body(), to=BOB)
    leg = offer.accept(answered(bob, offer).sdp or "").leg
    with pytest.raises(UsageError):
        leg.offer(body()).redirected(body(), to=CAROL)
