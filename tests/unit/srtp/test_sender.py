from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.refusal import MAX_PLAIN_OCTETS, MAX_PLAIN_RTCP_OCTETS
from mikey_sdp.srtp.session import SrtpSender
from tests.unit.srtp.given import CM_32, CM_80, SALT, SSRC, key_octets, rtcp, rtp, sa
from tests.unit.srtp.rfc3711 import BadTag, open_cm, open_cm_rtcp

OTHER = 0x0DDBA11


def opens(srtp: bytes, number: int, *, roc: int = 0, mki: int = 0) -> bool:
    """Whether the packet was protected with master key `number`."""
    try:
        open_cm(srtp, key_octets(number), SALT, roc=roc, mki=mki)
    except BadTag:
        return False
    return True


def test_a_named_ssrc_is_the_only_one() -> None:
    sender = SrtpSender([sa(ssrc=SSRC)])
    assert sender.ssrc == SSRC
    for foreign in (lambda: sender.protect(rtp(1, ssrc=OTHER)), lambda: sender.protect_rtcp(rtcp(OTHER))):
        with pytest.raises(UsageError, match="two-time pad"):
            foreign()
    sender.protect(rtp(1))


@pytest.mark.parametrize("by_rtcp", [False, True])
def test_an_open_ssrc_is_bound_by_the_first_packet(by_rtcp) -> None:
    sender = SrtpSender([sa(ssrc=0)])
    assert sender.ssrc is None
    sender.protect_rtcp(rtcp(OTHER)) if by_rtcp else sender.protect(rtp(1, ssrc=OTHER))
    assert sender.ssrc == OTHER
    with pytest.raises(UsageError, match="bound to SSRC"):
        sender.protect(rtp(2, ssrc=SSRC))
    assert opens(sender.protect(rtp(2, ssrc=OTHER)), 0)


def test_a_sequence_number_is_never_sent_twice() -> None:
    sender = SrtpSender([sa()])
    sender.protect(rtp(5))
    sender.protect(rtp(7))
    sender.protect(rtp(6))  # late, but new
    for sequence in (5, 6, 7):
        with pytest.raises(UsageError, match="sent under this key before"):
            sender.protect(rtp(sequence, octets=30))


@pytest.mark.parametrize("octets", [b"", b"\x80", rtp(1)[:11], b"\x00" + rtp(1)[1:], b"\x8f" + rtp(1)[1:], rtcp()[:7]])
def test_what_is_no_rtp_is_refused_before_it_binds_anything(octets) -> None:
    sender = SrtpSender([sa(ssrc=0)])
    with pytest.raises(DecodeError):
        sender.protect(octets)
    assert sender.ssrc is None
    sender = SrtpSender([sa()])
    sender.protect(rtp(0))
    with pytest.raises(DecodeError):
        sender.protect(octets)


def test_what_is_no_rtcp_is_refused() -> None:
    for octets in (b"", rtcp()[:7], b"\x00" + rtcp()[1:], rtp(1)):
        with pytest.raises(DecodeError):
            SrtpSender([sa()]).protect_rtcp(octets)


