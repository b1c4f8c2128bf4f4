"""Keys are held until another takes their place, the call is over, or the run ends."""

from __future__ import annotations

from mikey_sdp.report.holdings import holdings
from mikey_sdp.trace import AnyRecord, CallChanged
from tests.unit.report.given import key


def over(at_us: int, party: str, peer: str, state: str = "ended") -> CallChanged:
    return CallChanged(at_us=at_us, party=party, call_id="c1", peer=peer, state=state)


def spans(*records: AnyRecord) -> list[tuple[str, int, int]]:
    return [(held.key.fingerprint, held.key.at_us, held.until_us) for held in holdings(records)]


def test_a_new_key_for_the_same_use_takes_the_place_of_the_old_one() -> None:
    assert spans(
        key(10, "bob", "alice", "send", "aa"), key(30, "bob", "alice", "send", "bb"), over(50, "alice", "bob")
    ) == [("aa", 10, 30), ("bb", 30, 50)]


def test_a_key_of_the_other_direction_or_another_peer_does_not() -> None:
    assert spans(
        key(10, "bob", "alice", "send", "aa"),
        key(20, "bob", "alice", "receive", "bb"),
        key(30, "bob", "carol", "send", "cc"),
        over(90, "carol", "bob"),
    ) == [("aa", 10, 90), ("bb", 20, 90), ("cc", 30, 90)]


def test_the_end_of_the_call_ends_it_at_that_party_only() -> None:
    assert spans(
        key(10, "bob", "alice", "send", "aa"),
        key(10, "alice", "bob", "receive", "aa"),
        over(40, "bob", "alice", "cancelled"),
        over(60, "alice", "carol"),
        over(70, "alice", "bob", "held"),
    ) == [("aa", 10, 40), ("aa", 10, 70)]


def test_installing_the_same_key_again_goes_on() -> None:
    again = spans(key(10, "bob", "alice", "send", "aa"), key(30, "bob", "alice", "send", "aa"), over(50, "x", "y"))
    assert again == [("aa", 10, 50), ("aa", 30, 50)]


def test_an_empty_trace_holds_nothing() -> None:
    assert holdings(()) == ()
