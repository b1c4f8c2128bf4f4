"""DHSIGN: what its messages consist of, groups and signatures, and errors that the Responder signs."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.signing import close_with_sign, own_certificates
from mikey_sdp.mikey.payloads import DhValue, Identity
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, SignType
from tests.exchange.ends import Case, Ends, authority, certified
from tests.exchange.pair import ALICE, BOB, chain, teks
from tests.pki import ec_key

CAROL = "sip:carol@example.com"
P_521 = ec.SECP521R1()
GROUPS = [group for group in DhGroup if group.name.startswith(("OAKLEY", "MODP", "ECP"))]


def ends(key: str = "rsa", **choices: object) -> Ends:
    return Ends.of(Case(Mode.DHSIGN, key, Choices(**choices)))


@pytest.mark.requirement("3830-3.3-11")
def test_what_the_messages_consist_of() -> None:
    initiator, response, _ = ends().run()
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "CERT", "ID", "SP", "DH", "SIGN"]
    assert chain(response.reply or b"") == ["T", "ID", "CERT", "ID", "DH", "DH", "SIGN"]
    answer = Message.decode(response.reply or b"")
    assert [identity.data.decode() for identity in answer.all(Identity)] == [BOB, ALICE]
    assert answer.all(DhValue)[1] == initiator.message.find(DhValue)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
@pytest.mark.requirement("3830-4.2.7-1", "3830-6.4-3")
def test_every_group(group: DhGroup) -> None:
    initiator, response, established = ends(dh_group=group).run()
    assert initiator.message.find(DhValue).group == group
    assert Message.decode(response.reply or b"").all(DhValue)[0].group == group
    assert teks(established.bundle) == teks(response.established.bundle)


@pytest.mark.requirement("3830-3.3-4", "3830-3.3-5")
def test_every_exchange_has_half_keys_of_its_own() -> None:
    made = ends()
    answers = [Message.decode(made.run()[1].reply or b"").all(DhValue) for _ in range(2)]
    assert len({value.value for values in answers for value in values}) == 4


@pytest.mark.requirement("3830-6.1-8", "3830-6.1-9")
def test_the_flag_v_is_set_and_makes_no_difference() -> None:
    made = ends()
    sent = made.initiator(verification=False).message
    assert sent.header.v
    header = type(sent.header)(
        data_type=sent.header.data_type,
        v=False,
        prf_func=sent.header.prf_func,
        csb_id=sent.header.csb_id,
        sessions=sent.header.sessions,
    )
    silent = close_with_sign(header, sent.payloads[:-1], credential=made.alices, choices=made.case.choices)
    assert made.respond(silent.octets).reply


@pytest.mark.requirement("3830-4.5-14")
def test_an_update_with_half_keys_changes_the_keys() -> None:
    made = ends()
    _, _, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(), previous=before.bundle)
    assert chain(update.message.octets) == ["T", "ID", "CERT", "ID", "DH", "SIGN"]
    after = made.respond(update.message.octets).established.bundle
    assert not set(teks(after)) & set(teks(before.bundle))


@pytest.mark.requirement("3830-4.5-15")
def test_an_update_without_half_keys_keeps_them() -> None:
    made = ends()
    _, _, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
    response = made.respond(update.message.octets)
    assert "DH" not in chain(update.message.octets) + chain(response.reply or b"")
    assert teks(response.established.bundle) == teks(before.bundle)


def test_the_responder_may_be_a_stranger_under_the_same_root() -> None:
    made = ends()
    holder = certified(ALICE, "rsa")
    made.alices = CertificateCredential((holder.certificate,), holder.key, Trust(anchors=(authority().certificate,)))
    assert made.run()[2].peer == BOB


def test_who_answers_is_who_the_certificate_says() -> None:
    """Bob's name on an answer that Carol signed: her certificate does not cover it."""
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    holder = certified(CAROL, "rsa")
    carol = CertificateCredential((holder.certificate,), holder.key, Trust())
    for name, number in ((BOB, ErrorNo.INVALID_ID), (CAROL, None)):
        answer = made.initiator()
        octets = made.respond(answer.message.octets).reply or b""
        theirs = Message.decode(octets)
        payloads = (theirs.payloads[0], identity_of(name), *_certificates(carol), *theirs.payloads[3:-1])
        signed = close_with_sign(theirs.header, payloads, credential=carol, choices=made.case.choices).octets
        if number is None:
            assert answer.complete(signed).peer == CAROL
        else:
            with pytest.raises(PeerError) as refused:
                answer.complete(signed)
            assert refused.value.mikey_error == number
    assert initiator.complete(reply.octets).peer == BOB


