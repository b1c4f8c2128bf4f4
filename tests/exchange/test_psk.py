"""The pre-shared key exchange, octet by octet and as a script of what passes between its ends."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from unittest import mock

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore, NullCredential, PskCredential
from mikey_sdp.mikey.crypto import protection
from mikey_sdp.mikey.keys import fresh_rand, fresh_tgk, given_tek
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.contract import InitiatorSetup, ResponderSetup
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import (
    GeneralExtension,
    Identity,
    KeyDataTransport,
    Rand,
    SecurityPolicy,
    SrtpIdEntry,
    Timestamp,
    decode_key_data,
    encode_key_data,
)
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, IdType, MacAlg, PayloadType, PrfFunc
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.pair import (
    ALICE,
    BOB,
    SECOND_US,
    Pair,
    chain,
    changed,
    is_not,
    pair_keys,
    rebuilt,
    remac,
    teks,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc3830_prf_and_exchanges.json").read_text())
EXCHANGE = VECTORS["psk_exchange"]
VECTOR_PSK = Secret(bytes.fromhex(VECTORS["psk_message_keys"]["psk"]))


def vector_initiator() -> PskInitiator:
    """The vector's I_MESSAGE built from its parts, not from its octets."""
    bundle = Bundle(
        csb_id=0xCD177E50,
        prf_func=PrfFunc.MIKEY_1,
        rand=bytes.fromhex(VECTORS["psk_message_keys"]["rand"]),
        sessions=(SrtpIdEntry(),),
        policies={0: DEFAULT_SRTP},
        keys=decode_key_data(bytes.fromhex(EXCHANGE["kemac_plain"]), first=PayloadType.KEY_DATA),
        own=True,
    )
    setup = InitiatorSetup(
        own=Identity(id_type=IdType.NAI, data=b"donald@duck.com"),
        peer=Identity(id_type=IdType.NAI, data=b"mickey@mouse.com"),
        bundle=bundle,
        timestamp=Timestamp(value=0xC8E350EA00000000),
        now=NtpTime(0xC8E350EA00000000),
        entropy=SeededEntropy(b"not drawn from"),
        extensions=(GeneralExtension.of_sdp_ids(["mikey"]),),
    )
    return PskInitiator(setup, PskCredential("mickey@mouse.com", VECTOR_PSK))


def vector_responder() -> Responder:
    return Responder(
        ResponderSetup(
            own=identity_of("mickey@mouse.com"),
            credentials=CredentialStore([PskCredential("donald@duck.com", VECTOR_PSK)]),
            replay=ReplayCache(),
            bundles=BundleStore(),
            accept=lambda _parameters: None,
            entropy=SeededEntropy(b"not drawn from"),
            fresh_keys=lambda _parameters, _previous: (),
        )
    )


@pytest.mark.requirement("3830-3.1-1", "3830-5.2-3", "3830-4.1.4-3")
def test_the_known_exchange_octet_by_octet() -> None:
    initiator = vector_initiator()
    assert initiator.message.octets.hex() == EXCHANGE["i_message"]
    response = vector_responder().respond(initiator.message.octets, now=NtpTime(0xC8E350EA00000000))
    assert response.reply is not None
    assert response.reply.hex() == EXCHANGE["r_message"]
    established = initiator.complete(response.reply)
    assert established.peer == "mickey@mouse.com"
    (sa,) = established.bundle.data_sas(1)
    assert sa.master_key.reveal().hex() == VECTORS["tgk_keys"]["tek_cs1"]
    assert sa.master_salt.reveal().hex() == VECTORS["tgk_keys"]["salt_cs1"]


