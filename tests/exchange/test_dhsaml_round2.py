"""SAML-assisted Diffie-Hellman, the second round: liveness, group keys, stronger keys, and what it refuses."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

import pytest

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.keys import fresh_tgk
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Envelope, Established, Initiator, Mode, Response
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.dhsaml_seal import Contents, contents_of
from mikey_sdp.mikey.modes.dhsaml_secrets import Direction, message_keys
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.modes.groups import Group
from mikey_sdp.mikey.modes.quota import Limits, SignatureQuota
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.payloads import (
    KeyValidity,
    SecurityPolicy,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
)
from mikey_sdp.mikey.payloads.validity import ANY_PACKET
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, ProtType, TsType
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import Case, Ends
from tests.exchange.pair import ALICE, BOB, SECOND_US, chain, changed, teks

P_256 = DhGroup.ECP_P_256
HOURS_US = 3600 * SECOND_US


@dataclass
class Rounds:
    """Both rounds of an exchange between Alice and Bob."""

    ends: Ends
    first: Initiator
    between: Established
    answer: Response

    @classmethod
    def of(
        cls, round_2: RoundTwo, ends: Ends | None = None, *, validity: KeyValidity = ANY_PACKET, **saml: object
    ) -> Rounds:
        choices = Choices(dh_group=P_256, saml=SamlChoices(round_2=round_2, **saml))
        made = ends or Ends.of(Case(Mode.DHSAML, choices=choices))
        initiator, response, established = made.run(validity=validity)
        return cls(made, initiator, established, response)

    def second(self, bundle: Bundle | None = None) -> Initiator:
        return self.ends.initiator(bundle=bundle or self.between.bundle, previous=self.between.bundle)

    def another(self) -> Initiator:
        """A second message with another RAND3, which an honest end does not send."""
        before = self.between.bundle
        due = replace(before.continuation, own_rand=b"another random v")
        return self.ends.initiator(bundle=before, previous=replace(before, continuation=due))

    def finish(self, bundle: Bundle | None = None) -> tuple[Initiator, Response, Established]:
        initiator = self.second(bundle)
        response = self.ends.respond(initiator.message.octets)
        return initiator, response, initiator.complete(response.reply or b"")


def tgk(bundle: Bundle) -> bytes:
    return bundle.keys[0].key.reveal()


def plain(rounds: Rounds, message: Message, to: Direction) -> Contents:
    due = rounds.between.bundle.continuation
    return contents_of(message, keys=message_keys(due, message.header, to), timestamp=due.timestamp)


@pytest.mark.requirement("5197-3.6-10")
def test_liveness_keeps_the_key_and_uses_up_what_it_builds_on() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS)
    before = rounds.between.bundle
    waiting = rounds.answer.established.bundle
    assert before.continuation.initiated
    assert not waiting.continuation.initiated
    assert before.continuation.transcript == waiting.continuation.transcript
    initiator, response, established = rounds.finish()
    assert chain(initiator.message.octets) == chain(response.reply or b"") == ["T", "KEMAC"]
    assert (initiator.mode, established.mode) == (Mode.DHSAML, Mode.DHSAML)
    assert (established.peer, response.established.peer) == (BOB, ALICE)
    assert teks(established.bundle) == teks(response.established.bundle) == teks(before)
    assert established.bundle.continuation is response.established.bundle.continuation is None
    stamps = {rounds.first.message.find(Timestamp), initiator.message.find(Timestamp)}
    assert stamps == {Message.decode(response.reply or b"").find(Timestamp)}


@pytest.mark.requirement("5197-3.6-8")
def test_strengthening_makes_a_tgk_of_the_first_one_and_both_new_values() -> None:
    rounds = Rounds.of(RoundTwo.STRENGTHEN)
    initiator, response, established = rounds.finish()
    first = plain(rounds, initiator.message, Direction.I_MSG_2)
    second = plain(rounds, Message.decode(response.reply or b""), Direction.R_MSG_2)
    assert established.bundle.keys[0].validity == ANY_PACKET
    wanted = hmac.new(tgk(rounds.between.bundle), first.rand + second.rand, hashlib.sha1).digest()
    assert tgk(established.bundle) == tgk(response.established.bundle) == wanted
    assert not set(teks(established.bundle)) & set(teks(rounds.between.bundle))


def test_a_stronger_tgk_has_the_next_name() -> None:
    """Packets under the first one are still on their way."""
    rounds = Rounds.of(RoundTwo.STRENGTHEN, validity=SpiValidity(spi=b"\x41"))
    _, response, established = rounds.finish()
    for bundle in (established.bundle, response.established.bundle):
        assert bundle.keys[0].validity == SpiValidity(spi=b"\x42")


def test_each_message_has_keys_of_its_own() -> None:
    """T is one and the same, so that one key would give one key stream twice."""
    rounds = Rounds.of(RoundTwo.LIVENESS)
    due, header = rounds.between.bundle.continuation, rounds.first.message.header
    keys = [message_keys(due, header, direction) for direction in Direction]
    assert len({one.encr_key.reveal() for one in keys}) == len({one.auth_key.reveal() for one in keys}) == 3


@pytest.mark.requirement("5197-3.6-14")
def test_the_owner_of_a_group_gives_its_key_to_three_members() -> None:
    """Alice opens one CSB with each of three and pushes one TGK and one RAND: all have the same TEKs then."""
    entropy = SeededEntropy(b"a group")
    key, rand, csb_id = fresh_tgk(entropy), entropy(16), 0xC0FFEE
    members, pairwise = [], set()
    for name in (b"bob", b"carol", b"dave"):
        made = Ends.of(Case(Mode.DHSAML, choices=Choices(dh_group=P_256, saml=SamlChoices(round_2=RoundTwo.GROUP))))
        made.pair.entropy = SeededEntropy(name)
        initiator = made.initiator(bundle=made.pair.bundle(csb_id=csb_id, keys=()))
        response = made.respond(initiator.message.octets)
        rounds = Rounds(made, initiator, initiator.complete(response.reply or b""), response)
        pairwise.add(tgk(rounds.between.bundle))
        group = replace(rounds.between.bundle.updated(keys=(key,)), rand=rand)
        _, answer, established = rounds.finish(group)
        assert teks(established.bundle) == teks(answer.established.bundle)
        assert (established.bundle.own, answer.established.bundle.own) == (True, False)
        members.append(teks(answer.established.bundle))
    assert len(pairwise) == 3
    assert members[0] == members[1] == members[2]


def group_of(made: Ends, *members: str) -> Group:
    entropy = SeededEntropy(b"a group")
    bundle = made.pair.bundle(csb_id=0xFEED, rand=entropy(16), keys=(fresh_tgk(entropy),))
    return Group(bundle=bundle, admits=lambda who: who in members)


def test_a_responder_who_owns_a_group_gives_its_key_to_members() -> None:
    """Whoever calls him gets the group's key, RAND and CSB ID."""
    rounds = Rounds.of(RoundTwo.GROUP)
    group = group_of(rounds.ends, ALICE)
    initiator = rounds.second()
    responder = rounds.ends.pair.responder(groups=lambda name: group if name == BOB else None)
    response = responder.respond(initiator.message.octets, now=rounds.ends.pair.bobs_now)
    established = initiator.complete(response.reply or b"")
    assert established.bundle.csb_id == response.established.bundle.csb_id == 0xFEED
    assert teks(established.bundle) == teks(response.established.bundle) == teks(group.bundle)
    assert (established.bundle.own, response.established.bundle.own) == (False, True)


