"""The one attacker: he fails without the secrets, succeeds with them, and proves what he claims."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.dissect.known import Known
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.registry import CacheIndicator
from mikey_sdp.scenario.attack import Seen, attack, proved, rests_on_a_secret
from mikey_sdp.scenario.mode_cases import ALICE, BOB, CASES, ModeCase
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.sender import SrtpSender
from tests.unit.scenario.recorded_calls import (
    SDP,
    Call,
    case_of,
    derive_without_secret,
    in_sip,
    packet,
    passed,
)

by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
PLAIN = packet(0xABCD, 7, b"a secret word" * 8)
AGREED = {Mode.DHHMAC, Mode.DHSIGN, Mode.ECMQV, Mode.DHSAML}


def spoken(case: ModeCase, **more: object) -> Call:
    call = Call(case, **more)  # type: ignore[arg-type]
    call.says("desk", PLAIN)
    return call


def seen(call: Call) -> Seen:
    return Seen.of([*call.signalling, *call.media])


@by_case
def test_all_secrets_of_both_ends_open_a_call(case: ModeCase) -> None:
    call = spoken(case)
    found = proved(attack(seen(call), call.secrets_of("alice", "desk")))
    assert [one.proof.plain for one in found if one.proof] == [PLAIN]


@by_case
def test_without_secrets_only_a_call_that_nothing_protects_is_open(case: ModeCase) -> None:
    found = proved(attack(seen(spoken(case))))
    assert bool(found) == (case.mode is Mode.NULL)


@by_case
@pytest.mark.requirement("5197-3-16")
def test_long_term_secrets_open_the_recordings_of_modes_in_which_one_end_sends_the_key(case: ModeCase) -> None:
    call = spoken(case)
    found = proved(attack(seen(call), call.long_term_of("alice", "desk")))
    assert bool(found) == (case.mode not in AGREED)


@pytest.mark.requirement("5197-3.7-6")
def test_of_rsa_r_the_key_of_the_initiator_opens_a_recording_and_that_of_the_responder_does_not() -> None:
    call = spoken(case_of("RSA-R"))
    assert proved(attack(seen(call), call.long_term_of("alice")))
    assert not proved(attack(seen(call), call.long_term_of("desk")))


def test_a_key_without_a_packet_under_it_is_no_proof() -> None:
    call, other = spoken(case_of("PSK")), spoken(case_of("RSA"))
    found = attack(Seen.of([*call.signalling, *other.media]), call.long_term_of("alice"))
    assert found
    assert not proved(found)


def test_it_is_the_packet_of_another_place_that_counts_too() -> None:
    call = spoken(case_of("PSK"))
    assert proved(attack(Seen.of(call.signalling, call.media), call.long_term_of("desk")))
    assert not attack(Seen.of(call.media), call.long_term_of("desk"))


def test_a_message_that_passes_several_links_is_read_once_and_what_is_no_message_not_at_all() -> None:
    call = spoken(case_of("PSK"))
    rubbish = [
        passed(b"\xff\xfe", transport="UDP"),
        passed(b"no SIP at all", transport="TCP"),
        in_sip("v=0\r\na=key-mgmt:mikey AQ==\r\n"),
        in_sip("v=0\r\na=key-mgmt:mikey !\r\n"),
        passed(b"\x80\x00"),
        passed(b"\x80\xc8\x00\x01\x00\x00\x00\x00"),
    ]
    one = Seen.of([*rubbish, *call.signalling, *call.signalling, *call.media, *call.media])
    assert (len(one.messages), len(one.packets)) == (2, 2)
    assert proved(attack(one, call.long_term_of("desk")))


def test_updates_are_opened_with_what_the_first_exchange_brought() -> None:
    """A re-key in the mode of the call, and one under its envelope key."""
    for name in ("PSK", "RSA", "RSA-R"):
        call = spoken(case_of(name))
        caller, callee = call.ends["desk"]
        offer = caller.leg.offer(SDP.format("192.0.2.1"), rekey=True)
        answer = callee.leg.answer(offer.sdp, SDP.format("192.0.2.2"))
        call.signalling += [in_sip(offer.sdp), in_sip(answer.sdp)]
        keys = offer.accept(answer.sdp)
        callee.leg.confirm()
        call.media.clear()
        call.says("desk", packet(0xABCD, 8, b"under the new key"))
        found = proved(attack(seen(call), call.secrets_of("alice", "desk")))
        assert [one.sa.master_key for one in found] == [keys.media[0].receive[-1].master_key]
        assert not proved(attack(seen(call)))


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("RSA", {"cache": CacheIndicator.CACHE}),
        ("DHSIGN, OAKLEY 5", {"tgk_as_psk": True}),
    ],
)
def test_keys_that_are_kept_for_later_calls_open_those(name: str, choices: dict[str, object]) -> None:
    first = spoken(case_of(name), choices=choices, modes=(Mode.PSK,))
    offer = first.alice.offer(SDP.format("192.0.2.1"), to=BOB)
    assert offer.mode is Mode.PSK
    answer = first.bobs["desk"].answer(offer.sdp, SDP.format("192.0.2.2"), caller=ALICE)
    assert answer.keys is not None
    assert answer.sdp is not None
    packets = [passed(answer.keys.session(0).protect(PLAIN), party="desk", to="alice")]
    later = [in_sip(offer.sdp), in_sip(answer.sdp)]
    secrets = first.secrets_of("alice", "desk")
    assert proved(attack(Seen.of([*first.signalling, *later], packets), secrets))
    assert not proved(attack(Seen.of(later, packets), secrets))


@pytest.mark.parametrize(("round_2", "again"), [(RoundTwo.STRENGTHEN, True), (RoundTwo.LIVENESS, False)])
def test_a_second_round_is_opened_with_the_secrets_of_the_first(round_2: RoundTwo, again: bool) -> None:
    call = Call(case_of("DHSAML"), choices={"saml": SamlChoices(round_2=round_2)})
    call.says("desk", PLAIN)
    caller, callee = call.ends["desk"]
    offer = caller.leg.offer(SDP.format("192.0.2.1"))
    answer = callee.leg.answer(offer.sdp, SDP.format("192.0.2.2"))
    call.signalling += [in_sip(offer.sdp), in_sip(answer.sdp)]
    offer.accept(answer.sdp)
    callee.leg.confirm()
    call.says("desk", packet(0xABCD, 8, b"after the second round"))
    for name in ("alice", "desk"):
        found = proved(attack(seen(call), call.secrets_of(name)))
        keys = {one.sa.master_key.fingerprint() for one in found}
        assert len(keys) == (2 if again else 1)
    assert not attack(seen(call), call.long_term_of("alice", "desk"))


def test_whom_an_ssrc_is_promised_to_does_not_hold_him_up() -> None:
    """The exchange names the SSRC of a stream; a packet with another one under its key is read all the same."""
    call = Call(case_of("PSK"))
    offer = call.alice.offer(f"{SDP.format('192.0.2.1')}a=ssrc:16909060 cname:alice\r\n", to=BOB)
    assert offer.keys is not None
    (sa,) = offer.keys.media[0].send
    assert sa.ssrc == 0x01020304
    packets = [passed(SrtpSender((replace(sa, ssrc=0),)).protect(PLAIN))]
    assert proved(attack(Seen.of([in_sip(offer.sdp)], packets), call.long_term_of("desk")))


def test_what_another_exchange_s_secret_opens_is_told_apart() -> None:
    call = spoken(case_of("PSK"))
    assert not attack(seen(call), (Known(psk=Secret(bytes(32))),))


@by_case
def test_every_key_rests_on_what_the_ends_agreed_on(case: ModeCase) -> None:
    call = spoken(case)
    found = attack(seen(call), call.secrets_of("alice", "desk"))
    assert found
    assert all(map(rests_on_a_secret, found))


@by_case
def test_a_key_that_is_derived_of_nothing_secret_is_found_out(case: ModeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    derive_without_secret(monkeypatch)
    call = spoken(case)
    found = proved(attack(seen(call), call.secrets_of("alice", "desk")))
    assert found
    assert not any(map(rests_on_a_secret, found))
