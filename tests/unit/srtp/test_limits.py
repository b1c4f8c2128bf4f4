from __future__ import annotations

import pytest

from mikey_sdp.errors import PolicyRefused, UsageError
from mikey_sdp.srtp.limits import MAX_BLOCKS_A_PACKET, KeyLimits
from mikey_sdp.srtp.refusal import MAX_PLAIN_OCTETS
from mikey_sdp.srtp.session import SrtpSender
from tests.unit.srtp.given import rtcp, rtp, sa


@pytest.mark.requirement("3830-9.2-1")
def test_a_key_without_a_lifetime_has_the_limits_of_srtp() -> None:
    limits = KeyLimits()
    assert (limits.srtp_packets, limits.srtcp_packets) == (2**48, 2**31)
    assert SrtpSender([sa()]).rekey_due is False


@pytest.mark.parametrize(
    "beyond",
    [
        {"srtp_packets": 2**48 + 1},
        {"srtcp_packets": 2**31 + 1},
        {"srtp_packets": 0},
        {"srtcp_packets": 0},
        {"rekey_srtcp_packets": 2**31 + 1},
        {"srtcp_packets": 5, "rekey_srtcp_packets": 6},
    ],
)
def test_the_limits_of_srtp_can_only_be_lowered(beyond) -> None:
    with pytest.raises(UsageError):
        KeyLimits(**beyond)


@pytest.mark.requirement("3830-9.2-3")
def test_rekeying_is_due_well_before_the_birthday_bound_and_no_threshold_beyond_it_is_taken() -> None:
    assert KeyLimits().rekey_blocks <= 2**48
    for blocks in (2**64, 2**65, 0):
        with pytest.raises(UsageError):
            KeyLimits(rekey_blocks=blocks)
    sender = SrtpSender([sa()], limits=KeyLimits(rekey_blocks=3 * MAX_BLOCKS_A_PACKET))
    due = []
    for sequence in range(4):
        sender.protect(rtp(sequence))  # at the threshold the key works still
        due.append(sender.rekey_due)
    assert due == [False, False, True, True]


def test_no_packet_has_more_blocks_than_it_counts_for() -> None:
    assert MAX_BLOCKS_A_PACKET >= -(-MAX_PLAIN_OCTETS // 16)


@pytest.mark.requirement("3830-9.2-2")
def test_a_key_is_refused_after_its_last_srtp_packet_and_rekeying_was_due_before() -> None:
    sender = SrtpSender([sa()], limits=KeyLimits(srtp_packets=4))
    for sequence in range(4):
        assert sender.rekey_due is (sequence >= 2)
        sender.protect(rtp(sequence))
    with pytest.raises(PolicyRefused, match="re-key is needed") as caught:
        sender.protect(rtp(4))
    assert caught.value.facts == {"packets": 4}
    sender.replace([sa(1)])
    sender.protect(rtp(4))
    assert (sender.packets, sender.rekey_due) == (1, False)


def test_a_key_is_refused_after_its_last_srtcp_packet() -> None:
    sender = SrtpSender([sa()], limits=KeyLimits(srtcp_packets=2, rekey_srtcp_packets=1))
    sender.protect_rtcp(rtcp())
    assert sender.rekey_due
    sender.protect_rtcp(rtcp())
    with pytest.raises(PolicyRefused, match="SRTCP"):
        sender.protect_rtcp(rtcp())


def test_no_index_beyond_48_bits_is_ever_used() -> None:
    """Counting packets isn't enough: a stream that starts high in the sequence space runs out of indexes first."""
    sender = SrtpSender([sa(interval=(0, 2))])
    sender.protect(rtp(2))
    with pytest.raises(PolicyRefused, match="no key is valid"):
        sender.protect(rtp(3))