def _certificates(credential: CertificateCredential) -> tuple[object, ...]:
    return own_certificates(credential, Choices())


@pytest.mark.parametrize("peer_known", [True, False])
def test_errors_are_signed_and_believed_where_the_signer_is_known(peer_known: bool) -> None:
    made = ends()
    if not peer_known:
        holder = certified(ALICE, "rsa")
        trust = Trust(anchors=(authority().certificate,))
        made.alices = CertificateCredential((holder.certificate,), holder.key, trust)
    initiator = made.initiator()

    def refuse(_parameters: object) -> None:
        raise PeerError("not with me", mikey_error=ErrorNo.INVALID_SPPAR)

    with pytest.raises(PeerError) as refused:
        made.pair.responder(accept=refuse).respond(initiator.message.octets, now=made.pair.bobs_now)
    reply = refused.value.reply or b""
    assert chain(reply)[-1] == "SIGN"
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(reply)
    assert reported.value.advisory is not peer_known
    assert reported.value.error_nos == (ErrorNo.INVALID_SPPAR,)


def test_an_unknown_group_is_named_even_to_strangers() -> None:
    made = ends()
    octets = bytearray(made.initiator().message.octets)
    dh = made.initiator().message
    offset = dh.span(dh.find(DhValue)).offset
    octets[offset + 1] = 99
    with pytest.raises(PeerError) as refused:
        made.respond(bytes(octets))
    assert refused.value.mikey_error == ErrorNo.INVALID_DH
    assert Message.decode(refused.value.reply or b"")


def test_a_second_signature_of_the_same_message_is_a_replay() -> None:
    """(r, n - s) verifies where (r, s) does; whoever saw a message can make it. On P-521 often with the same length."""
    made = ends("ec", dh_group=DhGroup.ECP_P_256)
    holder = authority().issue(ALICE, key=ec_key(ALICE, P_521))
    made.alices = CertificateCredential((holder.certificate,), holder.key, made.alices.trust)
    sent, other = next(
        (message, twin)
        for message in (made.initiator().message for _ in range(64))
        if len(twin := _other_signature(message)) == len(message.find(Signature).signature)
    )
    assert sent.find(Signature).sign_type == SignType.ECDSA
    twin = sent.octets[: -len(other)] + other
    fresh = Ends.of(made.case)
    assert fresh.respond(twin).reply
    made.respond(sent.octets)
    made.pair.bundles.close(ALICE, sent.header.csb_id)
    with pytest.raises(PeerError, match="replay"):
        made.respond(twin)


def _other_signature(message: Message) -> bytes:
    r, s = decode_dss_signature(message.find(Signature).signature)
    return encode_dss_signature(r, P_521.group_order - s)


def test_an_answer_to_somebody_else_is_refused() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    payloads = (*reply.payloads[:3], identity_of(CAROL), *reply.payloads[4:-1])
    octets = close_with_sign(
        reply.header, payloads, credential=made.pair.bobs_credentials[0], choices=made.case.choices
    ).octets
    with pytest.raises(PeerError) as refused:
        initiator.complete(octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


def test_half_keys_that_nobody_asked_for_are_refused() -> None:
    made = ends()
    first, answer, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
    reply = Message.decode(made.respond(update.message.octets).reply or b"")
    values = Message.decode(answer.reply or b"").all(DhValue)
    octets = close_with_sign(
        reply.header,
        (*reply.payloads[:-1], *values),
        credential=made.pair.bobs_credentials[0],
        choices=made.case.choices,
    ).octets
    with pytest.raises(PeerError, match="the offer had none"):
        update.complete(octets)
    assert first.complete(answer.reply or b"").peer == BOB
