"""The attacks of the scenarios are found to succeed once the check that stops them is taken out: in every mode."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import pytest
from cryptography import x509

from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.saml import Assertion, decode_cert
from mikey_sdp.mikey.saml.check import read_unverified
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load
from tests.scenarios.twins import CALLEES, CERTIFIED, ON_CURVES, ROOT, SHARED

SIGNED: Final = (*CERTIFIED, *ON_CURVES)


def any_chain(_trust: object, certificates: tuple[x509.Certificate, ...], **_moment: object) -> x509.Certificate:
    return certificates[0]


def any_assertion(_credential: object, payload: Certificate, **_moment: object) -> Assertion:
    return read_unverified(decode_cert(payload))


def yes(*_given: object, **_named: object) -> bool:
    return True


BREAKS: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    "MACs are not compared": (
        ("mikey_sdp.mikey.crypto.protection.hmac", SimpleNamespace(**{**vars(hmac), "compare_digest": yes})),
    ),
    "all signatures hold": (
        ("mikey_sdp.mikey.crypto.signatures._rsa_holds", yes),
        ("mikey_sdp.mikey.crypto.signatures._ec_holds", yes),
    ),
    "all certificates are taken": (("mikey_sdp.mikey.modes.signing.verify_chain", any_chain),),
    "certificates name everybody": (("mikey_sdp.mikey.modes.signing.covers", yes),),
    "all assertions are taken": (("mikey_sdp.mikey.saml.SamlCredential.check", any_assertion),),
    "nothing is remembered": (("mikey_sdp.mikey.replay.ReplayCache.check_new", yes),),
}
FOUND: Final = [
    ("MACs are not compared", "wrong-keys", (*SHARED, "dhsaml")),
    ("MACs are not compared", "tampered-offers", (*SHARED, "dhsaml")),
    ("MACs are not compared", "tampered-answers", (*SHARED, "rsa", "ecies", "ecmqv", "dhsaml")),
    ("MACs are not compared", "callees-with-bad-certificates", ("rsa", "ecies", "ecmqv", "dhsaml")),
    ("all signatures hold", "wrong-keys", SIGNED),
    ("all signatures hold", "tampered-offers", SIGNED),
    ("all signatures hold", "tampered-answers", ("rsa-r", "dhsign", "ecdh")),
    ("all signatures hold", "callees-with-bad-certificates", ("rsa-r", "dhsign", "ecdh")),
    ("all certificates are taken", "expired-certificates", SIGNED),
    ("all certificates are taken", "unknown-issuers", SIGNED),
    ("all certificates are taken", "callees-with-bad-certificates", ("rsa-r", "dhsign", "ecdh", "ecmqv")),
    ("certificates name everybody", "wrong-identities", SIGNED),
    ("certificates name everybody", "callees-with-bad-certificates", ("rsa-r", "dhsign", "ecdh")),
    ("all assertions are taken", "expired-certificates", ("dhsaml",)),
    ("all assertions are taken", "unknown-issuers", ("dhsaml",)),
    ("all assertions are taken", "wrong-identities", ("dhsaml",)),
    ("all assertions are taken", "callees-with-bad-certificates", ("dhsaml",)),
    ("nothing is remembered", "replays", tuple(CALLEES)),
]


@pytest.mark.parametrize(("broken", "scenario", "callers"), FOUND, ids=[f"{one[1]}: {one[0]}" for one in FOUND])
def test_the_attack_is_found_to_succeed(
    broken: str, scenario: str, callers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, instead in BREAKS[broken]:
        monkeypatch.setattr(place, instead)
    result = run(load(ROOT / "scenarios" / f"{scenario}.call.yaml"))
    failed = " ".join(verdict.expectation for verdict in result.verdicts if not verdict.held)
    words = failed.replace(",", " ").split()
    assert [caller for caller in callers if caller not in words and f"by-{caller}" not in words] == []