@pytest.mark.requirement("3830-5.2-4", "3830-6.9-2")
@pytest.mark.parametrize("other", ["alt_V_without_ids", "alt_V_whole_payload_ids_and_T", None])
def test_v_covers_identities_and_timestamp_as_values(other: str | None) -> None:
    octets = bytes.fromhex(EXCHANGE["r_message"])
    auth_key = bytes.fromhex(VECTORS["psk_message_keys"]["auth_key"])
    swapped = hmac.new(
        auth_key,
        octets[:-20] + b"mickey@mouse.com" + b"donald@duck.com" + bytes.fromhex("c8e350ea00000000"),
        hashlib.sha1,
    ).digest()
    tag = bytes.fromhex(EXCHANGE[other]) if other else swapped
    with pytest.raises(PeerError) as caught:
        vector_initiator().complete(octets[:-20] + tag)
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-3.1-9")
def test_a_whole_exchange() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    response = pair.respond(initiator.message.octets)
    assert response.reply is not None
    ours = initiator.complete(response.reply)
    theirs = response.established
    assert (ours.peer, theirs.peer) == (BOB, ALICE)
    assert teks(ours.bundle) == teks(theirs.bundle)
    assert [key.key for key in ours.bundle.keys] == [key.key for key in theirs.bundle.keys]
    assert (ours.bundle.own, theirs.bundle.own) == (True, False)


@pytest.mark.requirement("3830-3.1-7", "3830-3.1-2")
def test_identities_are_sent_by_default() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    reply = pair.respond(initiator.message.octets).reply
    assert reply is not None
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "ID", "SP", "KEMAC"]
    assert [identity.data.decode() for identity in initiator.message.all(Identity)] == [ALICE, BOB]
    assert chain(reply) == ["T", "ID", "V"]
    assert Message.decode(reply).find(Identity).data.decode() == BOB


@pytest.mark.requirement("3830-3.1-8")
def test_identities_may_come_from_the_signalling() -> None:
    pair = Pair(require_idr=False)
    initiator = pair.psk_initiator(peer=None)
    without = Message.build(
        initiator.message.header, [p for p in initiator.message.payloads if not isinstance(p, Identity)]
    )
    keys = pair_keys(initiator)
    octets = remac(without, keys)
    assert pair.respond(octets, peer=ALICE).established.peer == ALICE
    with pytest.raises(PeerError) as caught:
        Pair(require_idr=False).respond(octets)
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-3.1-3", "3830-6.2-6")
def test_every_octet_is_covered_by_the_mac() -> None:
    octets = Pair().psk_initiator().message.octets
    accepted = []
    for offset in range(len(octets)):
        try:
            Pair().respond(changed(octets, offset))
        except (PeerError, DecodeError):
            continue
        accepted.append(offset)
    assert accepted == []


@pytest.mark.requirement("3830-6.15-3")
def test_extensions_are_covered_too() -> None:
    pair = Pair()
    octets = pair.psk_initiator(extensions=(GeneralExtension.of_sdp_ids(["mikey"]),)).message.octets
    with pytest.raises(PeerError) as caught:
        pair.respond(octets.replace(b"mikey", b"mikex"))
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-4.2.3-1")
def test_aes_cm_and_hmac_sha_1_by_default() -> None:
    kemac = Pair().psk_initiator().message.find(KeyDataTransport)
    assert (kemac.encr_alg, kemac.mac_alg) == (EncrAlg.AES_CM_128, MacAlg.HMAC_SHA_1_160)


@pytest.mark.requirement("3830-4.2.3-9")
def test_key_wrap_keeps_its_mac() -> None:
    pair = Pair()
    initiator = pair.psk_initiator(encr_alg=EncrAlg.AES_KW_128)
    kemac = initiator.message.find(KeyDataTransport)
    assert (kemac.mac_alg, len(kemac.encr_data) % 8) == (MacAlg.HMAC_SHA_1_160, 0)
    assert teks(pair.respond(initiator.message.octets).established.bundle) == teks(initiator.early_bundle)
    bare = KeyDataTransport(encr_alg=EncrAlg.AES_KW_128, encr_data=kemac.encr_data, mac_alg=MacAlg.NULL, mac=b"")
    octets = Message.build(initiator.message.header, (*initiator.message.payloads[:-1], bare)).octets
    with pytest.raises(PeerError) as caught:
        Pair().respond(octets, secure_carrier=True)
    assert caught.value.mikey_error == ErrorNo.INVALID_MAC


@pytest.mark.requirement("3830-3.1-5")
def test_keys_are_fresh_and_differ() -> None:
    pair = Pair()
    bundles = [pair.bundle(keys=(fresh_tgk(pair.entropy, mki=b"1"), fresh_tgk(pair.entropy, mki=b"2"))) for _ in "ab"]
    drawn = [key.key.reveal() for bundle in bundles for key in bundle.keys]
    assert len(set(drawn)) == 4


