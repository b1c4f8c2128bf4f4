"""One-to-many: an owner who pushes one key to each member of a group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore, PskCredential
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.keys import fresh_tgk
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import table
from mikey_sdp.mikey.modes.contract import Mode, ResponderSetup, Response
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.verification import close_with_v
from mikey_sdp.mikey.payloads import Rand, SrtpIdEntry, Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.srtp.profile import profile_of
from tests.exchange.pair import EPOCH_US, Pair, teks

OWNER = "sip:radio@example.com"
MEMBERS = [f"sip:member{number}@example.com" for number in range(3)]
KEYS = {member: Secret(SeededEntropy(member.encode())(16)) for member in MEMBERS}
NOW = NtpTime.from_unix_us(EPOCH_US)


def bundle(**changed: object) -> Bundle:
    return replace(Pair().bundle(sessions=(SrtpIdEntry(ssrc=7),)), **changed)


DRAWS = SeededEntropy(b"owner")


def group(made: Bundle | None = None, **options: object) -> GroupPush:
    credentials = CredentialStore(PskCredential(member, key) for member, key in KEYS.items())
    return GroupPush(
        OWNER, made or bundle(), mode=Mode.PSK, credentials=credentials, entropy=SeededEntropy(b"owner"), **options
    )


class Member:
    """One receiver, with stores of its own."""

    def __init__(self, identity: str, accept: object = profile_of) -> None:
        self.bundles = BundleStore()
        self._responder = Responder(
            ResponderSetup(
                own=identity_of(identity),
                credentials=CredentialStore([PskCredential(OWNER, KEYS[identity])]),
                replay=ReplayCache(),
                bundles=self.bundles,
                accept=accept,
                entropy=SeededEntropy(b"member"),
                fresh_keys=lambda _parameters, _previous: (),
            )
        )

    def take(self, octets: bytes) -> Response:
        response = self._responder.respond(octets, now=NOW)
        self.bundles.put(OWNER, response.established.bundle)
        return response


@pytest.mark.requirement("3830-6.11-3", "3830-8.1-1", "3830-8.1-2")
def test_all_members_get_one_bundle() -> None:
    push = group()
    messages = [push.invite(member, NOW) for member in MEMBERS]
    decoded = [Message.decode(octets) for octets in messages]
    assert {message.find(Rand).octets for message in decoded} == {push.bundle.rand}
    assert {message.header.csb_id for message in decoded} == {push.bundle.csb_id}
    assert {message.header.sessions for message in decoded} == {push.bundle.sessions}
    assert len({message.find(Timestamp).value for message in decoded}) == 3
    received = [Member(m).take(octets).established.bundle for m, octets in zip(MEMBERS, messages, strict=True)]
    assert all(teks(theirs) == teks(push.bundle) for theirs in received)


@pytest.mark.requirement("3830-8.1-4")
@pytest.mark.parametrize("verification", [True, False])
def test_verification_by_every_member_is_a_choice(verification: bool) -> None:
    push = group(verification=verification)
    replies = {member: Member(member).take(push.invite(member, NOW)).reply for member in MEMBERS}
    assert all((reply is not None) is verification for reply in replies.values())
    assert len(push.joined) == (0 if verification else 3)
    for member, reply in replies.items():
        if reply is not None:
            push.verified(member, reply)
    assert len(push.joined) == 3


@pytest.mark.requirement("3830-5.1.1-4", "4567-4.1.2-23", "3830-8.1-3")
def test_a_member_that_wants_another_policy_does_not_join() -> None:
    def only_short_tags(parameters: SrtpParameters) -> None:
        if parameters.tag_octets != 4:
            raise PeerError("short tags only", mikey_error=ErrorNo.INVALID_SPPAR)

    push = group(verification=True)
    octets = push.invite(MEMBERS[0], NOW)
    with pytest.raises(PeerError) as refusal:
        Member(MEMBERS[0], only_short_tags).take(octets)
    with pytest.raises(PeerError, match="Invalid SPpar"):
        push.verified(MEMBERS[0], refusal.value.reply or b"")
    assert push.joined == {}
    assert push.bundle.policies == {0: DEFAULT_SRTP}
    push.verified(MEMBERS[1], Member(MEMBERS[1]).take(push.invite(MEMBERS[1], NOW)).reply or b"")
    assert list(push.joined) == MEMBERS[1:2]


@pytest.mark.requirement("3830-4.3.2-4")
def test_received_keys_are_not_handed_on() -> None:
    received = Member(MEMBERS[0]).take(group().invite(MEMBERS[0], NOW)).established.bundle
    with pytest.raises(PolicyRefused) as caught:
        group(received)
    assert caught.value.rule == "keys-stay-with-their-owner"
    relabelled = received.updated(sessions=(SrtpIdEntry(ssrc=7), SrtpIdEntry()))
    with pytest.raises(PolicyRefused):
        group(relabelled)


@pytest.mark.requirement("3830-4.3.2-5")
def test_nobody_joins_without_authorisation() -> None:
    with pytest.raises(PolicyRefused) as caught:
        group().invite("sip:stranger@example.com", NOW)
    assert caught.value.rule == "members-by-authorisation"
    push = group(admits=lambda member: member != MEMBERS[1])
    assert push.invite(MEMBERS[0], NOW)
    with pytest.raises(PolicyRefused):
        push.invite(MEMBERS[1], NOW)


@pytest.mark.requirement("3830-3.3-9", "3830-3-4")
def test_modes_of_pairs_key_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    pairwise = replace(table.MODES[Mode.PSK], group=False)
    monkeypatch.setattr("mikey_sdp.mikey.group.MODES", {Mode.PSK: pairwise})
    with pytest.raises(UsageError, match="can't key a group"):
        group()


def test_who_left_can_not_read_on() -> None:
    push = group()
    members = {identity: Member(identity) for identity in MEMBERS}
    for identity, member in members.items():
        member.take(push.invite(identity, NOW))
    before = teks(push.bundle)
    updates = push.rekeyed((fresh_tgk(SeededEntropy(b"new")),), MEMBERS[:2], NOW)
    assert list(updates) == MEMBERS[:2]
    for identity, octets in updates.items():
        assert teks(members[identity].take(octets).established.bundle) == teks(push.bundle)
    assert teks(members[MEMBERS[2]].bundles.get(OWNER, push.bundle.csb_id)) == before
    assert teks(push.bundle) != before
    with pytest.raises(PeerError):
        members[MEMBERS[2]].take(updates[MEMBERS[0]])


def test_one_member_does_not_answer_for_another() -> None:
    push = group(verification=True)
    sent = Message.decode(push.invite(MEMBERS[0], NOW))
    header = replace(sent.header, data_type=DataType.PSK_VER_MSG, v=False, sessions=())
    timestamp, other = sent.find(Timestamp), identity_of(MEMBERS[1])
    keys = push.bundle.context.message_keys(KEYS[MEMBERS[0]])
    reply = close_with_v(header, (timestamp, other), keys=keys, idi=OWNER.encode(), idr=other.data, timestamp=timestamp)
    with pytest.raises(PeerError, match="answers under the key of"):
        push.verified(MEMBERS[0], reply.octets)
    assert push.joined == {}


def test_a_rekey_is_verified_anew() -> None:
    push = group(verification=True)
    members = {identity: Member(identity) for identity in MEMBERS}
    replies = {identity: member.take(push.invite(identity, NOW)).reply for identity, member in members.items()}
    for identity in MEMBERS[:2]:
        push.verified(identity, replies[identity] or b"")
    updates = push.rekeyed((fresh_tgk(SeededEntropy(b"new")),), MEMBERS[:1], NOW)
    assert push.joined == {}
    with pytest.raises(PeerError):
        push.verified(MEMBERS[0], replies[MEMBERS[0]] or b"")
    with pytest.raises(UsageError, match="not invited"):
        push.verified(MEMBERS[2], replies[MEMBERS[2]] or b"")
    push.verified(MEMBERS[0], members[MEMBERS[0]].take(updates[MEMBERS[0]]).reply or b"")
    assert list(push.joined) == MEMBERS[:1]


def test_a_rekey_that_is_refused_changes_nothing() -> None:
    push = group()
    for member in MEMBERS:
        push.invite(member, NOW)
    before, joined = push.bundle, dict(push.joined)
    with pytest.raises(PolicyRefused):
        push.rekeyed((fresh_tgk(SeededEntropy(b"new")),), [MEMBERS[0], "sip:stranger@example.com"], NOW)
    with pytest.raises(UsageError, match="read on"):
        push.rekeyed((), MEMBERS[:1], NOW)
    assert (push.bundle, push.joined) == (before, joined)


def test_answers_of_strangers() -> None:
    push = group(verification=True)
    reply = Member(MEMBERS[0]).take(push.invite(MEMBERS[0], NOW)).reply or b""
    with pytest.raises(UsageError, match="not invited"):
        push.verified(MEMBERS[1], reply)
    push.invite(MEMBERS[1], NOW)
    with pytest.raises(PeerError):
        push.verified(MEMBERS[1], reply)
    assert push.joined == {}
