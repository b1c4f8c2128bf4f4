from __future__ import annotations

import pytest

from mikey_sdp.drivers import crossing
from mikey_sdp.drivers.crossing import Crossing, Crossings


def test_what_leaves_is_found_where_it_arrives_and_only_there():
    crossings = Crossings()
    crossings.left("alice", "bob", b"x", Crossing(7, None))
    assert crossings.arrived("alice", "carol", b"x") is None
    assert crossings.arrived("bob", "alice", b"x") is None
    assert crossings.arrived("alice", "bob", b"y") is None
    assert crossings.arrived("alice", "bob", b"x") == Crossing(7, None)
    assert crossings.arrived("alice", "bob", b"x") is None


def test_of_equal_ones_the_first_that_left_arrives_first():
    crossings = Crossings()
    for number in range(3):
        crossings.left("alice", "bob", b"x", Crossing(number, None))
    assert [crossings.arrived("alice", "bob", b"x") for _ in range(3)] == [Crossing(n, None) for n in range(3)]


def test_what_never_arrives_is_forgotten_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crossing, "MOST_ON_THE_WAY", 2)
    crossings = Crossings()
    for number in range(3):
        crossings.left("alice", "bob", bytes([number]), Crossing(number, None))
    assert [crossings.arrived("alice", "bob", bytes([number])) for number in range(3)] == [
        None,
        Crossing(1, None),
        Crossing(2, None),
    ]
