from __future__ import annotations

from itertools import pairwise

import pytest

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.srtp.index import MARGIN, NEAR, STRIDE, estimate, stepping_stones

ROC_5 = 5 << 16


@pytest.mark.parametrize(
    ("highest", "sequence", "index"),
    [
        (0, 0xFFFF, 0xFFFF),  # no index lies below zero
        (0x8000, 0xFFFF, 0xFFFF),
        (0x8001, 0, 0x10000),
        (0xFFFF, 0, 0x10000),
        (0x10000, 0xFFFF, 0xFFFF),
        (ROC_5 + 10, 9, ROC_5 + 9),
        (ROC_5 + 10, 0xFFF0, ROC_5 - 0x10),
        (ROC_5 + 0xFFF0, 3, ROC_5 + 0x10003),
        (ROC_5 + 0x100, 0x8100, ROC_5 + 0x8100),  # exactly half a round: the rollover counter stays
        (ROC_5 + 0x8100, 0x100, ROC_5 + 0x100),
    ],
)
def test_the_nearest_index_is_taken(highest, sequence, index) -> None:
    assert estimate(highest, sequence) == index


@pytest.mark.parametrize(("highest", "target"), [(0, 0), (0, NEAR), (5 * 0x10000, 100), (ROC_5, ROC_5 + NEAR)])
def test_no_stones_where_the_way_is_short(highest, target) -> None:
    assert list(stepping_stones(highest, target)) == []


@pytest.mark.parametrize("target", [NEAR + 1, 0xFFFF, 0x10005, ROC_5, ROC_5 + 0xFFFF, 1 << 22])
def test_stones_lead_close_to_the_target_and_each_is_within_reach_of_the_one_before(target) -> None:
    stones = [0, *stepping_stones(0, target)]
    assert all(0 < after - before <= STRIDE < 0x8000 for before, after in pairwise(stones))
    assert all(estimate(before, after & 0xFFFF) == after for before, after in pairwise(stones))
    assert MARGIN <= target - stones[-1] <= NEAR


def test_a_way_without_end_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="too old"):
        next(stepping_stones(0, 1 << 40))
