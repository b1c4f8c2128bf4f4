"""SAML-assisted Diffie-Hellman: what the second round refuses, altered messages and authentic ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.keys import fresh_tgk
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.dhsaml_seal import Contents, close_with_contents
from mikey_sdp.mikey.modes.dhsaml_secrets import Direction, message_keys
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.payloads import KeyDataTransport
from mikey_sdp.mikey.registry import DataType, DhGroup, EncrAlg, ErrorNo, MacAlg
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import Case, named
from tests.exchange.pair import BOB, changed
from tests.exchange.test_dhsaml_round2 import Rounds

P_256 = DhGroup.ECP_P_256
FORMS = [
    Case(Mode.DHSAML, choices=Choices(dh_group=P_256, saml=SamlChoices(round_2=kind)))
    for kind in (RoundTwo.LIVENESS, RoundTwo.GROUP, RoundTwo.STRENGTHEN)
]


@pytest.mark.parametrize("case", FORMS, ids=named)
def test_every_prefix_and_every_flipped_bit_of_the_second_round_is_refused(case: Case) -> None:
    rounds = Rounds.of(case.choices.saml.round_2)
    bundle = rounds.between.bundle
    if case.choices.saml.round_2 is RoundTwo.GROUP:
        bundle = bundle.updated(keys=(fresh_tgk(rounds.ends.pair.entropy),))
    initiator = rounds.second(bundle)

    def refused_by(take: object, octets: bytes) -> None:
        for end in range(len(octets)):
            with pytest.raises((DecodeError, PeerError)):
                take(octets[:end])
        for offset in range(len(octets)):
            for bit in range(8):
                with pytest.raises((DecodeError, PeerError)):
                    take(changed(octets, offset, 1 << bit))

    refused_by(rounds.ends.respond, initiator.message.octets)
    reply = rounds.ends.respond(initiator.message.octets).reply or b""
    refused_by(initiator.complete, reply)
    assert initiator.complete(reply).peer == BOB


def said(rounds: Rounds, contents: Contents, **changes: object) -> bytes:
    """An I_MSG_2 by somebody who has the keys and says something else."""
    due, header = rounds.between.bundle.continuation, rounds.second().message.header
    given = {"timestamp": due.timestamp, "encr_alg": EncrAlg.AES_CM_128, "appended": due.transcript, **changes}
    keys = message_keys(due, header, Direction.I_MSG_2)
    return close_with_contents(header, (given["timestamp"],), contents, keys=keys, **given).octets


def test_what_authentic_messages_can_not_say() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS)
    key = fresh_tgk(SeededEntropy(b"a key"))
    due = rounds.between.bundle.continuation
    for octets, number in (
        (said(rounds, Contents(rand=bytes(16), keys=(key,))), ErrorNo.UNSPECIFIED),
        (said(rounds, Contents(rand=b"short")), ErrorNo.UNSPECIFIED),
        (said(rounds, Contents(rand=bytes(16)), timestamp=replace(due.timestamp, value=1)), ErrorNo.INVALID_TS),
        (said(rounds, Contents(rand=bytes(16)), encr_alg=EncrAlg.NULL), ErrorNo.INVALID_EA),
        (said(rounds, Contents(rand=bytes(16)), appended=due.transcript[:-1]), ErrorNo.AUTH_FAILURE),
    ):
        with pytest.raises(PeerError) as refused:
            rounds.ends.respond(octets)
        assert refused.value.mikey_error == number
    message = rounds.second().message
    kemac = message.find(KeyDataTransport)
    bare = replace(kemac, mac_alg=MacAlg.NULL, mac=b"")
    with pytest.raises(PeerError) as refused:
        rounds.ends.respond(Message.build(message.header, (*message.payloads[:-1], bare)).octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_MAC
    assert rounds.finish()[2].peer == BOB


def test_both_ends_can_not_own_the_group() -> None:
    rounds = Rounds.of(RoundTwo.GROUP)
    entropy = rounds.ends.pair.entropy
    initiator = rounds.second(rounds.between.bundle.updated(keys=(fresh_tgk(entropy),)))
    due, sent = rounds.between.bundle.continuation, initiator.message
    header = replace(sent.header, data_type=DataType.DHSAML_R_MSG_2)
    answer = close_with_contents(
        header,
        (due.timestamp,),
        Contents(rand=bytes(16), keys=(fresh_tgk(entropy),)),
        keys=message_keys(due, header, Direction.R_MSG_2),
        timestamp=due.timestamp,
        encr_alg=EncrAlg.AES_CM_128,
        appended=due.transcript + sent.octets,
    )
    with pytest.raises(PeerError, match="2 ends send keys"):
        initiator.complete(answer.octets)


def test_an_answer_goes_with_the_message_that_it_answers() -> None:
    rounds = Rounds.of(RoundTwo.STRENGTHEN)
    first, second = rounds.second(), rounds.another()
    reply = rounds.ends.respond(first.message.octets).reply or b""
    with pytest.raises(PeerError) as refused:
        second.complete(reply)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    assert first.complete(reply).peer == BOB


@pytest.mark.parametrize("round_2", [RoundTwo.LIVENESS, RoundTwo.STRENGTHEN])
def test_keys_are_for_groups(round_2: RoundTwo) -> None:
    rounds = Rounds.of(round_2)
    with pytest.raises(UsageError, match="for a group only"):
        rounds.second(rounds.between.bundle.updated(keys=(fresh_tgk(rounds.ends.pair.entropy),)))
    handed_on = Rounds.of(RoundTwo.GROUP)
    with pytest.raises(UsageError, match="by its owner"):
        handed_on.second(handed_on.between.bundle.updated(keys=(fresh_tgk(rounds.ends.pair.entropy),), own=False))


def test_what_a_second_round_builds_on_never_prints() -> None:
    due = Rounds.of(RoundTwo.LIVENESS, variant=Variant.STATIC).between.bundle.continuation
    shown = repr(due)
    for secret in (due.protection_key.reveal(), due.transcript, due.rands):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1][:40] not in shown


def test_the_literal_form_has_no_second_round_and_a_clock_left_out_needs_one() -> None:
    with pytest.raises(UsageError):
        SamlChoices(literal=True, round_2=RoundTwo.LIVENESS)
    assert SamlChoices(ignore_clock=True).terms.clock.name == "CHECK"
    assert SamlChoices(ignore_clock=True, round_2=RoundTwo.GROUP).terms.clock.name == "IGNORE"
