"""Which primitives a piece of work calls, and the same calls made bare: the floor that it is held against."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from pylibsrtp import Policy, Session

from mikey_sdp.mikey.crypto import protection
from mikey_sdp.srtp import context


@dataclass
class Calls:
    """The calls to primitives that were made: HMACs by key and message length, AES-CM by length, SRTP sessions."""

    hmacs: list[tuple[int, int]] = field(default_factory=list)
    ciphers: list[int] = field(default_factory=list)
    srtp_keys: int = 0

    def bare(self) -> Callable[[], None]:
        """Work that makes the same calls with other octets, and nothing else."""
        hmacs = [(bytes(key), bytes(message)) for key, message in self.hmacs]
        ciphers = [bytes(octets) for octets in self.ciphers]
        sessions = range(self.srtp_keys)
        key, block, master = bytes(16), bytes(16), bytes(30)

        def work() -> None:
            for hmac_key, message in hmacs:
                hmac.digest(hmac_key, message, "sha1")
            for data in ciphers:
                Cipher(AES(key), CTR(block)).encryptor().update(data)
            for _ in sessions:
                Session(Policy(key=master, ssrc_type=Policy.SSRC_ANY_OUTBOUND))

        return work


@contextmanager
def recorded() -> Iterator[Calls]:
    """Count the calls that MIKEY and SRTP make meanwhile; MIKEY ciphers other than AES-CM aren't counted."""
    calls = Calls()
    real_digest = hmac.digest

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

    def session(policy: Policy) -> Session:
        calls.srtp_keys += 1
        return Session(policy)

    with (
        mock.patch.object(hmac, "digest", digest),
        mock.patch.object(protection, "Cipher", CountedCipher),
        mock.patch.object(context, "Session", session),
    ):
        yield calls
