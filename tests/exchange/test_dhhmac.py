"""DHHMAC: the known exchange, what must and must not stand in its messages, and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.credentials import CredentialStore, PskCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import dhhmac
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dh_exchange import HalfKey
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import DhValue, GeneralExtension, Header, Identity, SrtpIdEntry, Verification
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.err import ErrorPayload
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.validity import ANY_PACKET
from mikey_sdp.mikey.registry import (
    CertType,
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    ExtensionType,
    IdType,
    MacAlg,
    PrfConstant,
    PrfFunc,
)
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.ends import Case, Ends
from tests.exchange.pair import ALICE, BOB, PSK, chain, remac, teks

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text())
EXCHANGE, GROUP_0 = VECTORS["dhhmac_exchange"], VECTORS["dh_group0"]
VECTOR_PSK = Secret(bytes.fromhex(EXCHANGE["psk"]))
WHEN = 0xC8E350EA00000000
CERTIFICATE = Certificate(cert_type=CertType.X509V3, data=b"0")
RAND = bytes.fromhex(VECTORS["psk_message_keys"]["rand"])


def drawing(octets: str):
    """Entropy that gives these octets, once."""
    left = [bytes.fromhex(octets)]
    return lambda wanted: left.pop() if len(left[0]) == wanted else pytest.fail(f"{wanted} octets drawn")


def vector_message(data_type: DataType, *middle: object) -> Message:
    """The vector's message built from its parts, not from its octets."""
    header = Header(
        data_type=data_type,
        v=data_type == DataType.DHHMAC_INIT,
        prf_func=PrfFunc.MIKEY_1,
        csb_id=0xCD177E50,
        sessions=(SrtpIdEntry(),),
    )
    context = KeyContext(csb_id=0xCD177E50, rand=RAND, prf=mikey_1)
    return dhhmac._authenticated(header, (Timestamp(value=WHEN), *middle), context.message_keys(VECTOR_PSK))


def half_key(octets: str) -> HalfKey:
    return HalfKey.draw(DhGroup.OAKLEY_5, ANY_PACKET, drawing(octets))


@pytest.mark.requirement("4650-3-13", "4650-3-14", "4650-3-12")
def test_the_known_exchange() -> None:
    donald, mickey = (Identity(id_type=IdType.NAI, data=name) for name in (b"donald@duck.com", b"mickey@mouse.com"))
    ours, theirs = half_key(GROUP_0["xi"]), half_key(GROUP_0["xr"])
    request = vector_message(DataType.DHHMAC_INIT, Rand(octets=RAND), donald, mickey, ours.payload)
    assert request.octets.hex() == EXCHANGE["i_message"]
    answer = vector_message(DataType.DHHMAC_RESP, mickey, donald, theirs.payload, ours.payload)
    assert answer.octets.hex() == EXCHANGE["r_message"]
    key = ours.tgk(theirs.payload, ANY_PACKET)
    assert key.key.reveal().hex() == GROUP_0["TGK"]
    context = KeyContext(csb_id=0xCD177E50, rand=RAND, prf=mikey_1)
    assert context.traffic_key(key.key, PrfConstant.TEK_FROM_TGK, 1, 128).reveal().hex() == GROUP_0["tek_cs1"]
    assert context.traffic_key(key.key, PrfConstant.SALT_FROM_TGK, 1, 112).reveal().hex() == GROUP_0["salt_cs1"]


def ends() -> Ends:
    return Ends.of(Case(Mode.DHHMAC))


@pytest.mark.requirement("4650-3-2", "4650-3-4", "4650-3-6", "4650-3-5")
def test_what_the_messages_consist_of() -> None:
    made = ends()
    initiator, response, _ = made.run()
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "ID", "SP", "DH", "KEMAC"]
    answer = Message.decode(response.reply or b"")
    assert chain(answer.octets) == ["T", "ID", "ID", "DH", "DH", "KEMAC"]
    assert [identity.data.decode() for identity in initiator.message.all(Identity)] == [ALICE, BOB]
    assert [identity.data.decode() for identity in answer.all(Identity)] == [BOB, ALICE]
    assert answer.all(DhValue)[1] == initiator.message.find(DhValue)


