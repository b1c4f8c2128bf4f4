"""`decode --key`, `--cert` and `--dh-private`: exchanges of all modes opened, secrets never on the command line."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mikey_sdp.mikey.modes.contract import Mode
from tests.exchange.ends import Case, authority, certified
from tests.exchange.pair import ALICE, BOB, PSK
from tests.pki import Authority, ec_key, rsa_key
from tests.unit.cli.conftest import Program
from tests.unit.interop.conversation import Talk, Words, exchange, pem_of
from tests.unit.interop.test_exchanges import SPOKEN
from tests.unit.interop.test_opening import secrets_of

NOW = ("--now", "2026-07-01T00:00:00Z")
OPTIONS = {"psk": "--psk", "key": "--key", "dh_private": "--dh-private"}


@lru_cache
def recorded(case: Case) -> tuple[list[str], Words, Words]:
    """Both messages, the secrets of the Initiator or whoever's open it, and the keys that were agreed on."""
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    return [sent["message"], taken["message"]], secrets_of(talk, case, sent, taken, 0), taken


def options(secrets: Words, folder: Path) -> list[str]:
    given = []
    for name, value in secrets.items():
        path = folder / name
        path.write_text(value)
        given += [OPTIONS[name], f"@{path}"]
    return given


def opened(program: Program, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    ran = program("decode", "--json", *NOW, *arguments)
    assert ran.status == status, ran.err + ran.out[-2000:]
    decoded: list[dict[str, Any]] = json.loads(ran.out)
    return decoded


def verdicts(message: dict[str, Any]) -> dict[str, bool | None]:
    return {check["name"]: check["held"] for check in message["opened"]["checks"]}


PROTECTED = [case for case in SPOKEN if case.mode is not Mode.NULL]


@pytest.mark.parametrize("case", PROTECTED, ids=lambda case: case.name)
def test_the_keys_of_every_mode(case: Case, program: Program, tmp_path: Path) -> None:
    messages, secrets, taken = recorded(case)
    shown = opened(program, *messages, *options(secrets, tmp_path), "--reveal-keys")
    last = next(one for one in reversed(shown) if one["opened"]["data_sas"])
    keys = [(one["cs_id"], one["tek"], one["salt"]) for one in last["opened"]["data_sas"]]
    assert keys == [(one["cs_id"], one["tek"], one["salt"]) for one in taken["cs"]]


@pytest.mark.parametrize("case", PROTECTED, ids=lambda case: case.name)
def test_keys_stay_hidden_and_so_do_the_secrets(case: Case, program: Program, tmp_path: Path) -> None:
    messages, secrets, taken = recorded(case)
    for form in ((), ("--json",)):
        ran = program("decode", *NOW, *form, *messages, *options(secrets, tmp_path))
        assert ran.status == 0, ran.err
        said = ran.out + ran.err
        assert "fingerprint" in said
        for key in (taken["tgk"], *(one["tek"] for one in taken["cs"]), *secrets.values()):
            assert key not in said


@pytest.mark.parametrize("case", [case for case in PROTECTED if case.mode is not Mode.PSK], ids=lambda case: case.name)
def test_wrong_secrets_fail(case: Case, program: Program, tmp_path: Path) -> None:
    messages, secrets, taken = recorded(case)
    wrong = {
        "psk": "00" * 16,
        "key": pem_of(ec_key("x") if case.key == "ec" else rsa_key("x")),
        "dh_private": "11" * 32,
    }
    ran = program(
        "decode", *NOW, *messages, *options({name: wrong[name] for name in secrets}, tmp_path), "--reveal-keys"
    )
    assert ran.status == 1
    assert not any(one["tek"] in ran.out for one in taken["cs"])


def test_the_inside_of_an_opened_kemac(program: Program, tmp_path: Path) -> None:
    messages, secrets, taken = recorded(Case(Mode.RSA_R))
    shown = opened(program, *messages, *options(secrets, tmp_path), "--reveal-keys")
    (kemac,) = (payload for payload in shown[1]["payloads"] if payload["type"] == "KEMAC")
    assert [inside["type"] for inside in kemac["key_data"]] == ["ID", "KEY_DATA"]
    assert kemac["key_data"][1]["key_data"] == taken["tgk"]


def pems(folder: Path, **texts: str) -> dict[str, str]:
    paths = {}
    for name, text in texts.items():
        path = folder / f"{name}.pem"
        path.write_text(text)
        paths[name] = str(path)
    return paths


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_signatures_by_the_certificates_that_are_given(mode: Mode, program: Program, tmp_path: Path) -> None:
    messages, _, _ = recorded(Case(mode))
    other = Authority.create("Somebody else")
    paths = pems(
        tmp_path,
        alice=certified(ALICE, "rsa").pem,
        bob=certified(BOB, "rsa").pem,
        root=authority().pem,
        both=certified(ALICE, "rsa").pem + certified(BOB, "rsa").pem,
        other=other.pem,
        imposter=other.issue(ALICE, key=rsa_key("imposter")).pem,
    )
    for given, expected in (
        (["alice", "bob"], [True, True]),
        (["both"], [True, True]),
        (["root"], [True, True]),
        (["alice"], [True, None]),
        (["other"], [None, None]),
        (["imposter"], [None, None]),
    ):
        certs = [word for name in given for word in ("--cert", paths[name])]
        shown = opened(program, *messages, *certs, status=0 if expected == [True, True] else 1)
        assert [verdicts(one)["signature"] for one in shown] == expected, given
        for check in (check for one in shown for check in one["opened"]["checks"] if check["held"] is None):
            assert check["reason"] == "none of the given certificates issued or is the certificate in the message"


def test_a_signature_that_is_wrong(program: Program, tmp_path: Path) -> None:
    (offer, _), _, _ = recorded(Case(Mode.DHSIGN))
    octets = bytearray(base64.b64decode(offer))
    octets[20] ^= 1
    paths = pems(tmp_path, alice=certified(ALICE, "rsa").pem)
    (shown,) = opened(program, base64.b64encode(octets).decode(), "--cert", paths["alice"], status=1)
    assert verdicts(shown) == {"signature": False}
    (shown,) = opened(program, base64.b64encode(octets).decode(), status=1)
    assert verdicts(shown) == {"signature, by the certificate in the message": False}


@pytest.mark.parametrize("case", [Case(Mode.DHSIGN), Case(Mode.RSA), Case(Mode.RSA_R), Case(Mode.ECMQV, "ec")])
def test_with_nothing_given_the_certificate_in_the_message_counts(case: Case, program: Program) -> None:
    shown = opened(program, *recorded(case)[0])
    assert verdicts(shown[0]) == {"signature, by the certificate in the message": True}
    answers_with_a_signature = case.mode in (Mode.DHSIGN, Mode.RSA_R)
    assert ("opened" in shown[1]) is answers_with_a_signature
    (again,) = opened(program, recorded(case)[0][0])
    assert verdicts(again) == {"signature, by the certificate in the message": True}


def test_without_certificates_the_check_says_that_nobody_vouches(program: Program, tmp_path: Path) -> None:
    messages, secrets, _ = recorded(Case(Mode.DHSIGN))
    shown = opened(program, *messages, *options(secrets, tmp_path))
    assert [set(verdicts(one)) for one in shown] == [
        {"signature, by the certificate in the message"},
        {
            "signature, by the certificate in the message",
            "private value against DH values",
            "keys against policies",
        },
    ]


def test_a_certificate_may_have_the_sign_of_a_secrets_file(program: Program, tmp_path: Path) -> None:
    messages, _, _ = recorded(Case(Mode.DHSIGN))
    paths = pems(tmp_path, root=authority().pem)
    shown = opened(program, *messages, "--cert", f"@{paths['root']}")
    assert [verdicts(one)["signature"] for one in shown] == [True, True]


def test_an_encrypted_key_is_told_as_such(program: Program, tmp_path: Path) -> None:
    key = certified(BOB, "rsa").key
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password"))
    path = tmp_path / "key.pem"
    path.write_bytes(pem)
    ran = program("decode", *recorded(Case(Mode.RSA))[0], "--key", f"@{path}")
    assert ran.status == 2
    assert "--key: this key is encrypted" in ran.err


@pytest.mark.parametrize("option", ["--key", "--dh-private"])
def test_a_secret_in_place_is_refused_and_not_repeated(option: str, program: Program) -> None:
    messages, secrets, _ = recorded(Case(Mode.DHSIGN))
    ran = program("decode", *messages, option, secrets["dh_private"])
    assert ran.status == 2
    assert secrets["dh_private"] not in ran.err
    assert option in ran.err


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("--key", "nonsense", "--key: no readable private key"),
        ("--cert", "nonsense", "no readable certificate"),
        ("--dh-private", "", "the secret of --dh-private is empty"),
    ],
)
def test_files_that_hold_something_else(option: str, content: str, said: str, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_text(content)
    place = str(path) if option == "--cert" else f"@{path}"
    ran = program("decode", *recorded(Case(Mode.DHSIGN))[0], option, place)
    assert ran.status == 2
    assert said in ran.err


def test_one_standard_input_serves_one_secret(program: Program, tmp_path: Path) -> None:
    messages, secrets, taken = recorded(Case(Mode.RSA))
    ran = program("decode", *NOW, *messages, "--key", "-", "--reveal-keys", stdin=secrets["key"].encode())
    assert ran.status == 0
    assert taken["cs"][0]["tek"] in ran.out
    ran = program("decode", *messages, "--key", "-", "--psk", "-", stdin=PSK.reveal().hex().encode())
    assert ran.status == 2
    assert "can't be both" in ran.err


def test_secrets_that_say_nothing_are_no_success(program: Program, tmp_path: Path) -> None:
    messages = recorded(Case(Mode.RSA))[0]
    psk = options({"psk": PSK.reveal().hex()}, tmp_path)
    ran = program("decode", *NOW, *messages, *psk)
    assert ran.status == 1
    assert "the key says nothing about these messages" in ran.err
