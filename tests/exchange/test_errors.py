"""MIKEY Error messages: what a Responder says of each fault, and what an Initiator believes of it."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.credentials import NullCredential
from mikey_sdp.mikey.crypto import protection
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.error_message import ErrorReported, build_error
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import (
    ErrorPayload,
    Identity,
    KeyDataTransport,
    SecurityPolicy,
    Timestamp,
    Verification,
)
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, IdType, MacAlg, PrfFunc, SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.profile import SUPPORTED
from tests.exchange.pair import PSK, Pair, chain, changed

F8 = replace(DEFAULT_SRTP, encr_alg=SrtpEncrAlg.AES_F8)


def refused(pair: Pair, octets: bytes) -> PeerError:
    with pytest.raises(PeerError) as caught:
        pair.respond(octets)
    assert len(pair.bundles) == 0
    return caught.value


def patched(message: Message, offset: int, value: int) -> bytes:
    octets = bytearray(message.octets)
    octets[offset] = value
    return bytes(octets)


def end_of(message: Message, kind: type) -> int:
    return message.span(message.find(kind)).offset


@pytest.mark.requirement("3830-6.12-3", "3830-5.1.2-1")
@pytest.mark.parametrize(
    ("error_no", "offset"),
    [
        (ErrorNo.INVALID_PRF, lambda _m: 3),
        (ErrorNo.INVALID_EA, lambda m: end_of(m, KeyDataTransport) + 1),
        (ErrorNo.INVALID_MAC, lambda m: end_of(m, KeyDataTransport) + 4 + len(m.find(KeyDataTransport).encr_data)),
        (ErrorNo.INVALID_DT, lambda _m: 1),
        (ErrorNo.INVALID_ID, lambda m: end_of(m, Identity) + 1),
    ],
)
def test_what_is_not_supported_is_named_by_its_number(error_no: ErrorNo, offset: object) -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    fault = refused(pair, patched(message, offset(message), 0xC8 if error_no != ErrorNo.INVALID_PRF else 0x81))
    assert fault.mikey_error == error_no
    told = Message.decode(fault.reply or b"")
    assert told.header.data_type == DataType.ERROR
    assert told.header.csb_id == message.header.csb_id
    assert [error.error_no for error in told.all(ErrorPayload)] == [error_no]
    assert told.find(Timestamp) == message.find(Timestamp)


@pytest.mark.requirement("3830-6.12-3")
def test_an_unknown_kind_of_timestamp_has_no_t_to_repeat() -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    fault = refused(pair, patched(message, end_of(message, Timestamp) + 1, 200))
    assert (fault.mikey_error, fault.reply) == (ErrorNo.INVALID_TS, None)


@pytest.mark.parametrize("data_type", [DataType.PUBLIC_KEY, DataType.DH_INIT, DataType.DHHMAC_INIT])
def test_other_modes_are_no_data_type_of_ours_yet(data_type: DataType) -> None:
    pair = Pair()
    octets = patched(pair.psk_initiator().message, 1, data_type)
    with pytest.raises((PeerError, DecodeError)):
        pair.respond(octets)


def policy_pair() -> tuple[Pair, PskInitiator]:
    pair = Pair()
    return pair, pair.psk_initiator(pair.bundle(policies={0: F8}))


@pytest.mark.requirement("3830-5.1.2-3", "3830-5.1.1-1", "3830-5.1.2-4")
def test_a_policy_that_can_not_be_run_is_answered_with_ours() -> None:
    pair, initiator = policy_pair()
    fault = refused(pair, initiator.message.octets)
    assert fault.mikey_error == ErrorNo.INVALID_SPPAR
    told = Message.decode(fault.reply or b"")
    offered = [SrtpParameters.from_payload(policy) for policy in told.all(SecurityPolicy)]
    assert offered == list(SUPPORTED)
    assert chain(told.octets) == ["T", "ERR", *["SP"] * len(SUPPORTED), "V"]
    assert told.find(Verification).auth_alg == MacAlg.HMAC_SHA_1_160


@pytest.mark.requirement("3830-5.1.2-2", "3830-5.1.1-2")
def test_the_initiator_reads_the_refusal_and_can_offer_again() -> None:
    pair, initiator = policy_pair()
    fault = refused(pair, initiator.message.octets)
    with pytest.raises(ErrorReported) as caught:
        initiator.complete(fault.reply or b"")
    report = caught.value
    assert (report.error_nos, report.advisory) == ((ErrorNo.INVALID_SPPAR,), False)
    agreed = SrtpParameters.from_payload(report.policies[0])
    again = pair.psk_initiator(pair.bundle(policies={0: agreed}))
    assert again.message.find(Timestamp) != initiator.message.find(Timestamp)
    assert pair.respond(again.message.octets).established.bundle.policies == {0: agreed}


@pytest.mark.requirement("3830-5.1.2-6")
def test_unauthenticated_errors_are_hints_and_change_nothing() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    forged = build_error(initiator.message.header, initiator.message.find(Timestamp), ErrorNo.UNSPECIFIED)
    with pytest.raises(ErrorReported, match="only a hint") as caught:
        initiator.complete(forged.octets)
    assert caught.value.advisory is True
    assert initiator.complete(pair.respond(initiator.message.octets).reply or b"").bundle == initiator.early_bundle


def test_a_forged_proof_is_no_error_message() -> None:
    pair, initiator = policy_pair()
    reply = refused(pair, initiator.message.octets).reply or b""
    with pytest.raises(PeerError) as caught:
        initiator.complete(changed(reply, len(reply) - 1))
    assert not isinstance(caught.value, ErrorReported)
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("3830-5.1.2-5", "3830-5.3-5")
@pytest.mark.parametrize("report", [True, False])
def test_failed_authentication_is_reported_only_on_request_and_never_signed(report: bool) -> None:
    pair = Pair(report_unauthenticated=report)
    fault = refused(pair, pair.psk_initiator(key=Secret(b"not the same key")).message.octets)
    assert fault.mikey_error == ErrorNo.AUTH_FAILURE
    if not report:
        assert fault.reply is None
        return
    assert chain(fault.reply or b"") == ["T", "ERR"]


@pytest.mark.requirement("3830-5.1.2-6")
def test_a_forger_costs_one_verification() -> None:
    pair = Pair(report_unauthenticated=True)
    octets = pair.psk_initiator(key=Secret(b"not the same key")).message.octets
    with mock.patch.object(protection, "mac", wraps=protection.mac) as mac:
        refused(pair, octets)
    assert mac.call_count == 1


@pytest.mark.requirement("3830-9.5-2")
@pytest.mark.parametrize("peer", [None, "sip:carol@example.com"])
def test_messages_for_others_are_refused(peer: str | None) -> None:
    pair = Pair()
    fault = refused(pair, pair.psk_initiator(peer=identity_of(peer) if peer else None).message.octets)
    assert fault.mikey_error == ErrorNo.INVALID_ID


def test_a_lone_identity_that_names_the_receiver_is_idr() -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    own, peer = message.all(Identity)
    assert own != peer
    without_idi = [p for p in message.payloads if p is not own]
    octets = Message.build(message.header, without_idi).octets[:-20]
    keys = pair.psk_initiator().early_bundle
    assert keys is not None
    fault = refused(pair, octets + bytes(20))
    assert fault.reason == "no key is shared with a peer without an identity"


def test_a_mac_that_has_a_name_and_is_not_run() -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    kemac = KeyDataTransport(
        encr_alg=EncrAlg.AES_CM_128, encr_data=bytes(36), mac_alg=MacAlg.HMAC_SHA_256_256, mac=bytes(32)
    )
    fault = refused(pair, Message.build(message.header, (*message.payloads[:-1], kemac)).octets)
    assert fault.mikey_error == ErrorNo.INVALID_MAC


def test_an_error_message_may_give_no_reason() -> None:
    pair = Pair(bobs_credentials=(NullCredential(),))
    for initiator in (pair.psk_initiator(), pair.null_initiator()):
        header = replace(initiator.message.header, data_type=DataType.ERROR, sessions=())
        message = Message.build(header, (initiator.message.find(Timestamp),))
        with pytest.raises(ErrorReported, match="no reason") as caught:
            initiator.complete(message.octets)
        assert (caught.value.mikey_error, caught.value.error_nos) == (ErrorNo.UNSPECIFIED, ())


def test_several_errors_and_policies_are_all_read() -> None:
    pair = Pair()
    initiator = pair.psk_initiator()
    message = Message.build(
        replace(initiator.message.header, data_type=DataType.ERROR, sessions=()),
        (
            initiator.message.find(Timestamp),
            ErrorPayload(error_no=ErrorNo.INVALID_EA),
            ErrorPayload(error_no=ErrorNo(77)),
        ),
    )
    with pytest.raises(ErrorReported) as caught:
        initiator.complete(message.octets)
    assert caught.value.error_nos == (ErrorNo.INVALID_EA, 77)
    assert "77" in str(caught.value)


@pytest.mark.parametrize("cut", [1, 9, 10, 30, 60, 100])
def test_malformed_messages_are_dropped(cut: int) -> None:
    pair = Pair()
    with pytest.raises(DecodeError):
        pair.respond(pair.psk_initiator().message.octets[:-cut])
    with pytest.raises(DecodeError):
        pair.psk_initiator().complete(b"")


def test_the_registry_of_prfs_decides() -> None:
    pair = Pair()
    message = pair.psk_initiator().message
    assert refused(pair, patched(message, 3, 0x81)).mikey_error == ErrorNo.INVALID_PRF
    assert PrfFunc(1).known
    assert EncrAlg(3).known
    assert refused(pair, patched(message, end_of(message, KeyDataTransport) + 1, 3)).mikey_error == ErrorNo.INVALID_EA
    assert Secret(b"") != PSK
    assert IdType(9).known is False