@pytest.mark.requirement("4650-4.2-2", "4650-4.2-3", "4650-4.2-4", "4650-4.2-5")
def test_the_kemac_hides_nothing() -> None:
    initiator, response, _ = ends().run()
    for octets in (initiator.message.octets, response.reply or b""):
        kemac = Message.decode(octets).find(KeyDataTransport)
        assert (kemac.encr_alg, kemac.encr_data, kemac.mac_alg) == (EncrAlg.NULL, b"", MacAlg.HMAC_SHA_1_160)


@pytest.mark.requirement("4650-4.2-7", "4650-4.2-8")
def test_the_kemac_is_last() -> None:
    made = ends()
    octets = made.initiator().message.octets
    offset = len(octets) - 25
    assert octets[offset] == 0
    with pytest.raises(DecodeError):
        made.respond(octets[:offset] + b"\x05" + octets[offset + 1 :])


@pytest.mark.parametrize(
    ("encr_alg", "data", "mac_alg", "number"),
    [
        (EncrAlg.AES_KW_128, b"", MacAlg.HMAC_SHA_1_160, ErrorNo.INVALID_EA),
        (EncrAlg.AES_CM_128, b"", MacAlg.HMAC_SHA_1_160, ErrorNo.INVALID_EA),
        (EncrAlg.NULL, b"data", MacAlg.HMAC_SHA_1_160, ErrorNo.INVALID_EA),
        (EncrAlg.NULL, b"", MacAlg.NULL, ErrorNo.INVALID_MAC),
    ],
)
@pytest.mark.requirement("4650-4.2-6", "4650-4.2-10")
def test_algorithms_that_can_not_stand_there(encr_alg: EncrAlg, data: bytes, mac_alg: MacAlg, number: ErrorNo) -> None:
    made = ends()
    sent = made.initiator().message
    kemac = KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=mac_alg, mac=bytes(20 if mac_alg else 0))
    message = Message.build(sent.header, (*sent.payloads[:-1], kemac))
    keys = made.pair.bundle(csb_id=sent.header.csb_id, rand=sent.find(Rand).octets).context.message_keys(PSK)
    with pytest.raises(PeerError) as refused:
        made.respond(remac(message, keys) if mac_alg else message.octets)
    assert refused.value.mikey_error == number


@pytest.mark.requirement("4650-3.1-2", "4650-3.1-3")
def test_re_keying_brings_new_half_keys_from_both() -> None:
    made = ends()
    first, answer, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(), previous=before.bundle)
    reply = Message.decode(made.respond(update.message.octets).reply or b"")
    assert update.message.find(DhValue).value != first.message.find(DhValue).value
    assert reply.all(DhValue)[0].value != Message.decode(answer.reply or b"").all(DhValue)[0].value
    assert reply.all(DhValue)[1] == update.message.find(DhValue)


