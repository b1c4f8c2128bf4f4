"""What no profile takes in an answer, and that compat lets no altered message through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mikey_sdp.errors import DecodeError, MikeySdpError, PeerError
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import DhValue, EccPoint, KeyDataTransport, Payload
from mikey_sdp.mikey.registry import EncrAlg, MacAlg
from tests.exchange.acceptance_ends import (
    DHHMAC,
    DHSIGN,
    ECMQV,
    PSK_CASE,
    RSA,
    Answered,
    altered,
    answered,
    kemac_said_otherwise,
    profiled,
    refused,
    v_over,
)
from tests.exchange.ends import Case, Ends, named
from tests.exchange.forging import (
    MAC_OCTETS,
    later,
    rebuilt,
    signed,
    swapped,
    value_of,
    with_mac,
    with_names,
    without,
)
from tests.exchange.pair import ALICE, BOB, PSK

NEVER: tuple[tuple[str, Case, Callable[[Answered], bytes]], ...] = (
    ("V over nothing at all", PSK_CASE, v_over(lambda _it: b"")),
    ("V over one identity", PSK_CASE, v_over(lambda it: ALICE.encode() + value_of(it.sent))),
    ("V with a wrong tag", PSK_CASE, lambda it: last_flipped(it.answer.octets)),
    (
        "V of another key",
        PSK_CASE,
        lambda it: with_names(it.answer, replace(it.keys, auth_key=it.keys.salt_key), it.sent),
    ),
    (
        "another CSB",
        PSK_CASE,
        lambda it: with_names(
            Message.build(replace(it.answer.header, csb_id=it.answer.header.csb_id ^ 1), it.answer.payloads),
            it.keys,
            it.sent,
        ),
    ),
    ("four zeros", PSK_CASE, lambda it: it.answer.octets + bytes(4)),
    ("an octet that is no zero", PSK_CASE, lambda it: it.answer.octets + b"\x00\x01"),
    (
        "somebody else's answer",
        DHSIGN,
        altered(lambda payloads: for_carol(payloads)),
    ),
    ("somebody else's answer, turned round", DHHMAC, altered(lambda payloads: swapped(for_carol(payloads)))),
    ("no echo", DHSIGN, altered(without(DhValue))),
    ("no echo", ECMQV, altered(without(EccPoint))),
    ("a signature of the wrong end", DHSIGN, lambda it: signed(it.answer, ALICE, BOB, "rsa")),
    ("no MAC", DHHMAC, lambda it: no_mac(it.answer)),
    ("no MAC, and zeros", DHHMAC, lambda it: no_mac(it.answer) + bytes(20)),
    ("no MAC, and three zeros", DHHMAC, lambda it: no_mac(it.answer) + bytes(3)),
    ("a wrong MAC", DHHMAC, lambda it: last_flipped(kemac_said_otherwise(it.answer, it.keys, mac_alg=0))),
    ("a MAC that is cut", DHHMAC, lambda it: kemac_said_otherwise(it.answer, it.keys, mac_alg=0)[:-1]),
    ("a key in an answer", DHHMAC, lambda it: with_mac(filled(it.answer), it.keys)),
)


def for_carol(payloads: list[Payload]) -> list[Payload]:
    """Payloads that name another Initiator."""
    carol = identity_of("sip:carol@example.com")
    return [carol if payload == identity_of(ALICE) else payload for payload in payloads]


def last_flipped(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


def no_mac(message: Message) -> bytes:
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=b"", mac_alg=MacAlg.NULL, mac=b"")
    return Message.build(message.header, (*message.payloads[:-1], kemac)).octets


def filled(message: Message) -> Message:
    kemac = KeyDataTransport(
        encr_alg=EncrAlg.AES_KW_128, encr_data=bytes(8), mac_alg=MacAlg.HMAC_SHA_1_160, mac=bytes(MAC_OCTETS)
    )
    return Message.build(message.header, (*message.payloads[:-1], kemac))


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(("what", "case", "depart"), NEVER, ids=[f"{named(c)}: {what}" for what, c, _ in NEVER])
def test_answers_that_nobody_takes(
    profile: Profile, what: str, case: Case, depart: Callable[[Answered], bytes]
) -> None:
    it = answered(case, profile)
    with pytest.raises((DecodeError, PeerError)):
        it.initiator.complete(depart(it))
    assert it.initiator.complete(it.answer.octets).peer == BOB, what


@pytest.mark.parametrize("case", [PSK_CASE, RSA, DHSIGN, DHHMAC], ids=named)
def test_an_answer_to_an_update_must_repeat_its_t(case: Case) -> None:
    ends = Ends.of(case)
    _, _, before = ends.run()
    update = ends.initiator(
        bundle=before.bundle.updated(), previous=before.bundle, new_keys=False, profile=Profile.COMPAT
    )
    reply = Message.decode(ends.respond(update.message.octets).reply or b"")
    shared = before.bundle.envelope_key or PSK
    it = Answered(ends, update, reply, before.bundle.context.message_keys(shared), [])
    with pytest.raises(PeerError, match="timestamp"):
        update.complete(it.closed(rebuilt(reply, later)))


SAMPLE = (PSK_CASE, Case(Mode.DHHMAC), Case(Mode.DHSIGN, "ec"))


@pytest.mark.parametrize("case", SAMPLE, ids=named)
def test_no_altered_octet_gets_through_in_compat(case: Case) -> None:
    it = answered(case, Profile.COMPAT)
    ends = Ends.of(case)
    request = ends.initiator().message.octets
    for offset in range(len(request)):
        assert isinstance(refused(ends, flipped(request, offset), Profile.COMPAT), MikeySdpError)
    for offset in range(len(it.answer.octets)):
        with pytest.raises((DecodeError, PeerError)):
            it.initiator.complete(flipped(it.answer.octets, offset))
    assert len(ends.pair.bundles) == 0
    assert profiled(ends, request, Profile.COMPAT).established.tolerated == ()


def flipped(octets: bytes, offset: int) -> bytes:
    """One bit of one octet, a different one from octet to octet."""
    altered_octet = octets[offset] ^ 1 << (offset * 5 % 8)
    return octets[:offset] + bytes([altered_octet]) + octets[offset + 1 :]


@pytest.mark.parametrize("case", SAMPLE, ids=named)
def test_no_prefix_gets_through_in_compat(case: Case) -> None:
    it = answered(case, Profile.COMPAT)
    ends = Ends.of(case)
    request = ends.initiator().message.octets
    for end in range(len(request)):
        refused(ends, request[:end], Profile.COMPAT)
    for end in range(len(it.answer.octets)):
        with pytest.raises((DecodeError, PeerError)):
            it.initiator.complete(it.answer.octets[:end])
