"""RSA-R for groups: every member gets the same CSB, whatever he asked with, and nobody else gets it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import pylibsrtp
import pytest

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.envelope import unseal
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.contract import Response
from mikey_sdp.mikey.modes.groups import Group
from mikey_sdp.mikey.modes.key_transport import sealed_keys
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.rsa_r import RsaRInitiator
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads import GeneralExtension, SrtpIdEntry
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, PrfFunc
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from tests.exchange.ends import NOW_US, authority, certified
from tests.exchange.pair import ALICE, BOB, Pair, chain, changed, teks

CAROL, DAVE = "sip:carol@example.com", "sip:dave@example.com"
MEMBERS = (ALICE, CAROL, DAVE)
RADIO = "sip:radio@example.com"
SHORT_TAG = replace(DEFAULT_SRTP, tag_octets=4)
TRUST = Trust(anchors=(authority().certificate,))


def credential(identity: str) -> CertificateCredential:
    holder = certified(identity, "rsa")
    return CertificateCredential((holder.certificate,), holder.key, TRUST)


@dataclass
class Station:
    """Bob sends to a group, whose address is not his own."""

    pair: Pair
    bundle: Bundle

    @classmethod
    def on_air(cls) -> Station:
        pair = Pair(now_us=NOW_US, bobs_credentials=(credential(BOB),))
        sessions = (SrtpIdEntry(ssrc=0x0B0B0B01), SrtpIdEntry(ssrc=0x0B0B0B02))
        return cls(pair, pair.bundle(csb_id=0x600DC5B1, sessions=sessions, policies={0: SHORT_TAG}))

    def respond(self, octets: bytes) -> Response:
        group = Group(bundle=self.bundle, admits=MEMBERS.__contains__)
        responder = self.pair.responder(groups=lambda name: group if name == RADIO else None)
        return responder.respond(octets, now=self.pair.bobs_now)

    def member(self, name: str, **changed: object) -> RsaRInitiator:
        setup = self.pair.setup(**{"own": identity_of(name), "peer": identity_of(RADIO), "group": True, **changed})
        return RsaRInitiator(setup, credential(name))

    def join(self, name: str) -> Bundle:
        asking = self.member(name)
        return asking.complete(self.respond(asking.message.octets).reply or b"").bundle


def request(asking: RsaRInitiator, *added: Payload, name: str = ALICE, sessions: tuple[SrtpIdEntry, ...] = ()) -> bytes:
    """The request with payloads of no member's, or with crypto sessions."""
    message = asking.message
    header = replace(message.header, sessions=sessions)
    return close_with_sign(
        header, (*message.payloads[:-1], *added), credential=credential(name), choices=DEFAULT_CHOICES
    ).octets


def answer(reply: bytes, payloads: tuple[Payload, ...]) -> bytes:
    """Bob's answer with other payloads, signed by him."""
    message = Message.decode(reply)
    names = ALICE.encode() + BOB.encode() + message.find(Timestamp).value_octets
    return close_with_sign(
        message.header, payloads, credential=credential(BOB), choices=DEFAULT_CHOICES, appended=names
    ).octets


def packet(ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, 1, 160, ssrc) + b"one voice for all"


def session(bundle: Bundle, ssrc_type: int) -> pylibsrtp.Session:
    sa = bundle.data_sas(1)[0]
    key = sa.master_key.reveal() + sa.master_salt.reveal()
    profile = pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile))


@pytest.mark.requirement("4738-3.2-2", "4738-3.4-7")
def test_a_member_asks_without_streams_policies_and_rand() -> None:
    message = Station.on_air().member(ALICE).message
    assert chain(message.octets) == ["T", "ID", "CERT", "ID", "SIGN"]
    assert (message.header.sessions, message.octets[8]) == ((), 0)


@pytest.mark.requirement("4738-3.6-4", "4738-3.4-12", "4738-3.2-1", "4738-3.4-10")
@pytest.mark.parametrize("rand", [(), (Rand(octets=bytes(16)),)], ids=["without", "with"])
def test_the_answer_has_the_csb_id_and_the_rand_of_the_group(rand: tuple[Rand, ...]) -> None:
    station = Station.on_air()
    asking = station.member(ALICE)
    reply = Message.decode(station.respond(request(asking, *rand)).reply or b"")
    assert chain(reply.octets) == ["GENERAL_EXT", "T", "RAND", "ID", "CERT", "SP", "KEMAC", "PKE", "SIGN"]
    assert [item.csb_id for item in reply.all(GeneralExtension)] == [0x600DC5B1]
    assert reply.header.csb_id == asking.message.header.csb_id
    assert [item.octets for item in reply.all(Rand)] == [station.bundle.rand]


