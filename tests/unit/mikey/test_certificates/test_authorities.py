"""Who may issue certificates, for how long a path, and at what cost to us."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from cryptography import x509

from mikey_sdp.mikey.certificates import (
    MAX_CHAIN,
    MAX_SIGNATURE_CHECKS,
    Trust,
)
from tests.pki import (
    NOT_AFTER,
    Authority,
    at,
    ec_key,
    self_signed,
)
from tests.unit.mikey.test_certificates.judging import ALICE, ROOT, TRUST, as_authority, refused, verified


@dataclass(slots=True)
class Counted:
    """How many signatures of certificates are checked while a test looks on."""

    checks: int = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    from mikey_sdp.mikey.certificates import chain

    seen, real = Counted(), chain.check_issued_by

    def counting(child: x509.Certificate, issuer: x509.Certificate, *, accept_sha1: bool) -> None:
        seen.checks += 1
        real(child, issuer, accept_sha1=accept_sha1)

    monkeypatch.setattr(chain, "check_issued_by", counting)
    return seen


def test_a_user_is_no_authority() -> None:
    mallory = as_authority(ROOT.issue("sip:mallory@example.com"))
    refused(mallory.issue(ALICE).certificate, mallory.certificate, because="CA flag")


def test_an_authority_without_keycertsign_is_none() -> None:
    root = Authority.create("root")
    odd = as_authority(
        root.issue(subject="odd", usage=["digital_signature"], extensions=[(x509.BasicConstraints(True, None), True)])
    )
    refused(odd.issue(ALICE).certificate, odd.certificate, because="keyCertSign")


def test_an_anchor_without_a_ca_flag_certifies_only_itself() -> None:
    own = self_signed(ALICE)
    trust = Trust(anchors=(own.certificate,))
    assert verified(own.certificate, trust=trust) is own.certificate
    refused(as_authority(own).issue("sip:bob@example.com").certificate, trust=trust, because="CA flag")


def test_path_length_is_kept() -> None:
    short = ROOT.authority("short", path_length=0)
    leaf = short.issue(ALICE).certificate
    assert verified(leaf, short.certificate) is leaf
    below = short.authority("below")
    refused(below.issue(ALICE).certificate, below.certificate, short.certificate, because="path length 0; 1 CAs")


def test_a_self_issued_authority_does_not_lengthen_the_path() -> None:
    short = ROOT.authority("short", path_length=0)
    rolled = short.authority("short", key=ec_key("short, next key"))
    leaf = rolled.issue(ALICE).certificate
    assert verified(leaf, rolled.certificate, short.certificate) is leaf


def test_a_loop_ends() -> None:
    one = Authority.create("one")
    two = Authority.create("two")
    one_by_two = Authority(certificate=two.authority("one", key=one.key).certificate, key=one.key)
    two_by_one = one.authority("two", key=two.key)
    leaf = one.issue(ALICE).certificate
    refused(leaf, one_by_two.certificate, two_by_one.certificate, because="unknown issuer")
    refused(leaf, one.certificate, because="unknown issuer")


def test_a_message_buys_no_more_than_the_fixed_number_of_signature_checks(counted: Counted) -> None:
    keys = [ec_key(f"twin {number}") for number in range(5)]
    origin = Authority.create("twin", key=keys[0])
    twins = [origin.authority("twin", key=key).certificate for key in keys]
    # Every twin's name fits every other; all are signed by the first, and no root is near.
    leaf = origin.issue(ALICE).certificate
    more = [Authority.create("twin", key=key).certificate for key in keys]
    trust = replace(TRUST, intermediates=(*twins, *more))
    refused(leaf, *twins, trust=trust, because="CN=twin")
    assert counted.checks == MAX_SIGNATURE_CHECKS


def test_cheap_checks_come_before_any_signature(counted: Counted) -> None:
    leaf = ROOT.issue(ALICE, usage=["key_encipherment"]).certificate
    refused(leaf, because="key usage")
    refused(ROOT.issue(ALICE).certificate, now=at(NOT_AFTER + timedelta(days=1)), because="expired")
    mallory = as_authority(ROOT.issue("sip:mallory@example.com"))
    refused(mallory.issue(ALICE).certificate, mallory.certificate, because="CA flag")
    assert counted.checks == 0


def test_a_chain_as_long_as_allowed_and_one_longer() -> None:
    authorities = [ROOT]
    for number in range(MAX_CHAIN - 1):
        authorities.append(authorities[-1].authority(f"level {number}"))
    sent = [authority.certificate for authority in reversed(authorities[1:-1])]
    leaf = authorities[-2].issue(ALICE).certificate
    assert len((leaf, *sent, ROOT.certificate)) == MAX_CHAIN
    assert verified(leaf, *sent) is leaf
    deeper = authorities[-1].issue(ALICE).certificate
    refused(deeper, authorities[-1].certificate, *sent, because=f"no anchor within {MAX_CHAIN}")
    refused(*[leaf] * (MAX_CHAIN + 1), because=f"a chain of {MAX_CHAIN + 1}")


def test_an_authority_that_changed_its_key_is_told_by_key_identifiers(counted: Counted) -> None:
    def identified(name: str, seed: str) -> Authority:
        subject = x509.SubjectKeyIdentifier.from_public_key(ec_key(seed).public_key())
        return ROOT.authority(name, key=ec_key(seed), extensions=[(subject, False)])

    old, new = identified("rolling", "old key"), identified("rolling", "new key")
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(new.key.public_key())
    leaf = new.issue(ALICE, extensions=[(identifier, False)]).certificate
    assert verified(leaf, old.certificate, new.certificate) is leaf
    assert counted.checks == 2
