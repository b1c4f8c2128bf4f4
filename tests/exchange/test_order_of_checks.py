"""Cheap checks come before expensive ones, in every mode, and there is a limit to the expensive ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from unittest import mock

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.load import der_of
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Envelope, Mode
from mikey_sdp.mikey.modes.quota import Limits, SignatureQuota
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import Certificate, Identity, Signature, Timestamp
from mikey_sdp.mikey.registry import CertType, DhGroup, ErrorNo
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from tests.exchange.ends import CASES, CURVE, PROTECTED, Case, Ends, credential, named
from tests.exchange.pair import ALICE, BOB, PSK, SECOND_US, Pair, changed
from tests.pki import Authority, ec_key

CAROL = "sip:carol@example.com"
ENTRY_POINTS = {
    "MAC": ("mikey_sdp.mikey.crypto.protection.mac",),
    "chain": ("mikey_sdp.mikey.modes.signing.verify_chain", "mikey_sdp.mikey.saml.SamlCredential.check"),
    "signature": ("mikey_sdp.mikey.modes.signing.verify",),
    "private key": (
        "mikey_sdp.mikey.modes.public_key.unseal",
        "mikey_sdp.mikey.modes.dh_exchange.HalfKey.tgk",
        "mikey_sdp.mikey.modes.dh_exchange.group_of",
        "mikey_sdp.mikey.modes.dhsaml.group_of",
        "mikey_sdp.mikey.modes.dhsaml_responder.shared_secret",
        "mikey_sdp.mikey.crypto.mqv.agree",
        "mikey_sdp.mikey.modes.rsa_r_responder.seal",
        "mikey_sdp.mikey.modes.signing.signatures",
    ),
}
SIGNED = [case for case in CASES if MODES[case.mode].credential is CertificateCredential]
PRIVATE_KEY_MODES = [case for case in PROTECTED if case.mode is not Mode.PSK]


@dataclass
class Spy:
    """What was computed, in its order."""

    seen: list[str] = field(default_factory=list)

    def watch(self, name: str, path: str) -> mock._patch[Any]:
        owner, _, attribute = path.rpartition(".")
        try:
            module = import_module(owner)
        except ModuleNotFoundError:
            parent, _, kind = owner.rpartition(".")
            module = getattr(import_module(parent), kind)
        real: Callable[..., Any] = getattr(module, attribute)

        def watched(*arguments: Any, **by_name: Any) -> Any:
            self.seen.append(name)
            return real(*arguments, **by_name)

        return mock.patch.object(module, attribute, watched)


@pytest.fixture
def spy() -> Iterator[Spy]:
    made = Spy()
    patches = [made.watch(name, path) for name, paths in ENTRY_POINTS.items() for path in paths]
    for patch in patches:
        patch.start()
    yield made
    for patch in patches:
        patch.stop()


def refused(ends: Ends, octets: bytes) -> PeerError:
    with pytest.raises(PeerError) as caught:
        ends.respond(octets)
    return caught.value


def late(ends: Ends, octets: bytes) -> bytes:
    ends.pair.now_us += 301 * SECOND_US
    return octets


def replayed(ends: Ends, octets: bytes) -> bytes:
    ends.respond(octets)
    return octets


def for_carol(ends: Ends, octets: bytes) -> bytes:
    ends.pair.own = CAROL
    return octets


def with_another_prf(_ends: Ends, octets: bytes) -> bytes:
    return changed(octets, 3, 0x7F)


@pytest.mark.requirement("3830-5.3-1")
@pytest.mark.parametrize("case", CASES, ids=named)
@pytest.mark.parametrize("fault", [late, replayed, for_carol, with_another_prf])
def test_time_replay_addressee_and_prf_cost_no_cryptography(
    case: Case, fault: Callable[[Ends, bytes], bytes], spy: Spy
) -> None:
    ends = Ends.of(case)
    octets = fault(ends, ends.initiator().message.octets)
    spy.seen.clear()
    refused(ends, octets)
    assert spy.seen == []


@pytest.mark.requirement("3830-9.5-4")
@pytest.mark.parametrize("case", PROTECTED, ids=named)
def test_who_proves_nothing_makes_no_private_key_work(case: Case, spy: Spy) -> None:
    ends = Ends.of(case)
    message = ends.initiator().message
    assertion = message.find(Certificate) if case.mode is Mode.DHSAML else None
    octets = changed(message.octets, message.span(assertion).end - 9 if assertion else -1)
    spy.seen.clear()
    refused(ends, octets)
    assert "private key" not in spy.seen
    assert len(spy.seen) <= 2


@pytest.mark.parametrize("case", PRIVATE_KEY_MODES, ids=named)
def test_a_good_message_is_authenticated_before_a_private_key_works(case: Case, spy: Spy) -> None:
    ends = Ends.of(case)
    octets = ends.initiator().message.octets
    spy.seen.clear()
    ends.respond(octets)
    before = spy.seen[: spy.seen.index("private key")]
    if case in SIGNED:
        assert before == ["chain", "signature"]
    else:
        assert before == ["chain" if case.mode is Mode.DHSAML else "MAC"]


@pytest.mark.parametrize("case", SIGNED, ids=named)
def test_whom_a_certificate_names_is_looked_at_before_its_signatures(case: Case, spy: Spy) -> None:
    ends = Ends.of(case)
    octets = ends.initiator(own=identity_of(CAROL)).message.octets
    spy.seen.clear()
    assert refused(ends, octets).mikey_error == ErrorNo.INVALID_ID
    assert spy.seen == []


@pytest.mark.parametrize("case", [case for case in PROTECTED if not MODES[case.mode].pushes], ids=named)
def test_an_answer_is_authenticated_before_our_private_key_works(case: Case, spy: Spy) -> None:
    ends = Ends.of(case)
    initiator = ends.initiator()
    reply = ends.respond(initiator.message.octets).reply or b""
    if case.mode in (Mode.ECMQV, Mode.DHSAML):  # V is made with the key that is agreed on; the certificate comes first
        reply = reply.replace(b"Example root", b"Example r00t")
    spy.seen.clear()
    with pytest.raises(PeerError):
        initiator.complete(changed(reply, -1))
    assert "private key" not in spy.seen


LIMITS = Limits(per_peer=3, strangers=5, answers=3)


@dataclass
class Flood:
    """Bob under a quota, and what he is sent."""

    ends: Ends
    quota: SignatureQuota

    @classmethod
    def of(cls, case: Case) -> Flood:
        return cls(Ends.of(case), SignatureQuota(LIMITS))

    def send(self, octets: bytes, *, peer: str | None = None) -> PeerError | None:
        pair = self.ends.pair
        try:
            pair.responder(quota=self.quota).respond(octets, now=pair.bobs_now, envelope=Envelope(peer=peer))
        except PeerError as fault:
            return fault
        return None

    def forged(self) -> bytes:
        return changed(self.ends.initiator().message.octets, -1)


@pytest.mark.parametrize("case", SIGNED, ids=named)
def test_forgeries_in_one_name_are_verified_so_often_and_no_oftener(case: Case, spy: Spy) -> None:
    flood = Flood.of(case)
    messages = [flood.forged() for _ in range(10)]
    spy.seen.clear()
    faults = [flood.send(octets) for octets in messages]
    assert spy.seen.count("signature") == 3
    assert [fault.mikey_error for fault in faults if fault] == [ErrorNo.AUTH_FAILURE] * 3 + [None] * 7
    assert [fault.reply for fault in faults if fault] == [None] * 10
    assert len(flood.ends.pair.bundles) == len(flood.ends.pair.replay) == 0


@pytest.mark.parametrize("case", SIGNED, ids=named)
def test_a_window_later_the_same_peer_is_heard_again(case: Case) -> None:
    flood = Flood.of(case)
    for _ in range(5):
        flood.send(flood.forged())
    assert flood.send(flood.ends.initiator().message.octets) is not None
    flood.ends.pair.now_us += 60 * SECOND_US
    assert flood.send(flood.ends.initiator().message.octets) is None


@pytest.mark.parametrize("case", SIGNED, ids=named)
def test_who_proved_himself_has_his_share_while_strangers_have_used_up_theirs(case: Case, spy: Spy) -> None:
    flood = Flood.of(case)
    assert flood.send(flood.ends.initiator().message.octets) is None
    spy.seen.clear()
    for number in range(20):
        octets = flood.forged().replace(ALICE.encode(), f"sip:alic{number % 10}@example.com".encode(), 1)
        flood.send(octets)
    assert spy.seen.count("signature") <= 5
    assert flood.send(flood.ends.initiator().message.octets) is None


def test_made_up_names_share_what_strangers_have() -> None:
    flood = Flood.of(Case(Mode.RSA_R))
    faults = []
    for number in range(10):
        own = identity_of(f"sip:{number}@example.com")
        faults.append(flood.send(flood.ends.initiator(own=own).message.octets))
    assert [fault.mikey_error for fault in faults if fault] == [ErrorNo.INVALID_ID] * 5 + [None] * 5


@pytest.mark.parametrize("case", [case for case in SIGNED if not MODES[case.mode].pushes], ids=named)
def test_answers_are_verified_so_often_and_no_oftener(case: Case, spy: Spy) -> None:
    ends = Ends.of(case)
    initiator = ends.initiator(limits=LIMITS)
    reply = ends.respond(initiator.message.octets).reply or b""
    spy.seen.clear()
    for _ in range(10):
        with pytest.raises(PeerError):
            initiator.complete(changed(reply, -1))
    assert spy.seen.count("chain") == 3
    with pytest.raises(PeerError, match="too many answers"):
        initiator.complete(reply)


@pytest.mark.parametrize("case", [case for case in SIGNED if not MODES[case.mode].pushes], ids=named)
def test_what_belongs_to_something_else_uses_up_nothing(case: Case) -> None:
    ends = Ends.of(case)
    initiator, other = ends.initiator(limits=LIMITS), ends.initiator()
    strange = ends.respond(other.message.octets).reply or b""
    for _ in range(10):
        with pytest.raises(PeerError):
            initiator.complete(strange)
    assert initiator.complete(ends.respond(initiator.message.octets).reply or b"").peer == BOB


def test_signed_error_messages_count_as_answers() -> None:
    ends = Ends.of(Case(Mode.DHSIGN))
    initiator = ends.initiator(limits=LIMITS, new_keys=False)
    report = refused(ends, initiator.message.octets).reply or b""
    assert Message.decode(report).payloads
    for _ in range(3):
        with pytest.raises(PeerError, match="does not verify"):
            initiator.complete(changed(report, -1))
    with pytest.raises(PeerError, match="too many answers"):
        initiator.complete(report)


def test_a_share_goes_by_the_name_that_was_proved() -> None:
    """Alice's certificate is in all of her messages, behind one that is not hers and is never the same."""
    ends, others = Ends.of(Case(Mode.DHSIGN, "ec", Choices(dh_group=DhGroup.ECP_P_256))), Authority.create("Others")
    ends.pair.replay = ReplayCache(capacity=8, share=2)
    sent = ends.initiator().message
    own = sent.find(Certificate)
    idr = sent.all(Identity)[1]
    rest = [one for one in sent.payloads if not isinstance(one, Timestamp | Identity | Certificate | Signature)]
    for number in range(12):
        stamp = Timestamp(value=NtpTime.from_unix_us(ends.pair.now_us + 200 * SECOND_US).value + number)
        other = der_of(others.issue(f"sip:{number}@example.net", key=ec_key("other", CURVE)).certificate)
        first = Certificate(cert_type=CertType.X509V3_ENCR, data=other)
        header = replace(sent.header, csb_id=number)
        payloads = (stamp, first, own, idr, *rest)
        message = close_with_sign(header, payloads, credential=ends.alices, choices=ends.case.choices)
        ends.respond(message.octets)
    assert len(ends.pair.replay) == 2
    with pytest.raises(PeerError, match="can still vouch for"):
        ends.run()
    ends.alices = credential(Mode.DHSIGN, CAROL, BOB, "ec")
    assert ends.run(own=identity_of(CAROL))[1].established.peer == CAROL


def test_who_fills_his_share_of_the_replay_cache_locks_out_himself_only() -> None:
    pair = Pair(bobs_credentials=(PskCredential("*", PSK),), replay=ReplayCache(capacity=8, share=2))

    def call(own: str, ahead_s: int) -> None:
        """A call from an end whose clock is ahead of Bob's."""
        stamp = pair.stamps.stamp(NtpTime.from_unix_us(pair.now_us + ahead_s * SECOND_US))
        pair.stamps = TimestampSource()
        pair.respond(pair.psk_initiator(own=identity_of(own), timestamp=stamp).message.octets)

    for ahead_s in range(100, 120):
        call(ALICE, ahead_s)
    call(CAROL, 1)
    with pytest.raises(PeerError, match="can still vouch for"):
        call(ALICE, 2)
