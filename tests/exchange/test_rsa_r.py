"""RSA-R: who sends what, whose RAND counts, which policy, and what is dropped in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import padding

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported, build_error
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads import GeneralExtension, SrtpIdEntry
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import ErrorNo, ExtensionType
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from tests.exchange.ends import Case, Ends, authority, certified
from tests.exchange.pair import ALICE, BOB, chain, teks

CAROL = "sip:carol@example.com"
SHORT_TAG = replace(DEFAULT_SRTP, tag_octets=4)


def ends() -> Ends:
    return Ends.of(Case(Mode.RSA_R))


def signed(made: Ends, message: Message, payloads: tuple[object, ...], *, answer: bool = False) -> bytes:
    """The message with other payloads, signed again by whoever signed it."""
    credential = made.pair.bobs_credentials[0] if answer else made.alices
    appended = b""
    if answer:
        appended = ALICE.encode() + BOB.encode() + message.find(Timestamp).value_octets
    return close_with_sign(
        message.header, payloads, credential=credential, choices=DEFAULT_CHOICES, appended=appended
    ).octets


@pytest.mark.requirement("4738-3.4-1", "4738-3.4-3", "4738-3.4-13", "4738-3.4-9")
def test_what_the_request_consists_of() -> None:
    message = ends().initiator(verification=False).message
    assert chain(message.octets) == ["T", "RAND", "ID", "CERT", "ID", "SP", "SIGN"]
    assert message.header.v
    assert message.find(Certificate).data == certified(ALICE, "rsa").der


@pytest.mark.requirement("4738-3.6-1", "4738-3.6-11", "4738-3.6-15", "4738-3.6-9")
def test_what_the_answer_consists_of() -> None:
    initiator, response, _ = ends().run()
    answer = Message.decode(response.reply or b"")
    assert chain(answer.octets) == ["T", "ID", "CERT", "SP", "KEMAC", "PKE", "SIGN"]
    assert answer.header.csb_id == initiator.message.header.csb_id
    assert answer.find(Certificate).data == certified(BOB, "rsa").der


@pytest.mark.requirement("4738-3.4-8", "4738-3.4-15", "4738-3.6-13")
def test_each_message_is_signed_with_the_key_of_its_certificate() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    other = made.initiator().message.find(Signature)
    fresh = made.initiator().message.octets
    with pytest.raises(PeerError) as refused:
        made.respond(fresh[: -len(other.signature)] + other.signature)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    with pytest.raises(PeerError) as refused:
        initiator.complete(reply.octets[: -len(other.signature)] + other.signature)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("4738-3.6-20")
def test_the_signature_of_the_answer_covers_both_identities_and_the_time() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    t = reply.find(Timestamp).value_octets
    right = ALICE.encode() + BOB.encode() + t
    for appended in (b"", BOB.encode() + ALICE.encode() + t, ALICE.encode() + BOB.encode(), right):
        octets = close_with_sign(
            reply.header,
            reply.payloads[:-1],
            credential=made.pair.bobs_credentials[0],
            choices=DEFAULT_CHOICES,
            appended=appended,
        ).octets
        if appended == right:
            assert initiator.complete(octets).peer == BOB
        else:
            with pytest.raises(PeerError) as refused:
                initiator.complete(octets)
            assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("4738-3.6-8", "4738-3.7-2")
def test_a_rand_comes_from_one_end() -> None:
    """Without a RAND in the request the answer brings one, of which our Initiator, who sent one, wants nothing."""
    made = ends()
    initiator = made.initiator()
    without = tuple(payload for payload in initiator.message.payloads[:-1] if not isinstance(payload, Rand))
    response = made.respond(signed(made, initiator.message, without))
    rand = Message.decode(response.reply or b"").find(Rand)
    assert rand is not None
    assert response.established.bundle.rand == rand.octets
    with pytest.raises(PeerError):
        initiator.complete(response.reply or b"")


@pytest.mark.requirement("4738-5.1-1", "4738-3.4-9")
def test_each_end_of_a_call_adds_to_its_keys() -> None:
    """Alice the RAND, Bob the TGK."""
    made = ends()
    first, second = made.run(), made.run()
    for initiator, response, established in (first, second):
        rand = initiator.message.find(Rand)
        assert rand is not None
        assert established.bundle.rand == response.established.bundle.rand == rand.octets
        assert Message.decode(response.reply or b"").find(Rand) is None
    assert first[2].bundle.rand != second[2].bundle.rand
    assert first[2].bundle.keys[0].key != second[2].bundle.keys[0].key


@pytest.mark.requirement("4738-3.5-3")
@pytest.mark.parametrize(("number", "unknown"), [(11, True), (12, True), (13, True), (10, False), (0, False)])
def test_by_which_errors_a_responder_may_not_know_rsa_r(number: int, unknown: bool) -> None:
    initiator = ends().initiator()
    sent = initiator.message
    octets = build_error(sent.header, sent.find(Timestamp), ErrorNo.of(number)).octets
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(octets)
    assert reported.value.kind_unknown is unknown


@pytest.mark.requirement("4738-3.7-1")
def test_a_second_rand_is_dropped_in_silence() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    payloads = (reply.payloads[0], Rand(octets=bytes(16)), *reply.payloads[1:-1])
    with pytest.raises(PeerError) as refused:
        initiator.complete(signed(made, reply, payloads, answer=True))
    assert (refused.value.mikey_error, refused.value.reply) == (None, None)


@pytest.mark.requirement("4738-3.7-3")
def test_a_policy_that_was_not_offered_is_dropped_in_silence() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    payloads = tuple(SHORT_TAG.to_payload(0) if isinstance(p, SecurityPolicy) else p for p in reply.payloads[:-1])
    with pytest.raises(PeerError) as refused:
        initiator.complete(signed(made, reply, payloads, answer=True))
    assert (refused.value.mikey_error, refused.value.reply) == (None, None)


@pytest.mark.requirement("4738-3.6-6")
def test_a_new_csb_id_has_no_place_between_two() -> None:
    made = ends()
    initiator = made.initiator()
    response = made.respond(initiator.message.octets)
    reply = Message.decode(response.reply or b"")
    assert reply.find(GeneralExtension) is None
    extension = GeneralExtension(ext_type=ExtensionType.CSB_ID, data=bytes(4))
    with pytest.raises(PeerError, match="CSB ID"):
        initiator.complete(signed(made, reply, (extension, *reply.payloads[:-1]), answer=True))


@pytest.mark.requirement("4738-3.5-5", "4738-3.6-16")
def test_the_answer_states_the_policies_that_are_used() -> None:
    made = ends()
    sessions = (SrtpIdEntry(policy_no=1, ssrc=1), SrtpIdEntry(policy_no=1))
    bundle = made.pair.bundle(policies={0: SHORT_TAG, 1: DEFAULT_SRTP}, sessions=sessions, keys=())
    initiator = made.initiator(bundle=bundle)
    response = made.respond(initiator.message.octets)
    assert [sp.policy_no for sp in Message.decode(response.reply or b"").all(SecurityPolicy)] == [1]
    assert teks(initiator.complete(response.reply or b"").bundle) == teks(response.established.bundle)


@pytest.mark.requirement("4738-3.4-19", "4738-3.5-1")
def test_no_common_policy_is_error_10_and_signed() -> None:
    made = ends()
    initiator = made.initiator()

    def refuse(_parameters: object) -> None:
        raise PeerError("not with me", mikey_error=ErrorNo.INVALID_SPPAR)

    with pytest.raises(PeerError) as refused:
        made.pair.responder(accept=refuse).respond(initiator.message.octets, now=made.pair.bobs_now)
    assert refused.value.mikey_error == ErrorNo.INVALID_SPPAR
    assert chain(refused.value.reply or b"")[-1] == "SIGN"


@pytest.mark.requirement("4738-3.4-4")
def test_the_flag_v_is_ignored() -> None:
    made = ends()
    sent = made.initiator().message
    silent = replace(sent, header=replace(sent.header, v=False))
    assert made.respond(signed(made, silent, sent.payloads[:-1])).reply


@pytest.mark.requirement("4738-3.6-2", "4738-3.5-4")
def test_the_responder_fills_the_map() -> None:
    made = ends()
    initiator = made.initiator()
    response = made.pair.respond(initiator.message.octets, ssrcs={2: 0x22222222})
    reply = Message.decode(response.reply or b"")
    assert [entry.ssrc for entry in reply.header.sessions] == [0x11111111, 0x22222222]
    assert initiator.complete(reply.octets).bundle.sessions == reply.header.sessions


def test_the_keys_are_for_the_initiator_only() -> None:
    made = ends()
    initiator, response, established = made.run()
    data = Message.decode(response.reply or b"").find(EnvelopeKey).data
    envelope_key = certified(ALICE, "rsa").key.decrypt(data, padding.PKCS1v15())
    assert established.bundle.envelope_key.reveal() == envelope_key
    assert initiator.early_bundle is None


def test_another_party_may_answer_and_says_so() -> None:
    """Forwarded to Carol, who has a certificate of her own: the Initiator learns whom he talks to."""
    made = ends()
    initiator = made.initiator(peer=None)
    holder = certified(CAROL, "rsa")
    trust = Trust(anchors=(authority().certificate,))
    made.pair.bobs_credentials = (CertificateCredential((holder.certificate,), holder.key, trust),)
    made.pair.own, made.pair.require_idr = CAROL, False
    assert initiator.complete(made.respond(initiator.message.octets).reply or b"").peer == CAROL


def test_the_encrypted_idr_is_the_signer() -> None:
    made = ends()
    first, second = made.initiator(), made.initiator()
    replies = [Message.decode(made.respond(end.message.octets).reply or b"") for end in (first, second)]
    identity = Identity(id_type=replies[0].find(Identity).id_type, data=CAROL.encode())
    payloads = tuple(identity if isinstance(p, Identity) else p for p in replies[0].payloads[:-1])
    with pytest.raises(PeerError) as refused:
        first.complete(signed(made, replies[0], payloads, answer=True))
    assert refused.value.mikey_error == ErrorNo.INVALID_ID
