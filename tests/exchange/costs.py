"""What an exchange costs: its messages, and the public key operations of either end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography import x509

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.scenario.mode_cases import CASES as RECORDED
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.scenario.pickup_counts import Counts, Operation, counting
from tests.exchange.ends import CASES, Case, Ends, authority
from tests.exchange.pair import ALICE, BOB
from tests.pki import Authority, Holder, ec_key, rsa_key

Asked = Callable[[x509.Certificate, x509.Certificate], bytes | None]


@dataclass(frozen=True)
class Cost:
    """The messages as they went, and what the ends counted."""

    messages: tuple[bytes, ...]
    initiator: Counter[Operation]
    responder: Counter[Operation]

    @property
    def octets(self) -> int:
        return sum(map(len, self.messages))

    @property
    def of_both(self) -> Counter[Operation]:
        return self.initiator + self.responder


def cost(made: Ends, **changed: object) -> Cost:
    """One exchange, watched."""
    alice, bob = Counts(), Counts()
    with counting(alice):
        initiator = made.initiator(**changed)
    with counting(bob):
        response = made.respond(initiator.message.octets)
    messages = [initiator.message.octets]
    if response.reply is not None:
        messages.append(response.reply)
        with counting(alice):
            initiator.complete(response.reply)
    return Cost(tuple(messages), alice.operations, bob.operations)


def usual(mode: Mode) -> Case:
    """The first way of running a mode."""
    return next(case for case in CASES if case.mode is mode)


def recorded(name: str) -> ModeCase:
    """A row of the table of modes, whose calls can be recorded and attacked."""
    return next(case for case in RECORDED if case.name == name)


def certificate(holder: Holder, **trust: object) -> CertificateCredential:
    """A credential that trusts the usual authority, unless told otherwise."""
    return CertificateCredential(
        (holder.certificate,), holder.key, Trust(**{"anchors": (authority().certificate,), **trust})
    )


def strangers(name: str, key: str = "rsa") -> tuple[Authority, Holder, Holder]:
    """An authority of that name with certificates for Alice and Bob that no check has seen before."""
    issuer = Authority.create(name)
    make = rsa_key if key == "rsa" else ec_key
    alice, bob = (issuer.issue(user, key=make(user)) for user in (ALICE, BOB))
    return issuer, alice, bob


def between(case: Case, alice: CertificateCredential, bob: CertificateCredential) -> Ends:
    """Ends with these credentials."""
    made = Ends.of(case)
    made.alices, made.pair.bobs_credentials = alice, (bob,)
    return made


def asking(credential: CertificateCredential, source: Asked, **trust: object) -> CertificateCredential:
    """The credential of somebody who asks for news about each certificate before he believes it."""
    believed = replace(credential.trust, ocsp=source, require_revocation=True, **trust)
    return CertificateCredential(credential.certificates, credential.key, believed)
