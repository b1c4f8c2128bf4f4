from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, PrfFunc, TsType
from mikey_sdp.nodes.key_notes import key_notes, message_note
from mikey_sdp.secret import Secret, SeededEntropy

BODY = "v=0\r\no=a 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
TWO = BODY + "m=video 4002 RTP/AVP 96\r\n"


def endpoint(name: str, credential: object) -> Endpoint:
    return Endpoint(
        f"sip:{name}@example.com",
        credentials=[credential],  # type: ignore[list-item]
        clock=lambda: NtpTime.from_unix_us(1_700_000_000_000_000),
        entropy=SeededEntropy(name.encode()),
    )


@pytest.mark.parametrize(
    ("credential", "mode"), [(PskCredential("*", Secret(bytes(16))), "PSK"), (NullCredential(), "NULL")]
)
def test_an_offer_and_its_answer_are_named_by_mode_and_place_in_the_exchange(credential: object, mode: str):
    alice, bob = endpoint("alice", credential), endpoint("bob", credential)
    offer = alice.offer(BODY, to="sip:bob@example.com", secure_carrier=True)
    answer = bob.answer(offer.sdp, BODY, caller="sip:alice@example.com", secure_carrier=True)
    csb_id = answer.keys.media[0].csb_id if answer.keys else 0
    (asked,), (answered,) = key_notes(offer.sdp.encode()), key_notes((answer.sdp or "").encode())
    octets = base64.b64decode(offer.sdp.split("a=key-mgmt:mikey ")[1].split("\r\n")[0])
    assert asked == f"MIKEY {mode} I_MESSAGE, {len(octets)} octets, CSB {csb_id:08x}, at session level"
    assert answered.startswith(f"MIKEY {mode} R_MESSAGE, ")


def test_the_answers_of_rsa_and_ecies_mode_are_alike():
    header = Header(data_type=DataType.PK_VER_MSG, v=False, prf_func=PrfFunc.MIKEY_1, csb_id=7)
    message = Message.build(header, [Timestamp(ts_type=TsType.COUNTER, value=1)])
    assert message_note(message.octets).startswith("MIKEY RSA or ECIES R_MESSAGE, ")


def test_each_line_is_told_with_its_level():
    alice = endpoint("alice", PskCredential("*", Secret(bytes(16))))
    offer = alice.offer(TWO, to="sip:bob@example.com", level="media")
    notes = key_notes(offer.sdp.encode())
    assert [note.rpartition(", at ")[2] for note in notes] == ["media level, m= line 0", "media level, m= line 1"]


def test_other_protocols_and_what_can_not_be_read_are_told_as_well():
    body = (
        BODY.replace("m=audio", "a=key-mgmt:keyp1 AAECAw==\r\na=key-mgmt:mikey !\r\nm=audio")
        + "a=key-mgmt:mikey AAAA\r\n"
    )
    first, second, third = key_notes(body.encode())
    assert first == "key management keyp1, 4 octets, at session level"
    assert second == "key management that can't be read: a character that is not base64, at session level"
    assert third.startswith("MIKEY message of 3 octets that can't be read: ")
    assert third.endswith(", at media level, m= line 0")


def test_a_key_in_the_clear_is_noted_and_not_repeated():
    body = b"v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n"
    assert key_notes(body) == ("SDES key in the clear, at m= line 0",)


def test_a_body_without_key_management_has_no_notes():
    assert key_notes(BODY.encode()) == ()
    assert key_notes(b"") == ()


@given(st.binary(max_size=200))
def test_any_octets_can_be_noted(octets: bytes):
    assert message_note(octets)
    assert len(key_notes(b"a=key-mgmt:" + octets.replace(b"\n", b"").replace(b"\r", b""))) <= 1 + len(octets)


def test_a_message_of_another_kind_goes_by_its_registered_name():
    header = Header(data_type=DataType.TRANSFER_INIT, v=False, prf_func=PrfFunc.MIKEY_1, csb_id=0x1A2B3C4D)
    message = Message.build(header, [Timestamp(ts_type=TsType.COUNTER, value=1)])
    assert message_note(message.octets) == f"MIKEY TRANSFER_INIT, {len(message.octets)} octets, CSB 1a2b3c4d"