@pytest.mark.requirement("4650-3.1-4")
def test_an_update_of_information_has_no_half_keys() -> None:
    made = ends()
    _, _, before = made.run()
    update = made.initiator(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
    assert "DH" not in chain(update.message.octets)
    response = made.respond(update.message.octets)
    assert "DH" not in chain(response.reply or b"")
    assert teks(response.established.bundle) == teks(before.bundle)


@pytest.mark.requirement("4650-4.1-4")
@pytest.mark.parametrize("octets_left", [-1, -21, 120])
def test_what_can_not_be_read_is_reported_as_far_as_it_was(octets_left: int) -> None:
    made = ends()
    with pytest.raises(DecodeError) as refused:
        made.respond(made.initiator().message.octets[:octets_left])
    reply = Message.decode(refused.value.reply or b"")
    assert (reply.header.data_type, reply.find(ErrorPayload).error_no) == (DataType.ERROR, ErrorNo.UNSPECIFIED)


@pytest.mark.requirement("4650-4.1-4")
def test_a_failed_mac_can_be_reported_without_proof() -> None:
    made = ends()
    made.pair.report_unauthenticated = True
    made.pair.bobs_credentials = (PskCredential(ALICE, Secret(b"another key for tests")),)
    initiator = made.initiator()
    with pytest.raises(PeerError) as refused:
        made.respond(initiator.message.octets)
    reply = Message.decode(refused.value.reply or b"")
    assert (reply.header.data_type, reply.find(ErrorPayload).error_no) == (DataType.ERROR, ErrorNo.AUTH_FAILURE)
    assert reply.find(KeyDataTransport) is None
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(reply.octets)
    assert reported.value.advisory


@pytest.mark.requirement("4650-4.1-3", "4650-4.1-2", "4650-4.1-1")
def test_other_errors_are_proved_by_a_kemac() -> None:
    made = ends()
    made.pair.bobs_credentials = (PskCredential(ALICE, PSK),)
    initiator = made.initiator()

    def refuse(_parameters: object) -> None:
        raise PeerError("not with me", mikey_error=ErrorNo.INVALID_SPPAR)

    with pytest.raises(PeerError) as refused:
        made.pair.responder(accept=refuse).respond(initiator.message.octets, now=made.pair.bobs_now)
    reply = refused.value.reply or b""
    assert chain(reply)[-1] == "KEMAC"
    assert Message.decode(reply).find(Verification) is None
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(reply)
    assert not reported.value.advisory
    with pytest.raises(PeerError, match="MAC does not verify"):
        initiator.complete(reply[:-1] + bytes([reply[-1] ^ 1]))


def test_a_half_key_that_comes_back_is_refused() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    ours = initiator.message.find(DhValue)
    payloads = [ours if isinstance(payload, DhValue) else payload for payload in reply.payloads]
    with pytest.raises(PeerError) as refused:
        initiator.complete(remac(Message.build(reply.header, payloads), initiator._keys))
    assert refused.value.mikey_error == ErrorNo.INVALID_DH


def test_the_echo_must_be_ours() -> None:
    made = ends()
    initiator, other = made.initiator(), made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    theirs = reply.all(DhValue)[0]
    payloads = (*reply.payloads[:3], theirs, other.message.find(DhValue), reply.payloads[-1])
    with pytest.raises(PeerError, match="echo"):
        initiator.complete(remac(Message.build(reply.header, payloads), initiator._keys))


def test_an_answer_to_somebody_else_is_refused() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    payloads = (*reply.payloads[:2], identity_of("sip:carol@example.com"), *reply.payloads[3:])
    with pytest.raises(PeerError) as refused:
        initiator.complete(remac(Message.build(reply.header, payloads), initiator._keys))
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


def test_a_group_can_not_be_keyed() -> None:
    made = ends()
    with pytest.raises(UsageError, match="every pair"):
        GroupPush(
            ALICE,
            made.pair.bundle(),
            mode=Mode.DHHMAC,
            credentials=CredentialStore([PskCredential(BOB, PSK)]),
            entropy=SeededEntropy(b"x"),
        )


@pytest.mark.requirement("4650-4.4-1", "4650-4.4-2")
def test_the_list_of_protocols_is_under_the_mac() -> None:
    made = ends()
    sent = made.initiator(extensions=(GeneralExtension.of_sdp_ids(["mikey", "keyp1"]),)).message
    assert sent.find(GeneralExtension).ext_type == ExtensionType.SDP_IDS
    shorter = sent.octets.replace(b"mikey;keyp1", b"mikey;keyp2")
    assert shorter != sent.octets
    with pytest.raises(PeerError) as refused:
        made.respond(shorter)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("4650-5.3-4", "4650-5.3-5")
def test_private_values_are_drawn_and_do_not_show() -> None:
    made = ends()
    drawn: list[bytes] = []

    def entropy(octets: int) -> bytes:
        drawn.append(bytes(range(len(drawn), len(drawn) + octets)))
        return drawn[-1]

    first, second = made.initiator(entropy=entropy), made.initiator(entropy=entropy)
    assert [len(octets) for octets in drawn] == [32, 32]
    assert first.message.find(DhValue).value != second.message.find(DhValue).value
    assert drawn[0].hex() not in repr(first._half_key)
    assert str(int.from_bytes(drawn[0], "big")) not in repr(first._half_key)
    private = first._half_key._private
    assert f"{int.from_bytes(drawn[0], 'big'):x}" not in f"{private!r} {private}"
    assert {name for name in dir(private) if not name.startswith("_")} == {"agree", "public"}


@pytest.mark.requirement("4650-4.2-1", "4650-4.3-1", "4650-5.1-1")
def test_what_carries_what() -> None:
    made = ends()
    drawn: list[int] = []

    def entropy(octets: int) -> bytes:
        drawn.append(octets)
        return made.pair.entropy(octets)

    sent = made.initiator(entropy=entropy).message
    assert drawn == [32]
    assert len(sent.find(KeyDataTransport).mac) == 20
    assert {identity.id_type for identity in sent.all(Identity)} == {IdType.URI}
    with pytest.raises(DecodeError):
        made.respond(Message.build(sent.header, (sent.payloads[0], CERTIFICATE, *sent.payloads[1:])).octets)
