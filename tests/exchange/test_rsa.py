"""RSA: what its messages consist of, whom keys are for, the encrypted IDi, caching, and what a decryption tells."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.payloads import CertificateStyle
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.envelope import unseal
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.key_transport import sealed_keys
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads import decode_key_data
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    DhGroup,
    EncrAlg,
    ErrorNo,
    HashFunc,
    MacAlg,
    PayloadType,
    PrfFunc,
    SignType,
)
from mikey_sdp.secret import Secret
from mikey_sdp.wire import Writer
from tests.exchange.ends import Case, Ends, authority, certified
from tests.exchange.pair import ALICE, BOB, chain, teks
from tests.pki import Authority, rsa_key

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text())
CAROL = "sip:carol@example.com"


def ends(**choices: object) -> Ends:
    return Ends.of(Case(Mode.RSA, choices=Choices(**choices)))


@pytest.mark.requirement("3830-3.2-14", "3830-3.2-12", "3830-4.2.5-1")
def test_what_the_messages_consist_of() -> None:
    made = ends()
    initiator, response, established = made.run()
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "CERT", "ID", "SP", "KEMAC", "PKE", "SIGN"]
    assert chain(response.reply or b"") == ["T", "ID", "V"]
    pke = initiator.message.find(EnvelopeKey)
    envelope_key = certified(BOB, "rsa").key.decrypt(pke.data, padding.PKCS1v15())
    assert len(envelope_key) == 16
    assert established.bundle.envelope_key == Secret(envelope_key)


def test_the_known_kemac() -> None:
    known = VECTORS["pk_kemac"]
    rand = bytes.fromhex(VECTORS["psk_message_keys"]["rand"])
    context = KeyContext(csb_id=0xCD177E50, rand=rand, prf=mikey_1)
    sender, *keys = decode_key_data(bytes.fromhex(known["plain"]), first=PayloadType.ID)
    kemac = sealed_keys(
        context.message_keys(Secret(bytes.fromhex(known["env_key"]))),
        encr_alg=EncrAlg.AES_CM_128,
        csb_id=0xCD177E50,
        timestamp=Timestamp(value=0xC8E350EA00000000),
        sender=sender,
        key_data=tuple(keys),
    )
    writer = Writer()
    kemac.encode(writer, PayloadType.PKE)
    assert writer.getvalue().hex() == known["kemac_on_wire_next_PKE"]


@pytest.mark.requirement("3830-4.2.5-2")
def test_oaep_where_both_want_it() -> None:
    made = ends(oaep=True)
    initiator, _, established = made.run()
    assert established.peer == BOB
    data = initiator.message.find(EnvelopeKey).data
    assert unseal(certified(BOB, "rsa").key, data, lambda n: bytes(n), oaep=True) != Secret(bytes(16))
    assert unseal(certified(BOB, "rsa").key, data, lambda n: bytes(n), oaep=False) != established.bundle.envelope_key


@pytest.mark.parametrize("hash_func", [HashFunc.SHA_1, HashFunc.SHA_256])
@pytest.mark.parametrize("sign_type", [SignType.RSA_PKCS1_V1_5, SignType.RSA_PSS])
@pytest.mark.requirement("3830-4.2.6-1", "3830-4.2.6-2", "3830-4.2.1-1")
def test_signatures_of_every_kind(sign_type: SignType, hash_func: HashFunc) -> None:
    made = ends(sign_type=sign_type, sign_hash=hash_func)
    initiator, _, established = made.run()
    assert initiator.message.find(Signature).sign_type == sign_type
    assert established.peer == BOB
    other = HashFunc.SHA_256 if hash_func is HashFunc.SHA_1 else HashFunc.SHA_1
    made.pair.bobs_choices = Choices(sign_hashes=(other,))
    with pytest.raises(PeerError) as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def forged(made: Ends, **parts: object) -> bytes:
    """Alice's message with other payloads in place of hers, signed by her again."""
    sent = made.initiator().message
    kinds = {type(payload): payload for payload in parts.values()}
    payloads = tuple(kinds.get(type(payload), payload) for payload in sent.payloads[:-1])
    return close_with_sign(sent.header, payloads, credential=made.alices, choices=made.case.choices).octets