@pytest.mark.requirement("3830-6.11-2")
def test_every_csb_has_a_rand_of_its_own() -> None:
    pair = Pair()
    rands = {pair.psk_initiator().message.find(Rand).octets for _ in range(50)}
    assert len(rands) == 50
    assert {len(rand) for rand in rands} == {16}
    assert fresh_rand(SeededEntropy(b"x")) != fresh_rand(SeededEntropy(b"y"))


@pytest.mark.parametrize(
    "keys",
    [
        (fresh_tgk(SeededEntropy(b"1")),),
        (fresh_tgk(SeededEntropy(b"1"), octets=32, salt_octets=14),),
        (given_tek(Secret(b"t" * 16)),),
        (given_tek(Secret(b"t" * 16), salt=Secret(b"s" * 14)),),
        (given_tek(Secret(b"t" * 16)), given_tek(Secret(b"u" * 16))),
        (fresh_tgk(SeededEntropy(b"1"), mki=b"\x01"), fresh_tgk(SeededEntropy(b"2"), mki=b"\x02")),
        (fresh_tgk(SeededEntropy(b"1"), mki=b"\x01"), given_tek(Secret(b"t" * 16), mki=b"\x02")),
    ],
)
@pytest.mark.parametrize("encr_alg", [EncrAlg.AES_CM_128, EncrAlg.AES_KW_128])
def test_all_kinds_of_keys_arrive(keys: tuple[object, ...], encr_alg: EncrAlg) -> None:
    pair = Pair()
    initiator = pair.psk_initiator(pair.bundle(keys=keys), encr_alg=encr_alg)
    bundle = pair.respond(initiator.message.octets).established.bundle
    assert bundle.keys == keys
    assert teks(bundle) == teks(initiator.early_bundle)


@pytest.mark.requirement("3830-5.3-1", "3830-5.4-4")
@pytest.mark.parametrize("case", ["stale", "replayed", "for somebody else"])
def test_cheap_checks_come_before_the_mac(case: str) -> None:
    pair = Pair()
    octets = pair.psk_initiator(peer=identity_of("sip:carol@example.com") if "else" in case else identity_of(BOB))
    if case == "stale":
        pair.bobs_clock_ahead_us = 3600 * SECOND_US
    if case == "replayed":
        pair.respond(octets.message.octets)
    with mock.patch.object(protection.hmac, "digest") as digest, pytest.raises(PeerError):
        pair.respond(octets.message.octets)
    digest.assert_not_called()


@pytest.mark.requirement("3830-9.3-1", "3830-5.3-2")
def test_clocks_that_are_too_far_apart() -> None:
    hour = 3600 * SECOND_US
    for skew_us, accepted in ((hour, False), (3 * hour, True)):
        pair = Pair(bobs_clock_ahead_us=2 * hour, replay=ReplayCache(skew_us=skew_us))
        octets = pair.psk_initiator().message.octets
        if accepted:
            assert pair.respond(octets).reply
            continue
        with pytest.raises(PeerError) as caught:
            pair.respond(octets)
        assert (caught.value.mikey_error, caught.value.reply) == (ErrorNo.INVALID_TS, None)


@pytest.mark.requirement("3830-5.3-6", "3830-5.3-3")
def test_only_authentic_messages_enter_the_cache() -> None:
    pair = Pair()
    octets = pair.psk_initiator().message.octets
    with pytest.raises(PeerError):
        pair.respond(changed(octets, len(octets) - 1))
    assert len(pair.replay) == 0
    assert pair.respond(octets).reply
    with pytest.raises(PeerError, match="replay") as caught:
        pair.respond(octets)
    assert caught.value.reply is None


@pytest.mark.requirement("3830-9.5-1")
def test_forgeries_leave_nothing_behind() -> None:
    pair = Pair()
    octets = pair.psk_initiator(key=Secret(b"the wrong key...")).message.octets
    for number in range(1000):
        with pytest.raises((PeerError, DecodeError)):
            pair.respond(octets[:-4] + number.to_bytes(4, "big"))
    assert (len(pair.replay), len(pair.bundles)) == (0, 0)


