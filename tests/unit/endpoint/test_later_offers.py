"""Offers within a call: hold, more media, new keys, and who makes them."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.payloads import GeneralExtension, KeyDataTransport, Rand, SrtpIdEntry, Timestamp
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from tests.exchange.pair import Pair
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Call, Ends, body, call, hears, mikey_levels, mikey_of


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def made(ends: Ends) -> Call:
    return call(ends.alice(), ends.bob())


def key_lines(sdp: str) -> list[str]:
    return [line for line in sdp.splitlines() if "key-mgmt" in line]


def held(*media: str, host: int = 1) -> str:
    return body(*media, host=host).replace("RTP/AVP 0\r\n", "RTP/AVP 0\r\na=sendonly\r\n")


def test_hold_repeats_the_lines_octet_by_octet(made: Call) -> None:
    again = made.alices_leg.offer(held())
    assert key_lines(again.sdp) == key_lines(made.offer.sdp)
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    assert key_lines(answer.sdp) == key_lines(made.answer.sdp)
    session = made.keys.session(0)
    assert again.accept(answer.sdp).session(0) is session
    assert hears(made.keys, made.answer.keys, sequence=2)


def test_hold_by_the_former_answerer(made: Call) -> None:
    again = made.bobs_leg.offer(held(host=2))
    assert key_lines(again.sdp) == key_lines(made.answer.sdp)
    answer = made.alices_leg.answer(again.sdp, body())
    assert answer.rejection is None
    assert key_lines(answer.sdp) == key_lines(made.offer.sdp)
    assert again.accept(answer.sdp).csb_ids == made.keys.csb_ids


def test_hold_by_an_answerer_who_never_sent_a_message(ends: Ends) -> None:
    made = call(ends.alice(verification=False), ends.bob())
    assert key_lines(made.answer.sdp) == []
    again = made.bobs_leg.offer(held(host=2))
    assert key_lines(again.sdp) == key_lines(made.offer.sdp)
    answer = made.alices_leg.answer(again.sdp, body())
    assert answer.rejection is None
    assert again.accept(answer.sdp).csb_ids == made.keys.csb_ids
    again = made.alices_leg.offer(held())
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    assert (answer.rejection, key_lines(answer.sdp)) == (None, [])
    assert again.accept(answer.sdp).csb_ids == made.keys.csb_ids


@pytest.mark.requirement("4567-4.1.2-18", "3830-4.5-10")
def test_a_rekey_is_an_offer_with_an_update(made: Call) -> None:
    again = made.alices_leg.offer(body(), rekey=True)
    first, update = mikey_of(made.offer.sdp), mikey_of(again.sdp)
    assert update.header.csb_id == first.header.csb_id
    assert update.find(Rand) is None
    assert update.find(Timestamp) != first.find(Timestamp)
    assert len(update.find(KeyDataTransport).encr_data) > 0
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    keys = again.accept(answer.sdp)
    assert keys.media[0].send[0].master_key != made.keys.media[0].send[0].master_key
    assert keys.media[0].send[0].mki != made.keys.media[0].send[0].mki
    assert keys.media[0].send == answer.keys.media[0].receive


@pytest.mark.requirement("4567-4.1.2-19")
def test_keys_change_when_the_exchange_is_over(made: Call) -> None:
    alice, bob = made.keys.session(0), made.answer.keys.session(0)
    assert hears(made.keys, made.answer.keys)
    assert hears(made.answer.keys, made.keys)
    old = made.keys.media[0].send[0].mki
    again = made.alices_leg.offer(body(), rekey=True)
    assert alice.protect(_rtp(2))[-11:-10] == old
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    assert bob.protect(_rtp(2))[-11:-10] == old
    assert bob.unprotect(alice.protect(_rtp(3))) == _rtp(3)
    keys = again.accept(answer.sdp)
    new = keys.media[0].send[0].mki
    assert alice.protect(_rtp(4))[-11:-10] == new != old
    assert alice.unprotect(bob.protect(_rtp(5))) == _rtp(5)
    made.bobs_leg.confirm()
    assert bob.protect(_rtp(6))[-11:-10] == new


def _rtp(sequence: int) -> bytes:
    return bytes([0x80, 0]) + sequence.to_bytes(2, "big") + bytes(4) + b"\x00\x00\x00\x09" + b"payload"


def test_packets_on_their_way_survive_a_rekey(made: Call) -> None:
    alice, bob = made.keys.session(0), made.answer.keys.session(0)
    late = alice.protect(_rtp(1))
    again = made.alices_leg.offer(body(), rekey=True)
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    again.accept(answer.sdp)
    assert bob.unprotect(alice.protect(_rtp(2))) == _rtp(2)
    assert bob.unprotect(late) == _rtp(1)


def test_many_rekeys_in_turn(made: Call) -> None:
    seen = set()
    for turn in range(6):
        one, other = (made.alices_leg, made.bobs_leg) if turn % 2 else (made.bobs_leg, made.alices_leg)
        again = one.offer(body(), rekey=True)
        answer = other.answer(again.sdp, body(host=2))
        assert answer.rejection is None
        keys = again.accept(answer.sdp)
        other.confirm()
        assert hears(keys, answer.keys, sequence=turn + 1)
        assert hears(answer.keys, keys, sequence=turn + 1)
        seen.add(keys.media[0].send[0].master_key.reveal())
    assert len(seen) == 6
    assert (made.alice.open_bundles, made.bob.open_bundles) == (1, 1)


def test_a_rekey_by_the_former_answerer_is_a_bundle_of_his_own(made: Call) -> None:
    again = made.bobs_leg.offer(body(host=2), rekey=True)
    message = mikey_of(again.sdp)
    assert message.header.csb_id not in made.keys.csb_ids
    assert message.find(Rand) is not None
    answer = made.alices_leg.answer(again.sdp, body())
    assert made.alice.open_bundles == 2
    keys = again.accept(answer.sdp)
    made.alices_leg.confirm()
    assert (made.alice.open_bundles, made.bob.open_bundles) == (1, 1)
    assert hears(keys, answer.keys)
    assert hears(answer.keys, keys)


@pytest.mark.requirement("4567-4.1.2-17")
def test_added_media_come_by_an_update_without_keys(made: Call) -> None:
    again = made.alices_leg.offer(body("audio", "video"))
    update = mikey_of(again.sdp)
    assert len(update.header.sessions) == 4
    assert update.find(KeyDataTransport).encr_data == b""
    answer = made.bobs_leg.answer(again.sdp, body("audio", "video", host=2))
    keys = again.accept(answer.sdp)
    assert keys.media[0] == made.keys.media[0]
    assert hears(keys, answer.keys, media=1)
    third = made.bobs_leg.offer(body("audio", "video", "video", host=2))
    answer = made.alices_leg.answer(third.sdp, body("audio", "video", "video"))
    keys = third.accept(answer.sdp)
    made.alices_leg.confirm()
    assert all(hears(keys, answer.keys, media=media, sequence=9) for media in (0, 1, 2))


def test_removed_media_lose_nothing_else(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video")
    again = made.alices_leg.offer(body("audio:0", "video"))
    assert key_lines(again.sdp) == key_lines(made.offer.sdp)
    answer = made.bobs_leg.answer(again.sdp, body("audio:0", "video", host=2))
    keys = again.accept(answer.sdp)
    assert list(keys.media) == [1]
    assert keys.media[1] == made.keys.media[1]


def test_added_media_at_media_level(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), level="media")
    again = made.alices_leg.offer(body("audio", "video"))
    assert mikey_levels(again.sdp) == [0, 1]
    assert key_lines(again.sdp)[0] == key_lines(made.offer.sdp)[0]
    answer = made.bobs_leg.answer(again.sdp, body("audio", "video", host=2))
    keys = again.accept(answer.sdp)
    assert len(keys.csb_ids) == 2
    assert hears(keys, answer.keys, media=1)


@pytest.mark.requirement("4567-4.1.2-20", "4567-4.1.2-21")
def test_a_rekey_by_another_protocol_is_refused(made: Call) -> None:
    again = made.alices_leg.offer(body(), rekey=True).sdp.replace("key-mgmt:mikey", "key-mgmt:keyp1")
    answer = made.bobs_leg.answer(again, body(host=2))
    assert (answer.keys, answer.rejection.status, answer.rejection.warning[0]) == (None, 488, 306)
    assert hears(made.keys, made.answer.keys)


@pytest.mark.requirement("4567-4.1.2-21")
def test_a_failed_rekey_says_306_and_leaves_the_keys(made: Call) -> None:
    again = made.alices_leg.offer(body(), rekey=True)
    (line,) = key_lines(again.sdp)
    answer = made.bobs_leg.answer(again.sdp.replace(line, line[:-8] + "AAAAAAA="), body(host=2))
    assert (answer.rejection.status, answer.rejection.warning[0]) == (488, 306)
    assert hears(made.keys, made.answer.keys)
    assert made.bobs_leg.keys.csb_ids == made.keys.csb_ids


def test_an_answer_that_changes_keys_on_its_own(made: Call) -> None:
    again = made.alices_leg.offer(body())
    rekeyed = made.bobs_leg.offer(body(host=2), rekey=True)
    with pytest.raises(PeerError, match="changes keys that the offer did not"):
        again.accept(rekeyed.sdp)


@pytest.mark.requirement("4567-7.1-7", "4567-4.1.1-18")
def test_a_closed_leg_keeps_nothing(made: Call) -> None:
    made.alices_leg.close()
    made.bobs_leg.close()
    made.bobs_leg.close()
    assert (made.alice.open_bundles, made.bob.open_bundles) == (0, 0)
    assert not made.alices_leg.open
    for use in (
        lambda: made.alices_leg.offer(body()),
        lambda: made.alices_leg.answer(made.offer.sdp, body()),
        lambda: made.alices_leg.keys,
    ):
        with pytest.raises(UsageError, match="closed"):
            use()


def test_a_hundred_calls_leave_nothing(ends: Ends) -> None:
    alice, bob = ends.alice(), ends.bob()
    for _ in range(100):
        made = call(alice, bob)
        made.alices_leg.close()
        made.bobs_leg.close()
    assert (alice.open_bundles, bob.open_bundles) == (0, 0)


def test_a_replayed_update_within_the_call(made: Call) -> None:
    updates = []
    for _ in range(2):
        again = made.alices_leg.offer(body(), rekey=True)
        again.accept(made.bobs_leg.answer(again.sdp, body(host=2)).sdp)
        made.bobs_leg.confirm()
        updates.append(again.sdp)
    answer = made.bobs_leg.answer(updates[0], body(host=2))
    assert "replay" in answer.rejection.warning[1]
    assert isinstance(made.bob, Endpoint)


def test_hold_by_the_former_answerer_at_media_level(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob(), "audio", "video", level="media")
    again = made.bobs_leg.offer(held("audio", "video", host=2))
    assert key_lines(again.sdp) == key_lines(made.answer.sdp)
    answer = made.alices_leg.answer(again.sdp, body("audio", "video"))
    assert again.accept(answer.sdp).csb_ids == made.keys.csb_ids


def test_hold_repeats_the_lines_of_all_levels(ends: Ends) -> None:
    pair, bob = Pair(now_us=ends.clock.unix_us), ends.bob()
    both = {"key": KEY, "extensions": (GeneralExtension.of_sdp_ids(["mikey", "mikey"]),)}
    session = pair.psk_initiator(pair.bundle(sessions=(SrtpIdEntry(),) * 4), **both).message.octets
    audio = pair.psk_initiator(**both).message.octets
    lines = [f"a={KeyMgmt(kmpid='mikey', data=octets).attribute}\r\n" for octets in (session, audio)]
    plain = body("audio", "video")
    offer = plain.replace("RTP/AVP", "RTP/SAVP").replace("m=audio", f"{lines[0]}m=audio")
    answer = bob.answer(offer.replace("m=video", f"{lines[1]}m=video"), plain, caller=ALICE)
    again = answer.keys.leg.offer(held("audio", "video"))
    assert mikey_levels(again.sdp) == [None, 0]
    assert key_lines(again.sdp) == key_lines(answer.sdp)


def test_early_media_and_the_call_share_their_counters(ends: Ends) -> None:
    alice, bob = ends.alice(), ends.bob()
    offer = alice.offer(body(), to=BOB)
    early = offer.keys.session(0)
    early.protect(_rtp(1))
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    keys = offer.accept(answer.sdp)
    assert keys.session(0) is early
    with pytest.raises(UsageError):
        keys.session(0).protect(_rtp(1))
    other = offer.accept(ends.bob().answer(offer.sdp, body(host=3), caller=ALICE).sdp)
    assert other.session(0) is not early


@pytest.mark.requirement("3830-6.1.1-6")
def test_a_rekey_tells_the_rollover_counters(made: Call) -> None:
    alice, bob = made.keys.session(0), made.answer.keys.session(0)
    for sequence in range(0, 0x18000, 0x4000):
        assert bob.unprotect(alice.protect(_rtp(sequence % 0x10000)))
    again = made.alices_leg.offer(body(), rekey=True)
    assert [entry.roc for entry in mikey_of(again.sdp).header.sessions] == [1, 0]
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    again.accept(answer.sdp)
    assert bob.unprotect(alice.protect(_rtp(0x8001))) == _rtp(0x8001)
    back = made.bobs_leg.offer(body(host=2), rekey=True)
    assert [entry.roc for entry in mikey_of(back.sdp).header.sessions] == [0, 1]
