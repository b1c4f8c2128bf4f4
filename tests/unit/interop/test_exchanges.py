"""Whole exchanges by lines, in every mode: between two ends of one session and between two sessions."""

from __future__ import annotations

import base64

import pytest

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.table import MODES, row_of_message
from mikey_sdp.mikey.payloads import (
    EnvelopeKey,
    Header,
    Identity,
    KeyDataTransport,
    SecurityPolicy,
    Signature,
    SrtpIdEntry,
)
from mikey_sdp.mikey.registry import DataType
from tests.exchange.ends import CASES, Case, named
from tests.exchange.pair import ALICE, BOB, PSK
from tests.unit.interop.conversation import Talk, Words, exchange, words_of

# The endpoint has no word for the variants of DHSAML; it offers the one with fresh keys.
SPOKEN = [case for case in CASES if case.mode is not Mode.DHSAML or case.choices.saml.variant is Variant.EPHEMERAL]
every = pytest.mark.parametrize("case", SPOKEN, ids=named)


def message_of(answer: Words) -> Message:
    return Message.decode(base64.b64decode(answer["message"]))


def keys_of(answer: Words) -> Words:
    return {word: answer[word] for word in ("tgk", "rand", "csb_id", "cs")}


def second_round(case: Case) -> bool:
    return case.mode is Mode.DHSAML and case.choices.saml.round_2 is not RoundTwo.NONE


@every
def test_both_ends_have_the_same_keys(case: Case) -> None:
    talk = Talk()
    sent, taken, done = exchange(talk, case)
    row = row_of_message(message_of(sent))
    assert row is MODES[case.mode]
    assert keys_of(taken) == keys_of(done)
    assert len({one["tek"] for one in done["cs"]}) == 2
    assert [one["cs_id"] for one in done["cs"]] == [1, 2]
    assert all(len(one["tek"]) == 32 and len(one["salt"]) == 28 for one in done["cs"])
    assert len(bytes.fromhex(done["tgk"])) >= 16
    assert taken["tolerated"] == done["tolerated"] == []
    assert (done["message"] is not None) == second_round(case)
    for sid, answer in (("alice", done), ("bob", taken)):
        assert keys_of(talk.ok("keys", sid=sid)) == keys_of(answer)


@every
def test_two_sessions_talk_as_one_does(case: Case) -> None:
    alice, bob = Talk(b"alice"), Talk(b"bob")
    sent = alice.ok("init", **words_of(case, ALICE, BOB))
    taken = bob.ok("respond", message=sent["message"], ssrcs={"2": 77}, **words_of(case, BOB, ALICE))
    done = alice.ok("complete", message=taken["message"])
    assert keys_of(taken) == keys_of(done)
    assert done["cs"][1]["ssrc"] == 77


UPDATING = [case for case in SPOKEN if case.mode is not Mode.DHSAML]


@pytest.mark.parametrize("case", UPDATING, ids=named)
def test_an_update_with_new_keys_and_one_with_the_old(case: Case) -> None:
    talk = Talk()
    before = keys_of(exchange(talk, case)[2])
    for new_keys in (True, False):
        if case.mode is Mode.ECMQV and not new_keys:
            assert "brings new keys" in talk.failed("update", sid="alice", new_keys=False)["text"]
            continue
        update = talk.ok("update", sid="alice", new_keys=new_keys)
        taken = talk.ok("respond", sid="bob", message=update["message"])
        after = talk.ok("complete", sid="alice", message=taken["message"])
        assert keys_of(taken) == keys_of(after)
        assert (after["csb_id"], after["rand"]) == (before["csb_id"], before["rand"])
        changed = [one["tek"] != old["tek"] for one, old in zip(after["cs"], before["cs"], strict=True)]
        assert changed == [new_keys, new_keys]
        before = keys_of(after)


def test_an_update_of_an_envelope_mode_is_a_psk_message_under_the_cached_key() -> None:
    talk = Talk()
    exchange(talk, Case(Mode.RSA_R))
    assert message_of(talk.ok("update", sid="alice")).header.data_type == DataType.PRE_SHARED
    exchange(talk, Case(Mode.RSA), c=0)
    assert message_of(talk.ok("update", sid="alice")).header.data_type == DataType.PUBLIC_KEY


@pytest.mark.parametrize("round_2", [RoundTwo.LIVENESS, RoundTwo.GROUP, RoundTwo.STRENGTHEN])
def test_a_second_round(round_2: RoundTwo) -> None:
    case = next(case for case in SPOKEN if case.mode is Mode.DHSAML)
    talk = Talk()
    _, taken, done = exchange(talk, case, round2=int(round_2))
    again = talk.ok("respond", sid="bob", message=done["message"])
    last = talk.ok("complete", sid="alice", message=again["message"])
    assert keys_of(again) == keys_of(last)
    assert (last["tgk"] == taken["tgk"]) == (round_2 is RoundTwo.LIVENESS)
    assert last["message"] is None
    assert keys_of(talk.ok("keys", sid="bob")) == keys_of(last)


