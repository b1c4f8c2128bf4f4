"""ECMQV: what its messages consist of, and answers that don't go with what was sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads.eccpt import EccPoint
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.registry import ErrorNo, MacAlg
from tests.exchange.ends import Case, Ends, authority, certified
from tests.exchange.pair import ALICE, BOB, chain


def ends() -> Ends:
    return Ends.of(Case(Mode.ECMQV, "ec"))


def test_what_the_messages_consist_of() -> None:
    initiator, response, established = ends().run()
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "CERT", "ID", "SP", "ECCPT", "SIGN"]
    answer = Message.decode(response.reply or b"")
    assert chain(answer.octets) == ["T", "ID", "CERT", "ID", "ECCPT", "ECCPT", "V"]
    assert [identity.data.decode() for identity in answer.all(Identity)] == [BOB, ALICE]
    assert answer.all(EccPoint)[1] == initiator.message.find(EccPoint)
    assert len(established.bundle.keys[0].key) == 16


def test_answers_that_do_not_go_with_the_point() -> None:
    """Another echo, other parameters, or our own point as the peer's: refused before any point is multiplied."""
    made = ends()
    initiator, other = made.initiator(), made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    theirs, ours = reply.all(EccPoint)
    foreign = other.message.find(EccPoint)
    for pair in (
        (theirs, foreign),
        (replace(theirs, tgk_octets=32), ours),
        (replace(theirs, auth_alg=MacAlg.NULL), ours),
        (ours, ours),
    ):
        payloads = (*reply.payloads[:4], *pair, reply.payloads[-1])
        with pytest.raises(PeerError, match="does not go with") as refused:
            initiator.complete(Message.build(reply.header, payloads).octets)
        assert refused.value.mikey_error == ErrorNo.INVALID_DH
    assert initiator.complete(reply.octets).peer == BOB


def test_an_answer_to_somebody_else_is_refused() -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    payloads = (*reply.payloads[:3], identity_of("sip:carol@example.com"), *reply.payloads[4:])
    with pytest.raises(PeerError) as refused:
        initiator.complete(Message.build(reply.header, payloads).octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


@pytest.mark.parametrize(
    ("changed", "number"),
    [({"auth_alg": MacAlg.NULL}, ErrorNo.INVALID_MAC), ({"tgk_octets": 15}, ErrorNo.UNSPECIFIED)],
)
def test_requests_for_too_little(changed: dict[str, object], number: ErrorNo) -> None:
    made = ends()
    sent = made.initiator().message
    payloads = tuple(replace(p, **changed) if isinstance(p, EccPoint) else p for p in sent.payloads[:-1])
    octets = close_with_sign(sent.header, payloads, credential=made.alices, choices=DEFAULT_CHOICES).octets
    with pytest.raises(PeerError) as refused:
        made.respond(octets)
    assert refused.value.mikey_error == number
    assert len(made.pair.bundles) == 0


@pytest.mark.parametrize(("mode", "key"), [(Mode.ECMQV, "ec"), (Mode.RSA_R, "rsa")])
def test_a_key_that_may_only_sign_is_used_for_nothing_else(mode: Mode, key: str) -> None:
    made = Ends.of(Case(mode, key))
    usual = certified(ALICE, key)
    holder = authority().issue(ALICE, key=usual.key, usage=("digital_signature",))
    made.alices = CertificateCredential((holder.certificate,), holder.key, Trust(anchors=(authority().certificate,)))
    with pytest.raises(PeerError) as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT
