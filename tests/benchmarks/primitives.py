"""Which primitives a piece of work calls, and the same calls made bare: the floor that it is held against."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR
from pylibsrtp import Policy, Session

from mikey_sdp.mikey.crypto import ecies, mqv, points, protection
from mikey_sdp.srtp import context
from tests.benchmarks.public_key import POINT_SUM, stock
from tests.watching import watched


@dataclass
class Calls:
    """The calls to primitives that were made: HMACs by key and message length, AES-CM by length, CBC of an envelope
    key, SRTP sessions, and public key calls by name."""

    hmacs: list[tuple[int, int]] = field(default_factory=list)
    ciphers: list[int] = field(default_factory=list)
    envelopes: int = 0
    srtp_keys: int = 0
    public_key: Counter[str] = field(default_factory=Counter)

    def bare(self) -> Callable[[], None]:
        """Work that makes the same calls with other octets, and nothing else."""
        hmacs = [(bytes(key), bytes(message)) for key, message in self.hmacs]
        ciphers = [bytes(octets) for octets in self.ciphers]
        envelopes, sessions = range(self.envelopes), range(self.srtp_keys)
        key, block, master = bytes(16), bytes(16), bytes(30)
        calls = stock() if self.public_key else {}
        public_key = [calls[name] for name in self.public_key.elements()]

        def work() -> None:
            for hmac_key, message in hmacs:
                hmac.digest(hmac_key, message, "sha1")
            for data in ciphers:
                Cipher(AES(key), CTR(block)).encryptor().update(data)
            for _ in envelopes:
                encryptor = Cipher(AES(key), CBC(block)).encryptor()
                encryptor.update(bytes(32))
                encryptor.finalize()
            for _ in sessions:
                Session(Policy(key=master, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
            for call in public_key:
                call()

        return work


@contextmanager
def recorded() -> Iterator[Calls]:
    """Count the calls that MIKEY and SRTP make meanwhile; of ciphers AES-CM, and those of ECIES."""
    calls = Calls()
    real_digest, real_sum = hmac.digest, points.x_of_sum

    def digest(key: bytes, message: bytes, name: str) -> bytes:
        calls.hmacs.append((len(key), len(message)))
        return real_digest(key, message, name)

    class CountedCipher:
        def __init__(self, algorithm: AES, mode: CTR) -> None:
            self._cipher = Cipher(algorithm, mode)

        def encryptor(self) -> CountedCipher:
            self._context = self._cipher.encryptor()
            return self

        def update(self, data: bytes) -> bytes:
            calls.ciphers.append(len(data))
            return self._context.update(data)

    def envelope(algorithm: AES, mode: CBC) -> Cipher[CBC]:
        calls.envelopes += 1
        return Cipher(algorithm, mode)

    def session(policy: Policy) -> Session:
        calls.srtp_keys += 1
        return Session(policy)

    def x_of_sum(
        first: int, first_point: ec.EllipticCurvePublicKey, second: int, second_point: ec.EllipticCurvePublicKey
    ) -> int | None:
        calls.public_key[POINT_SUM] += 1
        return real_sum(first, first_point, second, second_point)

    with (
        mock.patch.object(hmac, "digest", digest),
        mock.patch.object(protection, "Cipher", CountedCipher),
        mock.patch.object(ecies, "Cipher", envelope),
        mock.patch.object(mqv, "x_of_sum", x_of_sum),
        mock.patch.object(context, "Session", session),
        watched() as seen,
    ):
        yield calls
    counted = stock().keys()
    calls.public_key.update({name: times for name, times in seen.items() if name in counted})