@pytest.mark.parametrize("members", [(), ("sip:carol@example.com",), None])
def test_who_is_no_member_gets_no_group_key(members: tuple[str, ...] | None) -> None:
    rounds = Rounds.of(RoundTwo.GROUP)
    group = None if members is None else group_of(rounds.ends, *members)
    responder = rounds.ends.pair.responder(groups=lambda _name: group)
    with pytest.raises(PeerError, match="gets none") as refused:
        responder.respond(rounds.second().message.octets, now=rounds.ends.pair.bobs_now)
    assert refused.value.mikey_error == ErrorNo.UNSPECIFIED


def test_a_refusal_in_the_second_round_is_believed() -> None:
    """Both ends have keys by then, so that an Error message is no mere hint any more."""
    rounds = Rounds.of(RoundTwo.GROUP)
    initiator = rounds.second()
    with pytest.raises(PeerError) as refused:
        rounds.ends.respond(initiator.message.octets)
    with pytest.raises(ErrorReported) as reported:
        initiator.complete(refused.value.reply or b"")
    assert (reported.value.error_nos, reported.value.advisory) == ((ErrorNo.UNSPECIFIED,), False)
    with pytest.raises(PeerError) as forged:
        initiator.complete(changed(refused.value.reply or b"", -1))
    assert forged.value.mikey_error == ErrorNo.AUTH_FAILURE


