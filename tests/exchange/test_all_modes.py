"""What holds in every mode: both ends get the same keys, and nothing altered, cut, repeated or late is taken."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import BackendUnavailable, DecodeError, PeerError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.mikey.modes.table import MODES, row_of_message
from mikey_sdp.mikey.payloads import Rand
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import CASES, PROTECTED, Case, Ends, named
from tests.exchange.pair import ALICE, BOB, SECOND_US, changed, teks

every = pytest.mark.parametrize("case", CASES, ids=named)
UPDATING = [case for case in CASES if MODES[case.mode].updates]
protected = pytest.mark.parametrize("case", PROTECTED, ids=named)


@every
def test_both_ends_get_the_same_keys(case: Case) -> None:
    ends = Ends.of(case)
    initiator, response, established = ends.run()
    assert teks(established.bundle) == teks(response.established.bundle)
    assert len(set(teks(established.bundle))) == 2
    assert (response.established.peer, established.peer) == (ALICE, BOB)
    assert (response.established.mode, established.mode) == (case.mode, case.mode)
    row = MODES[case.mode]
    assert initiator.message.header.data_type == row.data_type
    assert Message.decode(response.reply or b"").header.data_type == row.answer_type
    assert row_of_message(initiator.message) is row


@every
def test_keys_are_known_before_the_answer_only_where_the_initiator_makes_them(case: Case) -> None:
    ends = Ends.of(case)
    initiator, _, established = ends.run()
    early = initiator.early_bundle
    assert (early is not None) == MODES[case.mode].pushes
    assert early is None or teks(early) == teks(established.bundle)


@every
def test_two_exchanges_have_nothing_in_common(case: Case) -> None:
    ends = Ends.of(case)
    first, second = ends.run()[2].bundle, ends.run()[2].bundle
    assert not set(teks(first)) & set(teks(second))
    assert first.csb_id != second.csb_id
    assert first.rand != second.rand


@every
def test_another_responder_in_a_fork_gets_keys_of_its_own_where_he_contributes(case: Case) -> None:
    ends, other = Ends.of(case), Ends.of(case)
    other.pair.entropy = SeededEntropy(b"another device")
    initiator = ends.initiator()
    bundles = [initiator.complete(end.respond(initiator.message.octets).reply or b"").bundle for end in (ends, other)]
    shared = set(teks(bundles[0])) & set(teks(bundles[1]))
    assert bool(shared) == MODES[case.mode].pushes


@every
def test_every_prefix_of_both_messages_is_refused(case: Case) -> None:
    ends = Ends.of(case)
    initiator, response, _ = ends.run()
    request, reply = initiator.message.octets, response.reply or b""
    for end in range(len(request)):
        with pytest.raises((DecodeError, PeerError)):
            ends.respond(request[:end])
    for end in range(len(reply)):
        with pytest.raises((DecodeError, PeerError)):
            initiator.complete(reply[:end])


@pytest.mark.parametrize("case", [case for case in PROTECTED if case.mode is not Mode.DHSAML], ids=named)
def test_every_flipped_bit_of_the_request_is_refused(case: Case) -> None:
    """The first message of DHSAML, which nothing protects before V, has a test of its own."""
    ends = Ends.of(case)
    octets = ends.initiator().message.octets
    for offset in range(len(octets)):
        for bit in range(8):
            with pytest.raises((DecodeError, PeerError)):
                ends.respond(changed(octets, offset, 1 << bit))
    assert len(ends.pair.bundles) == 0
    assert ends.respond(octets).reply


@protected
def test_every_flipped_bit_of_the_answer_is_refused(case: Case) -> None:
    ends = Ends.of(case)
    initiator = ends.initiator(limits=Limits(answers=1 << 16))
    reply = ends.respond(initiator.message.octets).reply or b""
    for offset in range(len(reply)):
        for bit in range(8):
            with pytest.raises((DecodeError, PeerError)):
                initiator.complete(changed(reply, offset, 1 << bit))
    assert initiator.complete(reply).peer == BOB


def test_a_flipped_bit_in_null_mode_changes_keys_unseen() -> None:
    ends = Ends.of(Case(Mode.NULL))
    initiator = ends.initiator()
    octets = initiator.message.octets
    key = octets.index(initiator.early_bundle.keys[0].key.reveal())
    taken = ends.respond(changed(octets, key)).established.bundle
    assert teks(taken) != teks(initiator.early_bundle)


@every
def test_a_replay_is_refused(case: Case) -> None:
    ends = Ends.of(case)
    octets = ends.run()[0].message.octets
    ends.pair.bundles.close(ALICE, Message.decode(octets).header.csb_id)
    with pytest.raises(PeerError, match="replay"):
        ends.respond(octets)


@every
def test_a_late_message_is_refused(case: Case) -> None:
    ends = Ends.of(case)
    octets = ends.initiator().message.octets
    ends.pair.now_us += 301 * SECOND_US
    with pytest.raises(PeerError) as refused:
        ends.respond(octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_TS


@every
def test_an_answer_to_another_offer_is_refused(case: Case) -> None:
    ends = Ends.of(case)
    first, second = ends.initiator(), ends.initiator()
    reply = ends.respond(first.message.octets).reply or b""
    with pytest.raises(PeerError):
        second.complete(reply)
    assert first.complete(reply).peer == BOB


@pytest.mark.parametrize("case", UPDATING, ids=named)
def test_an_update_brings_new_keys_under_the_old_name(case: Case) -> None:
    ends = Ends.of(case)
    _, _, before = ends.run()
    entropy = ends.pair.entropy
    keys = ends.pair.bundle().keys if MODES[case.mode].pushes else ()
    update = ends.initiator(bundle=before.bundle.updated(keys=keys), previous=before.bundle, entropy=entropy)
    assert update.message.find(Rand) is None
    response = ends.respond(update.message.octets)
    after = update.complete(response.reply or b"")
    assert teks(after.bundle) == teks(response.established.bundle)
    assert not set(teks(after.bundle)) & set(teks(before.bundle))
    assert (after.bundle.csb_id, after.bundle.rand) == (before.bundle.csb_id, before.bundle.rand)


@pytest.mark.parametrize(
    "case", [case for case in CASES if MODES[case.mode].updates and case.mode is not Mode.ECMQV], ids=named
)
def test_an_update_without_keys_keeps_them(case: Case) -> None:
    ends = Ends.of(case)
    _, _, before = ends.run()
    update = ends.initiator(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
    response = ends.respond(update.message.octets)
    after = update.complete(response.reply or b"")
    assert teks(after.bundle) == teks(response.established.bundle) == teks(before.bundle)


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC])
def test_nobody_answers_in_another_name_under_a_key_that_one_holds(mode: Mode) -> None:
    ends = Ends.of(Case(mode))
    ends.pair.own, ends.pair.require_idr = "sip:carol@example.com", False
    initiator = ends.initiator(peer=None)
    response = ends.respond(initiator.message.octets)
    with pytest.raises(PeerError) as refused:
        initiator.complete(response.reply or b"")
    assert refused.value.mikey_error == ErrorNo.INVALID_ID


SIGNED = [case for case in PROTECTED if MODES[case.mode].credential is CertificateCredential]


@pytest.mark.parametrize("case", SIGNED, ids=named)
def test_a_wrong_signature_tells_nothing_of_the_bundles_that_are_open(case: Case) -> None:
    ends = Ends.of(case)
    initiator = ends.run()[0]
    keys = initiator.early_bundle.keys if initiator.early_bundle else ()
    again = ends.initiator(bundle=ends.pair.bundle(csb_id=initiator.message.header.csb_id, keys=keys))
    octets = changed(again.message.octets, -1)
    with pytest.raises(PeerError) as refused:
        ends.respond(octets)
    assert (refused.value.mikey_error, refused.value.reply) == (ErrorNo.AUTH_FAILURE, None)


def test_a_missing_library_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Ends.of(Case(Mode.ECMQV, "ec"))
    octets = ends.initiator().message.octets

    def missing(*_arguments: object) -> None:
        raise BackendUnavailable("pycryptodome", install="pip install it")

    monkeypatch.setattr("mikey_sdp.mikey.crypto.points._library", missing)
    with pytest.raises(PeerError, match="not available") as refused:
        ends.respond(octets)
    assert "pip" not in str(refused.value)  # the reason travels to the peer, in a Warning header
    assert isinstance(refused.value.__cause__, BackendUnavailable)
    with pytest.raises(BackendUnavailable):
        ends.initiator()


def test_answers_sent_to_a_responder_get_no_answer() -> None:
    for case in CASES:
        ends = Ends.of(case)
        reply = ends.run()[1].reply or b""
        with pytest.raises(PeerError) as refused:
            ends.respond(reply)
        assert (refused.value.mikey_error, refused.value.reply) == (None, None)
