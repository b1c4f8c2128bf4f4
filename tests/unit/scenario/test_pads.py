"""Two-time pads are found where two packets share key, SSRC and index, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.scenario.pads import TwoTimePad, two_time_pads
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.srtp.sender import SrtpSender
from tests.unit.scenario.recorded_calls import Call, case_of, packet, passed, sent

DEVICES = ("desk", "mobile")
SSRC = 0x0B0B0B0B
COLLIDING = [("desk", SSRC, 5, b"what the desk phone says"), ("mobile", SSRC, 5, b"what the mobile hears ..")]


def answered_by_both(name: str) -> Call:
    """Both devices answer one offer; where the mode needs one secret for that, they share it."""
    return Call(case_of(name), devices=DEVICES, shared=True)


def pads(call: Call) -> tuple[TwoTimePad, ...]:
    return two_time_pads(call.media, call.keys)


@pytest.mark.requirement("5197-3-23", "5197-5-9", "5197-5.2-10", "5197-5.2-11")
@pytest.mark.parametrize("name", ["PSK", "RSA", "NULL", "ECIES"])
def test_devices_that_share_a_key_and_pick_one_ssrc_make_a_two_time_pad(name: str) -> None:
    call = sent(answered_by_both(name), COLLIDING)
    (pad,) = pads(call)
    assert (pad.first, pad.second) == tuple(call.media)
    assert (pad.ssrc, pad.index, pad.shown) == (SSRC, 5, True)
    assert pad.fingerprint in {sa.master_key.fingerprint() for sa in call.keys}


@pytest.mark.requirement("5197-5.2-10", "5197-5.2-11")
@pytest.mark.parametrize("name", ["DHSIGN, OAKLEY 5", "DHSIGN, P-256", "DHHMAC, OAKLEY 5", "RSA-R", "ECMQV", "DHSAML"])
def test_where_each_branch_has_a_key_of_its_own_there_is_none(name: str) -> None:
    call = sent(answered_by_both(name), COLLIDING)
    assert len(call.media) == len(DEVICES)
    assert pads(call) == ()


@pytest.mark.parametrize(
    ("ssrc", "sequence"), [(SSRC + 1, 5), (SSRC, 6)], ids=["another SSRC", "another sequence number"]
)
def test_it_takes_one_ssrc_and_one_index(ssrc: int, sequence: int) -> None:
    call = sent(answered_by_both("PSK"), [COLLIDING[0], ("mobile", ssrc, sequence, b"something else")])
    assert pads(call) == ()


def test_the_sum_of_the_ciphertexts_is_that_of_the_plaintexts() -> None:
    """What is proved is what anybody sees who listens and knows no key."""
    call = sent(answered_by_both("PSK"), COLLIDING)
    ciphertexts = [one.octets[12:36] for one in call.media]
    plaintexts = [payload for _name, _ssrc, _sequence, payload in COLLIDING]
    assert _sum(*ciphertexts) == _sum(*plaintexts)
    assert pads(call)[0].shown


def test_packets_without_payload_show_nothing() -> None:
    call = answered_by_both("PSK")
    for name, timestamp in (("desk", 1), ("mobile", 2)):
        empty = rtp_octets(payload_type=0, sequence=5, timestamp=timestamp, ssrc=SSRC, payload=b"")
        call.says(name, empty)
    assert [pad.shown for pad in pads(call)] == [False]


def test_a_repeated_packet_gives_nothing_away() -> None:
    call = sent(answered_by_both("PSK"), COLLIDING[:1])
    call.media.append(passed(call.media[0].octets, party="mobile", to="alice"))
    call.media.append(call.media[0])
    assert pads(call) == ()


def test_a_sender_that_begins_anew_under_the_same_key_is_found() -> None:
    """RFC 3711 section 3.3.1: the rollover counter and the sequence must not be reset under a key."""
    first = sent(Call(case_of("PSK")), [("desk", SSRC, number, b"first time %d" % number) for number in range(1, 9)])
    again = sent(Call(case_of("PSK")), [("desk", SSRC, number, b"once more %d" % number) for number in range(4, 7)])
    assert [sa.master_key for sa in first.keys] == [sa.master_key for sa in again.keys]
    found = two_time_pads([*first.media, *again.media], first.keys)
    assert [pad.index for pad in found] == [4, 5, 6]
    assert all(pad.shown for pad in found)


def test_indexes_go_on_past_the_wrap_of_the_sequence_number() -> None:
    around = [("desk", SSRC, number & 0xFFFF, b"%d" % number) for number in (0xFFFE, 0xFFFF, 0x10000, 0x10001)]
    once_more = [("mobile", SSRC, number, b"%d again" % number) for number in (0, 1)]
    assert pads(sent(answered_by_both("PSK"), [*around, *once_more])) == ()


AROUND = [("desk", SSRC, number & 0xFFFF, b"%d" % number) for number in (0xFFFE, 0xFFFF, 0x10000, 0x10001)]


def test_a_pad_in_a_later_round_is_found() -> None:
    """Both devices have gone round once when they say something else under one index."""
    others = [("mobile", SSRC, number & 0xFFFF, b"and %d" % number) for number in (0xFFFD, 0xFFFF, 0x10001, 0x10002)]
    found = pads(sent(answered_by_both("PSK"), [*AROUND, *others]))
    assert [(pad.index, pad.shown) for pad in found] == [(0xFFFF, True), (0x10001, True)]


def test_a_pad_after_the_stream_went_round_is_found_where_its_packets_take_turns() -> None:
    """One who begins anew and one who goes on, packet by packet, from one place."""
    old, new = (sent(Call(case_of("PSK")), around) for around in (AROUND, [("desk", SSRC, 0xFFFF, b"new")]))
    found = two_time_pads([*old.media[:3], *new.media, *old.media[3:], *new.media], old.keys)
    assert [pad.index for pad in found] == [0xFFFF, 0xFFFF]


def test_a_key_that_comes_into_use_in_a_later_round_is_found() -> None:
    """The keys of a second call, whose stream goes on where that of the first one stands."""
    first = sent(Call(case_of("PSK")), AROUND)
    second = Call(case_of("DHHMAC, OAKLEY 5"))
    (own,) = (sa for sa in second.keys if sa.cs_id == 2)
    media = []
    for text in (b"one thing", b"another"):
        sender = SrtpSender((replace(own, ssrc=SSRC, roc=0),))
        for number in range(0x8000, 0x18000, 0x4000):
            sender.protect(packet(SSRC, number & 0xFFFF, b""))
        media.append(passed(sender.protect(packet(SSRC, 0x4002, text)), party="desk", to="alice"))
    found = two_time_pads([*first.media, *media], [*first.keys, *second.keys])
    assert [(pad.index, pad.shown) for pad in found] == [(0x14002, True)]


def test_packets_under_keys_that_are_not_told_are_passed_over() -> None:
    call = sent(answered_by_both("PSK"), COLLIDING)
    assert two_time_pads(call.media, ()) == ()
    assert two_time_pads([passed(b"\x80\x00"), passed(b"INVITE", transport="UDP")], call.keys) == ()


def test_the_same_key_told_for_several_streams_counts_once() -> None:
    call = sent(answered_by_both("PSK"), COLLIDING)
    more = [replace(sa, ssrc=ssrc, cs_id=9) for sa in call.keys for ssrc in (1, 2)]
    assert len(two_time_pads(call.media, [*call.keys, *more])) == 1


def test_the_caller_who_speaks_to_two_branches_with_one_ssrc_is_found_too() -> None:
    """RFC 5197 does not name it, but that is where the pad is likely: the SSRC of the offer goes to every branch."""
    call = answered_by_both("PSK")
    sessions = [call.ends[name][0].session(0) for name in DEVICES]
    octets = [
        session.protect(packet(SSRC, 9, text))
        for session, text in zip(sessions, (b"to the desk phone", b"to the mobile ..."), strict=True)
    ]
    media = [passed(one, party="alice", to=name) for one, name in zip(octets, DEVICES, strict=True)]
    keys = [sa for ends in call.ends.values() for own in ends[0].media.values() for sa in own.send]
    assert [pad.shown for pad in two_time_pads(media, keys)] == [True]


def _sum(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
