"""SAML-assisted Diffie-Hellman, the first round: what its messages consist of, and what each party can do to it."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import BackendUnavailable, DecodeError, PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.payloads import (
    Certificate,
    DhValue,
    PolicyParam,
    Rand,
    SecurityPolicy,
    SpiValidity,
    Timestamp,
    Verification,
)
from mikey_sdp.mikey.registry import CertType, DhGroup, ErrorNo, ProtType
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import SeededEntropy
from tests.exchange.asserted import HOUR, asserted, private_value, sip_server, with_assertion
from tests.exchange.ends import CASES, Case, Ends, named
from tests.exchange.pair import ALICE, BOB, SECOND_US, chain, changed
from tests.pki import MOMENT, at

CAROL = "sip:carol@example.com"
P_256 = DhGroup.ECP_P_256
MODE_CASES = [case for case in CASES if case.mode is Mode.DHSAML]


def ends(group: DhGroup = P_256, **saml: object) -> Ends:
    return Ends.of(Case(Mode.DHSAML, choices=Choices(dh_group=group, saml=SamlChoices(**saml))))


def tgk(bundle: Bundle) -> bytes:
    return bundle.keys[0].key.reveal()


def refusal(made: Ends, octets: bytes) -> PeerError:
    with pytest.raises(PeerError) as refused:
        made.respond(octets)
    assert len(made.pair.bundles) == 0
    return refused.value


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("group", [P_256, DhGroup.OAKLEY_5, DhGroup.ECP_P_521])
def test_both_ends_agree_in_every_variant(variant: Variant, group: DhGroup) -> None:
    initiator, response, established = ends(group, variant=variant).run()
    fresh = ["DH"] if variant is Variant.EPHEMERAL else []
    assert chain(initiator.message.octets) == ["T", "RAND", "CERT", *fresh, "ID", "SP", "SP"]
    assert chain(response.reply or b"") == ["T", "CERT", "ID", "DH", "RAND", "V"]
    assert initiator.message.header.v
    assert (established.peer, response.established.peer) == (BOB, ALICE)
    assert tgk(established.bundle) == tgk(response.established.bundle)
    assert len(tgk(established.bundle)) == 20
    answer = Message.decode(response.reply or b"")
    rands = initiator.message.find(Rand).octets + answer.find(Rand).octets
    assert established.bundle.rand == response.established.bundle.rand == rands
    assert established.bundle.continuation is None


@pytest.mark.requirement("5197-3.6-6")
def test_the_tgk_is_the_printed_one_and_v_covers_what_the_profile_says() -> None:
    """Computed apart: HMAC over both RANDs under the secret of the certified keys; V over both messages and names."""
    initiator, response, established = ends(variant=Variant.STATIC, deflate=False).run()
    alice, bob = asserted(ALICE), asserted(BOB)
    x = alice.key.agree(bob.key.public).reveal()
    assert x == bob.key.agree(alice.key.public).reveal()
    sent, answer = initiator.message, Message.decode(response.reply or b"")
    first, second = sent.find(Rand).octets, answer.find(Rand).octets
    assert tgk(established.bundle) == hmac.new(x, first + second, hashlib.sha1).digest()
    protection = hmac.new(x, b"MIKEY-DHSAML-MPK\x00" + first + second, hashlib.sha1).digest()
    label = bytes.fromhex("2d22ac75ff") + sent.header.csb_id.to_bytes(4, "big") + b"\x02"
    label += b"".join(bytes((len(rand),)) + rand for rand in (first, second))
    inner = hmac.new(protection, label, hashlib.sha1).digest()
    auth_key = hmac.new(protection, inner + label, hashlib.sha1).digest()
    covered = answer.octets[:-20] + sent.octets + ALICE.encode() + BOB.encode()
    assert answer.find(Verification).mac == hmac.new(auth_key, covered, hashlib.sha1).digest()
    certificate = sent.find(Certificate)
    assert (certificate.cert_type, certificate.data) == (CertType.SAML_XML, alice.assertion)


def with_weaker_tags(message: Message) -> bytes:
    """The offer with another SRTP policy: authentication tags of 4 octets."""
    weaker = SrtpParameters(tag_octets=4).to_payload(0)
    payloads = [
        weaker if isinstance(p, SecurityPolicy) and p.prot_type == ProtType.SRTP else p for p in message.payloads
    ]
    return Message.build(message.header, payloads).octets


@pytest.mark.requirement("5197-3.6-5")
def test_a_tampered_policy_is_found_by_v() -> None:
    made = ends()
    initiator = made.initiator()
    reply = made.respond(with_weaker_tags(initiator.message)).reply or b""
    with pytest.raises(PeerError) as refused:
        initiator.complete(reply)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def test_a_tampered_policy_goes_unseen_in_the_form_that_is_printed() -> None:
    made = ends(literal=True)
    initiator = made.initiator()
    response = made.respond(with_weaker_tags(initiator.message))
    assert "V" not in chain(response.reply or b"")
    established = initiator.complete(response.reply or b"")
    assert response.established.bundle.policies[0].tag_octets == 4
    assert established.bundle.policies[0].tag_octets == 10
    assert tgk(established.bundle) == tgk(response.established.bundle)


def test_an_answer_without_v_is_taken_by_nobody_who_did_not_ask_for_that() -> None:
    made = ends()
    initiator = made.initiator()
    made.pair.bobs_choices = replace(made.pair.bobs_choices, saml=SamlChoices(literal=True))
    reply = made.respond(initiator.message.octets).reply or b""
    with pytest.raises(PeerError, match="no V payload") as refused:
        initiator.complete(reply)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"not_on_or_after": at(MOMENT - timedelta(minutes=30))}, "time is over"),
        ({"not_before": at(MOMENT + HOUR)}, "has not come"),
        ({"subject": CAROL}, "another user"),
        ({"server": sip_server(name="somebody else")}, "nobody who is trusted"),
    ],
)
def test_assertions_that_prove_nothing(change: dict[str, object], why: str) -> None:
    made = ends()
    made.alices = with_assertion(made.alices, ALICE, **change)
    octets = made.initiator().message.octets
    with pytest.raises(PeerError, match=why) as refused:
        made.pair.respond(octets, peer=ALICE)
    assert (refused.value.mikey_error, refused.value.reply) == (ErrorNo.INVALID_CERT, None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"not_on_or_after": at(MOMENT - timedelta(minutes=30))}, "time is over"),
        ({"server": sip_server(name="somebody else")}, "nobody who is trusted"),
    ],
)
def test_assertions_of_responders_that_prove_nothing(change: dict[str, object], why: str) -> None:
    made = ends()
    initiator = made.initiator()
    made.pair.bobs_credentials = (with_assertion(asserted(BOB), BOB, **change),)
    reply = made.respond(initiator.message.octets).reply or b""
    with pytest.raises(PeerError, match=why) as refused:
        initiator.complete(reply)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


def test_each_of_three_branches_has_a_tgk_of_its_own() -> None:
    made = ends(round_2=RoundTwo.LIVENESS)
    initiator = made.initiator()
    bundles = []
    for device in (b"desk", b"mobile", b"tablet"):
        branch = ends()
        branch.pair.entropy = SeededEntropy(device)
        response = branch.respond(initiator.message.octets)
        established = initiator.complete(response.reply or b"")
        assert tgk(established.bundle) == tgk(response.established.bundle)
        bundles.append(established.bundle)
    assert len({tgk(bundle) for bundle in bundles}) == 3
    assert len({bundle.continuation.transcript for bundle in bundles}) == 3


def test_a_retargeted_call_shows_who_answers() -> None:
    made = ends()
    made.pair.own, made.pair.require_idr = CAROL, False
    made.pair.bobs_credentials = (asserted(CAROL),)
    initiator = made.initiator(peer=None)
    response = made.respond(initiator.message.octets)
    established = initiator.complete(response.reply or b"")
    assert established.peer == CAROL
    assert tgk(established.bundle) == tgk(response.established.bundle)


@pytest.mark.parametrize("case", MODE_CASES, ids=named)
def test_every_flipped_bit_of_the_first_message_is_found_out(case: Case) -> None:
    """The Responder refuses it, or else the Initiator refuses the answer and the Responder the second message."""
    made = Ends.of(case)
    initiator = made.initiator(limits=Limits(answers=1 << 16))
    octets, csb_id = initiator.message.octets, initiator.message.header.csb_id
    honest = initiator.complete(Ends.of(case).respond(octets).reply or b"").bundle
    second = None
    if honest.continuation is not None:
        second = made.initiator(bundle=honest, previous=honest).message.octets
    taken = 0
    for offset in range(len(octets)):
        for bit in range(8):
            altered = changed(octets, offset, 1 << bit)
            made.pair.replay = ReplayCache()  # this is not about what is remembered of altered messages
            try:
                reply = made.respond(altered).reply or b""
            except (DecodeError, PeerError):
                continue
            taken += 1
            with pytest.raises((DecodeError, PeerError)):
                initiator.complete(reply)
            if second is not None:
                with pytest.raises((DecodeError, PeerError)):
                    made.respond(second)
            for bundle in made.pair.bundles:
                made.pair.bundles.close(ALICE, bundle.csb_id)
    assert taken > 100
    made.pair.replay = ReplayCache()
    assert initiator.complete(made.respond(octets).reply or b"").bundle.csb_id == csb_id


def rebuilt(message: Message, **replaced: object) -> bytes:
    """The message with the payload of a kind replaced, or left out where that is None."""
    payloads = []
    for payload in message.payloads:
        kept = replaced.get(payload.payload_type.name, payload)
        payloads += [] if kept is None else [kept]
    return Message.build(message.header, payloads).octets


def terms(*params: tuple[int, bytes]) -> SecurityPolicy:
    entries = tuple(PolicyParam(type=kind, value=value) for kind, value in params)
    return SecurityPolicy(policy_no=99, prot_type=ProtType.DHSAML_ROUND_2, params=entries)


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ([(1, b"\x04")], ErrorNo.INVALID_SPPAR),
        ([(2, b"\x03")], ErrorNo.INVALID_SPPAR),
        ([(3, b"\x02")], ErrorNo.INVALID_SPPAR),
        ([(4, b"\x00")], ErrorNo.INVALID_SPPAR),
        ([(1, b"")], ErrorNo.INVALID_SPPAR),
        ([(1, b"\x00\x00")], ErrorNo.INVALID_SPPAR),
        ([(1, b"\x00"), (1, b"\x00")], ErrorNo.INVALID_SPPAR),
        ([(1, b"\x00"), (3, b"\x01")], ErrorNo.INVALID_SPPAR),
    ],
)
def test_terms_that_make_no_sense(params: list[tuple[int, bytes]], number: ErrorNo) -> None:
    made = ends()
    message = made.initiator().message
    payloads = (*[p for p in message.payloads if not _is_terms(p)], terms(*params))
    assert refusal(made, Message.build(message.header, payloads).octets).mikey_error == number


def _is_terms(payload: object) -> bool:
    return isinstance(payload, SecurityPolicy) and payload.prot_type == ProtType.DHSAML_ROUND_2


def test_two_sets_of_terms_are_one_too_many_and_none_are_the_defaults() -> None:
    made = ends()
    message = made.initiator().message
    assert refusal(made, Message.build(message.header, (*message.payloads, terms())).octets).mikey_error == (
        ErrorNo.INVALID_SP
    )
    bare = Message.build(message.header, [p for p in message.payloads if not _is_terms(p)])
    assert made.respond(bare.octets).reply


def test_keys_that_will_not_do() -> None:
    """Another group, a key where none belongs and none where one does, our own key: refused before they are used."""
    made = ends()
    message = made.initiator().message
    shown = message.find(DhValue)
    static = ends(variant=Variant.STATIC).initiator().message
    foreign = Ends.of(Case(Mode.DHSAML, choices=Choices(dh_group=DhGroup.ECP_P_384))).initiator().message
    (bobs,) = made.pair.bobs_credentials
    for octets in (
        foreign.octets,
        rebuilt(message, DH=None),
        rebuilt(message, DH=replace(shown, value=bobs.key.public)),
        rebuilt(message, CERT=bobs.to_payload(compressed=True)),
        Message.build(static.header, (*static.payloads, shown)).octets,
        rebuilt(message, DH=replace(shown, value=b"\x04" + bytes(64))),
    ):
        assert refusal(made, octets).mikey_error == ErrorNo.INVALID_DH


def test_a_rand_that_is_too_short_to_make_keys_fresh() -> None:
    made = ends()
    octets = rebuilt(made.initiator().message, RAND=Rand(octets=b"short"))
    assert refusal(made, octets).mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.parametrize("variant", [Variant.STATIC, Variant.EPHEMERAL])
def test_answers_with_keys_that_will_not_do(variant: Variant) -> None:
    made = ends(variant=variant)
    initiator = made.initiator()
    answer = Message.decode(made.respond(initiator.message.octets).reply or b"")
    shown = answer.find(DhValue)
    (bobs,) = made.pair.bobs_credentials
    wrong = private_value("x", P_256).public if variant is Variant.STATIC else bobs.key.public
    for octets in (
        rebuilt(answer, DH=replace(shown, value=wrong)),
        rebuilt(answer, DH=replace(shown, value=asserted(ALICE).key.public)),
        rebuilt(answer, DH=replace(shown, group=DhGroup.ECP_P_384, value=bytes(97))),
        *([] if variant is Variant.STATIC else [rebuilt(answer, DH=replace(shown, validity=SpiValidity(spi=b"2")))]),
        rebuilt(answer, CERT=asserted(ALICE).to_payload(compressed=True)),
    ):
        with pytest.raises(PeerError) as refused:
            initiator.complete(octets)
        assert refused.value.mikey_error == ErrorNo.INVALID_DH
    for octets, number in (
        (rebuilt(answer, ID=identity_of(CAROL)), ErrorNo.INVALID_ID),
        (rebuilt(answer, RAND=Rand(octets=b"short")), ErrorNo.UNSPECIFIED),
        (Message.build(answer.header, (terms((1, b"\x01")), *answer.payloads)).octets, ErrorNo.INVALID_SP),
    ):
        with pytest.raises(PeerError) as refused:
            initiator.complete(octets)
        assert refused.value.mikey_error == number
    assert initiator.complete(answer.octets).peer == BOB


def test_without_an_assertion_of_our_own_nothing_is_answered() -> None:
    made = ends()
    made.pair.bobs_credentials = ()
    assert refusal(made, made.initiator().message.octets).mikey_error == ErrorNo.INVALID_CERT


def test_a_missing_library_is_named_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ends()
    octets = made.initiator().message.octets

    def missing() -> None:
        raise BackendUnavailable("signxml, for SAML assertions,", install="pip install 'mikey_sdp[saml]'")

    monkeypatch.setattr("mikey_sdp.mikey.saml.backend._libraries", missing)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[saml\]"):
        made.initiator()
    with pytest.raises(PeerError, match="not available"):
        made.respond(octets)


def test_whoever_repeats_an_assertion_narrows_nobodys_window() -> None:
    """A first message proves nothing, so that anybody can make any number of them under an assertion that he saw, which
    is another in its octets each time it is packed in another way."""
    made = ends()
    made.pair.replay = ReplayCache(capacity=8, share=2)
    sent, xml = made.initiator().message, made.alices.assertion
    ahead = NtpTime.from_unix_us(made.pair.now_us + 200 * SECOND_US)
    for number in range(1, 20):
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        parts = (packer.compress(xml[:number]), packer.flush(zlib.Z_FULL_FLUSH), packer.compress(xml[number:]))
        cert = Certificate(cert_type=CertType.SAML_DEFLATE, data=b"".join((*parts, packer.flush())))
        stamp = Timestamp(value=ahead.value + number)
        forged = [{Certificate: cert, Timestamp: stamp}.get(type(one), one) for one in sent.payloads]
        made.respond(Message.build(replace(sent.header, csb_id=number), forged).octets)
    assert len(made.pair.replay) == 2
    assert made.respond(sent.octets).established.peer == ALICE
    with pytest.raises(PeerError, match="replay"):
        made.respond(sent.octets)
    psk = Ends.of(Case(Mode.PSK))
    psk.pair.replay = made.pair.replay
    assert psk.run()[2].peer == BOB