def ignoring(**pair: object) -> Ends:
    choices = Choices(dh_group=P_256, saml=SamlChoices(round_2=RoundTwo.LIVENESS, ignore_clock=True))
    made = Ends.of(Case(Mode.DHSAML, choices=choices))
    for name, value in pair.items():
        setattr(made.pair, name, value)
    return made


def test_clocks_two_hours_apart_are_no_obstacle_where_liveness_is_shown() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS, ignoring(bobs_clock_ahead_us=2 * HOURS_US))
    _, response, established = rounds.finish()
    assert teks(established.bundle) == teks(response.established.bundle)


def test_a_phone_without_any_clock_counts_its_messages() -> None:
    made = ignoring()
    initiator = made.initiator(timestamp=Timestamp(ts_type=TsType.COUNTER, value=7))
    response = made.respond(initiator.message.octets)
    rounds = Rounds(made, initiator, initiator.complete(response.reply or b""), response)
    second, answer, established = rounds.finish()
    assert second.message.find(Timestamp) == Timestamp(ts_type=TsType.COUNTER, value=7)
    assert teks(established.bundle) == teks(answer.established.bundle)


@pytest.mark.parametrize("bobs", [SamlChoices(), SamlChoices(round_2=RoundTwo.LIVENESS)])
def test_the_clock_counts_unless_both_ends_leave_it_out(bobs: SamlChoices) -> None:
    made = ignoring(bobs_clock_ahead_us=2 * HOURS_US)
    made.pair.bobs_choices = replace(made.pair.bobs_choices, saml=bobs)
    with pytest.raises(PeerError) as refused:
        made.respond(made.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_TS
    asking = Ends.of(Case(Mode.DHSAML, choices=replace(made.case.choices, saml=SamlChoices(round_2=RoundTwo.LIVENESS))))
    asking.pair.bobs_choices = made.case.choices
    asking.pair.bobs_clock_ahead_us = 2 * HOURS_US
    with pytest.raises(PeerError) as refused:
        asking.respond(asking.initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_TS


@pytest.mark.requirement("5197-3.6-7")
def test_a_replay_is_found_out_by_liveness_alone() -> None:
    """Two hours after the call somebody repeats it, message by message. Bob, who leaves the clock out of it, answers
    the first one, and waits in vain for a second one that goes with his new values."""
    made = ignoring()
    rounds = Rounds.of(RoundTwo.LIVENESS, made)
    second, _, established = rounds.finish()
    made.pair.bundles.close(ALICE, established.bundle.csb_id)
    made.pair.bobs_clock_ahead_us = 2 * HOURS_US
    made.pair.replay = ReplayCache()  # what Bob remembers of messages he has forgotten by now
    response = made.respond(rounds.first.message.octets)
    assert response.established.bundle.continuation is not None
    with pytest.raises(PeerError) as refused:
        made.respond(second.message.octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    (waiting,) = made.pair.bundles
    assert waiting.continuation is not None


def test_there_is_one_second_round() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS)
    initiator, _, established = rounds.finish()
    with pytest.raises(PeerError, match="replay"):
        rounds.ends.respond(initiator.message.octets)
    with pytest.raises(PeerError, match="no second round is due") as refused:
        rounds.ends.respond(rounds.another().message.octets)
    assert refused.value.mikey_error == ErrorNo.UNSPECIFIED
    due = replace(
        established.bundle.updated(), continuation=replace(rounds.between.bundle.continuation, initiated=False)
    )
    for bundle in (established.bundle, due):
        with pytest.raises(UsageError, match="no second round"):
            rounds.ends.initiator(bundle=bundle, previous=due)
    with pytest.raises(PeerError, match="no second round is due"):
        Ends.of(rounds.ends.case).respond(initiator.message.octets)


@pytest.mark.parametrize("round_2", RoundTwo)
@pytest.mark.requirement("5197-3.6-9")
def test_the_policy_asks_for_it(round_2: RoundTwo) -> None:
    """What stands in the SP of the first message is what both ends expect then: nothing, for one."""
    rounds = Rounds.of(round_2)
    (policy,) = [sp for sp in rounds.first.message.all(SecurityPolicy) if sp.prot_type == ProtType.DHSAML_ROUND_2]
    assert [param.value for param in policy.params if param.type == 1] == [bytes((round_2,))]
    for bundle in (rounds.between.bundle, rounds.answer.established.bundle):
        assert (RoundTwo.NONE if bundle.continuation is None else bundle.continuation.round_2) is round_2


def test_who_sent_the_first_message_answers_no_second_one() -> None:
    """Alice's own I_MSG_2 comes back to her."""
    rounds = Rounds.of(RoundTwo.LIVENESS)
    octets = rounds.second().message.octets
    rounds.ends.pair.bundles.put(ALICE, rounds.between.bundle)
    with pytest.raises(PeerError, match="no second round is due"):
        rounds.ends.respond(octets)


def test_only_the_second_round_makes_a_stranger_known() -> None:
    """His assertion, which others have too, doesn't; strangers share few checks of assertions."""
    made = Ends.of(Case(Mode.DHSAML, choices=Choices(dh_group=P_256, saml=SamlChoices(round_2=RoundTwo.LIVENESS))))
    responder = made.pair.responder(quota=SignatureQuota(Limits(strangers=2)))

    def respond(octets: bytes) -> Response:
        response = responder.respond(octets, now=made.pair.bobs_now, envelope=Envelope(peer=ALICE))
        made.pair.bundles.put(ALICE, response.established.bundle)
        return response

    first = made.initiator()
    established = first.complete(respond(first.message.octets).reply or b"")
    respond(made.initiator().message.octets)
    with pytest.raises(PeerError, match="too many"):
        respond(made.initiator().message.octets)
    respond(made.initiator(bundle=established.bundle, previous=established.bundle).message.octets)
    assert respond(made.initiator().message.octets).established.peer == ALICE


def test_the_carrier_says_with_whom() -> None:
    """One CSB ID with two peers: without a name nobody knows which of the two goes on."""
    rounds = Rounds.of(RoundTwo.LIVENESS)
    pair, octets = rounds.ends.pair, rounds.second().message.octets
    pair.bundles.put("sip:carol@example.com", rounds.answer.established.bundle)
    for peer in (None, "sip:dave@example.com"):
        with pytest.raises(PeerError, match="no second round is due"):
            pair.respond(octets, peer=peer)
    assert pair.respond(octets, peer=ALICE).established.peer == ALICE


def test_it_goes_on_long_after_the_first_round() -> None:
    """Its T is that of the first round, which the clock has left behind."""
    rounds = Rounds.of(RoundTwo.LIVENESS)
    rounds.ends.pair.now_us += HOURS_US
    assert rounds.finish()[2].peer == BOB


def test_more_streams_can_come_with_it() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS)
    before = rounds.between.bundle
    more = (*before.sessions, SrtpIdEntry(ssrc=0x33333333), SrtpIdEntry())
    _, response, established = rounds.finish(before.updated(sessions=more))
    assert len(teks(established.bundle)) == 4
    assert teks(established.bundle) == teks(response.established.bundle)


def test_a_second_attempt_says_the_same_since_its_key_stream_is_the_same() -> None:
    rounds = Rounds.of(RoundTwo.LIVENESS)
    attempts = {rounds.second().message.octets for _ in range(2)}
    assert len(attempts) == 1
