"""The parties of a mode as less and less vouches for them: by an authority, by hand, not beforehand, not at all.

Source: RFC 5197 sections 3 (PKI), 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused
from mikey_sdp.mikey.certificates.credential import CertificateCredential, PrivateKey
from mikey_sdp.mikey.certificates.load import fingerprint
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.saml import SamlCredential
from mikey_sdp.scenario.mode_cases import ALICE, BOB, Held, ModeCase
from mikey_sdp.scenario.mode_table import record

_VALID: Final = (datetime(2025, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def calls_work(case: ModeCase, parties: Held) -> bool:
    """Whether two such parties come to a call with sound."""
    try:
        record(case, parties)
    except (PeerError, PolicyRefused, DecodeError):
        return False
    return True


def without_authority(parties: Held) -> Held:
    """Nobody vouches for anybody: there is no authority that both trust."""
    return replace(parties, alice=_distrustful(parties.alice), bob=_distrustful(parties.bob))


def without_acquaintance(parties: Held) -> Held:
    """Nobody has the other's certificate beforehand."""
    return replace(parties, alice=_forgetful(parties.alice), bob=_forgetful(parties.bob))


def pinned(parties: Held) -> Held | None:
    """Everybody signs for himself, and each has accepted the other's certificate by hand; None without certificates."""
    alice, bob = parties.alice, parties.bob
    if not isinstance(alice, CertificateCredential) or not isinstance(bob, CertificateCredential):
        return None
    own = (_self_signed(ALICE, alice.key), _self_signed(BOB, bob.key))
    return replace(
        parties,
        alice=CertificateCredential((own[0],), alice.key, _accepting(own[1])),
        bob=CertificateCredential((own[1],), bob.key, _accepting(own[0])),
    )


def certificates_of(parties: Held) -> int:
    """How many certificates the two hold between them; an assertion counts as one, since it is one of another make."""
    held = 0
    for credential in (parties.alice, parties.bob):
        if isinstance(credential, CertificateCredential):
            held += len(credential.certificates)
        elif isinstance(credential, SamlCredential):
            held += 1
    return held


def _distrustful(credential: Credential) -> Credential:
    if isinstance(credential, CertificateCredential):
        trust = replace(credential.trust, anchors=())
        return CertificateCredential(credential.certificates, credential.key, trust)
    if isinstance(credential, SamlCredential):
        return replace(credential, issuers=())
    return credential


def _forgetful(credential: Credential) -> Credential:
    if isinstance(credential, CertificateCredential):
        trust = replace(credential.trust, known=())
        return CertificateCredential(credential.certificates, credential.key, trust)
    return credential


def _accepting(certificate: x509.Certificate) -> Trust:
    return Trust(pins=frozenset({fingerprint(certificate)}), known=(certificate,))


def _self_signed(identity: str, key: PrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_VALID[0])
        .not_valid_after(_VALID[1])
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=False)
    )
    deterministic = True if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=deterministic)