@pytest.mark.requirement("4738-3.6-3", "4738-3.6-5", "4738-3.2-4", "5197-3.7-10")
def test_three_members_read_what_any_of_them_and_the_sender_write() -> None:
    station = Station.on_air()
    bundles = [station.bundle, *map(station.join, MEMBERS)]
    assert {bundle.csb_id for bundle in bundles} == {0x600DC5B1}
    assert {bundle.sessions for bundle in bundles} == {station.bundle.sessions}
    assert [teks(bundle) for bundle in bundles] == [teks(station.bundle)] * 4
    key = station.bundle.keys[0].key
    context = KeyContext(csb_id=0x600DC5B1, rand=station.bundle.rand, prf=prf_of(PrfFunc.MIKEY_1))
    assert all(bundle.context.csb_id == context.csb_id and bundle.keys[0].key == key for bundle in bundles)
    for number, writer in enumerate(bundles):
        protected = session(writer, pylibsrtp.Policy.SSRC_ANY_OUTBOUND).protect(packet(number + 1))
        for reader in bundles:
            assert session(reader, pylibsrtp.Policy.SSRC_ANY_INBOUND).unprotect(protected) == packet(number + 1)


@pytest.mark.requirement("4738-3.4-11", "4738-3.5-7", "4738-3.5-8")
def test_the_rand_of_a_request_counts_for_nothing() -> None:
    station = Station.on_air()
    asking = station.member(ALICE)
    response = station.respond(request(asking, Rand(octets=bytes(range(16)))))
    bundle = asking.complete(response.reply or b"").bundle
    assert response.established.bundle.rand == bundle.rand == station.bundle.rand
    assert teks(bundle) == teks(station.join(CAROL))


@pytest.mark.requirement("4738-3.5-8", "4738-3.2-3")
@pytest.mark.parametrize("lost", [GeneralExtension, Rand, SecurityPolicy])
def test_an_answer_that_lacks_what_makes_a_group_is_dropped_in_silence(lost: type[Payload]) -> None:
    station = Station.on_air()
    asking = station.member(ALICE)
    reply = station.respond(asking.message.octets).reply or b""
    left = tuple(payload for payload in Message.decode(reply).payloads[:-1] if not isinstance(payload, lost))
    with pytest.raises(PeerError, match="of the group") as refused:
        asking.complete(answer(reply, left))
    assert refused.value.mikey_error is None