@pytest.mark.parametrize("octets", [0, 8, 15, 16, 32, 33, 200])
def test_whatever_is_inside_a_pke_takes_the_same_work_to_refuse(octets: int) -> None:
    """Keys of several blocks of the PRF would be told by the time that they take, and so what a padding hides."""
    made = ends()
    key = certified(BOB, "rsa").key
    pke = EnvelopeKey(cache=CacheIndicator.CACHE, data=key.public_key().encrypt(bytes(octets), padding.PKCS1v15()))
    unreadable = EnvelopeKey(cache=CacheIndicator.CACHE, data=bytes(len(pke.data)))
    done = []
    for one in (unreadable, pke):
        octets_of_message = forged(made, pke=one)
        with mock.patch("hmac.digest", wraps=hmac.digest) as computed, pytest.raises(PeerError) as refused:
            made.respond(octets_of_message)
        done.append((computed.call_count, str(refused.value), refused.value.reply, len(made.pair.replay)))
    assert done[0] == done[1]
    assert done[0][0] > 0


@pytest.mark.requirement("3830-3.2-9")
def test_the_encrypted_idi_must_be_the_sender() -> None:
    made = ends()
    initiator = made.initiator()
    sent = initiator.message
    kemac = sealed_keys(
        initiator._keys,
        encr_alg=EncrAlg.AES_CM_128,
        csb_id=sent.header.csb_id,
        timestamp=sent.find(Timestamp),
        sender=identity_of(CAROL),
        key_data=initiator.early_bundle.keys,
    )
    payloads = tuple(kemac if isinstance(p, KeyDataTransport) else p for p in sent.payloads[:-1])
    octets = close_with_sign(sent.header, payloads, credential=made.alices, choices=made.case.choices).octets
    with pytest.raises(PeerError) as refused:
        made.respond(octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID
    assert len(made.pair.bundles) == 0


def test_a_failed_decryption_looks_like_a_failed_mac() -> None:
    made = ends()
    good = made.initiator().message
    pke = good.find(EnvelopeKey)
    kemac = good.find(KeyDataTransport)
    bad_padding = replace(pke, data=bytes(len(pke.data)))
    too_long = replace(pke, data=bytes(9))
    bad_mac = replace(kemac, mac=bytes(20))
    seen = set()
    for wrong in (bad_padding, too_long, bad_mac):
        with pytest.raises(PeerError) as refused:
            made.respond(forged(made, wrong=wrong))
        seen.add((refused.value.mikey_error, refused.value.reason, refused.value.reply))
    assert seen == {(ErrorNo.AUTH_FAILURE, "the MAC does not verify", None)}


@pytest.mark.parametrize("named", [True, False])
def test_the_certificate_hash_says_whose_key_was_used(named: bool) -> None:
    made = ends(certificate_hash=True)
    initiator = made.initiator()
    assert initiator.message.find(CertificateHash).hash_func == HashFunc.SHA_1
    if not named:
        other = certified(CAROL, "rsa")
        trust = Trust(anchors=(authority().certificate,))
        made.pair.bobs_credentials = (CertificateCredential((other.certificate,), other.key, trust),)
        with pytest.raises(PeerError) as refused:
            made.respond(initiator.message.octets)
        assert refused.value.mikey_error == ErrorNo.INVALID_CERT
    else:
        assert made.respond(initiator.message.octets).reply


@pytest.mark.parametrize("cache", [CacheIndicator.CACHE, CacheIndicator.CACHE_FOR_CSB])
@pytest.mark.requirement("3830-6.3-3", "3830-6.3-4")
def test_a_cached_envelope_key_is_the_shared_key_of_updates(cache: CacheIndicator) -> None:
    made = ends(cache=cache)
    _, response, before = made.run()
    assert response.established.bundle.envelope_key == before.bundle.envelope_key
    after = before.bundle.updated(keys=made.pair.bundle().keys)
    setup = made.setup(bundle=after, previous=before.bundle)
    update = PskInitiator(setup, PskCredential(BOB, before.bundle.envelope_key))
    assert chain(update.message.octets)[-1] == "KEMAC"
    answer = made.respond(update.message.octets)
    assert update.complete(answer.reply or b"").peer == BOB
    assert teks(answer.established.bundle) == teks(after)


@pytest.mark.parametrize("cache", [CacheIndicator.NO_CACHE, CacheIndicator.of(3)])
@pytest.mark.requirement("3830-6.3-2")
def test_without_permission_nothing_is_cached(cache: CacheIndicator) -> None:
    made = ends(cache=cache)
    initiator, response, before = made.run()
    assert response.established.bundle.envelope_key is None
    assert before.bundle.envelope_key is None
    envelope_key = Secret(
        certified(BOB, "rsa").key.decrypt(initiator.message.find(EnvelopeKey).data, padding.PKCS1v15())
    )
    setup = made.setup(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
    with pytest.raises(PeerError) as refused:
        made.respond(PskInitiator(setup, PskCredential(BOB, envelope_key)).message.octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-4.5-9")
def test_an_update_by_public_key_too() -> None:
    made = ends(cache=CacheIndicator.NO_CACHE)
    _, _, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(keys=made.pair.bundle().keys), previous=before.bundle)
    assert "RAND" not in chain(update.message.octets)
    response = made.respond(update.message.octets)
    assert teks(update.complete(response.reply or b"").bundle) == teks(response.established.bundle)


@pytest.mark.parametrize("style", [CertificateStyle.NONE, CertificateStyle.LEAF, CertificateStyle.CHAIN])
@pytest.mark.requirement("3830-3.2-13")
def test_certificates_that_are_known_need_not_be_sent(style: CertificateStyle) -> None:
    made = ends(certificates=style)
    initiator, _, established = made.run()
    assert ("CERT" in chain(initiator.message.octets)) == (style is not CertificateStyle.NONE)
    assert established.peer == BOB


def test_an_unknown_certificate_that_is_not_sent() -> None:
    made = ends(certificates=CertificateStyle.NONE)
    holder = certified(BOB, "rsa")
    trust = Trust(anchors=(authority().certificate,))
    made.pair.bobs_credentials = (CertificateCredential((holder.certificate,), holder.key, trust),)
    with pytest.raises(PeerError) as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


def test_without_the_peers_certificate_there_is_no_offer() -> None:
    made = ends()
    holder = certified(ALICE, "rsa")
    trust = Trust(anchors=(authority().certificate,))
    made.alices = CertificateCredential((holder.certificate,), holder.key, trust)
    with pytest.raises(PolicyRefused, match="not known beforehand"):
        made.initiator()


def test_a_caller_who_is_known_by_his_certificate_only() -> None:
    made = ends()
    sent = made.initiator().message
    first = True
    payloads = []
    for payload in sent.payloads[:-1]:
        if isinstance(payload, Identity) and first:
            first = False
            continue
        payloads.append(payload)
    octets = close_with_sign(sent.header, tuple(payloads), credential=made.alices, choices=made.case.choices).octets
    assert made.respond(octets).established.peer == ALICE


@pytest.mark.parametrize("mode", [Mode.RSA, Mode.DHSIGN, Mode.RSA_R])
def test_certificates_that_prove_nothing(mode: Mode) -> None:
    """Unknown issuer, expired, of somebody else: refused before anything is kept, and the reason says which."""
    strangers = Authority.create("Another root")
    cases = {
        "issuer": (certified(ALICE, "rsa", strangers), ErrorNo.INVALID_CERT),
        "expired": (
            authority().issue(ALICE, key=rsa_key(ALICE), not_after=authority().certificate.not_valid_before_utc),
            ErrorNo.INVALID_CERT,
        ),
        "identity": (certified(CAROL, "rsa"), ErrorNo.INVALID_ID),
    }
    for holder, number in cases.values():
        made = Ends.of(Case(mode))
        trust = Trust(anchors=(authority().certificate,), known=(certified(BOB, "rsa").certificate,))
        made.alices = CertificateCredential((holder.certificate,), holder.key, trust)
        with pytest.raises(PeerError) as refused:
            made.respond(made.initiator().message.octets)
        assert refused.value.mikey_error == number
        assert len(made.pair.bundles) == 0
        assert len(made.pair.replay) == 0


@pytest.mark.requirement("3830-4.2.3-8")
def test_keys_are_never_sent_in_the_clear() -> None:
    made = ends()
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"x" * 32, mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20))
    with pytest.raises(PeerError) as refused:
        made.respond(forged(made, kemac=kemac))
    assert refused.value.mikey_error == ErrorNo.INVALID_EA


