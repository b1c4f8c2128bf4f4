"""Several MIKEY messages in one offer: who takes which, and whose answer it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.endpoint import Endpoint, Offer, Recipient
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import GeneralExtension
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.mikey.registry import DataType, ErrorNo, ExtensionType
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.protocols import OfferedProtocol
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, authority, certified
from tests.pki import Holder, ec_key
from tests.unit.endpoint.devices import (
    CAROL,
    DESK,
    FOR_DEVICES,
    MARK,
    MOBILE,
    TABLET,
    alice_end,
    answered,
    bobs,
    changed,
    credential_of,
    end,
    messages,
    refused,
)
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Clock, body, hears


def test_a_line_and_a_bundle_for_each_recipient_and_a_list_of_as_many(offer: Offer) -> None:
    sent = messages(offer.sdp)
    assert [message.header.data_type for message in sent] == [
        DataType.PUBLIC_KEY,
        DataType.PUBLIC_KEY,
        DataType.DH_INIT,
    ]
    assert len({message.header.csb_id for message in sent}) == 3
    for message in sent:
        lists = [e.data for e in message.all(GeneralExtension) if e.ext_type == ExtensionType.SDP_IDS]
        assert lists == [b"mikey;mikey;mikey"]
    assert [message.find(CertificateHash) is not None for message in sent] == [True, True, False]
    assert (offer.mode, offer.modes, offer.keys) == (Mode.RSA, (Mode.RSA, Mode.DHSIGN), None)


def test_no_two_messages_open_one_bundle() -> None:
    """Even where chance would have it so."""
    drawn = SeededEntropy(b"a bad day")

    def entropy(octets: int) -> bytes:
        return bytes(4) if octets == 4 and len(seen) < 2 and not seen.append(octets) else drawn(octets)

    seen: list[int] = []
    held = credential_of(certified(ALICE, "rsa"))
    alice = Endpoint(ALICE, credentials=[held], clock=Clock(NOW_US), entropy=entropy)
    offer = alice.offer(body(), to=BOB, recipients=[Recipient(peer=BOB, mode=Mode.DHSIGN)] * 2)
    assert len(seen) == 2
    assert len({message.header.csb_id for message in messages(offer.sdp)}) == 2


@pytest.mark.requirement("5197-5.2-5")
@pytest.mark.parametrize(
    ("holder", "mode", "number"), [(DESK, Mode.RSA, 0), (MOBILE, Mode.RSA, 1), (TABLET, Mode.DHSIGN, 2)]
)
def test_each_device_takes_the_first_message_for_it_and_the_offerer_knows_which(
    offer: Offer, holder: Holder, mode: Mode, number: int
) -> None:
    answer = answered(bobs(holder), offer.sdp)
    assert answer.keys is not None, answer.rejection
    assert answer.keys.mode is mode
    keys = offer.accept(answer.sdp or "")
    assert (keys.mode, keys.peer) == (mode, BOB)
    assert keys.csb_ids == answer.keys.csb_ids == (messages(offer.sdp)[number].header.csb_id,)
    assert hears(keys, answer.keys)


@pytest.mark.requirement("5197-5.2-5")
def test_branches_that_took_different_messages_have_nothing_in_common(offer: Offer) -> None:
    answers = [answered(bobs(holder), offer.sdp) for holder in (DESK, MOBILE)]
    taken = [offer.accept(answer.sdp or "") for answer in answers]
    assert [keys.advice for keys in taken] == [(), ()]
    assert taken[0].media[0].send[0].master_key != taken[1].media[0].send[0].master_key
    for mine, answer in zip(taken, answers, strict=True):
        assert hears(mine, answer.keys)


def test_a_call_goes_on_with_the_message_that_was_taken(offer: Offer) -> None:
    answer = answered(bobs(MOBILE), offer.sdp)
    keys = offer.accept(answer.sdp or "")
    for rekey in (False, True):
        later = keys.leg.offer(body(), rekey=rekey)
        assert len(messages(later.sdp)) == 1
        again = answer.keys.leg.answer(later.sdp, body(host=2))
        assert again.keys is not None, again.rejection
        assert later.accept(again.sdp or "").peer == BOB


def test_recipients_of_other_names_answer_in_them() -> None:
    known = certified(CAROL, "rsa")
    alice = alice_end(PskCredential(BOB, KEY), credential_of(certified(ALICE, "rsa"), known))
    offer = alice.offer(body(), to=BOB, recipients=[Recipient(peer=BOB), Recipient(peer=CAROL)])
    assert offer.modes == (Mode.PSK, Mode.RSA)
    carol = end(CAROL, credential_of(known, certified(ALICE, "rsa")), several_messages=True)
    answer = answered(carol, offer.sdp)
    assert answer.keys is not None, answer.rejection
    assert offer.accept(answer.sdp or "").peer == CAROL


def test_at_every_level_the_same() -> None:
    alice = alice_end()
    offer = alice.offer(body("audio", "video"), to=BOB, level="media", recipients=FOR_DEVICES[:2])
    assert [len(messages(offer.sdp, level)) for level in (0, 1)] == [2, 2]
    answer = answered(bobs(MOBILE), offer.sdp, "audio", "video")
    assert answer.keys is not None, answer.rejection
    keys = offer.accept(answer.sdp or "")
    assert hears(keys, answer.keys, media=1)
    assert len(keys.csb_ids) == 2


def test_other_protocols_stand_behind_all_messages() -> None:
    others = [OfferedProtocol(kmpid="keyp1", message=str.encode)]
    offer = alice_end().offer(body(), to=BOB, recipients=FOR_DEVICES[:2], other_protocols=others)
    lines = key_mgmt_lines(SessionDescription.parse(offer.sdp))
    assert [line.kmpid for line in lines] == ["mikey", "mikey", "keyp1"]
    assert lines[2].data == b"mikey;mikey;keyp1"
    assert answered(bobs(MOBILE), offer.sdp).keys is not None


def test_without_the_option_the_first_message_counts(offer: Offer) -> None:
    assert answered(bobs(DESK, several=False), offer.sdp).keys is not None
    assert "another certificate" in refused(bobs(MOBILE, several=False), offer.sdp)


def test_where_none_is_for_us_the_first_is_refused_for_what_it_is() -> None:
    alice = alice_end(PskCredential(BOB, KEY), PskCredential(CAROL, KEY))
    offer = alice.offer(body(), to=BOB, recipients=[Recipient(peer=BOB), Recipient(peer=CAROL)])
    dave = end("sip:dave@example.com", PskCredential(ALICE, KEY), several_messages=True)
    answer = answered(dave, offer.sdp)
    assert (answer.rejection.status, answer.rejection.mikey_error) == (488, ErrorNo.INVALID_ID)
    assert f"for {BOB}" in answer.rejection.warning[1]


def test_an_unprotected_message_stands_alone() -> None:
    alice = alice_end(PskCredential(BOB, KEY), NullCredential())
    mixed = [Recipient(peer=BOB, mode=Mode.PSK), Recipient(peer=BOB, mode=Mode.NULL)]
    with pytest.raises(PolicyRefused) as caught:
        alice.offer(body(), to=BOB, secure_carrier=True, recipients=mixed)
    assert caught.value.rule == "null-stands-alone"
    held = PskCredential(ALICE, KEY), NullCredential()
    protected = alice.offer(body(), to=BOB, recipients=[mixed[0], mixed[0]])
    plain = end(ALICE, NullCredential()).offer(body(), to=BOB, secure_carrier=True)
    line = next(line for line in plain.sdp.splitlines(keepends=True) if line.startswith(MARK))
    for several in (True, False):
        bob = end(BOB, *held, several_messages=several)
        hostile = changed(protected.sdp, lambda found: found.insert(0, line))
        answer = bob.answer(hostile, body(host=2), caller=ALICE, secure_carrier=True)
        assert answer.keys is None
        assert "beside others" in answer.rejection.warning[1]


def test_a_recipient_is_chosen_for_by_the_same_policy() -> None:
    with pytest.raises(PolicyRefused):
        alice_end(forward_secrecy=True).offer(body(), to=BOB, recipients=FOR_DEVICES)
    with pytest.raises(PolicyRefused):
        alice_end(modes=(Mode.DHSIGN,)).offer(body(), to=BOB, recipients=FOR_DEVICES)
    wrong = Recipient(peer=BOB, mode=Mode.DHSIGN, certificate=DESK.certificate)
    with pytest.raises(PolicyRefused) as caught:
        alice_end().offer(body(), to=BOB, recipients=[wrong])
    assert caught.value.rule == "certificate-and-mode"
    with pytest.raises(PolicyRefused, match="not known beforehand"):
        alice_end().offer(body(), to=BOB, recipients=[Recipient(peer=CAROL, certificate=DESK.certificate)])


def test_a_certificate_on_a_curve_means_ecies() -> None:
    mine, his = (authority().issue(name, key=ec_key(name, ec.SECP256R1())) for name in (ALICE, BOB))
    offer = end(ALICE, credential_of(mine)).offer(
        body(), to=BOB, recipients=[Recipient(peer=BOB, certificate=his.certificate)]
    )
    assert offer.modes == (Mode.ECIES,)
    answer = answered(end(BOB, credential_of(his, mine)), offer.sdp)
    assert hears(offer.accept(answer.sdp or ""), answer.keys)


def test_several_messages_need_an_answer_and_a_budget_for_all() -> None:
    with pytest.raises(UsageError, match="verification"):
        alice_end(verification=False).offer(body(), to=BOB, recipients=FOR_DEVICES)
    with pytest.raises(PolicyRefused) as caught:
        alice_end(max_octets=2000).offer(body(), to=BOB, recipients=FOR_DEVICES)
    assert caught.value.facts["budget"] == 2000


def test_an_answer_to_none_of_the_messages(offer: Offer) -> None:
    other = alice_end().offer(body(), to=BOB, recipients=FOR_DEVICES[1:])
    stray = answered(bobs(MOBILE), other.sdp)
    lone = replace(FOR_DEVICES[0], mode=Mode.RSA)
    later = end(ALICE, credential_of(certified(ALICE, "rsa"))).offer(body(), to=BOB, recipients=[lone, lone])
    with pytest.raises(PeerError, match="no message of the offer opened"):
        later.accept(answered(bobs(TABLET), offer.sdp).sdp or "")
    with pytest.raises(PeerError, match="no MIKEY message"):
        later.accept(changed(stray.sdp or "", list.clear))


def test_after_a_rejection_of_all_the_policy_goes_on_with_one_for_who_was_called() -> None:
    alice = alice_end(PskCredential(BOB, KEY), credential_of(certified(ALICE, "rsa")))
    offer = alice.offer(body(), to=BOB, recipients=FOR_DEVICES)
    later = offer.next_mode(body())
    assert (later.mode, len(messages(later.sdp))) == (Mode.PSK, 1)
    assert later.next_mode(body()).mode is Mode.DHHMAC
