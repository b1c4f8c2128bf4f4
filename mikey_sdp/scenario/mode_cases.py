"""The ways of running each mode that are measured side by side, and what the two ends hold for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mikey_sdp.dissect.known import NOTHING, Known
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, NullCredential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.modes import CERTIFIED_KEYS, CREDENTIALS, DH_GROUPS, MODES
from mikey_sdp.scenario.pki import certificate_credentials
from mikey_sdp.scenario.saml import private_octets, saml_credentials
from mikey_sdp.scenario.schema import Asserted, Certified
from mikey_sdp.secret import Secret, SeededEntropy

ALICE: Final = "sip:alice@example.com"
BOB: Final = "sip:bob@example.com"

_PSK: Final = Secret(SeededEntropy(b"modes|psk")(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeCase:
    """One row of the table: a mode by the word of a scenario file, and the keys and the group it is run with.

    Keeps: `certified`, the kind of certified key, "" for modes without certificates; `free_choice`, whether everybody
    holds certificates besides, and the policy chooses the mode.
    """

    word: str
    certified: str = ""
    dh_group: DhGroup = DhGroup.OAKLEY_5
    variant: str = ""
    free_choice: bool = False

    @property
    def mode(self) -> Mode:
        """Which mode it is."""
        return MODES[self.word]

    @property
    def name(self) -> str:
        """The row's name: DHSIGN, P-256."""
        return f"{self.mode}, {self.variant}" if self.variant else str(self.mode)


def _cases() -> Iterator[ModeCase]:
    for word, credential in CREDENTIALS.items():
        certified = CERTIFIED_KEYS.get(word, "rsa") if credential == "certificate" else ""
        if word in ("dhsign", "dhhmac"):
            yield ModeCase(word=word, certified=certified, variant="OAKLEY 5")
            curve_key = "ec" if certified else ""
            yield ModeCase(word=word, certified=curve_key, dh_group=DhGroup.ECP_P_256, variant="P-256")
        elif credential == "saml":
            yield ModeCase(word=word, dh_group=DH_GROUPS[Asserted().group])
        else:
            yield ModeCase(word=word, certified=certified)


CASES: Final = tuple(_cases())
"""Every mode that a scenario file can name; those with a choice of groups in a finite field and on a curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the two ends of a case hold, and what of it is left to be stolen once the call is over.

    Keeps: `long_term`, the long-term secrets, one `Known` for each end's; without any in NULL mode.
    """

    alice: Credential
    bob: Credential
    long_term: tuple[Known, ...]


def held(case: ModeCase) -> Held:
    """The credentials of both ends."""
    kind = CREDENTIALS[case.word]
    if kind == "psk":
        return Held(alice=PskCredential(BOB, _PSK), bob=PskCredential(ALICE, _PSK), long_term=(Known(psk=_PSK),))
    if kind == "unprotected":
        return Held(alice=NullCredential(), bob=NullCredential(), long_term=(NOTHING,))
    if kind == "saml":
        return _asserted()
    both = _certified(case.certified)
    certificates = tuple(one.certificates[0] for one in both)
    return Held(
        alice=both[0],
        bob=both[1],
        long_term=tuple(Known(key=one.key, certificates=certificates) for one in both),
    )


@lru_cache
def _asserted() -> Held:
    def octets(purpose: str, count: int) -> bytes:
        return SeededEntropy(f"modes|{purpose}".encode())(count)

    identities = {"alice": ALICE, "bob": BOB}
    made = saml_credentials(dict.fromkeys(identities, Asserted()), identities, octets, now_unix_us=EPOCH_UNIX_US)
    known = tuple(Known(static=private_octets(name, Asserted(), octets)) for name in identities)
    return Held(alice=made["alice"], bob=made["bob"], long_term=known)


@lru_cache
def _certified(key: str) -> tuple[CertificateCredential, CertificateCredential]:
    wanted = Certified(key="ec" if key == "ec" else "rsa")
    made = certificate_credentials(
        {"alice": wanted, "bob": wanted},
        {"alice": ALICE, "bob": BOB},
        lambda purpose, count: SeededEntropy(f"modes|{key}|{purpose}".encode())(count),
    )
    return made["alice"], made["bob"]
