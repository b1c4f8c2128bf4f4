"""Exchanges in which one message is to be replaced by a departing one, and Bob with a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

import pytest

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import ecmqv
from mikey_sdp.mikey.modes.contract import Envelope, Initiator, Mode, Response
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import Identity, Rand
from tests.exchange.ends import Case, Ends
from tests.exchange.forging import (
    MAC_OCTETS,
    later,
    rebuilt,
    signed,
    tag,
    whole,
    with_mac,
    with_names,
    with_v,
)
from tests.exchange.pair import ALICE, BOB, PSK, teks

PSK_CASE = Case(Mode.PSK)
RSA = Case(Mode.RSA)
ECIES = Case(Mode.ECIES, "ec")
DHSIGN = Case(Mode.DHSIGN)
DHHMAC = Case(Mode.DHHMAC)
ECMQV = Case(Mode.ECMQV, "ec")
NULL = Case(Mode.NULL)
RSA_R = Case(Mode.RSA_R)
ENDING_IN_V = (PSK_CASE, RSA, ECIES, ECMQV)
EVERY = (PSK_CASE, NULL, RSA, ECIES, DHSIGN, DHHMAC, ECMQV, RSA_R)
NAMES = ALICE.encode() + BOB.encode()
STRANGE_RAND = Rand(octets=bytes(range(16)))


@dataclass(frozen=True)
class Answered:
    """An exchange of which the honest answer is there, and the keys that protect it."""

    ends: Ends
    initiator: Initiator
    answer: Message
    keys: MessageKeys | None
    teks: list[bytes]

    @property
    def sent(self) -> Message:
        return self.initiator.message

    def closed(self, message: Message) -> bytes:
        """The answer with the proof that belongs at its end."""
        mode = self.ends.case.mode
        if mode is Mode.DHSIGN:
            return signed(message, BOB, ALICE, self.ends.case.key)
        if mode is Mode.NULL:
            return message.octets
        assert self.keys is not None
        return with_mac(message, self.keys) if mode is Mode.DHHMAC else with_names(message, self.keys, self.sent)


def answered(case: Case, profile: Profile) -> Answered:
    ends = Ends.of(case)
    initiator = ends.initiator(profile=profile)
    with mock.patch.object(ecmqv, "close_with_v", wraps=ecmqv.close_with_v) as closing:
        response = ends.respond(initiator.message.octets)
    bundle = response.established.bundle
    keys = None
    if case.mode is Mode.ECMQV:
        keys = closing.call_args.kwargs["keys"]
    elif case.mode in (Mode.PSK, Mode.DHHMAC):
        keys = bundle.context.message_keys(PSK)
    elif bundle.envelope_key is not None:
        keys = bundle.context.message_keys(bundle.envelope_key)
    return Answered(ends, initiator, Message.decode(response.reply or b""), keys, teks(bundle))


def v_over(covered: Callable[[Answered], bytes]) -> Callable[[Answered], bytes]:
    return lambda it: with_v(it.answer, it.keys, covered(it))


def payloads_of_v(it: Answered) -> bytes:
    sent, answer = it.sent, it.answer
    return (
        whole(sent, sent.all(Identity)[0]) + whole(answer, answer.all(Identity)[0]) + whole(answer, answer.payloads[0])
    )


def fresh(proof: Callable[[Answered, Message], bytes]) -> Callable[[Answered], bytes]:
    return lambda it: proof(it, rebuilt(it.answer, later))


def altered(change: Callable[[list[object]], list[object]]) -> Callable[[Answered], bytes]:
    return lambda it: it.closed(rebuilt(it.answer, change))


def without_idi(payloads: list[object]) -> list[object]:
    return [payload for payload in payloads if payload != identity_of(ALICE)]


def kemac_said_otherwise(message: Message, keys: MessageKeys, *, encr_alg: int = 0, mac_alg: int = 1) -> bytes:
    """A message that ends in KEMAC and has other numbers for what that does."""
    octets = bytearray(message.octets)
    start = message.span(message.payloads[-1]).offset
    octets[start + 1], octets[-MAC_OCTETS - 1] = encr_alg, mac_alg
    covered = bytes(octets[:-MAC_OCTETS])
    return covered + tag(keys, covered)


def profiled(ends: Ends, octets: bytes, profile: Profile, *, secure_carrier: bool = True) -> Response:
    """Bob takes a message as that profile reads it, and keeps its CSB."""
    responder = ends.pair.responder(profile=profile)
    response = responder.respond(octets, now=ends.pair.bobs_now, envelope=Envelope(secure_carrier=secure_carrier))
    ends.pair.bundles.put(response.established.peer, response.established.bundle)
    return response


def refused(ends: Ends, octets: bytes, profile: Profile, *, secure_carrier: bool = True) -> DecodeError | PeerError:
    """Why Bob refuses a message."""
    with pytest.raises((DecodeError, PeerError)) as caught:
        profiled(ends, octets, profile, secure_carrier=secure_carrier)
    return caught.value
