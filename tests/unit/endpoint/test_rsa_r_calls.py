"""Calls by RSA-R: what offers say of streams and of whom they are for; and calls under keys that earlier ones left."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Endpoint, KeySet, Options
from mikey_sdp.endpoint.admission import check_own_ssrcs
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.registry import CacheIndicator, ErrorNo
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, authority, certificate_credential, certified
from tests.unit.endpoint.ends import ALICE, BOB, SECOND_US, Clock, body, hears, mikey_of

CAROL = "sip:carol@example.com"
PACKET = bytes.fromhex("8000000100000000000000b2") + b"only Bob talks"


def end(
    identity: str,
    clock: Clock,
    held: Credential,
    *modes: Mode,
    answers_for: frozenset[str] = frozenset(),
    **choices: object,
) -> Endpoint:
    return Endpoint(
        identity,
        credentials=[held],
        clock=clock,
        entropy=SeededEntropy(identity.encode()),
        modes=modes or (Mode.RSA_R,),
        options=Options(choices=Choices(**choices), answers_for=answers_for),
    )


def alice_and_bob(*modes: Mode, **choices: object) -> tuple[Endpoint, Endpoint, Clock]:
    clock = Clock(NOW_US)
    alice = end(ALICE, clock, certificate_credential(ALICE, BOB, "rsa"), *modes, **choices)
    return alice, end(BOB, clock, certificate_credential(BOB, ALICE, "rsa"), *modes, **choices), clock


def call(alice: Endpoint, bob: Endpoint, sdp: str) -> tuple[Message, KeySet, KeySet]:
    offer = alice.offer(sdp, to=BOB)
    answer = bob.answer(offer.sdp, body(*(["audio"] * sdp.count("m=")), host=2), caller=ALICE)
    assert answer.keys is not None, answer.rejection
    return mikey_of(offer.sdp), offer.accept(answer.sdp or ""), answer.keys


@pytest.mark.requirement("4738-3.4-5", "4738-3.4-6")
@pytest.mark.parametrize("lines", [1, 2])
def test_an_offer_counts_its_streams_and_names_its_own(lines: int) -> None:
    alice, bob, _ = alice_and_bob()
    ssrcs = (0xA1, 0xA2)[:lines]
    message, mine, theirs = call(alice, bob, body(*(["audio"] * lines), ssrcs=ssrcs))
    assert message.octets[8] == 2 * lines
    assert [entry.ssrc for entry in message.header.sessions] == [number for own in ssrcs for number in (own, 0)]
    assert hears(mine, theirs, media=lines - 1, ssrc=ssrcs[-1])


@pytest.mark.requirement("4738-3.4-7")
@pytest.mark.parametrize("lines", [1, 2])
def test_who_only_listens_names_no_stream_and_hears_all_the_same(lines: int) -> None:
    alice, bob, _ = alice_and_bob()
    media = ["audio"] * lines
    sdp = body(*media).replace("t=0 0\r\n", "t=0 0\r\na=recvonly\r\n")
    message, mine, theirs = call(alice, bob, sdp)
    assert (message.octets[8], message.header.sessions) == (0, ())
    for number in range(lines):
        assert mine.session(number).unprotect(theirs.session(number).protect(PACKET)) == PACKET


def test_a_caller_who_sends_one_of_two_streams_names_both() -> None:
    alice, bob, _ = alice_and_bob()
    sdp = body("audio", "audio").replace("m=audio 40002", "a=recvonly\r\nm=audio 40002")
    message, _mine, _theirs = call(alice, bob, sdp)
    assert message.octets[8] == 4


@pytest.mark.requirement("4738-3.4-17", "4738-5-2", "4738-4-1")
def test_a_call_names_the_one_who_may_answer() -> None:
    """Carol could answer, and does so in her own name; without leave to retarget nobody but Bob may."""
    alice, _bob, clock = alice_and_bob()
    holder = certified(CAROL, "rsa")
    trust = Trust(anchors=(authority().certificate,), known=(certified(ALICE, "rsa").certificate,))
    credential = CertificateCredential((holder.certificate,), holder.key, trust)
    offer = alice.offer(body(), to=BOB)
    assert [payload.data for payload in mikey_of(offer.sdp).all(Identity)] == [ALICE.encode(), BOB.encode()]
    alone, charged = end(CAROL, clock, credential), end(CAROL, clock, credential, answers_for=frozenset({BOB}))
    refusal = alone.answer(offer.sdp, body(host=2), caller=ALICE).rejection
    assert refusal is not None
    assert refusal.mikey_error == ErrorNo.INVALID_ID
    answer = charged.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.sdp is not None
    with pytest.raises(PeerError) as refused:
        offer.accept(answer.sdp)
    assert refused.value.mikey_error == ErrorNo.INVALID_ID
    assert offer.accept(answer.sdp, retarget=True).peer == CAROL


def test_a_cached_key_of_the_pair_makes_a_psk_call_where_psk_is_asked_for() -> None:
    alice, bob, clock = alice_and_bob(Mode.RSA, Mode.PSK, cache=CacheIndicator.CACHE)
    with pytest.raises(PolicyRefused):
        end(ALICE, clock, certificate_credential(ALICE, BOB, "rsa"), Mode.PSK).offer(body(), to=BOB)
    _message, mine, theirs = call(alice, bob, body())
    assert mine.mode is Mode.RSA
    assert mine.leg is not None
    assert theirs.leg is not None
    mine.leg.close()
    theirs.leg.close()
    clock.unix_us += SECOND_US
    message, mine, theirs = call(alice, bob, body())
    assert (mine.mode, theirs.mode) == (Mode.PSK, Mode.PSK)
    assert message.header.data_type.name == "PRE_SHARED"
    assert hears(mine, theirs)


def test_a_key_that_is_cached_for_its_call_makes_no_other() -> None:
    alice, bob, clock = alice_and_bob(Mode.RSA, Mode.PSK, cache=CacheIndicator.CACHE_FOR_CSB)
    call(alice, bob, body())
    clock.unix_us += SECOND_US
    assert alice.offer(body(), to=BOB).mode is Mode.RSA


@pytest.mark.parametrize(("sent", "filled"), [((), (7, 8)), ((1, 0), (2, 8)), ((1, 0), (1, 8, 0, 9)), ((1, 0), (1,))])
def test_an_answer_chooses_no_stream_of_ours_and_adds_none_where_we_named_some(
    sent: tuple[int, ...], filled: tuple[int, ...]
) -> None:
    with pytest.raises(PeerError):
        check_own_ssrcs([SrtpIdEntry(ssrc=one) for one in sent], [SrtpIdEntry(ssrc=one) for one in filled])
    check_own_ssrcs([], [SrtpIdEntry(ssrc=0), SrtpIdEntry(ssrc=8)])
