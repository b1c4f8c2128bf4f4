"""The certificates of a scenario: whose they are, who issued them, when they hold, and the same in every run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates import Purpose, covers, verify_chain
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.scenario import pki
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.pki import certificate_credentials
from mikey_sdp.scenario.schema import Certified
from mikey_sdp.secret import SeededEntropy

NAMES = ("alice", "bob", "carol")
URIS = {name: f"sip:{name}@example.com" for name in NAMES}
START = NtpTime.from_unix_us(EPOCH_UNIX_US)


def made(seed: str = "a", **held: Certified) -> dict[str, CertificateCredential]:
    return certificate_credentials(
        held, URIS, lambda purpose, count: SeededEntropy(f"{seed}|{purpose}".encode())(count)
    )


def judge(credentials: dict[str, CertificateCredential], name: str) -> None:
    """What any other party makes of a party's certificate."""
    verify_chain(credentials["bob"].trust, credentials[name].certificates, now=START, purpose=Purpose.SIGN)


def test_each_certificate_is_of_its_holder_and_holds() -> None:
    credentials = made(alice=Certified(key="ec"), bob=Certified(key="rsa"))
    for name, other in (("alice", "bob"), ("bob", "alice")):
        (certificate,) = credentials[name].certificates
        assert covers(certificate, URIS[name])
        assert not covers(certificate, URIS[other])
        judge(credentials, name)


def test_the_kind_of_key_is_as_asked() -> None:
    credentials = made(alice=Certified(key="ec"), bob=Certified())
    curve, number = credentials["alice"].key, credentials["bob"].key
    assert isinstance(curve, ec.EllipticCurvePrivateKey)
    assert curve.curve.name == "secp256r1"
    assert isinstance(number, rsa.RSAPrivateKey)
    assert number.key_size == 2048


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_name_and_seed_of_the_scenario_decide_everything(key: str) -> None:
    wanted = Certified(key=key)  # type: ignore[arg-type]
    first = made(alice=wanted, bob=wanted)
    pki._rsa_key.cache_clear()
    pki._curve_key.cache_clear()
    again, other = made(alice=wanted, bob=wanted), made("b", alice=wanted, bob=wanted)
    assert first["alice"].certificates == again["alice"].certificates
    assert first["alice"].trust.anchors == again["alice"].trust.anchors
    assert first["alice"].certificates[0].public_key() != other["alice"].certificates[0].public_key()
    assert first["alice"].certificates[0].public_key() != first["bob"].certificates[0].public_key()


@pytest.mark.parametrize(
    ("certified", "reason"),
    [(Certified(key="ec", expired=True), "expired"), (Certified(key="ec", issuer="another"), "unknown issuer")],
)
def test_a_certificate_can_be_bad(certified: Certified, reason: str) -> None:
    with pytest.raises(PeerError, match=reason):
        judge(made(alice=certified, bob=Certified(key="ec")), "alice")


def test_an_expired_one_was_good_before_the_run() -> None:
    credentials = made(alice=Certified(key="ec", expired=True))
    before = NtpTime.from_unix_us(int(datetime(2025, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000)
    alice = credentials["alice"]
    assert verify_chain(alice.trust, alice.certificates, now=before, purpose=Purpose.SIGN) == alice.certificates[0]


def test_a_certificate_can_name_another_party() -> None:
    (certificate,) = made(alice=Certified(key="ec", names="carol"))["alice"].certificates
    assert covers(certificate, URIS["carol"])
    assert not covers(certificate, URIS["alice"])


@pytest.mark.parametrize("key", ["rsa", "ec"])
def test_a_stolen_one_is_genuine_but_its_key_is_not_there(key: str) -> None:
    wanted = Certified(key=key, stolen=True)  # type: ignore[arg-type]
    alice = made(alice=wanted)["alice"]
    (certificate,) = alice.certificates
    assert covers(certificate, URIS["alice"])
    judge(made(alice=wanted, bob=Certified(key="ec")), "alice")
    assert alice.key.public_key() != certificate.public_key()
    assert type(alice.key.public_key()) is type(certificate.public_key())
    assert alice.key.public_key() != made(alice=Certified(key=key))["alice"].key.public_key()  # type: ignore[arg-type]


def test_everybody_knows_all_others_unless_told() -> None:
    credentials = made(alice=Certified(key="ec"), bob=Certified(key="ec", knows=("carol",)), carol=Certified(key="ec"))
    known = {name: [URIS[o] for o in NAMES if one.trust.certificate_of(URIS[o])] for name, one in credentials.items()}
    assert known == {
        "alice": [URIS["bob"], URIS["carol"]],
        "bob": [URIS["carol"]],
        "carol": [URIS["alice"], URIS["bob"]],
    }


def test_nobody_with_a_certificate_needs_no_authority() -> None:
    assert made() == {}


def test_certificates_are_valid_around_the_moment_at_which_the_run_starts():
    now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    asked = {"alice": Certified(), "bob": Certified(expired=True)}
    found = certificate_credentials(
        asked,
        URIS,
        lambda purpose, count: SeededEntropy(purpose.encode())(count),
        now_unix_us=int(now.timestamp()) * 1_000_000,
    )
    valid, expired = (found[name].certificates[0] for name in asked)
    assert valid.not_valid_before_utc < now < valid.not_valid_after_utc
    assert expired.not_valid_before_utc < expired.not_valid_after_utc < now
    anchor = found["alice"].trust.anchors[0]
    assert anchor.not_valid_before_utc < now < anchor.not_valid_after_utc
