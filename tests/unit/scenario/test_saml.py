"""The assertions of a scenario: whose they are, who vouches, and what an impostor has."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.saml import SamlCredential
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.saml import saml_credentials
from mikey_sdp.scenario.schema import Asserted
from mikey_sdp.secret import SeededEntropy

NAMES = ("alice", "bob", "carol")
URIS = {name: f"sip:{name}@example.com" for name in NAMES}
START = NtpTime.from_unix_us(EPOCH_UNIX_US)


def made(**held: Asserted) -> dict[str, SamlCredential]:
    return saml_credentials(
        held,
        URIS,
        lambda purpose, count: SeededEntropy(f"a|{purpose}".encode())(count),
        now_unix_us=EPOCH_UNIX_US,
    )


def judged(alices: Asserted) -> bytes:
    """The public value of which Alice's assertion convinces Bob."""
    both = made(alice=alices, bob=Asserted())
    payload = both["alice"].to_payload(compressed=False)
    return both["bob"].check(payload, now=START, subject=URIS["alice"]).public


def test_an_assertion_is_about_the_key_of_its_holder() -> None:
    assert judged(Asserted()) == made(alice=Asserted())["alice"].key.public
    assert made(alice=Asserted()) != made(bob=Asserted())


@pytest.mark.parametrize(
    ("asserted", "reason"),
    [
        (Asserted(expired=True), "expired"),
        (Asserted(issuer="another"), "nobody who is trusted"),
        (Asserted(names="carol"), "another user"),
    ],
)
def test_an_assertion_can_be_bad(asserted: Asserted, reason: str) -> None:
    with pytest.raises(PeerError, match=reason):
        judged(asserted)


def test_a_stolen_one_is_genuine_but_its_private_value_is_not_there() -> None:
    genuine, stolen = (made(alice=Asserted(stolen=one))["alice"] for one in (False, True))
    assert stolen.assertion == genuine.assertion
    assert judged(Asserted(stolen=True)) == genuine.key.public != stolen.key.public
