"""Whole messages: the walk along the chain, its limits, and what an error keeps."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.message import MAX_MESSAGE_OCTETS, Message, Span
from mikey_sdp.mikey.payloads import (
    PAYLOADS,
    Certificate,
    EnvelopeKey,
    GeneralExtension,
    Header,
    Identity,
    KeyData,
    KeyDataTransport,
    Rand,
    SecurityPolicy,
    SrtpIdEntry,
    Timestamp,
    UnknownCodePoint,
    Verification,
)
from mikey_sdp.mikey.payloads.payload import MAX_PAYLOADS
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    CertType,
    DataType,
    EncrAlg,
    ExtensionType,
    IdType,
    KeyDataType,
    MacAlg,
    PayloadType,
)
from mikey_sdp.secret import Secret

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text("utf-8"))
HEADER = Header(data_type=DataType.PRE_SHARED, v=True, csb_id=0xCD177E50, sessions=(SrtpIdEntry(),))
T = Timestamp(value=0xC8E350EA00000000)
RAND = Rand(octets=bytes.fromhex("4a28da979ee21a7651a0d7f19136d98c"))
DONALD = Identity(id_type=IdType.NAI, data=b"donald@duck.com")
MICKEY = Identity(id_type=IdType.NAI, data=b"mickey@mouse.com")


def example(name: str) -> bytes:
    return base64.b64decode(VECTORS[name], validate=True)


@pytest.mark.requirement("4567-5.1-1", "3830-6-1")
def test_the_example_offer_of_rfc_4567_decodes_to_its_fields() -> None:
    message = Message.decode(example("rfc4567_example_offer"))
    assert len(message.octets) == 132
    assert message.header == HEADER
    kemac = message.find(KeyDataTransport)
    assert kemac is not None
    assert message.payloads == (T, RAND, DONALD, SecurityPolicy(policy_no=0), kemac)
    assert (kemac.encr_alg, len(kemac.encr_data)) == (EncrAlg.AES_CM_128, 36)
    assert (kemac.mac_alg, len(kemac.mac)) == (MacAlg.HMAC_SHA_1_160, 20)
    assert message.header_octets == 19
    assert message.spans == (Span(19, 10), Span(29, 18), Span(47, 19), Span(66, 5), Span(71, 61))


@pytest.mark.requirement("4567-5.1-2")
def test_the_example_answer_of_rfc_4567_decodes_to_its_fields() -> None:
    message = Message.decode(example("rfc4567_example_answer"))
    assert len(message.octets) == 71
    verification = message.find(Verification)
    assert verification is not None
    assert message.header == Header(
        data_type=DataType.PSK_VER_MSG, v=True, csb_id=0xCD177E50, sessions=(SrtpIdEntry(),)
    )
    assert message.payloads == (T, MICKEY, verification)
    assert (verification.auth_alg, len(verification.mac)) == (MacAlg.HMAC_SHA_1_160, 20)


@pytest.mark.parametrize(
    "octets",
    [
        example("rfc4567_example_offer"),
        example("rfc4567_example_answer"),
        *(
            bytes.fromhex(VECTORS[exchange][message])
            for exchange in ("psk_exchange", "dhhmac_exchange")
            for message in ("i_message", "r_message")
        ),
    ],
    ids=["offer", "answer", "PSK I", "PSK R", "DHHMAC I", "DHHMAC R"],
)
def test_a_message_survives_and_no_cut_of_it_is_a_message(octets: bytes) -> None:
    message = Message.decode(octets)
    assert Message.build(message.header, message.payloads) == message
    for end in range(len(octets)):
        with pytest.raises(DecodeError) as caught:
            Message.decode(octets[:end])
        assert caught.value.offset <= end
        kept = [span for span in message.spans if span.end <= end]
        assert (
            caught.value.partial
            == (() if end < message.header_octets else (message.header, *message.payloads))[: 1 + len(kept)]
        )
    with pytest.raises(DecodeError, match="surplus"):
        Message.decode(octets + b"\x00")


@pytest.mark.requirement("3830-5.2-1", "3830-5.2-2")
def test_payloads_lie_octet_by_octet_without_padding_and_the_last_names_none() -> None:
    odd = Rand(octets=b"\x5a" * 17)
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"\x01\x02\x03", mac_alg=MacAlg.NULL, mac=b"")
    built = Message.build(HEADER, [SecurityPolicy(policy_no=0), T, odd, kemac])
    assert [span.offset for span in built.spans] == [19, 24, 34, 53]
    assert [built.octets[offset] for offset in (2, 19, 24, 34, 53)] == [
        *(PayloadType.SP, PayloadType.T, PayloadType.RAND, PayloadType.KEMAC, PayloadType.LAST),
    ]
    assert len(built.octets) == 53 + 8
    answer = Message.build(HEADER, [T, Verification(auth_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20))])
    assert answer.octets[answer.spans[-1].offset] == PayloadType.LAST


@pytest.mark.requirement("3830-6.1-5")
@pytest.mark.parametrize("number", [13, 17, 18, 19, 22, 26, 99, 241, 255])
def test_an_unknown_payload_can_not_be_passed_over(number: int) -> None:
    built = Message.build(HEADER, [T, RAND])
    octets = bytearray(built.octets + bytes(8))
    octets[built.spans[1].offset] = number
    with pytest.raises(UnknownCodePoint) as caught:
        Message.decode(bytes(octets))
    assert (caught.value.code_point, caught.value.offset) == (number, built.spans[1].offset)
    assert caught.value.namespace is PayloadType
    assert caught.value.partial == (HEADER, T, RAND)
    octets[2] = number
    with pytest.raises(UnknownCodePoint) as caught:
        Message.decode(bytes(octets))
    assert (caught.value.offset, caught.value.partial) == (2, (HEADER,))


@pytest.mark.requirement("3830-6.13-4")
def test_key_data_never_stand_in_clear() -> None:
    built = Message.build(HEADER, [T])
    octets = bytearray(built.octets + bytes.fromhex("00 00 0001 ff"))
    octets[built.spans[0].offset] = PayloadType.KEY_DATA
    with pytest.raises(DecodeError, match="outside KEMAC") as caught:
        Message.decode(bytes(octets))
    assert caught.value.partial == (HEADER, T)
    with pytest.raises(UsageError, match="inside KEMAC"):
        Message.build(HEADER, [T, KeyData(key_type=KeyDataType.TGK, key=Secret(b"\xff"))])


@pytest.mark.requirement("3830-6.1-6")
def test_octets_behind_the_last_payload_are_refused() -> None:
    with pytest.raises(DecodeError, match="3 surplus octets") as caught:
        Message.decode(Message.build(HEADER, [T, RAND]).octets + b"\x00\x01\xaa")
    assert caught.value.partial == (HEADER, T, RAND)


def test_a_message_has_a_largest_number_of_payloads() -> None:
    extension = GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=b"")
    most = Message.build(HEADER, [extension] * MAX_PAYLOADS)
    assert len(Message.decode(most.octets).payloads) == MAX_PAYLOADS
    with pytest.raises(UsageError, match="at most 255 payloads"):
        Message.build(HEADER, [extension] * (MAX_PAYLOADS + 1))
    octets = bytearray(most.octets + bytes.fromhex("00 00 0000"))
    octets[most.spans[-1].offset] = PayloadType.GENERAL_EXT
    with pytest.raises(DecodeError, match="more than 255 payloads") as caught:
        Message.decode(bytes(octets))
    assert caught.value.offset == most.spans[-1].offset
    assert len(caught.value.partial) == 1 + MAX_PAYLOADS


def test_a_message_has_a_largest_size() -> None:
    room = MAX_MESSAGE_OCTETS - 19 - 4 - 65535 - 4
    chain = [Certificate(cert_type=CertType.X509V3, data=bytes(octets)) for octets in (65535, room)]
    largest = Message.build(HEADER, chain)
    assert len(largest.octets) == MAX_MESSAGE_OCTETS
    assert Message.decode(largest.octets) == largest
    with pytest.raises(UsageError, match="at most 131072 octets"):
        Message.build(HEADER, [chain[0], Certificate(cert_type=CertType.X509V3, data=bytes(room + 1))])
    with pytest.raises(DecodeError, match="more than 131072 octets"):
        Message.decode(largest.octets + b"\x00")


@pytest.mark.requirement("3830-6.1-6")
def test_a_header_alone_is_no_message() -> None:
    with pytest.raises(UsageError, match="after its header"):
        Message.build(HEADER, [])


def test_a_payload_is_found_by_its_class_and_by_its_place() -> None:
    twice = Identity(id_type=IdType.NAI, data=b"donald@duck.com")
    message = Message.build(HEADER, [T, DONALD, twice, MICKEY])
    assert message.find(Identity) is DONALD
    assert message.find(Rand) is None
    assert message.all(Identity) == (DONALD, twice, MICKEY)
    assert message.all(Rand) == ()
    assert message.span(T) == Span(19, 10)
    assert (message.span(DONALD), message.span(twice)) == (Span(29, 19), Span(48, 19))
    assert message.span(MICKEY).end == len(message.octets)
    with pytest.raises(UsageError, match="no payload of this message"):
        message.span(RAND)


def test_what_came_can_not_change_afterwards() -> None:
    octets = bytearray(Message.build(HEADER, [T]).octets)
    message = Message.decode(octets)
    octets[0] = 9
    assert message.octets[0] == 1


def test_a_message_prints_as_its_chain() -> None:
    message = Message.build(HEADER, [T, EnvelopeKey(cache=CacheIndicator.NO_CACHE, data=b"")])
    assert repr(message) == "Message(Pre-shared: HDR, T, PKE; 32 octets)"


def test_every_payload_has_one_reader() -> None:
    assert {number.name for number in PAYLOADS} == {
        *("KEMAC", "PKE", "DH", "SIGN", "T", "ID", "CERT", "CHASH", "V", "SP", "RAND", "ERR", "KEY_DATA"),
        *("GENERAL_EXT", "ECCPT"),
    }
    for number, kind in PAYLOADS.items():
        assert kind.payload_type is number
        assert kind.section.startswith(("RFC 3830 section 6.", "RFC 6267 section 6."))


def test_a_sealed_message_is_the_one_that_would_have_been_built_with_its_tag() -> None:
    def verification(mac: bytes) -> Verification:
        return Verification(auth_alg=MacAlg.HMAC_SHA_1_160, mac=mac)

    tag = bytes(range(20))
    sealed = Message.build(HEADER, [T, MICKEY, verification(bytes(20))]).sealed(verification(tag), tag)
    assert sealed == Message.build(HEADER, [T, MICKEY, verification(tag)]) == Message.decode(sealed.octets)