@pytest.mark.requirement("4738-3.2-2")
def test_a_request_with_a_policy_is_no_members() -> None:
    station = Station.on_air()
    octets = request(station.member(ALICE), SHORT_TAG.to_payload(0))
    with pytest.raises(PeerError, match="proposes no policy") as refused:
        station.respond(octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_SPPAR
    assert chain(refused.value.reply or b"")[-1] == "SIGN"


def test_another_spelling_makes_nobody_another() -> None:
    """Eve is kept out by name; Alice is let in however she spells hers."""
    station, eve = Station.on_air(), "sip:eve@example.com"
    group = Group(bundle=station.bundle, admits=lambda name: name != eve)
    responder = station.pair.responder(groups=lambda name: group if name == RADIO else None)
    for name in (eve, "SIP:eve@Example.COM"):
        asking = station.member(eve, own=identity_of(name))
        with pytest.raises(PeerError, match="no member"):
            responder.respond(asking.message.octets, now=station.pair.bobs_now)
    asking = station.member(ALICE, own=identity_of("sip:alice@EXAMPLE.com"))
    assert asking.complete(station.respond(asking.message.octets).reply or b"").peer == BOB


def test_a_request_with_streams_is_no_members() -> None:
    station = Station.on_air()
    with pytest.raises(PeerError, match="no crypto sessions") as refused:
        station.respond(request(station.member(ALICE), sessions=(SrtpIdEntry(ssrc=7),)))
    assert refused.value.mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.requirement("4738-5-3")
def test_a_group_and_a_call_take_an_exchange_each() -> None:
    """Bob sends to all and talks to Alice: two CSBs without a key in common, never one for both."""
    station = Station.on_air()
    asking = station.member(ALICE)
    with pytest.raises(PeerError, match="no crypto sessions"):
        station.respond(request(asking, sessions=(SrtpIdEntry(ssrc=7), SrtpIdEntry())))
    group = station.join(ALICE)
    bundle = station.pair.bundle(keys=())
    calling = station.member(ALICE, group=False, peer=identity_of(BOB), bundle=bundle)
    call = calling.complete(station.respond(calling.message.octets).reply or b"").bundle
    assert call.csb_id != group.csb_id
    assert not {*teks(call)} & {*teks(group)}


@pytest.mark.requirement("3830-4.3.2-5")
def test_a_certificate_alone_makes_no_member() -> None:
    station, mallory = Station.on_air(), "sip:mallory@example.com"
    with pytest.raises(PeerError, match="no member of the group") as refused:
        station.respond(station.member(mallory).message.octets)
    assert refused.value.mikey_error == ErrorNo.UNSPECIFIED


def test_keys_of_another_owner_are_not_handed_on() -> None:
    station = Station.on_air()
    with pytest.raises(UsageError, match="not handed on"):
        Group(bundle=station.join(ALICE), admits=MEMBERS.__contains__)


def test_a_group_that_bob_has_not_is_nobody() -> None:
    station = Station.on_air()
    asking = station.member(ALICE, peer=identity_of("sip:tv@example.com"))
    with pytest.raises(PeerError, match="is for") as refused:
        station.respond(asking.message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


def test_an_answer_for_a_group_has_no_place_in_a_call() -> None:
    station = Station.on_air()
    asking = station.member(ALICE)
    reply = station.respond(asking.message.octets).reply or b""
    asking._setup = replace(asking._setup, group=False)
    with pytest.raises(PeerError) as refused:
        asking.complete(reply)
    assert refused.value.mikey_error is None


def test_who_holds_the_certificate_of_the_group_answers_in_its_name() -> None:
    station = Station.on_air()
    station.pair.bobs_credentials = (credential(RADIO),)
    asking = station.member(ALICE)
    assert asking.complete(station.respond(asking.message.octets).reply or b"").peer == RADIO


def test_every_prefix_and_every_touched_octet_of_a_groups_answer_is_refused() -> None:
    station = Station.on_air()
    asking = station.member(ALICE, limits=Limits(answers=1 << 16))
    reply = station.respond(asking.message.octets).reply or b""
    for length in range(len(reply)):
        with pytest.raises((DecodeError, PeerError)):
            asking.complete(reply[:length])
    for place in range(len(reply)):
        with pytest.raises((DecodeError, PeerError)):
            asking.complete(changed(reply, place, 1 << place % 8))
    assert asking.complete(reply).bundle.csb_id == station.bundle.csb_id


def sealed_under(station: Station, asking: RsaRInitiator, csb_id: int) -> bytes:
    """Bob's answer with the envelope made under another CSB ID."""
    reply = station.respond(asking.message.octets).reply or b""
    message = Message.decode(reply)
    pke = message.find(EnvelopeKey)
    envelope_key = unseal(certified(ALICE, "rsa").key, pke.data, station.pair.entropy, oaep=False)
    kemac = sealed_keys(
        replace(station.bundle.context, csb_id=csb_id).message_keys(envelope_key),
        encr_alg=EncrAlg.AES_CM_128,
        csb_id=csb_id,
        timestamp=message.find(Timestamp),
        sender=identity_of(BOB),
        key_data=station.bundle.keys,
    )
    return answer(reply, tuple(kemac if isinstance(p, KeyDataTransport) else p for p in message.payloads[:-1]))


def test_an_envelope_under_the_csb_id_of_the_header_is_for_the_compat_profile() -> None:
    station = Station.on_air()
    strict = station.member(ALICE)
    octets = sealed_under(station, strict, strict.message.header.csb_id)
    with pytest.raises(PeerError) as refused:
        strict.complete(octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    lenient = station.member(ALICE, profile=Profile.COMPAT)
    octets = sealed_under(station, lenient, lenient.message.header.csb_id)
    established = lenient.complete(octets)
    assert established.tolerated == (Tolerance.GROUP_ENVELOPE_OF_HDR,)
    assert teks(established.bundle) == teks(station.bundle)
    lenient = station.member(ALICE, profile=Profile.COMPAT)
    octets = sealed_under(station, lenient, 1)
    with pytest.raises(PeerError) as refused:
        lenient.complete(octets)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
