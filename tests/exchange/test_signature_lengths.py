"""A signature on a curve has no fixed length, and the message that it signs states the length."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.crypto.signatures import signature_lengths, signatures, verify
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads import Header, Signature, Timestamp
from mikey_sdp.mikey.registry import DataType, HashFunc, SignType
from tests.exchange.ends import authority
from tests.exchange.pair import ALICE
from tests.pki import ec_key

KEY = ec_key("signature lengths")
CREDENTIAL = CertificateCredential((authority().issue(ALICE, key=KEY).certificate,), KEY, Trust())
AWKWARD = (683, 1496)
"""Of these messages no signature that follows from the key and the message has the length that it signs."""


def header_and_payloads(number: int) -> tuple[Header, tuple[Timestamp]]:
    return Header(data_type=DataType.ECMQV_I_MSG, csb_id=number), (Timestamp(value=number),)


def closed(number: int) -> Message:
    header, payloads = header_and_payloads(number)
    return close_with_sign(header, payloads, credential=CREDENTIAL, choices=DEFAULT_CHOICES)


def check(message: Message) -> None:
    signature = message.find(Signature)
    assert signature is not None
    assert Message.decode(message.octets) == message
    covered = message.octets[: -len(signature.signature)]
    verify(KEY.public_key(), SignType.ECDSA, (HashFunc.SHA_1,), covered, signature.signature)


@pytest.mark.parametrize("number", AWKWARD)
def test_a_message_that_none_of_the_usual_signatures_fits_is_signed_all_the_same(number: int) -> None:
    header, payloads = header_and_payloads(number)
    for octets in signature_lengths(KEY):
        draft = Message.build(header, (*payloads, Signature(sign_type=SignType.ECDSA, signature=bytes(octets))))
        covered = draft.octets[: len(draft.octets) - octets]
        made = signatures(KEY, SignType.ECDSA, HashFunc.SHA_1, covered)
        assert octets not in {len(signature) for signature in made}
    check(closed(number))


def test_all_others_are_signed_alike_on_every_run() -> None:
    for number in range(20):
        assert closed(number) == closed(number)
        check(closed(number))


def test_signatures_made_by_chance_differ_and_hold() -> None:
    made = signatures(KEY, SignType.ECDSA, HashFunc.SHA_1, b"octets", by_chance=True)
    assert len(set(made)) == len(made) > 2
    for signature in made:
        verify(KEY.public_key(), SignType.ECDSA, (HashFunc.SHA_1,), b"octets", signature)
