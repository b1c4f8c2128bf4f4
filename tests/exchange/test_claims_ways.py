"""What RFC 5197 says of the ways without signatures, of assertions, of RSA-R and of curves, and what an SSRC is for."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from mikey_sdp.dissect.known import NOTHING
from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import Certificate, GeneralExtension, Rand, SecurityPolicy, SrtpIdEntry
from mikey_sdp.mikey.registry import ExtensionType
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.scenario.matrix_trust import calls_work, without_authority
from mikey_sdp.scenario.mode_cases import CASES as RECORDED
from mikey_sdp.scenario.mode_cases import held
from mikey_sdp.scenario.mode_table import opened_with, record
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.srtp.refusal import PacketRefused
from mikey_sdp.srtp.sa_table import SaTable
from tests.exchange.asserted import asserted
from tests.exchange.costs import recorded, usual
from tests.exchange.ends import CASES, NOW_US, Case, Ends, named
from tests.exchange.pair import ALICE, BOB, PSK, Pair, teks
from tests.unit.endpoint.ends import SECOND_US, Clock, body, hears, mikey_of

SHORT_TAG = replace(DEFAULT_SRTP, tag_octets=4)


@pytest.mark.requirement("5197-3.4-2", "5197-3.4-3")
def test_whoever_sees_an_unprotected_message_has_the_key() -> None:
    """As he would of a key in the clear in SDP: nothing in the message stands in his way."""
    opened = {case.name for case in RECORDED if opened_with(record(case, held(case)), (NOTHING,)) is not None}
    assert opened == {"NULL"}


@pytest.mark.requirement("5197-3.4-7", "5197-3.4-4")
def test_unprotected_anybody_can_call_anybody_with_nothing_but_a_secure_carrier() -> None:
    users = [f"sip:user{number}@example.com" for number in range(6)]

    def end(user: str) -> Endpoint:
        return Endpoint(user, credentials=[NullCredential()], clock=Clock(), entropy=SeededEntropy(user.encode()))

    for caller, callee in itertools.permutations(users, 2):
        offer = end(caller).offer(body(), to=callee, secure_carrier=True)
        answer = end(callee).answer(offer.sdp, body(host=2), caller=caller, secure_carrier=True)
        assert answer.keys is not None
        assert hears(offer.accept(answer.sdp or ""), answer.keys)
        refused = end(callee).answer(offer.sdp, body(host=2), caller=caller)
        assert refused.rejection is not None
    with pytest.raises(PolicyRefused):
        end(ALICE).offer(body(), to=BOB)


@pytest.mark.requirement("5197-3.4-8")
@pytest.mark.parametrize("case", [usual(mode) for mode in (Mode.NULL, Mode.PSK, Mode.RSA, Mode.DHSIGN)], ids=named)
def test_policies_and_lists_of_identifiers_are_as_they_were_but_for_unprotected_ones(case: Case) -> None:
    made = Ends.of(case)
    listed = GeneralExtension(ext_type=ExtensionType.SDP_IDS, data=b"mikey other")
    sent = made.initiator(extensions=(listed,)).message
    shortened = replace(listed, data=b"mikey")
    weaker = SHORT_TAG.to_payload(0)
    octets = Message.build(
        sent.header,
        tuple(
            shortened if payload == listed else weaker if isinstance(payload, SecurityPolicy) else payload
            for payload in sent.payloads
        ),
    ).octets
    if case.mode is not Mode.NULL:
        with pytest.raises(PeerError):
            made.respond(octets)
        return
    taken = made.respond(octets)
    assert taken.established.bundle.policies[0].tag_octets == 4
    assert [one.data for one in Message.decode(octets).all(GeneralExtension)] == [b"mikey"]


# DHSAML


@pytest.mark.requirement("5197-3.6-4")
def test_one_assertion_serves_in_calls_with_several_others_until_its_time_is_over() -> None:
    clock = Clock(NOW_US)

    def end(user: str) -> Endpoint:
        return Endpoint(
            user,
            credentials=[asserted(user)],
            clock=clock,
            entropy=SeededEntropy(user.encode()),
            modes=[Mode.DHSAML],
        )

    alice, told = end(ALICE), set()
    for callee in (BOB, "sip:carol@example.com"):
        offer = alice.offer(body(), to=callee)
        answer = end(callee).answer(offer.sdp, body(host=2), caller=ALICE)
        assert answer.keys is not None
        assert hears(offer.accept(answer.sdp or ""), answer.keys)
        told.add(mikey_of(offer.sdp).find(Certificate))
    assert len(told) == 1
    clock.unix_us += 4 * 3600 * SECOND_US
    late = end(BOB).answer(alice.offer(body(), to=BOB).sdp, body(host=2), caller=ALICE)
    assert late.rejection is not None


@pytest.mark.requirement("5197-3.6-19")
def test_without_an_assertion_by_some_server_there_is_no_call() -> None:
    clock = Clock(NOW_US)
    for credentials in ([], [PskCredential(BOB, PSK)]):
        alice = Endpoint(ALICE, credentials=credentials, clock=clock, entropy=SeededEntropy(b"a"), modes=[Mode.DHSAML])
        with pytest.raises(PolicyRefused):
            alice.offer(body(), to=BOB)
    assert not calls_work(recorded("DHSAML"), without_authority(held(recorded("DHSAML"))))


# RSA-R


@pytest.mark.requirement("5197-3.7-9", "5197-5.5-T2-note")
def test_the_initiator_of_rsa_r_has_a_part_in_the_keys_by_his_rand() -> None:
    """The Responder makes the same TGK each time. What is left to the Initiator without a RAND is the CSB ID."""
    fixed = SeededEntropy(b"the same every time")(16)
    made = Ends.of(usual(Mode.RSA_R))
    found = []
    for _ in range(2):
        initiator, response, established = made.run()
        key = replace(established.bundle.keys[0], key=Secret(fixed))
        found.append(replace(established.bundle, keys=(key,)))
        sent = initiator.message.find(Rand)
        assert sent is not None
        assert established.bundle.rand == response.established.bundle.rand == sent.octets
    first, second = found
    assert not set(teks(first)) & set(teks(second))
    alike = replace(second, rand=first.rand)
    assert not set(teks(first)) & set(teks(alike))
    assert teks(first) == teks(replace(alike, csb_id=first.csb_id))


# Curves, and what the SSRC is for


@pytest.mark.requirement("5197-4.1-1")
def test_curves_sign_agree_and_encrypt() -> None:
    kinds = {case.mode for case in CASES if case.key == "ec"}
    assert kinds == {Mode.DHSIGN, Mode.ECIES, Mode.ECMQV}
    for case in CASES:
        if case.key == "ec":
            initiator, response, established = Ends.of(case).run()
            assert teks(established.bundle) == teks(response.established.bundle)
            assert initiator.message.header.data_type == MODES[case.mode].data_type


@pytest.mark.requirement("5197-3-21")
def test_the_ssrc_says_which_policy_protects_a_stream() -> None:
    pair = Pair()
    sessions = (SrtpIdEntry(policy_no=0, ssrc=7), SrtpIdEntry(policy_no=1, ssrc=8))
    sent = pair.psk_initiator(pair.bundle(sessions=sessions, policies={0: DEFAULT_SRTP, 1: SHORT_TAG}))
    bundle = pair.respond(sent.message.octets).established.bundle
    table, where = SaTable(), ("192.0.2.1", 5004)
    for cs_id in bundle.cs_ids:
        for sa in bundle.data_sas(cs_id):
            table.register(sa, where)
    assert [table.lookup(ssrc, where).parameters.tag_octets for ssrc in (7, 8)] == [DEFAULT_SRTP.tag_octets, 4]
    with pytest.raises(PacketRefused):
        table.lookup(9, where)
