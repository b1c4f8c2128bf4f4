"""Lines of every kind: errors by kind, words that are not there, and input that means no good."""

from __future__ import annotations

import base64
import json
import time

import msgspec
import pytest
from rich.pretty import pretty_repr

from mikey_sdp.dissect.explain import explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.interop import MAX_LINE_OCTETS, Session
from mikey_sdp.interop.commands import KINDS, End, words_of
from mikey_sdp.interop.party import MAX_BUNDLES
from mikey_sdp.interop.session import MAX_PARTIES, read
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.crypto.protection import mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import ErrorPayload, Timestamp
from mikey_sdp.mikey.registry import MacAlg
from tests.exchange.ends import Case, certified
from tests.exchange.pair import ALICE, BOB, PSK
from tests.samples import I_MESSAGE, T_UNIX_US
from tests.unit.interop.conversation import Talk, Words, error_of, exchange
from tests.unit.interop.conversation import words_of as end_of

HEX = PSK.reveal().hex()
SECRET = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"


def test_every_command_of_the_list_is_there() -> None:
    assert list(KINDS) == ["init", "respond", "complete", "update", "keys", "open", "parse", "prf", "modes"]
    given = "sid mode identity peer psk cert key peer_cert trust cs policies dh_group tgk_len v csb_id profile now "
    given += "secure_carrier c s_type key_type salt assertion assertion_trust round2"
    assert words_of(End) == tuple(given.split())
    assert set(words_of(KINDS["respond"])) == {*given.split(), "message", "ssrcs"}
    assert words_of(KINDS["open"]) == ("i_message", "r_message", "psk", "key", "env_key", "dh_private", "group")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"cmd":"init","psq":"00"}', "there is no field 'psq'; did you mean 'psk'?"),
        ('{"cmd":"init","cs":[{},{"ssrx":1}]}', "there is no field 'ssrx' in cs[1]; did you mean 'ssrc'?"),
        ('{"cmd":"init","policies":[{"noo":1}]}', "there is no field 'noo' in policies[0]; did you mean 'no'?"),
        ('{"cmd":"keys","message":"AA=="}', "there is no field 'message'; there are sid"),
        ('{"cmd":"innit"}', "there is no command 'innit'; did you mean 'init'?"),
        ('{"sid":"a"}', "missing required field `cmd`"),
        ('{"cmd":"respond"}', "missing required field `message`"),
        ('{"cmd":"init","csb_id":"1"}', "Expected `int`, got `str` - at `$.csb_id`"),
        ('{"cmd":"init","v":2}', "another value than those allowed"),
        ('{"cmd":"init","cs":[{"ssrc":-1}]}', "Expected `int` >= 0 - at `$.cs[0].ssrc`"),
        ('{"cmd":"init","tgk_len":15}', "`$.tgk_len`"),
        ('{"cmd":"prf","inkey":"00","label":"","bits":7}', "`$.bits`"),
        ('{"cmd":"prf","inkey":"","label":"","bits":8}', "an empty one"),
        ('{"cmd":"prf","inkey":"0","label":"","bits":8}', "inkey takes hex"),
        ('{"cmd":"prf","inkey":"' + "00" * 513 + '","label":"","bits":8}', "inkey has 513 octets; 512 are the most"),
        ('{"cmd":"init","psk":"0001"}', "too short"),
        ('{"cmd":"init","psk":""}', "psk is empty"),
        ('{"cmd":"init"}', "an offer needs psk, or cert and key"),
        ('{"cmd":"init","mode":"psk"}', "mode takes one of PSK, NULL, RSA"),
        ('{"cmd":"init","mode":"RSA"}', "mode RSA needs cert and key"),
        ('{"cmd":"init","mode":"DHSAML"}', "mode DHSAML needs assertion and key"),
        ('{"cmd":"init","cert":"x","key":"x"}', "cert: no readable certificate"),
        ('{"cmd":"parse","message":"A"}', "message takes base64"),
        ('{"cmd":"complete","message":""}', "there is no end of sid ''"),
        ('{"cmd":"update","sid":"x"}', "there is no end of sid 'x'"),
        ("", "the line is not one JSON object"),
        ("[]", "Expected `object`, got `array`"),
        ('{"cmd":"modes"} {}', "the line is not one JSON object"),
        ("\x00", "the line is not one JSON object"),
        ('{"cmd":"modes"\x00}', "the line is not one JSON object"),
        ('{"cmd":"init","identity":"\\ud800"}', "the line is not one JSON object"),
        ('{"cmd":"modes","x":' + "[" * 50_000, "nested too deeply"),
        ('{"cmd":"modes","' + "x" * 200_000 + '":1}', "there is no field 'xxx"),
        ('{"cmd":"' + "y" * 200_000 + '"}', "there is no command 'yyy"),
        ("x" * (MAX_LINE_OCTETS + 1), "a line has at most 1048576 octets"),
    ],
)
def test_lines_that_make_no_sense(line: str, said: str) -> None:
    error = error_of(Talk().line(line))
    assert error["kind"] == "usage"
    assert said in error["text"]
    assert len(error["text"]) < 400
    assert (error["mikey_error"], error["reply"]) == (None, None)


