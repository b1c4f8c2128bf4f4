"""Messages of Initiators that only the compat profile takes, those that neither does, and some that both do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.protection import encrypt
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Initiator, Mode
from mikey_sdp.mikey.payloads import (
    KeyData,
    KeyDataTransport,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Timestamp,
    encode_key_data,
)
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, KeyDataType, MacAlg, SrtpEncrAlg, SrtpParam
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.secret import Secret
from tests.exchange.acceptance_ends import kemac_said_otherwise, profiled, refused
from tests.exchange.ends import Case, Ends
from tests.exchange.forging import MAC_OCTETS, in_clear, rebuilt, with_mac, without
from tests.exchange.pair import ALICE, PSK, teks

KEY = bytes(range(16))
SALT = bytes(range(100, 114))
TEK = KeyData(key_type=KeyDataType.TEK, key=Secret(KEY))
JOINT = KeyData(key_type=KeyDataType.TEK, key=Secret(KEY + SALT))
SALTED = KeyData(key_type=KeyDataType.TEK_SALT, key=Secret(KEY), salt=Secret(SALT))
TGK = KeyData(key_type=KeyDataType.TGK, key=Secret(KEY))
STREAMS_OF_ONE_TEK = 2
T = Tolerance


@dataclass(frozen=True)
class Offered:
    """An honest offer and who made it."""

    ends: Ends
    initiator: Initiator

    @classmethod
    def of(cls, mode: Mode) -> Offered:
        ends = Ends.of(Case(mode))
        return cls(ends, ends.initiator())

    @property
    def message(self) -> Message:
        return self.initiator.message

    @property
    def bundle(self) -> Bundle:
        return self.initiator._setup.bundle

    @property
    def mac_keys(self) -> object:
        return self.bundle.context.message_keys(PSK)


def unprotected(*keys: KeyData, change: Callable[[list[Payload]], list[Payload]]) -> Callable[[Offered], bytes]:
    return lambda it: in_clear(it.message, *keys, change=change).octets


def under_psk(*keys: KeyData, change: Callable[[list[Payload]], list[Payload]]) -> Callable[[Offered], bytes]:
    """A message in PSK mode with those keys, properly encrypted and authenticated."""

    def build(it: Offered) -> bytes:
        message, mac_keys = it.message, it.mac_keys
        stamp = message.find(Timestamp)
        data = encrypt(
            EncrAlg.AES_CM_128,
            mac_keys,
            csb_id=message.header.csb_id,
            timestamp=stamp,
            plain=encode_key_data(keys),
        )
        kemac = KeyDataTransport(
            encr_alg=EncrAlg.AES_CM_128, encr_data=data, mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(MAC_OCTETS)
        )
        return with_mac(Message.build(message.header, (*change(list(message.payloads[:-1])), kemac)), mac_keys)

    return build


def same(payloads: list[Payload]) -> list[Payload]:
    return payloads


def with_type_3(octets: int, *more: PolicyParam) -> Callable[[list[Payload]], list[Payload]]:
    """Payloads whose policy gives the length of an authentication key."""
    sp = SecurityPolicy(
        policy_no=0,
        params=(PolicyParam(type=SrtpParam.SESSION_AUTH_KEY_LENGTH, value=bytes([octets])), *more),
    )
    return lambda payloads: [sp if isinstance(payload, SecurityPolicy) else payload for payload in payloads]


def at_filetime(payloads: list[Payload]) -> list[Payload]:
    """Payloads whose T is a Windows FILETIME."""
    return [Timestamp(value=0x01D38E19_00000000) if isinstance(payload, Timestamp) else payload for payload in payloads]


def resealed(change: Callable[[list[Payload]], list[Payload]]) -> Callable[[Offered], bytes]:
    """A PSK or DHHMAC message with other payloads and a right MAC."""
    return lambda it: with_mac(rebuilt(it.message, change), it.mac_keys)


def renumbered(it: Offered, **numbers: int) -> bytes:
    return kemac_said_otherwise(it.message, it.mac_keys, **numbers)


ALIKE = [KEY + bytes(14)] * STREAMS_OF_ONE_TEK
SALTED_ALIKE = [KEY + SALT] * STREAMS_OF_ONE_TEK
Departure = tuple[str, Mode, Callable[[Offered], bytes], tuple[Tolerance, ...], list[bytes] | None, object]
DEPARTURES: tuple[Departure, ...] = (
    ("zero", Mode.PSK, lambda it: it.message.octets + bytes(1), (T.TRAILING_ZEROS,), None, DecodeError),
    ("zeros", Mode.DHSIGN, lambda it: it.message.octets + bytes(3), (T.TRAILING_ZEROS,), None, DecodeError),
    ("zero", Mode.RSA, lambda it: it.message.octets + bytes(1), (T.TRAILING_ZEROS,), None, DecodeError),
    ("RAND", Mode.NULL, unprotected(SALTED, change=without(Rand)), (T.RAND_MISSING,), SALTED_ALIKE, 12),
    ("SP", Mode.NULL, unprotected(TEK, change=without(SecurityPolicy)), (T.SP_MISSING,), ALIKE, 9),
    ("SP", Mode.PSK, under_psk(SALTED, change=without(SecurityPolicy)), (T.SP_MISSING,), SALTED_ALIKE, 9),
    ("30", Mode.NULL, unprotected(JOINT, change=same), (T.TEK_WITH_SALT,), SALTED_ALIKE, 10),
    ("30", Mode.PSK, under_psk(JOINT, change=same), (T.TEK_WITH_SALT,), SALTED_ALIKE, 10),
    (
        "a camera",
        Mode.NULL,
        unprotected(JOINT, change=lambda payloads: at_filetime(without(Rand, SecurityPolicy)(payloads))),
        (T.ABSURD_T, T.RAND_MISSING, T.SP_MISSING, T.TEK_WITH_SALT),
        SALTED_ALIKE,
        1,
    ),
    ("FILETIME", Mode.NULL, unprotected(SALTED, change=at_filetime), (T.ABSURD_T,), SALTED_ALIKE, 1),
    (
        "2",
        Mode.DHHMAC,
        lambda it: renumbered(it, encr_alg=2),
        (T.NULL_ENCRYPTION_IS_2,),
        None,
        4,
    ),
    (
        "0",
        Mode.DHHMAC,
        lambda it: renumbered(it, mac_alg=0),
        (T.HMAC_IS_0,),
        None,
        DecodeError,
    ),
    ("10", Mode.PSK, resealed(with_type_3(10)), (T.TAG_LENGTH_IN_TYPE_3,), None, 10),
    ("4", Mode.DHHMAC, resealed(with_type_3(4)), (T.TAG_LENGTH_IN_TYPE_3,), None, 10),
)


def label(departure: Departure) -> str:
    what, mode, _, tolerances, *_ = departure
    return f"{mode}: {what}: {' + '.join(tolerance.name for tolerance in tolerances)}"


@pytest.mark.parametrize("departure", DEPARTURES, ids=label)
def test_offers_that_only_compat_takes(departure: Departure) -> None:
    _, mode, depart, expected, sent, error = departure
    assert all(mode.value in tolerance.modes for tolerance in expected)
    strict = Offered.of(mode)
    fault = refused(strict.ends, depart(strict), Profile.STRICT)
    assert isinstance(fault, DecodeError) if error is DecodeError else fault.mikey_error == error
    lenient = Offered.of(mode)
    response = profiled(lenient.ends, depart(lenient), Profile.COMPAT)
    assert response.established.tolerated == expected
    assert response.established.peer == ALICE
    theirs = teks(response.established.bundle)
    if sent is not None:
        assert theirs == sent
    else:
        assert teks(lenient.initiator.complete(response.reply or b"").bundle) == theirs


@pytest.mark.parametrize("octets", [4, 10])
def test_a_tag_length_in_the_wrong_place_is_the_tag_length(octets: int) -> None:
    it = Offered.of(Mode.PSK)
    bundle = profiled(it.ends, resealed(with_type_3(octets))(it), Profile.COMPAT).established.bundle
    assert dict(bundle.policies) == {0: replace(DEFAULT_SRTP, tag_octets=octets)}


def test_the_default_policy_is_that_of_every_stream() -> None:
    it = Offered.of(Mode.NULL)
    octets = unprotected(TEK, change=without(SecurityPolicy))(it)
    assert dict(profiled(it.ends, octets, Profile.COMPAT).established.bundle.policies) == {0: DEFAULT_SRTP}


TAG = PolicyParam(type=SrtpParam.AUTHENTICATION_TAG_LENGTH, value=b"\x0a")
AES_F8 = PolicyParam(type=SrtpParam.ENCRYPTION_ALGORITHM, value=bytes([SrtpEncrAlg.AES_F8]))
LONG = KeyData(key_type=KeyDataType.TEK, key=Secret(bytes(31)))
LONG_TGK = KeyData(key_type=KeyDataType.TGK, key=Secret(bytes(30)))
NEVER: tuple[tuple[str, Mode, Callable[[Offered], bytes], object], ...] = (
    ("four zeros", Mode.PSK, lambda it: it.message.octets + bytes(4), DecodeError),
    ("a TGK without RAND", Mode.NULL, unprotected(TGK, change=without(Rand)), 12),
    ("a TGK beside a TEK without RAND", Mode.NULL, unprotected(TEK, TGK, change=without(Rand)), 12),
    ("no key, no RAND", Mode.NULL, unprotected(change=without(Rand)), 12),
    ("a TGK without SP", Mode.NULL, unprotected(TGK, change=without(SecurityPolicy)), 9),
    ("no RAND under a MAC", Mode.PSK, under_psk(SALTED, change=without(Rand)), 12),
    ("an absurd T under a MAC", Mode.PSK, resealed(at_filetime), 1),
    ("31 octets", Mode.NULL, unprotected(LONG, change=same), 10),
    ("type 3 beside the tag length", Mode.PSK, resealed(with_type_3(4, TAG)), 10),
    ("type 3 that is no tag length", Mode.PSK, resealed(with_type_3(12)), 10),
    ("a cipher that can't be run", Mode.PSK, resealed(with_type_3(10, AES_F8)), 10),
    ("no MAC", Mode.DHHMAC, lambda it: no_mac(it.message), 3),
    ("no MAC, and zeros", Mode.DHHMAC, lambda it: no_mac(it.message) + bytes(20), 0),
    ("no MAC, and three zeros", Mode.DHHMAC, lambda it: no_mac(it.message) + bytes(3), 3),
    ("no MAC beside encryption", Mode.PSK, lambda it: no_mac(it.message, encr_alg=EncrAlg.AES_CM_128), 3),
    (
        "HMAC as 0",
        Mode.PSK,
        lambda it: renumbered(it, encr_alg=1, mac_alg=0),
        DecodeError,
    ),
    ("AES-CM without data", Mode.DHHMAC, lambda it: renumbered(it, encr_alg=1), 4),
    ("a signature that is altered", Mode.DHSIGN, lambda it: it.message.octets[:-1] + b"\x00\x00", 0),
)


def no_mac(message: Message, *, encr_alg: EncrAlg = EncrAlg.NULL) -> bytes:
    data = bytes(20) if encr_alg else b""
    kemac = KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=MacAlg.NULL, mac=b"")
    return Message.build(message.header, (*message.payloads[:-1], kemac)).octets


@pytest.mark.parametrize(("what", "mode", "depart", "error"), NEVER, ids=[f"{row[1]}: {row[0]}" for row in NEVER])
def test_offers_that_nobody_takes(what: str, mode: Mode, depart: Callable[[Offered], bytes], error: object) -> None:
    it = Offered.of(mode)
    fault = refused(it.ends, depart(it), Profile.COMPAT)
    assert isinstance(fault, DecodeError) if error is DecodeError else fault.mikey_error == error, what
    assert len(it.ends.pair.bundles) == 0


def test_a_carrier_that_vouches_for_nothing_excuses_no_timestamp() -> None:
    it = Offered.of(Mode.NULL)
    octets = unprotected(SALTED, change=at_filetime)(it)
    assert refused(it.ends, octets, Profile.COMPAT, secure_carrier=False).mikey_error == ErrorNo.INVALID_TS


def test_an_absurd_timestamp_does_not_move_the_window_of_others() -> None:
    it = Offered.of(Mode.NULL)
    octets = unprotected(SALTED, change=at_filetime)(it)
    it.ends.pair.replay = ReplayCache(capacity=1)
    profiled(it.ends, octets, Profile.COMPAT)
    assert "before" in str(refused(it.ends, octets, Profile.COMPAT))
    for _ in range(3):
        profiled(it.ends, it.ends.initiator().message.octets, Profile.STRICT)


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC])
def test_zeros_make_no_new_message(mode: Mode) -> None:
    it = Offered.of(mode)
    profiled(it.ends, it.message.octets + bytes(1), Profile.COMPAT)
    for octets in (it.message.octets, it.message.octets + bytes(2)):
        assert "before" in str(refused(it.ends, octets, Profile.COMPAT))
