from __future__ import annotations

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.refusal import PacketRefused, RefusalKind
from mikey_sdp.srtp.sa_table import SaTable
from tests.unit.srtp.given import SSRC, sa

ALICE, BOB = ("192.0.2.1", 5004), ("192.0.2.2", 5004)


def table(*entries) -> SaTable:
    made = SaTable()
    for given, destination in entries:
        made.register(given, destination)
    return made


@pytest.mark.requirement("3830-4.4-1", "3830-4.4-2")
def test_streams_of_one_ssrc_to_two_destinations_have_two_data_sas() -> None:
    to_alice, to_bob = sa(1), sa(2)
    known = table((to_alice, ALICE), (to_bob, BOB))
    assert known.lookup(SSRC, ALICE) is to_alice
    assert known.lookup(SSRC, BOB) is to_bob
    with pytest.raises(PacketRefused) as caught:
        known.lookup(SSRC, (ALICE[0], ALICE[1] + 2))
    assert caught.value.kind == RefusalKind.NO_KEY


@pytest.mark.requirement("3830-4.4-4", "3830-A.1-1")
def test_the_mki_chooses_among_the_keys_of_one_stream() -> None:
    first, second = sa(1, mki=b"\x01"), sa(2, mki=b"\x02")
    known = table((first, ALICE), (second, ALICE))
    assert known.lookup(SSRC, ALICE, mki=b"\x01") is first
    assert known.lookup(SSRC, ALICE, mki=b"\x02") is second
    with pytest.raises(PacketRefused) as caught:
        known.lookup(SSRC, ALICE, mki=b"\x03")
    assert caught.value.kind == RefusalKind.UNKNOWN_MKI


def test_the_packet_index_chooses_among_intervals_ends_included() -> None:
    first, second = sa(1, interval=(0, 9)), sa(2, interval=(10, 19))
    known = table((first, ALICE), (second, ALICE))
    assert [known.lookup(SSRC, ALICE, index=index) for index in (0, 9)] == [first, first]
    assert [known.lookup(SSRC, ALICE, index=index) for index in (10, 19)] == [second, second]
    with pytest.raises(PacketRefused) as caught:
        known.lookup(SSRC, ALICE, index=20)
    assert caught.value.kind == RefusalKind.NO_KEY


@pytest.mark.requirement("3830-6.1.1-3")
def test_a_data_sa_is_found_by_its_own_ssrc_only_and_one_without_by_any() -> None:
    named, open_one = sa(1, ssrc=7), sa(2, ssrc=0)
    known = table((named, ALICE))
    with pytest.raises(PacketRefused):
        known.lookup(8, ALICE)
    known.register(open_one, ALICE)
    assert known.lookup(7, ALICE) is named
    assert known.lookup(8, ALICE) is open_one


def test_a_later_data_sa_goes_before_an_earlier_one() -> None:
    before, after = sa(1), sa(2)
    assert table((before, ALICE), (after, ALICE)).lookup(SSRC, ALICE) is after


@pytest.mark.requirement("3830-6.1.1-5")
def test_one_key_for_one_ssrc_in_two_crypto_sessions_is_refused() -> None:
    known = table((sa(1, cs_id=1), ALICE))
    with pytest.raises(PeerError, match="crypto sessions 1 and 2") as caught:
        known.register(sa(1, cs_id=2), BOB)
    assert caught.value.mikey_error == ErrorNo.UNSPECIFIED
    known.register(sa(2, cs_id=2), BOB)
    known.register(sa(1, cs_id=3, ssrc=8), BOB)
    known.register(sa(1, cs_id=3, ssrc=0), BOB)
    assert len(known) == 4


def test_what_is_withdrawn_is_gone() -> None:
    known = table((sa(1), ALICE), (sa(2, ssrc=0), ALICE), (sa(3), BOB))
    known.withdraw(ALICE)
    assert len(known) == 1
    with pytest.raises(PacketRefused):
        known.lookup(SSRC, ALICE)
    assert known.lookup(SSRC, BOB) is not None
