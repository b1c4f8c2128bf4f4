"""Mistakes of the calling program: told at once, instead of an offer that lacks what was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mikey_sdp.endpoint import Options
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.credential import EncryptionKey
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.ends import certificate_credential, certified
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Clock, Ends, body

CAROL = "sip:carol@example.com"


def end(**changed: Any) -> Endpoint:
    words: dict[str, Any] = {"identity": ALICE, "credentials": [PskCredential(BOB, KEY)], **changed}
    return Endpoint(words.pop("identity"), clock=Clock(), entropy=SeededEntropy(b"arguments"), **words)


@pytest.mark.parametrize("level", ["foo", "Session", None, 1])
def test_a_level_that_sdp_has_not(level: Any) -> None:
    with pytest.raises(UsageError, match="level is 'session' or 'media', not "):
        Ends().alice().offer(body(), to=BOB, level=level)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sdp": body().encode()}, "sdp is text, not bytes"),
        ({"to": None}, "to is text, not NoneType"),
        ({"to": ""}, "to is a SIP URI"),
        ({"to": f"{BOB}\n"}, "to is a SIP URI"),
        ({"expects": True}, "expects takes Expectations"),
        ({"expects": Expectations(conference="focus")}, "conference takes one of Conference"),
        ({"other_protocols": ["sdescriptions"]}, "other_protocols takes OfferedProtocol, not str"),
        ({"recipients": [BOB]}, "recipients takes Recipient, not str"),
    ],
)
def test_an_offer_of_what_makes_no_sense(changed: dict[str, Any], told: str) -> None:
    words: dict[str, Any] = {"sdp": body(), "to": BOB, **changed}
    with pytest.raises(UsageError, match=told):
        Ends().alice().offer(words.pop("sdp"), **words)


def test_an_announcement_of_what_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="to is text"):
        Ends().alice().announce(body(), to=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"offer": b""}, "offer is text, not bytes"),
        ({"sdp": None}, "sdp is text, not NoneType"),
        ({"caller": 5}, "caller is text, not int"),
    ],
)
def test_an_answer_of_what_makes_no_sense(changed: dict[str, Any], told: str) -> None:
    words: dict[str, Any] = {"offer": body(), "sdp": body(), "caller": ALICE, **changed}
    with pytest.raises(UsageError, match=told):
        Ends().bob().answer(words.pop("offer"), words.pop("sdp"), **words)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"identity": ""}, "identity is a SIP URI"),
        ({"identity": b"sip:alice@example.com"}, "identity is text, not bytes"),
        ({"credentials": [None]}, "credentials takes such as PskCredential, not NoneType"),
        ({"modes": ["psk"]}, "modes: 'psk' is not a valid Mode; there are PSK, NULL, RSA, "),
        ({"modes": "PSK"}, "modes takes several modes"),
        ({"options": Options(accepts=frozenset({"psk"}))}, "accepts: 'psk' is not a valid Mode"),  # type: ignore[arg-type]
        ({"options": Options(profile="compat")}, "profile takes Profile, not 'compat'"),  # type: ignore[arg-type]
        ({"options": Options(verification="no")}, "verification takes bool, not 'no'"),  # type: ignore[arg-type]
        ({"options": Options(answers_for=CAROL)}, "answers_for takes several identities"),  # type: ignore[arg-type]
    ],
)
def test_an_end_of_what_makes_no_sense(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        end(**changed)


def test_a_mode_by_its_name() -> None:
    narrowed = end(modes=["DHHMAC"])
    assert narrowed.offer(body(), to=BOB).mode is Mode.DHHMAC


def test_a_certificate_that_names_somebody_else_is_shown_to_nobody() -> None:
    carols = certificate_credential(CAROL, BOB, "rsa")
    with pytest.raises(UsageError, match=f"does not name {ALICE} in its subjectAltName; it names {CAROL}"):
        end(credentials=[carols])
    assert end(credentials=[carols], options=Options(answers_for=frozenset({CAROL}))).identity == ALICE
    assert end(credentials=[replace(carols, names_owner=False)]).identity == ALICE


def test_an_encryption_certificate_that_names_somebody_else() -> None:
    carols = certified(CAROL, "rsa")
    mixed = replace(certificate_credential(ALICE, BOB, "rsa"), encryption=EncryptionKey(carols.certificate, carols.key))
    with pytest.raises(UsageError, match=f"names {CAROL}"):
        end(credentials=[mixed])


@pytest.mark.parametrize("key", [b"sixteen octets!!", "sixteen letters!"])
def test_a_key_that_would_print(key: Any) -> None:
    with pytest.raises(UsageError, match=r"wrap it in Secret\(\.\.\.\)") as raised:
        PskCredential(BOB, key)
    assert "sixteen" not in str(raised.value)


def test_a_credential_for_nobody() -> None:
    with pytest.raises(UsageError, match="names its peer by text"):
        PskCredential(None, KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize("octets", ["a text as a key!", 16])
def test_a_secret_that_is_no_octets(octets: Any) -> None:
    with pytest.raises(TypeError, match="a Secret is made of octets") as raised:
        Secret(octets)
    assert "a text" not in str(raised.value)
