"""What a group pickup costs at the least: the bare public key operations; and what MIKEY alone makes of them.

Units: nanoseconds of the clock that is given, which is to count processor time.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import cache
from statistics import median
from typing import Final

import gmpy2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import CredentialStore
from mikey_sdp.mikey.crypto.groups import EXPONENT_OCTETS, FiniteField, group_of
from mikey_sdp.mikey.crypto.points import x_of_sum
from mikey_sdp.mikey.keys import fresh_rand, fresh_tgk
from mikey_sdp.mikey.modes.contract import Envelope, Initiator, InitiatorSetup, ResponderSetup
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import SrtpIdEntry
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.mode_cases import ALICE, ModeCase
from mikey_sdp.scenario.pickup_cast import PICKUP, Holdings, target_identity
from mikey_sdp.scenario.pickup_counts import Counts, Operation
from mikey_sdp.scenario.pickup_scene import Around, options_of
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.srtp.profile import profile_of

Clock = Callable[[], int]
Work = Callable[[], object]

_NOW: Final = NtpTime.from_unix_us(EPOCH_UNIX_US)
_ROUNDS: Final = 5
_TIMES: Final = 20
_MESSAGE: Final = bytes(1_000)
_EXPONENT_OCTET: Final = 0xA5


def floor_ns(case: ModeCase, held: Holdings, counts: Counts, clock: Clock) -> float:
    """How long what was counted takes with nothing around it, on octets of the same sizes and keys of the same kinds:
    each call is timed on end, the middle one of a few rounds, and taken as often as it was counted."""
    operations = _bare(case, held)
    point = _curve_key(1).public_key()
    encoded = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    works: list[tuple[int, Work]] = [
        *((times, operations[operation]) for operation, times in counts.operations.items()),
        *((times, _hmac(*octets)) for octets, times in counts.hmacs.items()),
        (counts.ciphers, lambda: Cipher(AES(bytes(16)), CTR(bytes(16))).encryptor().update(bytes(32))),
        (counts.written, lambda: point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        (counts.read, lambda: ec.EllipticCurvePublicKey.from_encoded_point(point.curve, encoded)),
    ]
    return sum(times * _cost(work, clock) for times, work in works if times)


def _hmac(key_octets: int, message_octets: int) -> Work:
    key, message = bytes(key_octets), bytes(message_octets)
    return lambda: hmac.digest(key, message, "sha1")


def _cost(work: Work, clock: Clock) -> float:
    work()
    rounds = []
    for _ in range(_ROUNDS):
        begun = clock()
        for _ in range(_TIMES):
            work()
        rounds.append((clock() - begun) / _TIMES)
    return median(rounds)


def _bare(case: ModeCase, held: Holdings) -> Mapping[Operation, Work]:
    return {**_in_field(case), **_on_curve(), **_certified(held)}


def _in_field(case: ModeCase) -> Mapping[Operation, Work]:
    field = group_of(case.dh_group)
    if not isinstance(field, FiniteField):
        return {}
    exponent = int.from_bytes(bytes([_EXPONENT_OCTET]) * EXPONENT_OCTETS, "big")
    base = gmpy2.powmod_sec(3, exponent, field.prime)
    return {Operation.POWER: lambda: gmpy2.powmod_sec(base, exponent, field.prime)}


def _on_curve() -> Mapping[Operation, Work]:
    own, other = _curve_key(1), _curve_key(2)
    agree, peer = ec.ECDH(), other.public_key()
    scalar = own.private_numbers().private_value
    point = own.public_key()
    return {
        Operation.MULTIPLE: lambda: own.exchange(agree, peer),
        Operation.POINT_SUM: lambda: x_of_sum(scalar, point, scalar - 1, peer),
    }


def _certified(held: Holdings) -> Mapping[Operation, Work]:
    credential = held.targets[0][0]
    if not isinstance(credential, CertificateCredential):
        return {}
    certificate, root = credential.certificates[0], credential.trust.anchors[0]
    return {
        Operation.CHAIN_CHECK: lambda: certificate.verify_directly_issued_by(root),
        **(_signed_by_rsa(credential.key) if isinstance(credential.key, rsa.RSAPrivateKey) else _signed_on_curve()),
    }


def _signed_by_rsa(key: rsa.RSAPrivateKey) -> Mapping[Operation, Work]:
    public, scheme, sha_1 = key.public_key(), padding.PKCS1v15(), hashes.SHA1()  # noqa: S303  # as the messages are signed
    signature, sealed = key.sign(_MESSAGE, scheme, sha_1), public.encrypt(bytes(16), scheme)
    return {
        Operation.SIGNATURE: lambda: key.sign(_MESSAGE, scheme, sha_1),
        Operation.SIGNATURE_CHECK: lambda: public.verify(signature, _MESSAGE, scheme, sha_1),
        Operation.ENCRYPTION: lambda: public.encrypt(bytes(16), scheme),
        Operation.DECRYPTION: lambda: key.decrypt(sealed, scheme),
    }


def _signed_on_curve() -> Mapping[Operation, Work]:
    key, ecdsa = _curve_key(1), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    public, signature = key.public_key(), key.sign(_MESSAGE, ecdsa)
    return {
        Operation.SIGNATURE: lambda: key.sign(_MESSAGE, ecdsa),
        Operation.SIGNATURE_CHECK: lambda: public.verify(signature, _MESSAGE, ecdsa),
    }


@cache
def _curve_key(which: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(bytes([which]) * 31, "big"), ec.SECP256R1())


# MIKEY without what carries it


def play_alone(case: ModeCase, held: Holdings, answers: int, around: Around) -> None:
    """The same exchanges as in a pickup, without SIP and SDP: one message, taken by every phone, and so many answers.

    `around` is put around what the caller does: to begin, to take the answers and to derive both keys of the audio for
    each of them.
    """
    with around():
        initiator = _begin(case, held)
    replies = [_answer(case, held, number, initiator.message.octets) for number in range(1, answers + 1)]
    with around():
        for octets in replies:
            bundle = initiator.complete(octets).bundle
            for cs_id in bundle.cs_ids:
                bundle.data_sas(cs_id)


def _begin(case: ModeCase, held: Holdings) -> Initiator:
    entropy = SeededEntropy(b"pickup|alone|alice")
    options = options_of(case, len(held.targets))
    row = MODES[case.mode]
    bundle = Bundle(
        csb_id=int.from_bytes(entropy(4), "big"),
        prf_func=PrfFunc.MIKEY_1,
        rand=fresh_rand(entropy),
        sessions=(SrtpIdEntry(ssrc=1), SrtpIdEntry()),
        policies={0: DEFAULT_SRTP},
        keys=(fresh_tgk(entropy),) if row.pushes else (),
        own=True,
    )
    setup = InitiatorSetup(
        own=identity_of(ALICE),
        peer=identity_of(PICKUP),
        bundle=bundle,
        timestamp=TimestampSource().stamp(_NOW),
        now=_NOW,
        entropy=entropy,
        choices=options.choices,
        limits=options.limits,
    )
    credential = CredentialStore(held.caller).find(row.credential, PICKUP)
    return row.initiate(setup, credential, False)


def _answer(case: ModeCase, held: Holdings, number: int, message: bytes) -> bytes:
    entropy = SeededEntropy(f"pickup|alone|{number}".encode())
    setup = ResponderSetup(
        own=identity_of(target_identity(case, number)),
        credentials=CredentialStore(held.targets[number - 1]),
        replay=ReplayCache(),
        bundles=BundleStore(),
        accept=_accept,
        entropy=entropy,
        fresh_keys=lambda _policy, _previous: (fresh_tgk(entropy),),
        choices=options_of(case, 1).choices,
        answers_for=lambda addressed: addressed == PICKUP,
    )
    reply = Responder(setup).respond(message, now=_NOW, envelope=Envelope(ssrcs={2: number})).reply
    return reply or b""


def _accept(parameters: SrtpParameters) -> None:
    profile_of(parameters)