def test_without_v_the_initiator_has_keys_at_once_and_no_answer_comes() -> None:
    talk = Talk()
    psk = PSK.reveal().hex()
    sent = talk.ok("init", sid="alice", psk=psk, v=0)
    early = talk.ok("keys", sid="alice")
    taken = talk.ok("respond", sid="bob", psk=psk, message=sent["message"])
    assert taken["message"] is None
    assert early["message"] is None
    assert keys_of(early) == keys_of(taken)
    update = talk.ok("update", sid="alice", new_keys=True)
    assert keys_of(talk.ok("respond", sid="bob", message=update["message"])) == keys_of(talk.ok("keys", sid="alice"))


def test_offered_keys_can_be_seen_before_the_answer_where_there_are_any() -> None:
    talk = Talk()
    psk = PSK.reveal().hex()
    talk.ok("init", sid="pushes", mode="PSK", psk=psk)
    assert len(talk.ok("keys", sid="pushes")["cs"]) == 2
    talk.ok("init", sid="agrees", mode="DHHMAC", psk=psk)
    assert "no keys yet" in talk.failed("keys", sid="agrees")["text"]


def test_crypto_sessions_and_policies() -> None:
    talk = Talk()
    psk = PSK.reveal().hex()
    sessions = [{"ssrc": 1, "roc": 2, "policy": 3}, {"ssrc": 5, "policy": 0}, {}]
    policies = [{"no": 3, "params": {"11": "04"}}, {"no": 0}]
    sent = talk.ok("init", sid="a", psk=psk, cs=sessions, policies=policies, csb_id=0xDEADBEEF)
    message = message_of(sent)
    assert message.header == Header(
        data_type=DataType.PRE_SHARED,
        v=True,
        csb_id=0xDEADBEEF,
        sessions=(SrtpIdEntry(policy_no=3, ssrc=1, roc=2), SrtpIdEntry(ssrc=5), SrtpIdEntry()),
    )
    assert [(sp.policy_no, [(int(p.type), p.value) for p in sp.params]) for sp in message.all(SecurityPolicy)] == [
        (3, [(11, b"\x04")]),
        (0, []),
    ]
    taken = talk.ok("respond", sid="b", psk=psk, message=sent["message"], ssrcs={"3": 9, "1": 8})
    assert taken["csb_id"] == 0xDEADBEEF
    shown = [(one["cs_id"], one["ssrc"], one["roc"], one["policy"], one["mki"]) for one in taken["cs"]]
    assert shown == [(1, 1, 2, 3, ""), (2, 5, 0, 0, ""), (3, 9, 0, 0, "")]
    assert keys_of(talk.ok("complete", sid="a", message=taken["message"])) == keys_of(taken)


@pytest.mark.parametrize(
    ("words", "salted", "tgk_octets"),
    [({}, False, 16), ({"tgk_len": 32}, False, 32), ({"salt": True}, True, 16), ({"key_type": 1}, True, 16)],
)
def test_the_kind_of_tgk(words: Words, salted: bool, tgk_octets: int) -> None:
    talk = Talk()
    sent = talk.ok("init", mode="NULL", secure_carrier=True, **words)
    keys = talk.ok("keys")
    assert len(bytes.fromhex(keys["tgk"])) == tgk_octets
    salts = {one["salt"] for one in keys["cs"]}
    assert len(salts) == (1 if salted else 2)
    kemac = message_of(sent).find(KeyDataTransport)
    assert kemac is not None
    assert bytes.fromhex(keys["tgk"]) in kemac.encr_data


@pytest.mark.parametrize("key_type", [2, 3])
def test_teks_are_sent_as_they_are_used(key_type: int) -> None:
    talk = Talk()
    sent = talk.ok("init", mode="NULL", secure_carrier=True, key_type=key_type)
    keys = talk.ok("keys")
    assert keys["tgk"] is None
    assert {one["tek"] for one in keys["cs"]} == {keys["cs"][0]["tek"]}
    assert (keys["cs"][0]["salt"] == "00" * 14) == (key_type == 2)
    assert bytes.fromhex(keys["cs"][0]["tek"]) in message_of(sent).octets
    taken = talk.ok("respond", sid="b", secure_carrier=True, message=sent["message"])
    assert keys_of(taken) == keys_of(keys)


def test_the_mode_follows_from_the_credentials() -> None:
    talk = Talk()
    rsa, curve = words_of(Case(Mode.RSA), ALICE, BOB), words_of(Case(Mode.ECIES, "ec"), ALICE, BOB)
    saml = words_of(next(case for case in SPOKEN if case.mode is Mode.DHSAML), ALICE, BOB)
    for words, mode in (
        ({"psk": PSK.reveal().hex()}, Mode.PSK),
        (rsa, Mode.RSA),
        (curve, Mode.ECIES),
        ({word: text for word, text in rsa.items() if word != "peer_cert"}, Mode.DHSIGN),
        (saml, Mode.DHSAML),
    ):
        sent = talk.ok("init", **{word: value for word, value in words.items() if word != "mode"})
        assert row_of_message(message_of(sent)) is MODES[mode]