def test_a_refused_policy_comes_back_with_proof() -> None:
    made = ends()
    initiator = made.initiator()

    def refuse(_parameters: object) -> None:
        raise PeerError("not with me", mikey_error=ErrorNo.INVALID_SPPAR)

    with pytest.raises(PeerError) as refused:
        made.pair.responder(accept=refuse).respond(initiator.message.octets, now=made.pair.bobs_now)
    assert chain(refused.value.reply or b"")[-1] == "V"
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(refused.value.reply or b"")
    assert not reported.value.advisory


def test_the_answer_must_be_a_public_key_one() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    octets = bytes([1, 1]) + reply.octets[2:]
    with pytest.raises(PeerError, match="expected"):
        initiator.complete(octets)


def test_a_credential_from_pem_texts() -> None:
    made = ends()
    root = authority().pem
    alice, bob = certified(ALICE, "rsa"), certified(BOB, "rsa")
    made.alices = CertificateCredential.from_pem(alice.pem, alice.key_pem, trust=[root], known=[bob.pem])
    made.pair.bobs_credentials = (CertificateCredential.from_pem(bob.pem, bob.key_pem, trust=[root]),)
    assert made.run()[2].peer == BOB
    with pytest.raises(UsageError, match="not that of"):
        CertificateCredential.from_pem(alice.pem, bob.key_pem)


