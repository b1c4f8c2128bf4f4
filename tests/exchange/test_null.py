"""MIKEY NULL: refused unless both ends opted in and the carrier is declared secure."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.crypto.protection import mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.null import NullInitiator
from mikey_sdp.mikey.payloads import KeyDataTransport, Verification
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg
from tests.exchange.pair import ALICE, PSK, Pair, chain, changed, teks

PERMITTED = (NullCredential(),)


@pytest.mark.requirement("3830-4.2.3-6", "3830-4.2.4-5")
def test_a_whole_exchange_over_a_secure_carrier() -> None:
    pair = Pair(bobs_credentials=PERMITTED)
    initiator = pair.null_initiator()
    kemac = initiator.message.find(KeyDataTransport)
    assert (kemac.encr_alg, kemac.mac_alg, kemac.mac) == (EncrAlg.NULL, MacAlg.NULL, b"")
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "ID", "SP", "KEMAC"]
    response = pair.respond(initiator.message.octets, secure_carrier=True)
    v = Message.decode(response.reply or b"").find(Verification)
    assert (v.auth_alg, v.mac) == (MacAlg.NULL, b"")
    ours = initiator.complete(response.reply or b"")
    assert (ours.mode, response.established.mode) == (Mode.NULL, Mode.NULL)
    assert teks(ours.bundle) == teks(response.established.bundle)


def test_everybody_can_read_the_keys() -> None:
    initiator = Pair().null_initiator()
    assert initiator.early_bundle.keys[0].key.reveal() in initiator.message.octets


@pytest.mark.requirement("3830-4.2.3-5", "3830-4.2.4-4")
@pytest.mark.parametrize(
    ("credentials", "secure_carrier"),
    [(PERMITTED, False), ((), True), ((PskCredential(ALICE, PSK),), True), ((NullCredential("sip:x@y"),), True)],
)
def test_both_permissions_are_needed_to_accept(credentials: tuple[object, ...], secure_carrier: bool) -> None:
    pair = Pair(bobs_credentials=credentials)
    with pytest.raises(PeerError) as caught:
        pair.respond(pair.null_initiator().message.octets, secure_carrier=secure_carrier)
    assert caught.value.mikey_error == ErrorNo.INVALID_MAC
    assert (len(pair.replay), len(pair.bundles)) == (0, 0)


@pytest.mark.requirement("3830-4.2.3-5", "3830-4.2.4-4")
def test_nothing_is_built_for_an_open_carrier() -> None:
    pair = Pair()
    with pytest.raises(PolicyRefused) as caught:
        NullInitiator(pair.setup(), NullCredential(), secure_carrier=False)
    assert caught.value.rule == "null-needs-secure-carrier"


@pytest.mark.requirement("3830-4.2.4-4")
@pytest.mark.parametrize("encr_alg", [EncrAlg.AES_CM_128, EncrAlg.AES_KW_128])
def test_encryption_without_a_mac_is_never_accepted(encr_alg: EncrAlg) -> None:
    pair = Pair(bobs_credentials=(NullCredential(), PskCredential(ALICE, PSK)))
    message = pair.null_initiator().message
    kemac = KeyDataTransport(encr_alg=encr_alg, encr_data=bytes(24), mac_alg=MacAlg.NULL, mac=b"")
    octets = Message.build(message.header, (*message.payloads[:-1], kemac)).octets
    with pytest.raises(PeerError) as caught:
        pair.respond(octets, secure_carrier=True)
    assert caught.value.mikey_error == ErrorNo.INVALID_MAC


@pytest.mark.requirement("3830-4.2.3-5")
@pytest.mark.parametrize("secure_carrier", [True, False])
def test_a_mac_does_not_make_open_keys_secret(secure_carrier: bool) -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    plain = pair.null_initiator(initiator.early_bundle).message
    kemac = plain.find(KeyDataTransport)
    draft = Message.build(
        plain.header,
        (
            *plain.payloads[:-1],
            KeyDataTransport(
                encr_alg=EncrAlg.NULL, encr_data=kemac.encr_data, mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20)
            ),
        ),
    ).octets[:-20]
    octets = draft + mac(MacAlg.HMAC_SHA_1_160, initiator.early_bundle.context.message_keys(PSK), draft)
    if secure_carrier:
        assert pair.respond(octets, secure_carrier=True).established.mode == Mode.PSK
        return
    with pytest.raises(PeerError) as caught:
        pair.respond(octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_EA


def test_a_prf_that_derives_no_keys_here_is_refused() -> None:
    pair = Pair(bobs_credentials=PERMITTED)
    octets = changed(pair.null_initiator().message.octets, 3, 0x05)
    with pytest.raises(PeerError) as refused:
        pair.respond(octets, secure_carrier=True)
    assert refused.value.mikey_error == ErrorNo.INVALID_PRF


def test_replays_are_found_without_a_mac_too() -> None:
    pair = Pair(bobs_credentials=PERMITTED)
    octets = pair.null_initiator().message.octets
    pair.respond(octets, secure_carrier=True)
    with pytest.raises(PeerError, match="replay"):
        pair.respond(octets, secure_carrier=True)


def test_an_answer_with_a_mac_can_not_be_checked() -> None:
    pair = Pair(bobs_credentials=PERMITTED)
    initiator = pair.null_initiator()
    reply = Message.decode(pair.respond(initiator.message.octets, secure_carrier=True).reply or b"")
    v = Verification(auth_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(20))
    with pytest.raises(PeerError) as caught:
        initiator.complete(Message.build(reply.header, (*reply.payloads[:-1], v)).octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_MAC
