"""RSA-R answers that depart from RFC 4738: what each profile makes of them, and what the result says of it."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.crypto.signatures import signatures, usual_type
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.rsa_r import RsaRInitiator
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import ErrorNo, HashFunc
from tests.exchange.ends import Case, Ends, certified
from tests.exchange.pair import ALICE, BOB, teks
from tests.exchange.test_rsa_r import signed
from tests.exchange.test_rsa_r_group import credential as certified_credential

CAROL = "sip:carol@example.com"
NAMES = ALICE.encode() + BOB.encode()


def ends() -> Ends:
    return Ends.of(Case(Mode.RSA_R))


def asked(made: Ends, profile: Profile) -> tuple[RsaRInitiator, Message]:
    initiator = made.initiator(profile=profile)
    return initiator, Message.decode(made.respond(initiator.message.octets).reply or b"")


def resigned(answer: Message, covered: bytes) -> bytes:
    """The answer with Bob's signature over those octets."""
    key, sign = certified(BOB, "rsa").key, answer.find(Signature)
    return answer.octets[: -len(sign.signature)] + signatures(key, usual_type(key), HashFunc.SHA_1, covered)[0]


def reading(answer: Message, tolerance: Tolerance) -> bytes:
    """What SIGNr covers by another reading."""
    sign, t = answer.find(Signature), answer.find(Timestamp).value_octets
    whole = answer.octets[: -len(sign.signature)]
    return {
        Tolerance.SIGNR_WITHOUT_SIGN_PAYLOAD: answer.octets[: answer.span(sign).offset] + NAMES + t,
        Tolerance.SIGNR_WITHOUT_IDENTITIES: whole + t,
        Tolerance.SIGNR_OVER_MESSAGE: whole,
    }[tolerance]


@pytest.mark.requirement("4738-3.6-20")
@pytest.mark.parametrize("profile", Profile)
def test_the_literal_reading_of_signr_is_accepted_and_named(profile: Profile) -> None:
    initiator, answer = asked(ends(), profile)
    octets = resigned(answer, reading(answer, Tolerance.SIGNR_WITHOUT_SIGN_PAYLOAD))
    assert initiator.complete(octets).tolerated == (Tolerance.SIGNR_WITHOUT_SIGN_PAYLOAD,)
    assert initiator.complete(answer.octets).tolerated == ()


@pytest.mark.parametrize("tolerance", [Tolerance.SIGNR_WITHOUT_IDENTITIES, Tolerance.SIGNR_OVER_MESSAGE])
def test_a_signr_that_covers_less_is_for_the_compat_profile(tolerance: Tolerance) -> None:
    strict, answer = asked(ends(), Profile.STRICT)
    with pytest.raises(PeerError) as refused:
        strict.complete(resigned(answer, reading(answer, tolerance)))
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    lenient, answer = asked(ends(), Profile.COMPAT)
    assert lenient.complete(resigned(answer, reading(answer, tolerance))).tolerated == (tolerance,)


def test_no_profile_takes_a_signr_over_something_else() -> None:
    initiator, answer = asked(ends(), Profile.COMPAT)
    t = answer.find(Timestamp).value_octets
    whole = answer.octets[: -len(answer.find(Signature).signature)]
    for covered in (whole + BOB.encode() + ALICE.encode() + t, whole[:-1], whole[1:] + t):
        with pytest.raises(PeerError) as refused:
            initiator.complete(resigned(answer, covered))
        assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def changed(made: Ends, answer: Message, payloads: tuple[Payload, ...]) -> bytes:
    return signed(made, answer, payloads, answer=True)


def test_a_second_rand_is_passed_over_by_the_compat_profile() -> None:
    """The keys are those of the Initiator's RAND."""
    made = ends()
    initiator, answer = asked(made, Profile.COMPAT)
    octets = changed(made, answer, (answer.payloads[0], Rand(octets=bytes(16)), *answer.payloads[1:-1]))
    established = initiator.complete(octets)
    assert established.tolerated == (Tolerance.RAND_IN_ANSWER,)
    assert teks(established.bundle) == teks(initiator.complete(answer.octets).bundle)


@pytest.mark.requirement("4738-3.6-15")
def test_an_answer_without_the_policy_is_for_the_compat_profile() -> None:
    for profile in Profile:
        made = ends()
        initiator, answer = asked(made, profile)
        left = tuple(payload for payload in answer.payloads[:-1] if not isinstance(payload, SecurityPolicy))
        octets = changed(made, answer, left)
        if profile is Profile.STRICT:
            with pytest.raises(PeerError, match="states no policy") as refused:
                initiator.complete(octets)
            assert refused.value.mikey_error is None
        else:
            assert initiator.complete(octets).tolerated == (Tolerance.ANSWER_WITHOUT_POLICY,)


@pytest.mark.requirement("4738-3.6-14")
def test_without_a_policy_in_the_request_the_responder_states_his() -> None:
    made = ends()
    bundle = made.pair.bundle(policies={}, sessions=(), keys=())
    initiator, response, established = made.run(bundle=bundle)
    assert initiator.message.find(SecurityPolicy) is None
    policy = Message.decode(response.reply or b"").find(SecurityPolicy)
    assert dict(established.bundle.policies) == dict(response.established.bundle.policies) != {}
    assert policy is not None


@pytest.mark.requirement("4738-3.6-2")
@pytest.mark.parametrize("offered", [0, 1, 2])
def test_the_responder_maps_his_streams_behind_those_of_the_request(offered: int) -> None:
    made = ends()
    sessions = made.pair.bundle().sessions[:offered]
    initiator = made.initiator(bundle=made.pair.bundle(sessions=sessions, keys=()))
    first = 1 if offered == 0 else 2
    response = made.pair.respond(initiator.message.octets, ssrcs={first: 0xB0B1, first + 1: 0xB0B2})
    bundle = initiator.complete(response.reply or b"").bundle
    ours = [entry.ssrc for entry in sessions[:1]]
    assert [entry.ssrc for entry in bundle.sessions] == [*ours, 0xB0B1, 0xB0B2]
    assert teks(bundle) == teks(response.established.bundle)


def test_who_is_charged_with_it_takes_a_call_that_was_forwarded_to_him() -> None:
    made = ends()
    initiator = made.initiator()
    made.pair.own = CAROL
    made.pair.bobs_credentials = (certified_credential(CAROL),)
    with pytest.raises(PeerError, match="is for") as refused:
        made.respond(initiator.message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID
    response = made.pair.responder(answers_for=BOB.__eq__).respond(initiator.message.octets, now=made.pair.bobs_now)
    assert identity_of(CAROL).data in (response.reply or b"")
    assert initiator.complete(response.reply or b"").peer == CAROL
