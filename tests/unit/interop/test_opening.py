"""`open`: recorded exchanges of every mode, the vectors, and secrets that are not the right ones."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import DhValue, EccPoint
from mikey_sdp.mikey.registry import DhGroup
from tests.exchange.ends import CASES, Case, Ends, certified, named
from tests.exchange.pair import ALICE, BOB, PSK, teks
from tests.exchange.test_rsa_r_group import Station
from tests.pki import ec_key, rsa_key
from tests.samples import DHHMAC_I, DHHMAC_R, I_MESSAGE, R_MESSAGE, VECTORS
from tests.samples import PSK as VECTOR_PSK
from tests.unit.interop.conversation import Talk, Words, asserted_key, curve_octets, exchange, pem_of, private_octets
from tests.unit.interop.test_exchanges import SPOKEN, keys_of

every = pytest.mark.parametrize("case", SPOKEN, ids=named)
KEYS_OF_VECTORS = VECTORS["tgk_keys"]
OTHER = {
    "psk": "00" * 16,
    "env_key": "11" * 16,
    "dh_private": "22" * 32,
}


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def secrets_of(talk: Talk, case: Case, sent: Words, taken: Words, end: int) -> Words:
    """What opens a recorded exchange, from the Initiator (0) or the Responder (1)."""
    name = (ALICE, BOB)[end]
    answer = Message.decode(base64.b64decode(taken["message"]))
    if case.mode is Mode.PSK:
        return {"psk": PSK.reveal().hex()}
    if case.mode in (Mode.RSA, Mode.ECIES):
        return {"key": certified(BOB, case.key).key_pem}
    if case.mode is Mode.RSA_R:
        return {"key": certified(ALICE, case.key).key_pem}
    if case.mode is Mode.ECMQV:
        point = answer.all(EccPoint)[1 - end].point
        return {
            "key": certified(name, case.key).key_pem,
            "dh_private": curve_octets(talk, point, ec.SECP256R1()),
        }
    if case.mode is Mode.NULL:
        return {}
    offer = Message.decode(base64.b64decode(sent["message"]))
    shown = [next(iter(message.all(DhValue))) for message in (offer, answer)]
    value = shown[end]
    words: Words = {"dh_private": private_octets(talk, value.value, value.group)}
    if case.mode is Mode.DHHMAC:
        words["psk"] = PSK.reveal().hex()
    if case.mode is Mode.DHSAML:
        words["key"] = asserted_key(name, case.choices.dh_group)
    return words


@pytest.mark.parametrize("end", [0, 1], ids=["initiator", "responder"])
@every
def test_either_ends_secrets_open_what_was_recorded(case: Case, end: int) -> None:
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    secrets = secrets_of(talk, case, sent, taken, end)
    assert None not in secrets.values()
    opened = talk.ok("open", i_message=sent["message"], r_message=taken["message"], **secrets)
    verified = opened.pop("verified")
    assert opened == keys_of(taken)
    assert set(verified.values()) == {True}
    expected = {
        Mode.PSK: {"I_MESSAGE: MAC of KEMAC", "R_MESSAGE: V"},
        Mode.NULL: {"R_MESSAGE: V"},
        Mode.RSA: {
            "I_MESSAGE: signature, by the certificate in the message",
            "I_MESSAGE: MAC of KEMAC",
            "R_MESSAGE: V",
        },
        Mode.DHSIGN: {
            "I_MESSAGE: signature, by the certificate in the message",
            "R_MESSAGE: signature, by the certificate in the message",
            "R_MESSAGE: private value against DH values",
        },
        Mode.DHHMAC: {
            "I_MESSAGE: MAC of KEMAC",
            "R_MESSAGE: MAC of KEMAC",
            "R_MESSAGE: private value against DH values",
        },
        Mode.RSA_R: {"R_MESSAGE: signature, by the certificate in the message", "R_MESSAGE: MAC of KEMAC"},
        Mode.ECIES: {"I_MESSAGE: MAC of KEMAC", "R_MESSAGE: V"},
        Mode.ECMQV: {"I_MESSAGE: signature, by the certificate in the message", "R_MESSAGE: V"},
        Mode.DHSAML: {"R_MESSAGE: V"},
    }
    assert expected[case.mode] <= set(verified)


WRONG = [case for case in SPOKEN if case.mode is not Mode.NULL]


@pytest.mark.parametrize("case", WRONG, ids=named)
def test_wrong_secrets_open_nothing(case: Case) -> None:
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    messages = {"i_message": sent["message"], "r_message": taken["message"]}
    keys = [pem_of(rsa_key("a stranger")), pem_of(ec_key("a stranger")), certified("sip:eve@example.com", "ec").key_pem]
    attempts: list[Words] = [{name: value} for name, value in OTHER.items()]
    attempts += [{"key": key} for key in keys]
    attempts += [{"key": key, "dh_private": OTHER["dh_private"]} for key in keys]
    attempts += [dict(OTHER), {}]
    for attempt in attempts:
        error = talk.failed("open", **messages, **attempt)
        assert error["kind"] == "secrets", attempt
        assert not any(value in error["text"] for value in OTHER.values())


@pytest.mark.parametrize("case", WRONG, ids=named)
def test_one_right_secret_of_two_is_never_taken_for_both(case: Case) -> None:
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    secrets = secrets_of(talk, case, sent, taken, 0)
    if len(secrets) < 2:
        return
    messages = {"i_message": sent["message"], "r_message": taken["message"]}
    for name in secrets:
        other = OTHER.get(name, pem_of(ec_key("a stranger")))
        answer = talk.ask("open", **messages, **{**secrets, name: other})
        if answer["ok"]:  # DHHMAC: the private value gives the keys, and the MAC tells that the PSK is wrong
            assert case.mode is Mode.DHHMAC
            assert name == "psk"
            assert answer["verified"]["R_MESSAGE: MAC of KEMAC"] is False
            assert keys_of(answer) == keys_of(taken)


@pytest.mark.parametrize("case", [case for case in SPOKEN if case.mode in (Mode.RSA, Mode.ECIES)], ids=named)
def test_an_envelope_key_opens_without_a_private_key(case: Case) -> None:
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    verified = talk.ok("open", i_message=sent["message"], key=certified(BOB, case.key).key_pem)["verified"]
    assert verified["I_MESSAGE: MAC of KEMAC"]
    party = talk.session._parties["alice"]
    assert party.established is not None
    envelope_key = party.established.bundle.envelope_key
    assert envelope_key is not None
    opened = talk.ok("open", i_message=sent["message"], r_message=taken["message"], env_key=envelope_key.reveal().hex())
    assert keys_of(opened) == keys_of(taken)
    assert opened["verified"]["R_MESSAGE: V"]


@pytest.mark.parametrize("case", WRONG, ids=named)
def test_a_changed_message_is_told(case: Case) -> None:
    talk = Talk()
    sent, taken, _ = exchange(talk, case)
    secrets = secrets_of(talk, case, sent, taken, 1)
    octets = bytearray(base64.b64decode(taken["message"]))
    octets[-1] ^= 1
    answer = talk.ask("open", i_message=sent["message"], r_message=b64(bytes(octets)), **secrets)
    assert not answer["ok"] or False in answer["verified"].values()


def test_oaep_and_pss_are_found_out() -> None:
    case = next(case for case in CASES if case.mode is Mode.RSA)
    ends = Ends.of(replace(case, choices=Choices(oaep=True)))
    initiator, response, established = ends.run()
    opened = Talk().ok(
        "open",
        i_message=b64(initiator.message.octets),
        r_message=b64(response.reply or b""),
        key=certified(BOB, "rsa").key_pem,
    )
    assert opened["tgk"] == established.bundle.keys[0].key.reveal().hex()


def test_the_psk_exchange_of_the_vectors() -> None:
    opened = Talk().ok("open", i_message=b64(I_MESSAGE), r_message=b64(R_MESSAGE), psk=VECTOR_PSK.hex())
    assert opened["tgk"] == KEYS_OF_VECTORS["tgk"]
    assert opened["rand"] == VECTORS["psk_message_keys"]["rand"]
    assert opened["csb_id"] == int(VECTORS["psk_message_keys"]["csb_id"], 16)
    expected = {"tek": KEYS_OF_VECTORS["tek_cs1"], "salt": KEYS_OF_VECTORS["salt_cs1"]}
    assert opened["cs"] == [{"cs_id": 1, "ssrc": 0, "roc": 0, "policy": 0, "mki": "", **expected}]
    assert opened["verified"]["R_MESSAGE: V"] is True


@pytest.mark.parametrize("end", ["xi", "xr"])
def test_the_dhhmac_exchange_of_the_vectors(end: str) -> None:
    group = VECTORS["dh_group0"]
    opened = Talk().ok(
        "open", i_message=b64(DHHMAC_I), r_message=b64(DHHMAC_R), psk=VECTOR_PSK.hex(), dh_private=group[end], group=0
    )
    assert opened["tgk"] == group["TGK"]
    assert (opened["cs"][0]["tek"], opened["cs"][0]["salt"]) == (group["tek_cs1"], group["salt_cs1"])
    verified = opened["verified"]
    assert not verified.pop("R_MESSAGE: keys against policies")  # the vector has no SP payload; the defaults stand in
    assert set(verified.values()) == {True}


def test_a_group_that_is_not_the_exchange_s() -> None:
    error = Talk().failed("open", i_message=b64(DHHMAC_I), group=int(DhGroup.OAKLEY_2), dh_private="01")
    assert (error["kind"], "group 0, not 2" in error["text"]) == ("usage", True)


@pytest.mark.parametrize("vector", VECTORS["prf_mikey1"], ids=lambda vector: f"{vector['outbits']} bits")
def test_the_prf_vectors(vector: Words) -> None:
    answer = Talk().ok("prf", inkey=vector["inkey"], label=vector["label"], bits=vector["outbits"])
    assert answer == {"out": vector["out"]}


def test_the_keys_of_a_group_open_with_the_key_of_the_member_who_asked() -> None:
    station = Station.on_air()
    asking = station.member(ALICE)
    response = station.respond(asking.message.octets)
    opened = Talk().ok(
        "open",
        i_message=b64(asking.message.octets),
        r_message=b64(response.reply or b""),
        key=certified(ALICE, "rsa").key_pem,
    )
    bundle = response.established.bundle
    assert (opened["csb_id"], opened["rand"]) == (bundle.csb_id, bundle.rand.hex())
    assert [bytes.fromhex(one["tek"] + one["salt"]) for one in opened["cs"]] == teks(bundle)
    assert set(opened["verified"].values()) == {True}


def test_an_update_is_opened_with_the_message_that_opened_its_csb_only() -> None:
    talk = Talk()
    exchange(talk, Case(Mode.PSK))
    update = talk.ok("update", sid="alice")
    assert (
        "its RAND, is not in the input"
        in talk.failed("open", i_message=update["message"], psk=PSK.reveal().hex())["text"]
    )