@pytest.mark.requirement("3830-4.2-1")
def test_the_default_transforms() -> None:
    initiator, response, _ = ends().run()
    message = initiator.message
    kemac = message.find(KeyDataTransport)
    assert (kemac.encr_alg, kemac.mac_alg) == (EncrAlg.AES_CM_128, MacAlg.HMAC_SHA_1_160)
    assert message.header.prf_func == PrfFunc.MIKEY_1
    signature = message.find(Signature)
    assert signature.sign_type == SignType.RSA_PKCS1_V1_5
    covered = message.octets[: -len(signature.signature)]
    certified(ALICE, "rsa").key.public_key().verify(signature.signature, covered, padding.PKCS1v15(), hashes.SHA1())
    assert Message.decode(response.reply or b"").find(Verification).auth_alg == MacAlg.HMAC_SHA_1_160


def test_an_expired_certificate_of_the_peer_makes_no_offer() -> None:
    made = ends()
    holder = certified(ALICE, "rsa")
    old = authority().issue(BOB, key=rsa_key(BOB), not_after=authority().certificate.not_valid_before_utc)
    trust = Trust(anchors=(authority().certificate,), known=(old.certificate,))
    made.alices = CertificateCredential((holder.certificate,), holder.key, trust)
    with pytest.raises(PolicyRefused, match="expired"):
        made.initiator()


def test_choices_that_can_not_be_made() -> None:
    with pytest.raises(UsageError, match="not implemented"):
        Choices(dh_group=DhGroup.of(99))
    with pytest.raises(UsageError, match="hash"):
        Choices(sign_hashes=())
