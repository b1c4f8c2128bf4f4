"""A call in every mode through offers and answers: keys, media, re-keying, more streams, and who is let in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Endpoint, KeySet, Options
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import CASES, NOW_US, Case, authority, certified, credential, named
from tests.unit.endpoint.ends import ALICE, BOB, SECOND_US, Clock, body

CAROL = "sip:carol@example.com"
PACKET = bytes.fromhex("8000000100000000000000a1") + b"hello, Bob"
BACK = bytes.fromhex("8000000100000000000000b2") + b"hello, Alice"
SECURE = {"secure_carrier": True}


class Call:
    """Alice calls Bob in one mode."""

    def __init__(self, case: Case, *, alices: Credential | None = None, bobs: Credential | None = None) -> None:
        self.case = case
        self.clock = Clock(NOW_US)
        self.alice = self.end(ALICE, alices or credential(case.mode, ALICE, BOB, case.key, case.choices.dh_group))
        self.bob = self.end(BOB, bobs or credential(case.mode, BOB, ALICE, case.key, case.choices.dh_group))

    def end(self, identity: str, held: Credential, **options: object) -> Endpoint:
        return Endpoint(
            identity,
            credentials=[held],
            clock=self.clock,
            entropy=SeededEntropy(identity.encode()),
            modes=[self.case.mode],
            options=Options(choices=self.case.choices, **options),
        )

    def set_up(self, sdp: str | None = None) -> tuple[KeySet, KeySet]:
        offer = self.alice.offer(sdp or body(), to=BOB, **SECURE)
        answer = self.bob.answer(offer.sdp, sdp or body(host=2), caller=ALICE, **SECURE)
        assert answer.keys is not None, answer.rejection
        return offer.accept(answer.sdp or ""), answer.keys


every = pytest.mark.parametrize("case", CASES, ids=named)


def settled(caller: KeySet, callee: KeySet) -> tuple[KeySet, KeySet]:
    """The keys of both when the exchange that the caller began is over, in however many rounds."""
    while caller.further_round:
        offer = caller.leg.offer(body())
        answer = callee.leg.answer(offer.sdp, body(host=2))
        caller = offer.accept(answer.sdp or "")
        callee.leg.confirm()
        callee = callee.leg.keys
    return caller, callee


def talk(alice: KeySet, bob: KeySet, media: int = 0) -> None:
    there, back = alice.session(media), bob.session(media)
    assert back.unprotect(there.protect(PACKET)) == PACKET
    assert there.unprotect(back.protect(BACK)) == BACK


@every
def test_a_call_in_every_mode(case: Case) -> None:
    alice, bob = Call(case).set_up()
    assert (alice.mode, bob.mode, alice.peer, bob.peer) == (case.mode, case.mode, BOB, ALICE)
    talk(alice, bob)


@every
def test_several_streams_in_every_mode(case: Case) -> None:
    alice, bob = Call(case).set_up(body("audio", "video"))
    for media in (0, 1):
        talk(alice, bob, media)
    keys = {sa.master_key.reveal() for media in alice.media.values() for sa in (*media.send, *media.receive)}
    assert len(keys) == 4


@every
@pytest.mark.requirement("4738-3.6-19")
def test_re_keying_in_every_mode(case: Case) -> None:
    call = Call(case)
    alice, bob = call.set_up()
    talk(alice, bob)
    alice, bob = settled(alice, bob)
    for caller, callee in ((alice, bob), (bob, alice)):
        call.clock.unix_us += SECOND_US
        offer = caller.leg.offer(body(), rekey=True)
        answer = callee.leg.answer(offer.sdp, body(host=2))
        assert answer.keys is not None, answer.rejection
        newer = offer.accept(answer.sdp or "")
        callee.leg.confirm()
        assert newer.media[0].send != caller.media[0].send
        sent, taken = newer.session(0), answer.keys.session(0)
        packet = PACKET if caller is alice else BACK
        bumped = packet[:2] + (2).to_bytes(2, "big") + packet[4:]
        assert taken.unprotect(sent.protect(bumped)) == bumped
        alice, bob = (newer, answer.keys) if caller is alice else (answer.keys, newer)


@pytest.mark.requirement("3830-4.5-8")
@pytest.mark.parametrize("mode", [Mode.RSA, Mode.RSA_R, Mode.ECIES])
def test_the_envelope_key_re_keys_without_public_keys(mode: Mode) -> None:
    alice, bob = Call(Case(mode, "ec" if mode is Mode.ECIES else "rsa")).set_up()
    offer = alice.leg.offer(body(), rekey=True)
    answer = bob.leg.answer(offer.sdp, body(host=2))
    assert answer.keys is not None
    assert answer.keys.mode is Mode.PSK
    assert offer.accept(answer.sdp or "").peer == BOB


@pytest.mark.parametrize("case", [case for case in CASES if not MODES[case.mode].pushes], ids=named)
def test_each_branch_of_a_fork_has_keys_of_its_own(case: Case) -> None:
    call = Call(case)
    offer = call.alice.offer(body(), to=BOB)
    other = Endpoint(
        BOB,
        credentials=[credential(case.mode, BOB, ALICE, case.key, case.choices.dh_group)],
        clock=call.clock,
        entropy=SeededEntropy(b"another device"),
    )
    answers = [end.answer(offer.sdp, body(host=2), caller=ALICE) for end in (call.bob, other)]
    taken = [offer.accept(answer.sdp or "") for answer in answers]
    assert taken[0].media[0].send[0].master_key != taken[1].media[0].send[0].master_key
    for mine, answer in zip(taken, answers, strict=True):
        assert answer.keys is not None
        talk(mine, answer.keys)


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_somebody_else_answers_only_where_that_is_allowed(mode: Mode) -> None:
    case = Case(mode)
    call = Call(case)
    holder = certified(CAROL, "rsa")
    held = CertificateCredential((holder.certificate,), holder.key, Trust(anchors=(authority().certificate,)))
    carol = call.end(CAROL, held, require_idr=False)
    offer = call.alice.offer(body(), to=BOB)
    answer = carol.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.rejection is not None  # the offer names Bob
    assert answer.rejection.mikey_error == ErrorNo.INVALID_ID


def test_a_caller_whose_certificate_names_another() -> None:
    mallory = certified("sip:mallory@example.com", "rsa")
    trust = Trust(anchors=(authority().certificate,))
    held = CertificateCredential((mallory.certificate,), mallory.key, trust, names_owner=False)
    call = Call(Case(Mode.DHSIGN), alices=held)
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.rejection is not None
    assert answer.rejection.mikey_error == ErrorNo.INVALID_ID
    assert call.bob.open_bundles == 0


def test_certificates_are_judged_by_the_clock_of_the_end() -> None:
    call = Call(Case(Mode.DHSIGN))
    call.clock.unix_us += 366 * 24 * 3600 * SECOND_US
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.rejection is not None
    assert answer.rejection.mikey_error == ErrorNo.INVALID_CERT
    assert "expired" in answer.rejection.warning[1]


def test_an_answer_is_refused_where_the_responder_can_not_be_trusted() -> None:
    case = Case(Mode.DHSIGN)
    holder = certified(ALICE, "rsa")
    call = Call(case, alices=CertificateCredential((holder.certificate,), holder.key, Trust()))
    offer = call.alice.offer(body(), to=BOB)
    answer = call.bob.answer(offer.sdp, body(host=2), caller=ALICE)
    with pytest.raises(PeerError) as refused:
        offer.accept(answer.sdp or "")
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT
    assert call.alice.open_bundles == 0


@pytest.mark.requirement("5197-5-R3", "5197-5-R4", "5197-5-R5", "5197-5-R2")
def test_which_mode_the_policy_takes() -> None:
    call = Call(Case(Mode.RSA))

    def chosen(mode: Mode, key: str = "rsa", *, knows: bool = True, secrecy: bool = False) -> Mode:
        held = credential(mode, ALICE, BOB, key)
        if not knows and isinstance(held, CertificateCredential):
            held = replace(held, trust=replace(held.trust, known=()))
        end = Endpoint(
            ALICE,
            credentials=[held],
            clock=call.clock,
            entropy=SeededEntropy(b"policy"),
            options=Options(forward_secrecy=secrecy),
        )
        return end.offer(body(), to=BOB).mode

    assert chosen(Mode.PSK) is Mode.PSK
    assert chosen(Mode.PSK, secrecy=True) is Mode.DHHMAC
    assert chosen(Mode.RSA) is Mode.RSA
    assert chosen(Mode.RSA, knows=False) is Mode.RSA_R
    assert chosen(Mode.RSA, secrecy=True) is Mode.DHSIGN
    assert chosen(Mode.DHSIGN, "ec") is Mode.DHSIGN


def test_an_update_is_of_the_mode_that_made_the_bundle() -> None:
    """Who shares a key with Bob too can't turn a call with forward secrecy into one without."""
    case = Case(Mode.DHHMAC)
    call = Call(case)
    call.alice, call.bob = (
        Endpoint(
            identity,
            credentials=[credential(Mode.PSK, identity, peer)],
            clock=call.clock,
            entropy=SeededEntropy(identity.encode()),
            options=Options(forward_secrecy=True),
        )
        for identity, peer in ((ALICE, BOB), (BOB, ALICE))
    )
    alice, bob = call.set_up()
    assert alice.mode is Mode.DHHMAC
    (state,) = alice.leg._state.levels.values()
    alice.leg._state.levels[None] = replace(state, mode=Mode.PSK)
    offer = alice.leg.offer(body(), rekey=True)
    answer = bob.leg.answer(offer.sdp, body(host=2))
    assert answer.rejection is not None
    assert answer.rejection.mikey_error == ErrorNo.INVALID_DT
    assert bob.leg.keys.media == bob.media
