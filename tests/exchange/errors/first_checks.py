"""Causes of the numbers 0 to 5: authentication, time, and the algorithms of HDR, KEMAC and CHASH."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import CertificateHash, EccPoint, EnvelopeKey, KeyDataTransport, Timestamp, Verification
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg, TsType
from tests.exchange.ends import Ends
from tests.exchange.errors.cause import ALL, CAROL, ENVELOPED, MACED, SIGNED, Cause, Told
from tests.exchange.errors.faulty import (
    Attempt,
    altered,
    answer_altered,
    answer_with_wrong_end,
    further,
    signed_answer_altered,
    the,
    unauthenticated,
    untouched,
    with_fields,
    with_octet,
)
from tests.exchange.pair import SECOND_US, changed


def _late(ends: Ends) -> Attempt:
    attempt = untouched(ends)
    ends.pair.now_us += 301 * SECOND_US
    return attempt


def _again(ends: Ends) -> Attempt:
    attempt = untouched(ends)
    ends.respond(attempt.octets)
    return attempt


def _not_permitted(ends: Ends) -> Attempt:
    ends.pair.bobs_credentials = ()
    return untouched(ends)


def _wrong_end(ends: Ends) -> Attempt:
    return _with_wrong_end(untouched(ends))


def _with_wrong_end(attempt: Attempt) -> Attempt:
    return replace(attempt, octets=changed(attempt.octets, -1))


def _other_envelope(ends: Ends) -> Attempt:
    data = the(untouched(ends).message, EnvelopeKey).data
    return altered(ends, with_fields(EnvelopeKey, data=changed(data, len(data) // 2)))


def _unknown_hash(ends: Ends) -> Attempt:
    return with_octet(ends, CertificateHash, 1, 200, choices=Choices(certificate_hash=True))


CAUSES: Final = (
    Cause(ErrorNo.AUTH_FAILURE, MACED, "the MAC does not verify", Told.NOTHING, _wrong_end),
    Cause(
        ErrorNo.AUTH_FAILURE,
        MACED,
        "no key is shared with the sender",
        Told.NOTHING,
        lambda ends: untouched(ends, own=identity_of(CAROL)),
    ),
    Cause(ErrorNo.AUTH_FAILURE, SIGNED, "the signature does not verify", Told.NOTHING, _wrong_end),
    Cause(
        ErrorNo.AUTH_FAILURE,
        ENVELOPED,
        "the envelope key does not decrypt, or is not the one under which KEMAC was made",
        Told.NOTHING,
        _other_envelope,
    ),
    Cause(ErrorNo.INVALID_TS, ALL, "T is further from our clock than the skew that is allowed", Told.NOTHING, _late),
    Cause(ErrorNo.INVALID_TS, ALL, "the message was received before", Told.NOTHING, _again),
    Cause(
        ErrorNo.INVALID_TS,
        ALL,
        "T is a counter",
        Told.NOTHING,
        lambda ends: unauthenticated(ends, with_fields(Timestamp, ts_type=TsType.COUNTER, value=9)),
    ),
    Cause(
        ErrorNo.INVALID_PRF,
        ALL,
        "HDR names a PRF func that is not run",
        Told.STRANGER,
        lambda ends: with_octet(ends, None, 3, 0xFF),
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        MACED,
        "KEMAC names a Mac alg that is not run",
        Told.STRANGER,
        lambda ends: unauthenticated(
            ends, with_fields(KeyDataTransport, mac_alg=MacAlg.HMAC_SHA_256_256, mac=bytes(32))
        ),
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        (Mode.NULL,),
        "keys without a MAC were not permitted to the sender, or the carrier is not declared secure",
        Told.STRANGER,
        _not_permitted,
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        ENVELOPED,
        "KEMAC has no MAC",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(KeyDataTransport, mac_alg=MacAlg.NULL, mac=b"")),
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        (Mode.RSA_R,),
        "the KEMAC of the answer has no MAC",
        Told.FOUND_IN_ANSWER,
        lambda ends: signed_answer_altered(ends, with_fields(KeyDataTransport, mac_alg=MacAlg.NULL, mac=b"")),
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        (Mode.ECMQV,),
        "ECCPT asks for a V by an Auth alg that is not run",
        Told.PROVED,
        lambda ends: altered(ends, with_fields(EccPoint, auth_alg=MacAlg.HMAC_SHA_256_256)),
    ),
    Cause(
        ErrorNo.INVALID_EA,
        (Mode.PSK, Mode.NULL, *ENVELOPED),
        "KEMAC names an Encr alg that is not run",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(KeyDataTransport, encr_alg=EncrAlg.AES_CM_256)),
    ),
    Cause(
        ErrorNo.INVALID_EA,
        ENVELOPED,
        "KEMAC has its keys in the clear",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(KeyDataTransport, encr_alg=EncrAlg.NULL)),
    ),
    Cause(
        ErrorNo.INVALID_EA,
        (Mode.DHHMAC,),
        "KEMAC hides data, or says so",
        Told.STRANGER,
        lambda ends: altered(ends, with_fields(KeyDataTransport, encr_alg=EncrAlg.AES_CM_128)),
    ),
    Cause(
        ErrorNo.INVALID_EA,
        (Mode.RSA_R,),
        "the KEMAC of the answer has its keys in the clear",
        Told.FOUND_IN_ANSWER,
        lambda ends: signed_answer_altered(ends, with_fields(KeyDataTransport, encr_alg=EncrAlg.NULL)),
    ),
    Cause(ErrorNo.INVALID_HA, ENVELOPED, "CHASH names a Hash func that is not run", Told.STRANGER, _unknown_hash),
    Cause(
        ErrorNo.AUTH_FAILURE,
        (Mode.DHSAML,),
        "the V of the answer does not verify",
        Told.FOUND_IN_ANSWER,
        answer_with_wrong_end,
    ),
    Cause(
        ErrorNo.AUTH_FAILURE,
        (Mode.DHSAML,),
        "the MAC of the second round does not verify",
        Told.NOTHING,
        lambda ends: _with_wrong_end(further(ends)),
        further=True,
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        (Mode.DHSAML,),
        "the V of the answer names an Auth alg that is not run",
        Told.FOUND_IN_ANSWER,
        lambda ends: answer_altered(ends, with_fields(Verification, auth_alg=MacAlg.HMAC_SHA_256_256, mac=bytes(32))),
    ),
    Cause(
        ErrorNo.INVALID_MAC,
        (Mode.DHSAML,),
        "the KEMAC of the second round has no MAC",
        Told.STRANGER,
        lambda ends: further(ends, with_fields(KeyDataTransport, mac_alg=MacAlg.NULL, mac=b"")),
        further=True,
    ),
    Cause(
        ErrorNo.INVALID_EA,
        (Mode.DHSAML,),
        "the KEMAC of the second round is not encrypted",
        Told.STRANGER,
        lambda ends: further(ends, with_fields(KeyDataTransport, encr_alg=EncrAlg.NULL)),
        further=True,
    ),
)
