"""What RFC 5197 sections 3.2, 3.3 and 3.7 say of certificates: who needs whose, and what stands in for an authority."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.certificates.load import fingerprint
from mikey_sdp.mikey.credentials import CredentialStore
from mikey_sdp.mikey.crypto.envelope import unseal
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import Certificate, Signature
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.registry import DhGroup, ErrorNo, SignType
from mikey_sdp.scenario.pickup_counts import Counts, Operation, counting
from tests.exchange.costs import between, certificate, strangers, usual
from tests.exchange.ends import NOW_US, Case, Ends, certified
from tests.exchange.pair import ALICE, BOB, Pair, teks
from tests.pki import Holder, rsa_key, self_signed

CERTIFIED = (Mode.RSA, Mode.DHSIGN, Mode.RSA_R)
USERS = [f"sip:user{number}@example.com" for number in range(4)]
MEMBERS = [f"sip:member{number}@example.com" for number in range(3)]


def alone(user: str, seed: str = "") -> Holder:
    """A certificate that nobody but its owner vouches for."""
    return self_signed(user, key=rsa_key(seed or user))


def accepting(own: Holder, *others: Holder, known: bool = True) -> object:
    """Who has seen the fingerprints of others, and trusts no authority."""
    pins = frozenset(fingerprint(one.certificate) for one in others)
    return certificate(own, anchors=(), pins=pins, known=tuple(one.certificate for one in others) if known else ())


@pytest.mark.requirement("5197-3.2-6", "5197-3.3-7")
@pytest.mark.parametrize("mode", CERTIFIED)
def test_fingerprints_stand_in_for_an_authority(mode: Mode) -> None:
    alice, bob = alone(ALICE), alone(BOB)
    made = between(usual(mode), accepting(alice, bob), accepting(bob, alice))
    assert made.run()[2].peer == BOB
    made = between(usual(mode), accepting(alice, bob), certificate(bob))
    with pytest.raises(PeerError) as refused:
        made.run()
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


@pytest.mark.requirement("5197-3.2-7")
@pytest.mark.parametrize("mode", CERTIFIED)
def test_without_fingerprints_from_elsewhere_anybody_is_alice(mode: Mode) -> None:
    """Mallory signs a certificate with Alice's name for himself. Bob, were he to take what a message shows, takes it;
    who compares it with the fingerprint that Alice gave him does not."""
    alice, bob, mallory = alone(ALICE), alone(BOB), alone(ALICE, "mallory")
    made = between(usual(mode), accepting(mallory, bob), accepting(bob, mallory))
    shown = made.initiator().message.find(Certificate)
    assert shown is not None
    assert shown.data == mallory.der
    assert made.run()[1].established.peer == ALICE
    made = between(usual(mode), accepting(mallory, bob), accepting(bob, alice))
    with pytest.raises(PeerError) as refused:
        made.run()
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


@pytest.mark.requirement("5197-3.2-7", "5197-3.2-8")
@pytest.mark.parametrize("mode", [Mode.RSA, Mode.DHSIGN])
def test_a_fingerprint_lets_in_one_and_an_authority_all_whom_it_certified(mode: Mode) -> None:
    bob = alone(BOB)
    heard: dict[str, list[str]] = {"fingerprint": [], "authority": []}
    for user in USERS:
        by_hand = between(usual(mode), accepting(alone(user), bob), accepting(bob, alone(USERS[0])))
        vouched = between(
            usual(mode),
            certificate(certified(user, "rsa"), known=(certified(BOB, "rsa").certificate,)),
            certificate(certified(BOB, "rsa")),
        )
        for way, made in (("fingerprint", by_hand), ("authority", vouched)):
            try:
                made.respond(made.initiator(own=identity_of(user)).message.octets)
            except PeerError:
                continue
            heard[way].append(user)
    assert heard == {"fingerprint": USERS[:1], "authority": USERS}


@pytest.mark.requirement("5197-3.2-9", "5197-3.7-2")
@pytest.mark.parametrize(
    ("mode", "works"), [(Mode.RSA, False), (Mode.RSA_R, True), (Mode.DHSIGN, True)], ids=lambda value: str(value)
)
def test_only_public_key_mode_needs_the_peers_certificate_beforehand(mode: Mode, works: bool) -> None:
    """All that the two have in common is an authority; what else they need travels in the messages."""
    made = between(usual(mode), certificate(certified(ALICE, "rsa")), certificate(certified(BOB, "rsa")))
    if not works:
        with pytest.raises(PolicyRefused, match="not known beforehand"):
            made.initiator()
        return
    initiator, response, established = made.run()
    assert (established.peer, response.established.peer) == (BOB, ALICE)
    sent = [Message.decode(octets).find(Certificate) for octets in (initiator.message.octets, response.reply or b"")]
    assert [one.data for one in sent if one] == [certified(user, "rsa").der for user in (ALICE, BOB)]


@pytest.mark.requirement("5197-3.3-6")
def test_signed_diffie_hellman_fetches_nothing() -> None:
    def nobody(_url: str) -> bytes:
        raise AssertionError("a certificate was fetched")

    ends = (certificate(certified(user, "rsa"), resolve=nobody) for user in (ALICE, BOB))
    assert between(usual(Mode.DHSIGN), *ends).run()[2].peer == BOB


@pytest.mark.requirement("5197-3.7-5")
@pytest.mark.parametrize(
    ("trusted", "pinned", "works"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_certificate_of_an_authority_that_is_not_accepted_takes_a_step_more(
    trusted: bool, pinned: bool, works: bool
) -> None:
    issuer, alice, _ = strangers("An authority of somewhere else")
    trust: dict[str, object] = {}
    if trusted:
        trust["anchors"] = (issuer.certificate,)
    if pinned:
        trust["pins"] = frozenset({fingerprint(alice.certificate)})
    made = between(usual(Mode.RSA_R), certificate(alice), certificate(certified(BOB, "rsa"), **trust))
    if works:
        assert made.run()[1].established.peer == ALICE
        return
    with pytest.raises(PeerError) as refused:
        made.run()
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


@pytest.mark.requirement("5197-3.7-4")
def test_the_key_of_rsa_r_is_sealed_for_the_certificate_in_the_request() -> None:
    made = Ends.of(usual(Mode.RSA_R))
    initiator, response, established = made.run()
    sent = initiator.message.find(Certificate)
    assert sent is not None
    assert sent.data == certified(ALICE, "rsa").der
    sealed = Message.decode(response.reply or b"").find(EnvelopeKey).data
    keys = {user: certified(user, "rsa").key for user in (ALICE, BOB)}
    opened = {user: unseal(key, sealed, lambda octets: bytes(octets), oaep=False) for user, key in keys.items()}
    assert [user for user, key in opened.items() if key == established.bundle.envelope_key] == [ALICE]


@pytest.mark.requirement("5197-3.3-3")
@pytest.mark.parametrize(("key", "kind"), [("rsa", SignType.RSA_PKCS1_V1_5), ("ec", SignType.ECDSA)])
def test_the_algorithm_of_a_signature_follows_the_certificate(key: str, kind: SignType) -> None:
    initiator, response, _ = Ends.of(Case(Mode.DHSIGN, key, Choices(dh_group=DhGroup.ECP_P_256))).run()
    for octets in (initiator.message.octets, response.reply or b""):
        assert Message.decode(octets).find(Signature).sign_type == kind


@pytest.mark.requirement("5197-3.2-11")
def test_a_server_seals_one_group_key_for_each_member() -> None:
    """One signature and one encryption a member."""
    server, now = certified(ALICE, "rsa"), NtpTime.from_unix_us(NOW_US)
    holders = {member: certified(member, "rsa") for member in MEMBERS}
    known = tuple(holder.certificate for holder in holders.values())
    pair = Pair(now_us=NOW_US)
    push = GroupPush(
        ALICE,
        pair.bundle(),
        mode=Mode.RSA,
        credentials=CredentialStore([certificate(server, known=known)]),
        entropy=pair.entropy,
        admits=MEMBERS.__contains__,
    )
    counts = Counts()
    with counting(counts):
        messages = {member: push.invite(member, now) for member in MEMBERS}
    assert counts.operations[Operation.SIGNATURE] == counts.operations[Operation.ENCRYPTION] == len(MEMBERS)
    assert len({Message.decode(octets).find(EnvelopeKey).data for octets in messages.values()}) == len(MEMBERS)
    for member, octets in messages.items():
        receiver = Pair(now_us=NOW_US, own=member, bobs_credentials=(certificate(holders[member]),))
        assert teks(receiver.respond(octets).established.bundle) == teks(push.bundle)
