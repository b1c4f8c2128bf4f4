"""Causes of the numbers 6 to 13: half-keys, identities, certificates, policies, and what has no number of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import Certificate, DhValue, EccPoint, PolicyParam, Rand
from mikey_sdp.mikey.registry import CertType, DhGroup, ErrorNo, ProtType, SrtpParam
from tests.exchange.ends import Ends
from tests.exchange.errors.cause import ALL, CAROL, DIFFIE_HELLMAN, ENVELOPED, SIGNED, Cause, Told, others
from tests.exchange.errors.faulty import (
    Attempt,
    altered,
    further,
    the,
    unauthenticated,
    untouched,
    with_fields,
    with_identity,
    with_octet,
    with_policy,
    without,
)
from tests.exchange.pair import ALICE, BOB, changed
from tests.pki import Authority


def _cut(ends: Ends) -> Attempt:
    attempt = untouched(ends)
    return replace(attempt, octets=attempt.octets[:-1])


def _unknown_issuer(ends: Ends) -> Attempt:
    alice = ends.alices
    assert isinstance(alice, CertificateCredential)
    holder = Authority.create("Nobody's root").issue(ALICE, key=alice.key)
    ends.alices = CertificateCredential((holder.certificate,), alice.key, alice.trust)
    attempt = untouched(ends)
    ends.alices = alice
    return attempt


def _off_the_curve(ends: Ends) -> Attempt:
    point = the(untouched(ends).message, EccPoint).point
    return altered(ends, with_fields(EccPoint, point=changed(point, -1)))


def _of_length(octets: int) -> Callable[[Ends], Attempt]:
    return lambda ends: altered(ends, with_fields(EccPoint, tgk_octets=octets))


def _other_assertion(ends: Ends) -> Attempt:
    data = the(untouched(ends).message, Certificate).data
    return altered(ends, with_fields(Certificate, data=changed(data, len(data) // 2)))


def _forgotten(attempt: Attempt) -> Attempt:
    attempt.ends.pair.bundles.close(ALICE, attempt.message.header.csb_id)
    return attempt


F8: Final = PolicyParam(type=SrtpParam.ENCRYPTION_ALGORITHM, value=b"\x02")

CAUSES: Final = (
    Cause(
        ErrorNo.INVALID_DH,
        DIFFIE_HELLMAN,
        "DH is of a group that is not run",
        Told.STRANGER,
        lambda ends: with_octet(ends, DhValue, 1, 200),
    ),
    Cause(
        ErrorNo.INVALID_DH,
        DIFFIE_HELLMAN,
        "DH has a value that no honest sender has (0, 1, p - 1 or beyond; no point of the curve)",
        Told.PROVED,
        lambda ends: altered(ends, with_fields(DhValue, value=(1).to_bytes(192, "big"))),
    ),
    Cause(
        ErrorNo.INVALID_DH,
        (Mode.ECMQV,),
        "ECCPT has no point of the curve, or one of another curve than our key",
        Told.PROVED,
        _off_the_curve,
    ),
    Cause(
        ErrorNo.INVALID_ID,
        ALL,
        "IDr names somebody else, or is missing where we ask for it",
        Told.STRANGER,
        lambda ends: unauthenticated(ends, with_identity(BOB, CAROL)),
    ),
    Cause(
        ErrorNo.INVALID_ID,
        SIGNED,
        "the certificate is not that of the sender",
        Told.STRANGER,
        lambda ends: untouched(ends, own=identity_of(CAROL)),
    ),
    Cause(
        ErrorNo.INVALID_ID,
        ENVELOPED,
        "the encrypted IDi is not the clear one, octet for octet",
        Told.STRANGER,
        lambda ends: altered(ends, with_identity(ALICE, ALICE.replace("sip:", "SIP:"))),
    ),
    Cause(
        ErrorNo.INVALID_CERT,
        SIGNED,
        "the certificate is not believed: unknown issuer, date, usage, revocation",
        Told.NOTHING,
        _unknown_issuer,
    ),
    Cause(
        ErrorNo.INVALID_CERT,
        SIGNED,
        "CERT is of a type that holds no X.509 certificate",
        Told.NOTHING,
        lambda ends: altered(ends, with_fields(Certificate, cert_type=CertType(9))),
    ),
    Cause(
        ErrorNo.INVALID_SP,
        ALL,
        "SP is for another security protocol than SRTP",
        Told.PROVED,
        lambda ends: altered(ends, with_policy(prot_type=ProtType.TESLA)),
    ),
    Cause(
        ErrorNo.INVALID_SP,
        others(Mode.RSA_R),
        "a crypto session has no SP",
        Told.PROVED,
        lambda ends: altered(ends, with_policy(policy_no=7)),
    ),
    Cause(
        ErrorNo.INVALID_SPPAR,
        ALL,
        "SP asks for transforms that are not run",
        Told.PROVED,
        lambda ends: altered(ends, with_policy(params=(F8,))),
    ),
    Cause(
        ErrorNo.INVALID_SPPAR,
        (Mode.RSA_R,),
        "no crypto session has an SP",
        Told.PROVED,
        lambda ends: altered(ends, with_policy(policy_no=7)),
    ),
    Cause(
        ErrorNo.INVALID_DT,
        ALL,
        "HDR names a data type that is not run, as a mode is to whoever does not have it",
        Told.STRANGER,
        lambda ends: with_octet(ends, None, 1, 77),
    ),
    Cause(
        ErrorNo.UNSPECIFIED,
        others(Mode.RSA_R),
        "there is no RAND, and no CSB that the message could update",
        Told.STRANGER,
        lambda ends: altered(ends, without(Rand)),
    ),
    Cause(ErrorNo.UNSPECIFIED, others(Mode.RSA_R), "the message is malformed", Told.STRANGER, _cut),
    Cause(
        ErrorNo.UNSPECIFIED,
        (Mode.PSK, Mode.NULL, *ENVELOPED),
        "the first message of a CSB has no key",
        Told.PROVED,
        lambda ends: untouched(ends, new_keys=False),
    ),
    Cause(
        ErrorNo.UNSPECIFIED,
        DIFFIE_HELLMAN,
        "the first message of a CSB has no DH",
        Told.PROVED,
        lambda ends: untouched(ends, new_keys=False),
    ),
    Cause(
        ErrorNo.UNSPECIFIED,
        (Mode.RSA_R,),
        "RAND is too short to make keys fresh",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(Rand, octets=bytes(4))),
    ),
    Cause(
        ErrorNo.UNSPECIFIED,
        (Mode.ECMQV,),
        "ECCPT asks for a TGK of a length that no TGK has",
        Told.PROVED,
        _of_length(0),
    ),
    Cause(ErrorNo.UNSUPPORTED_MESSAGE_TYPE, (Mode.RSA_R,), "the message is malformed", Told.STRANGER, _cut),
    Cause(
        ErrorNo.INVALID_DH,
        (Mode.DHSAML,),
        "DHi is missing in the variant with fresh keys, or there in another",
        Told.STRANGER,
        lambda ends: altered(ends, without(DhValue)),
    ),
    Cause(
        ErrorNo.INVALID_DH,
        (Mode.DHSAML,),
        "DHi is of another group than the assertions",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(DhValue, group=DhGroup.OAKLEY_2, value=bytes(127) + b"\2")),
    ),
    Cause(
        ErrorNo.INVALID_CERT,
        (Mode.DHSAML,),
        "the assertion is not believed: signature, issuer, time, subject",
        Told.NOTHING,
        _other_assertion,
    ),
    Cause(
        ErrorNo.UNSPECIFIED,
        (Mode.DHSAML,),
        "no second round is due under that CSB ID",
        Told.STRANGER,
        lambda ends: _forgotten(further(ends)),
        further=True,
    ),
)