@pytest.mark.requirement("3830-3-5")
def test_a_message_without_timestamp_is_refused() -> None:
    pair = Pair()
    with pytest.raises(DecodeError, match="no T"):
        pair.respond(rebuilt(pair.psk_initiator().message, is_not(Timestamp)))


@pytest.mark.requirement("3830-3-2")
def test_a_first_message_needs_its_rand() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    with pytest.raises(PeerError, match="RAND") as caught:
        pair.respond(rebuilt(initiator.message, is_not(Rand)))
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.requirement("3830-6.11-4")
@pytest.mark.parametrize(("octets", "accepted"), [(0, False), (7, False), (8, True), (15, True), (255, True)])
def test_short_rands(octets: int, accepted: bool) -> None:
    pair = Pair()
    message = pair.psk_initiator(pair.bundle(rand=bytes(range(octets)))).message.octets
    if accepted:
        assert pair.respond(message).reply
        return
    with pytest.raises(PeerError, match="too short"):
        pair.respond(message)


@pytest.mark.requirement("3830-6.1.1-2")
def test_a_policy_that_is_not_there() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    octets = remac(Message.decode(rebuilt(initiator.message, is_not(SecurityPolicy))), pair_keys(initiator))
    with pytest.raises(PeerError, match="no SP payload gives") as caught:
        pair.respond(octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_SP


def test_null_encryption_belongs_to_null_mode() -> None:
    with pytest.raises(UsageError):
        Pair().psk_initiator(encr_alg=EncrAlg.NULL)


def test_a_permission_for_null_does_not_open_psk() -> None:
    pair = Pair(bobs_credentials=(NullCredential(),))
    with pytest.raises(PeerError, match="no key is shared") as caught:
        pair.respond(pair.psk_initiator().message.octets, secure_carrier=True)
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


def test_a_first_message_needs_a_key() -> None:
    pair = Pair()
    with pytest.raises(PeerError, match="lacks a key") as caught:
        pair.respond(pair.psk_initiator(pair.bundle(keys=())).message.octets)
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


def test_only_keys_are_transported(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    bundle = pair.bundle()
    plain = encode_key_data((*bundle.keys, identity_of(ALICE)))
    monkeypatch.setattr(push, "encode_key_data", lambda *_payloads, zero_fill: plain)
    with pytest.raises(PeerError, match="only Key data") as caught:
        pair.respond(pair.psk_initiator(bundle).message.octets)
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


def test_the_envelope_has_the_last_word_on_a_bundle() -> None:
    def objection(bundle: Bundle) -> None:
        raise PeerError(f"{len(bundle.keys)} keys", mikey_error=ErrorNo.UNSPECIFIED)

    pair = Pair()
    initiator = pair.psk_initiator()
    with pytest.raises(PeerError, match="1 keys") as caught:
        pair.respond(initiator.message.octets, approve=objection)
    assert len(pair.bundles) == 0
    assert chain(caught.value.reply or b"") == ["T", "ERR", "V"]


def test_three_identities_are_one_too_many() -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    with pytest.raises((PeerError, DecodeError)):
        pair.respond(rebuilt(message, is_not(), add=(identity_of(ALICE),)))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x80", b"sip:a@b\r\n", b"sip:a@b\x00", "sip:\u202ea@b".encode()])
def test_identities_are_text(data: bytes) -> None:
    pair = Pair()
    with pytest.raises(PeerError, match=r"UTF-8|printed") as caught:
        pair.respond(pair.psk_initiator(own=Identity(id_type=IdType.URI, data=data)).message.octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_ID
    with pytest.raises(PeerError, match=r"UTF-8|printed"):
        pair.respond(pair.psk_initiator(peer=Identity(id_type=IdType.URI, data=data)).message.octets)


@pytest.mark.requirement("3830-6.7-2")
def test_identities_of_other_types() -> None:
    pair = Pair()
    with pytest.raises(PeerError) as caught:
        pair.respond(pair.psk_initiator(own=Identity(id_type=IdType(9), data=b"x")).message.octets)
    assert caught.value.mikey_error == ErrorNo.INVALID_ID