@pytest.mark.parametrize("line", [b"\xff\xfe", b'{"cmd":"\xff"}', "\ud800", b"\xef\xbb\xbf{}"])
def test_lines_that_are_no_text(line: str | bytes) -> None:
    assert error_of(Talk().line(line))["kind"] == "usage"


def test_the_longest_line_is_answered_at_once() -> None:
    talk = Talk()
    began = time.process_time()
    room = MAX_LINE_OCTETS - 100
    for line in (
        '{"cmd":"parse","message":"' + "A" * room + '!"}',
        '{"cmd":"prf","inkey":"' + "0" * room + '","label":"","bits":8}',
        '{"cmd":"init","policies":[' + ",".join(['{"no":1}'] * (room // 9)) + "]}",
        '{"cmd":"init","cert":[' + ",".join(['""'] * (room // 3)) + "]}",
        '{"cmd":"init","trust":["' + "-----BEGIN CERTIFICATE-----\\n" * (room // 40) + '"]}',
        '{"' + '":1,"'.join(str(n) for n in range(room // 12)) + '":1}',
    ):
        assert not talk.line(line)["ok"]
    assert time.process_time() - began < 5


def test_a_message_that_is_malformed_or_that_answers_nothing() -> None:
    talk = Talk()
    cut = base64.b64encode(I_MESSAGE[:40]).decode()
    assert talk.failed("respond", psk=HEX, message=cut)["kind"] == "decode"
    sent, taken, _ = exchange(talk, Case(Mode.PSK))
    refused = talk.failed("respond", sid="c", psk=HEX, message=taken["message"])
    assert (refused["kind"], refused["mikey_error"]) == ("peer", None)
    replayed = talk.failed("respond", sid="bob", message=sent["message"])
    assert (replayed["kind"], replayed["mikey_error"]) == ("peer", 1)
    assert talk.failed("open", i_message=cut)["kind"] == "decode"


def test_a_refusal_comes_with_its_number_and_the_error_message_to_send() -> None:
    talk = Talk()
    sent = talk.ok("init", psk=HEX, policies=[{"no": 0, "params": {"0": "02"}}])
    refused = talk.failed("respond", sid="b", psk=HEX, message=sent["message"])
    assert (refused["kind"], refused["mikey_error"]) == ("peer", 10)
    report = Message.decode(base64.b64decode(refused["reply"]))
    assert [int(one.error_no) for one in report.all(ErrorPayload)] == [10]
    told = talk.failed("complete", message=refused["reply"])
    assert told["kind"] == "peer"


def test_rules_of_ours_are_named() -> None:
    talk = Talk()
    assert talk.failed("init", mode="NULL")["kind"] == "policy"
    words = end_of(Case(Mode.RSA), ALICE, BOB)
    del words["peer_cert"]
    assert "needs-peer-certificate" in talk.failed("init", **words)["text"]


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_arguments: object) -> None:
        raise BackendUnavailable("pycryptodome", install="pip install it")

    talk = Talk()
    case = Case(Mode.ECMQV, "ec")
    sent, taken, _ = exchange(talk, case)
    monkeypatch.setattr("mikey_sdp.mikey.crypto.points._library", missing)
    assert talk.failed("complete", sid="alice", message=taken["message"])["kind"] == "unavailable"
    assert not talk.ask(
        "open", i_message=sent["message"], r_message=taken["message"], key=certified(BOB, "ec").key_pem
    )["ok"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mode": "RSA-R"}, "does not go with keys of this kind"),
        ({"mode": "RSA"}, "does not go with keys of this kind"),
        ({"dh_group": 9}, "group"),
        ({"s_type": 2}, "no signatures of type"),
        ({"salt": True, "key_type": 0}, "contradict"),
        ({"salt": False, "key_type": 1}, "contradict"),
        ({"cs": [{"policy": 1}], "policies": []}, "names policy 1"),
        ({"policies": [{"no": 1}, {"no": 1}]}, "one number twice"),
        ({"policies": [{"no": 0, "params": {"1": "ffffffff"}}]}, "more than 64 octets"),
        ({"policies": [{"no": 0, "params": {"4": "ffffffff"}}]}, "more than 64 octets"),
        ({"policies": [{"no": 0, "params": {"1": "ffffffff"}}], "key_type": 2}, "more than 64 octets"),
        ({"policies": [{"no": 1, "params": {"-1": "00"}}]}, "decimal number of its type"),
        ({"policies": [{"no": 1, "params": {"99": "00"}}]}, "99 is not supported"),
        ({"policies": [{"no": 1, "params": {"7": "zz"}}]}, "takes hex"),
        ({"identity": "a" * 70_000}, "does not fit"),
        ({"key": None}, "`$.key`"),
        ({"key": "nonsense"}, "key: no readable private key"),
    ],
)
def test_words_that_come_to_nothing(words: Words, said: str) -> None:
    error = Talk().failed("init", **{**end_of(Case(Mode.DHSIGN, "ec"), ALICE, BOB), **words})
    assert error["kind"] == "usage"
    assert said in error["text"]


def test_an_end_takes_messages_of_the_mode_that_it_names() -> None:
    talk = Talk()
    sent = talk.ok("init", psk=HEX)
    assert "mode PSK" in talk.failed("respond", sid="b", mode="DHHMAC", psk=HEX, message=sent["message"])["text"]
    null = talk.ok("init", mode="NULL", secure_carrier=True)
    assert talk.failed("respond", sid="b", psk=HEX, message=null["message"])["mikey_error"] == 3
    assert talk.ok("respond", sid="b", secure_carrier=True, message=null["message"])["message"]


def test_a_refused_line_changes_nothing() -> None:
    talk = Talk()
    exchange(talk, Case(Mode.PSK))
    before = talk.ok("keys", sid="bob")
    update = talk.ok("update", sid="alice")
    assert not talk.ask("respond", sid="bob", message=update["message"], psk="00" * 16)["ok"]
    assert talk.ok("keys", sid="bob") == before
    assert talk.ok("respond", sid="bob", message=update["message"])["tgk"] != before["tgk"]
    assert not talk.ask("init", sid="alice", psk="00")["ok"]
    assert talk.ok("keys", sid="alice")


def test_the_compat_profile_names_what_it_let_pass() -> None:
    talk = Talk()
    for profile in ("strict", "compat"):
        sent = talk.ok("init", sid=profile, psk=HEX, profile=profile)
        taken = talk.ok("respond", sid=f"b {profile}", psk=HEX, message=sent["message"])
        octets = base64.b64decode(taken["message"])[:-20]
        context = KeyContext(csb_id=taken["csb_id"], rand=bytes.fromhex(taken["rand"]), prf=mikey_1)
        timestamp = Message.decode(base64.b64decode(sent["message"])).find(Timestamp)
        assert timestamp is not None
        tag = mac(MacAlg.HMAC_SHA_1_160, context.message_keys(PSK), octets + timestamp.value_octets)
        answer = talk.ask("complete", sid=profile, message=base64.b64encode(octets + tag).decode())
        assert answer["ok"] == (profile == "compat")
        if answer["ok"]:
            assert answer["tolerated"] == ["V without identities"]


def test_there_is_room_for_so_many_ends_and_no_more() -> None:
    talk = Talk()
    for number in range(MAX_PARTIES):
        assert talk.ask("init", sid=str(number), psk=HEX)["ok"]
    assert "1000 sids are in use" in talk.failed("init", sid="one more", psk=HEX)["text"]
    assert talk.ok("init", sid="7", psk=HEX)
    assert "at most 256 characters" in talk.failed("init", sid="x" * 257, psk=HEX)["text"]


def test_parse_says_what_decode_says() -> None:
    talk = Talk()
    (parsed,) = talk.ok("parse", message=base64.b64encode(I_MESSAGE).decode())["messages"]
    (expected,) = explain([Found(where=Where(), octets=I_MESSAGE, origin="x")], now_unix_us=T_UNIX_US)
    assert parsed["payloads"] == msgspec.json.decode(msgspec.json.encode(expected.fields()))["payloads"]
    assert parsed["header"]["csb_id"] == expected.fields()["header"]["csb_id"]
    (cut,) = talk.ok("parse", message=base64.b64encode(I_MESSAGE[:40]).decode())["messages"]
    assert cut["error"]["offset"] <= 40


def test_modes_lists_what_there_is() -> None:
    listed = Talk().ok("modes")
    assert [one["mode"] for one in listed["modes"]] == [mode.value for mode in Mode]
    assert all(one["available"] for one in listed["modes"])
    assert {one["no"] for one in listed["dh_groups"]} == {0, 1, 2, *range(241, 248)}
    assert [one["no"] for one in listed["s_types"]] == [0, 1, 14, 15]
    assert "V without identities" in listed["tolerances"]


def test_no_secret_is_repeated_in_an_error() -> None:
    talk = Talk()
    pem = certified(ALICE, "ec").key_pem
    body = "".join(pem.splitlines()[1:-1])
    lines = [
        {"cmd": "init", "psk": SECRET + "z"},
        {"cmd": "init", "psk": {"k": SECRET}},
        {"cmd": "init", "psk": SECRET, "mode": SECRET},
        {"cmd": "init", "psk": SECRET, "profile": SECRET},
        {"cmd": "init", "psk": SECRET, "c": SECRET},
        {"cmd": "init", "psk": SECRET, "tgk_len": 1},
        {"cmd": "init", "key": pem},
        {"cmd": "init", "key": pem[:-30], "cert": certified(ALICE, "ec").pem},
        {"cmd": "init", "key": pem, "cert": pem},
        {"cmd": "init", "key": pem, "cert": certified(BOB, "ec").pem},
        {"cmd": "init", "assertion": SECRET, "key": pem, "mode": "DHSAML"},
        {"cmd": "respond", "psk": SECRET, "message": SECRET},
        {"cmd": "open", "psk": SECRET, "env_key": SECRET, "dh_private": SECRET, "key": pem, "i_message": "AQ=="},
        {"cmd": "prf", "inkey": SECRET + "z", "label": SECRET, "bits": 8},
        {"cmd": "parse", "message": SECRET + "!"},
    ]
    for words in lines:
        text = json.dumps(error_of(talk.line(json.dumps(words))))
        assert SECRET not in text
        assert body[:20] not in text


def test_a_session_is_made_of_what_is_handed_in() -> None:
    answers = []
    for _ in range(2):
        talk = Talk(b"same")
        answers.append(exchange(talk, Case(Mode.PSK)))
    assert answers[0] == answers[1]
    assert isinstance(talk.session, Session)


def test_commands_show_no_values() -> None:
    command = read(json.dumps({"cmd": "init", "psk": SECRET, "key": SECRET, "v": 1}))
    for shown in (repr(command), str(command), pretty_repr(command), pretty_repr([command])):
        assert SECRET not in shown
        assert "psk" in shown


def test_an_end_has_room_for_so_many_csbs() -> None:
    talk = Talk()
    for number in range(MAX_BUNDLES):
        sent = talk.ok("init", sid="a", psk=HEX, csb_id=number, v=0)
        talk.ok("respond", sid="b", psk=HEX, message=sent["message"])
    sent = talk.ok("init", sid="a", psk=HEX, v=0)
    assert "256 CSBs" in talk.failed("respond", sid="b", psk=HEX, message=sent["message"])["text"]
    assert talk.ok("respond", sid="c", psk=HEX, message=sent["message"])