def test_names_come_from_certificates_and_from_the_message_where_nobody_says() -> None:
    talk = Talk()
    words = words_of(Case(Mode.RSA), ALICE, BOB)
    sent = talk.ok("init", **{word: value for word, value in words.items() if word not in ("identity", "peer")})
    assert [one.text for one in message_of(sent).all(Identity)] == [ALICE, BOB]
    sent = talk.ok("init", psk=PSK.reveal().hex(), peer=None)
    assert [one.text for one in message_of(sent).all(Identity)] == ["sip:initiator@mikey.invalid"]
    sent = talk.ok("init", psk=PSK.reveal().hex(), peer="sip:carol@example.com")
    taken = talk.ok("respond", sid="c", psk=PSK.reveal().hex(), message=sent["message"])
    assert [one.text for one in message_of(taken).all(Identity)] == ["sip:carol@example.com"]


def test_a_certificate_that_is_given_for_the_peer_is_trusted_as_it_is() -> None:
    talk = Talk()
    case = Case(Mode.DHSIGN, "ec")
    alice, bob = ({**words_of(case, *names)} for names in ((ALICE, BOB), (BOB, ALICE)))
    del alice["trust"], bob["trust"]
    sent = talk.ok("init", sid="alice", **alice)
    taken = talk.ok("respond", sid="bob", message=sent["message"], **bob)
    assert keys_of(talk.ok("complete", sid="alice", message=taken["message"])) == keys_of(taken)


def test_the_clock_stands_where_now_puts_it() -> None:
    talk = Talk()
    psk = PSK.reveal().hex()
    sent = talk.ok("init", sid="a", psk=psk, now=1_700_000_000.5)
    assert talk.failed("respond", sid="b", psk=psk, message=sent["message"])["mikey_error"] == 1
    taken = talk.ok("respond", sid="c", psk=psk, message=sent["message"], now=1_700_000_200)
    talk.ok("complete", sid="a", message=taken["message"])
    update = talk.ok("update", sid="a")
    assert talk.ok("respond", sid="c", message=update["message"])["message"]


def test_the_signature_type_and_the_cache_indicator_are_as_asked_for() -> None:
    talk = Talk()
    message = message_of(talk.ok("init", **words_of(Case(Mode.RSA), ALICE, BOB), s_type=1, c=1))
    sign, pke = message.find(Signature), message.find(EnvelopeKey)
    assert sign is not None
    assert pke is not None
    assert (sign.sign_type, pke.cache) == (1, 1)
    curve = message_of(talk.ok("init", **words_of(Case(Mode.DHSIGN, "ec"), ALICE, BOB), s_type=15))
    sign = curve.find(Signature)
    assert sign is not None
    assert sign.sign_type == 15


@pytest.mark.parametrize("case", UPDATING, ids=named)
def test_either_end_can_start_an_update(case: Case) -> None:
    talk = Talk()
    exchange(talk, case)
    update = talk.ok("update", sid="bob")
    taken = talk.ok("respond", sid="alice", message=update["message"])
    assert keys_of(talk.ok("complete", sid="bob", message=taken["message"])) == keys_of(taken)


def test_an_end_that_names_its_mode_takes_the_updates_of_that_mode_too() -> None:
    talk = Talk()
    psk = PSK.reveal().hex()
    exchange(talk, Case(Mode.RSA))
    update = talk.ok("update", sid="alice")
    assert message_of(update).header.data_type == DataType.PRE_SHARED
    assert talk.ok("respond", sid="bob", message=update["message"])["message"]
    null = talk.ok("init", sid="n", mode="NULL", secure_carrier=True)
    talk.ok("respond", sid="r", psk=psk, secure_carrier=True, message=null["message"])
    other = talk.ok("init", sid="n", mode="NULL", secure_carrier=True)
    assert not talk.ask("respond", sid="r", mode="PSK", message=other["message"])["ok"]


@pytest.mark.parametrize(
    "case", [Case(Mode.DHSIGN), Case(Mode.RSA_R), Case(Mode.ECMQV, "ec")], ids=lambda case: case.name
)
def test_a_peer_of_whom_nothing_is_known_is_not_named(case: Case) -> None:
    talk = Talk()
    words = words_of(case, ALICE, BOB)
    del words["peer"], words["peer_cert"]
    sent = talk.ok("init", sid="alice", **words)
    assert [one.text for one in message_of(sent).all(Identity)] == [ALICE]
    taken = talk.ok("respond", sid="bob", message=sent["message"], **words_of(case, BOB, ALICE))
    assert keys_of(talk.ok("complete", sid="alice", message=taken["message"])) == keys_of(taken)