def test_packets_that_libsrtp_has_no_room_for_are_refused_with_the_limit() -> None:
    sender = SrtpSender([sa()])
    sender.protect(rtp(1, octets=MAX_PLAIN_OCTETS - 12))
    sender.protect_rtcp(rtcp(words=MAX_PLAIN_RTCP_OCTETS // 4 - 2))
    with pytest.raises(UsageError, match="at most 1356"):
        sender.protect(rtp(2, octets=MAX_PLAIN_OCTETS - 11))
    with pytest.raises(UsageError, match="1352"):
        sender.protect_rtcp(rtcp(words=MAX_PLAIN_RTCP_OCTETS // 4 - 1))


def test_the_last_of_several_keys_is_used_until_another_is_chosen() -> None:
    sender = SrtpSender([sa(1, mki=b"\x01"), sa(2, mki=b"\x02")])
    first = sender.protect(rtp(1))
    assert first[-11:-10] == b"\x02"
    assert opens(first, 2, mki=1)
    sender.use(b"\x01")
    second = sender.protect(rtp(2))
    assert second[-11:-10] == b"\x01"
    assert opens(second, 1, mki=1)
    with pytest.raises(UsageError, match="no key has the MKI 03"):
        sender.use(b"\x03")
    chosen = SrtpSender([sa(1, mki=b"\x01"), sa(2, mki=b"\x02")], mki=b"\x01")
    assert opens(chosen.protect(rtp(1)), 1, mki=1)
    with pytest.raises(UsageError, match="MKI"):
        SrtpSender([sa(1, mki=b"\x01")], mki=b"\x02")


def test_switching_between_keys_keeps_the_rollover_counter() -> None:
    sender = SrtpSender([sa(1, mki=b"\x01"), sa(2, mki=b"\x02")], mki=b"\x01")
    for sequence in range(0, 3 << 16, 0x5000):
        sender.use(b"\x01" if sequence & 0x4000 else b"\x02")
        srtp = sender.protect(rtp(sequence))
        number = 1 if sequence & 0x4000 else 2
        assert opens(srtp, number, roc=sequence >> 16, mki=1)
    assert sender.roc == 2


def test_the_key_of_an_interval_protects_from_its_first_to_its_last_index() -> None:
    sender = SrtpSender([sa(2, interval=(0x10000, 0x1FFFF)), sa(1, interval=(0xFF00, 0xFFFF))])
    with pytest.raises(PolicyRefused, match="no key is valid") as caught:
        sender.protect(rtp(0xFEFF))
    assert caught.value.facts == {"index": 0xFEFF}
    assert opens(sender.protect(rtp(0xFF00)), 1)
    assert opens(sender.protect(rtp(0xFFFF)), 1)
    assert opens(sender.protect(rtp(0x10000)), 2, roc=1)
    assert opens(sender.protect(rtp(0xFFFE)), 1)  # late, and before the switch
    for sequence in range(0x15000, 0x1FFFF, 0x5000):
        sender.protect(rtp(sequence))
    assert opens(sender.protect(rtp(0x1FFFF)), 2, roc=1)
    with pytest.raises(PolicyRefused):
        sender.protect(rtp(0x20000))


def test_a_rekey_keeps_rollover_counter_and_srtcp_index() -> None:
    sender = SrtpSender([sa(0)])
    for sequence in range(0, 0x2FFFF, 0x5000):
        sender.protect(rtp(sequence))
    for _ in range(3):
        sender.protect_rtcp(rtcp())
    sender.replace([sa(1)])
    srtp = sender.protect(rtp(0x30001))
    assert opens(srtp, 1, roc=3)
    assert not opens(srtp, 0, roc=3)
    assert open_cm_rtcp(sender.protect_rtcp(rtcp()), key_octets(1), SALT).rtcp_index == 4
    assert open_cm_rtcp(sender.protect_rtcp(rtcp()), key_octets(1), SALT).rtcp_index == 5


def test_packets_of_the_walk_to_the_running_index_never_count_or_clash() -> None:
    sender = SrtpSender([sa(0)])
    for sequence in range(0, 0x2FFFF, 0x5000):
        sender.protect(rtp(sequence))
    sender.replace([sa(1)])
    assert sender.packets == 0
    for sequence in (0x2D001, 0x2D000 - 100, 0x2D002):  # a late one too
        assert opens(sender.protect(rtp(sequence)), 1, roc=2)


def test_a_key_that_is_given_again_goes_on_and_one_that_was_replaced_never_comes_back() -> None:
    sender = SrtpSender([sa(0)])
    sender.protect(rtp(1))
    sender.replace([sa(0)])
    assert sender.packets == 1
    with pytest.raises(UsageError, match="sent under this key before"):
        sender.protect(rtp(1, octets=40))
    sender.replace([sa(1)])
    with pytest.raises(PeerError, match="replaced before") as caught:
        sender.replace([sa(0)])
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED
    assert opens(sender.protect(rtp(2)), 1)


def test_a_key_given_again_far_into_the_stream_is_taken_up_where_it_stands() -> None:
    sender = SrtpSender([sa(0)])
    for sequence in range(0, 0x2FFFF, 0x5000):
        sender.protect(rtp(sequence))
    sender.replace([sa(0)])
    with pytest.raises(UsageError, match="sent under this key before"):
        sender.protect(rtp(0x2D000))
    assert opens(sender.protect(rtp(0x2D001)), 0, roc=2)


def test_a_rekey_with_an_interval_leaves_the_old_key_in_use_until_then() -> None:
    sender = SrtpSender([sa(0)])
    sender.protect(rtp(10))
    sender.replace([sa(1, interval=(12, 14))])
    assert opens(sender.protect(rtp(11)), 0)
    assert opens(sender.protect(rtp(12)), 1)
    assert opens(sender.protect(rtp(9)), 0)  # late, and before the interval
    assert opens(sender.protect(rtp(14)), 1)
    with pytest.raises(PolicyRefused):
        sender.protect(rtp(15))  # over, and no reason to go back to the old key


@pytest.mark.parametrize(("roc", "taken"), [(0, True), (1, True), (2, True), (3, True), (4, False)])
def test_a_rekey_may_name_the_rollover_counter_that_the_stream_has(roc, taken) -> None:
    sender = SrtpSender([sa(0)])
    for sequence in range(0, 0x2FFFF, 0x5000):
        sender.protect(rtp(sequence))
    if taken:
        sender.replace([sa(1, roc=roc)])
        return
    with pytest.raises(PeerError) as caught:
        sender.replace([sa(1, roc=roc)])
    assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR


def test_a_rekey_can_change_the_policy_but_not_the_ssrc() -> None:
    sender = SrtpSender([sa(0)])
    assert len(sender.protect(rtp(1))) == len(rtp(1)) + 10
    sender.replace([sa(1, parameters=CM_32)])
    assert len(sender.protect(rtp(2))) == len(rtp(2)) + 4
    with pytest.raises(UsageError, match="keeps the SSRC"):
        sender.replace([sa(2, ssrc=OTHER)])


@pytest.mark.parametrize(
    ("sas", "error"),
    [
        ([], UsageError),
        ([sa(n % 3, mki=bytes([n])) for n in range(1, 18)], UsageError),
        ([sa(0, mki=b"\x01"), sa(1, mki=b"\x02", cs_id=2)], UsageError),
        ([sa(0, mki=b"\x01"), sa(1, mki=b"\x02", ssrc=OTHER)], UsageError),
        ([sa(0, mki=b"\x01"), sa(1, mki=b"\x02", parameters=CM_32)], UsageError),
        ([sa(0), sa(1)], PeerError),
        ([sa(0, mki=b"\x01"), sa(1)], PeerError),
        ([sa(0, mki=b"\x01"), sa(1, mki=b"\x02\x02")], PeerError),
        ([sa(0, mki=b"\x01"), sa(1, interval=(0, 1))], PeerError),
        ([sa(0, mki=bytes(129))], PeerError),
        ([sa(0, interval=(5, 4))], PeerError),
        ([sa(0, interval=(0, 5)), sa(1, interval=(5, 9))], PeerError),
    ],
)
def test_keys_that_cannot_be_told_apart_are_refused(sas, error) -> None:
    with pytest.raises(error) as caught:
        SrtpSender(sas)
    if error is PeerError:
        assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.requirement("3830-A.1-3")
def test_two_keys_of_one_mki_are_refused() -> None:
    with pytest.raises(PeerError, match="same MKI") as caught:
        SrtpSender([sa(0, mki=b"\x01"), sa(1, mki=b"\x01")])
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED


def test_one_key_under_two_names_is_one_key() -> None:
    sender = SrtpSender([sa(1, mki=b"\x01"), sa(1, mki=b"\x02")])
    sender.protect(rtp(1))
    sender.use(b"\x01")
    assert sender.packets == 1
    with pytest.raises(UsageError, match="sent under this key before"):
        sender.protect(rtp(1, octets=40))


def test_an_srtcp_index_too_far_to_walk_to_is_refused(monkeypatch) -> None:
    monkeypatch.setattr("mikey_sdp.srtp.context.MAX_RTCP_STONES", 3)
    sender = SrtpSender([sa(0)])
    for _ in range(4):
        sender.protect_rtcp(rtcp())
    sender.replace([sa(1)])
    with pytest.raises(PolicyRefused, match="too many SRTCP packets"):
        sender.protect_rtcp(rtcp())


def test_a_packet_whose_header_claims_more_than_there_is_binds_nothing() -> None:
    sender = SrtpSender([sa(ssrc=0)])
    with pytest.raises(DecodeError):
        sender.protect(b"\x90" + rtp(1, octets=4)[1:12] + b"\xbe\xde\x00\x09")
    assert sender.ssrc is None


def test_nothing_prints_a_key() -> None:
    sender = SrtpSender([sa(0, parameters=CM_80)])
    sender.protect(rtp(1))
    shown = repr(sender) + repr(vars(sender)) + repr(sender._rings) + repr(list(sender._contexts))
    assert key_octets(0).hex() not in shown.lower()
    assert repr(key_octets(0)) not in shown
    assert SALT.hex() not in shown.lower()


def test_a_stream_that_moves_starts_anew_under_another_ssrc_and_the_same_keys() -> None:
    sender = SrtpSender([sa(ssrc=SSRC)])
    sender.protect(rtp(0x7FFF))
    sender.protect(rtp(0xFFFF))
    sender.protect(rtp(0x0001))
    assert (sender.roc, sender.packets) == (1, 3)
    sender.move(OTHER)
    assert (sender.ssrc, sender.roc, sender.packets) == (OTHER, 0, 3)
    with pytest.raises(UsageError, match="two-time pad"):
        sender.protect(rtp(2))
    assert opens(sender.protect(rtp(2, ssrc=OTHER)), 0)
    assert open_cm_rtcp(sender.protect_rtcp(rtcp(OTHER)), key_octets(0), SALT)
