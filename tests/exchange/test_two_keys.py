"""Users with one key that signs and another that opens envelope keys, each with a certificate for that purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.certificates import CertificateStyle, Trust
from mikey_sdp.mikey.certificates.credential import CertificateCredential, EncryptionKey
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType, ErrorNo
from tests.exchange.ends import Case, Ends, authority
from tests.exchange.pair import ALICE, BOB, teks
from tests.pki import Holder, rsa_key

CAROL = "sip:carol@example.com"


def holder(identity: str, usage: str) -> Holder:
    return authority().issue(identity, key=rsa_key(f"{usage} {identity}"), usage=[usage])


def credential(own: str, peer: str, **changed: object) -> CertificateCredential:
    signing, opening = holder(own, "digital_signature"), holder(own, "key_encipherment")
    known = tuple(holder(peer, usage).certificate for usage in ("digital_signature", "key_encipherment"))
    made = CertificateCredential(
        (signing.certificate,),
        signing.key,
        Trust(anchors=(authority().certificate,), known=known),
        encryption=EncryptionKey(opening.certificate, opening.key),
    )
    return replace(made, **changed)


def ends(mode: Mode, **choices: object) -> Ends:
    made = Ends.of(Case(mode, choices=Choices(**choices)))
    made.alices = credential(ALICE, BOB)
    made.pair.bobs_credentials = (credential(BOB, ALICE),)
    return made


MODES = pytest.mark.parametrize("mode", [Mode.RSA, Mode.RSA_R])


@pytest.mark.requirement("3830-6.7-3")
@pytest.mark.parametrize("style", [CertificateStyle.LEAF, CertificateStyle.CHAIN, CertificateStyle.NONE])
@MODES
def test_each_key_is_used_for_its_purpose(mode: Mode, style: CertificateStyle) -> None:
    initiator, response, established = ends(mode, certificates=style).run()
    assert teks(established.bundle) == teks(response.established.bundle)
    kinds = [payload.cert_type for payload in initiator.message.all(Certificate)]
    assert kinds == ([] if style is CertificateStyle.NONE else [CertType.X509V3_SIGN, CertType.X509V3_ENCR])


def test_the_envelope_opens_with_the_second_key_only() -> None:
    made = ends(Mode.RSA)
    signing = holder(BOB, "digital_signature")
    message = made.initiator().message
    one_key = credential(BOB, ALICE, encryption=None)
    assert one_key.key == signing.key
    made.pair.bobs_credentials = (one_key,)
    with pytest.raises(PeerError) as refused:
        made.respond(message.octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def test_a_chash_names_the_certificate_that_is_encrypted_to() -> None:
    made = ends(Mode.RSA, certificate_hash=True)
    message = made.initiator().message
    made.respond(message.octets)
    made.pair.bobs_credentials = (credential(BOB, ALICE, encryption=None),)
    with pytest.raises(PeerError, match="another certificate"):
        made.respond(made.initiator().message.octets)


def test_the_second_certificate_is_the_signers() -> None:
    made = ends(Mode.RSA_R)
    foreign = holder(CAROL, "key_encipherment")
    made.alices = credential(ALICE, BOB, encryption=EncryptionKey(foreign.certificate, foreign.key))
    with pytest.raises(PeerError) as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


def test_a_key_that_only_signs_gets_nothing_encrypted() -> None:
    made = ends(Mode.RSA_R)
    made.alices = credential(ALICE, BOB, encryption=None)
    with pytest.raises(PeerError, match="keyEncipherment") as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


def test_what_the_caller_can_not_have_meant() -> None:
    bob = holder(BOB, "key_encipherment")
    with pytest.raises(UsageError, match="encryption certificate"):
        EncryptionKey(bob.certificate, holder(ALICE, "key_encipherment").key)
    with pytest.raises(UsageError, match="one URL"):
        ends(Mode.RSA, certificates=CertificateStyle.URL, certificate_url="http://example.com/a.cer").initiator()
