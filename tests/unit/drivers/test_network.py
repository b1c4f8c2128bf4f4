from __future__ import annotations

import pytest

from mikey_sdp.drivers.sim import simulate
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Link,
    Transport,
)
from mikey_sdp.trace import MessageLost
from tests.unit.drivers.scripted import ScriptedNode, arrivals, bursts, plan


def test_a_scripted_loss_takes_exactly_the_named_messages_of_that_way():
    alice = ScriptedNode("alice", bursts("alice", "bob", 4))
    bob = ScriptedNode("bob", bursts("bob", "alice", 2))
    records = simulate(
        plan(
            alice,
            bob,
            commands=[(0, "alice", "go"), (10, "bob", "go")],
            lose={("alice", "bob"): frozenset({0, 2})},
        )
    )
    assert [record.number for record in records if isinstance(record, MessageLost)] == [0, 2]
    assert [octets for _, octets in arrivals(bob)] == [b"0001", b"0003"]
    assert [octets for _, octets in arrivals(alice)] == [b"0000", b"0001"]


def test_a_scripted_loss_on_a_reliable_transport_is_refused():
    alice = ScriptedNode("alice", bursts("alice", "bob", 1, Transport.TCP))
    with pytest.raises(UsageError, match="message 0 to 'bob', but TCP loses nothing"):
        simulate(
            plan(
                alice,
                ScriptedNode("bob"),
                commands=[(0, "alice", "go")],
                lose={("alice", "bob"): frozenset({0})},
            )
        )


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.MEDIA])
def test_a_lossy_link_loses_about_its_share_and_says_so_for_signalling(transport: Transport):
    link = Link(loss=0.25)
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", bursts("alice", "bob", 2_000, transport))
    records = simulate(plan(alice, bob, commands=[(0, "alice", "go")], signalling=link, media=link))
    lost = [record for record in records if isinstance(record, MessageLost)]
    assert 400 < 2_000 - len(arrivals(bob)) < 600
    assert len(lost) == (0 if transport is Transport.MEDIA else 2_000 - len(arrivals(bob)))


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
def test_reliable_transports_keep_the_order_and_lose_nothing_however_bad_the_link(transport: Transport):
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", bursts("alice", "bob", 200, transport))
    link = Link(delay_us=1_000, jitter_us=50_000, loss=0.9, reorder=0.5)
    simulate(plan(alice, bob, commands=[(0, "alice", "go")], signalling=link))
    assert [octets for _, octets in arrivals(bob)] == [f"{n:04}".encode() for n in range(200)]
    assert arrivals(bob)[-1][0] > 40_000


def test_a_reordering_link_holds_some_back_so_that_later_ones_overtake_them():
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", bursts("alice", "bob", 200))
    link = Link(delay_us=1_000, reorder=0.1, reorder_us=7_000)
    simulate(plan(alice, bob, commands=[(0, "alice", "go")], signalling=link))
    times = {at for at, _ in arrivals(bob)}
    octets = [octets for _, octets in arrivals(bob)]
    assert times == {1_000, 8_000}
    assert octets != sorted(octets)
    assert sorted(octets) == [f"{n:04}".encode() for n in range(200)]


def test_jitter_delays_within_its_bound():
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", bursts("alice", "bob", 500))
    simulate(
        plan(alice, bob, commands=[(0, "alice", "go")], signalling=Link(delay_us=1_000, jitter_us=4_000)),
    )
    times = [at for at, _ in arrivals(bob)]
    assert min(times) < 1_200
    assert 4_800 < max(times) < 5_000


def test_a_link_of_its_own_goes_one_way_only():
    alice = ScriptedNode("alice", bursts("alice", "bob", 1))
    bob = ScriptedNode("bob", bursts("bob", "alice", 1))
    simulate(
        plan(
            alice,
            bob,
            commands=[(0, "alice", "go"), (0, "bob", "go")],
            links={("alice", "bob"): (Link(delay_us=70), Link(delay_us=3))},
            signalling=Link(delay_us=20),
        )
    )
    assert arrivals(bob) == [(70, b"0000")]
    assert arrivals(alice) == [(20, b"0000")]


def test_draws_on_one_link_do_not_depend_on_the_traffic_of_another():
    def run(other_way: int) -> list[tuple[int, bytes]]:
        bob = ScriptedNode("bob", bursts("bob", "alice", other_way))
        alice = ScriptedNode("alice", bursts("alice", "bob", 50))
        link = Link(jitter_us=10_000, loss=0.3)
        simulate(plan(alice, bob, commands=[(0, "bob", "go"), (0, "alice", "go")], signalling=link, seed=7))
        return arrivals(bob)

    assert run(0) == run(30)


def test_another_seed_draws_otherwise():
    def run(seed: int) -> list[tuple[int, bytes]]:
        bob = ScriptedNode("bob")
        alice = ScriptedNode("alice", bursts("alice", "bob", 50))
        simulate(plan(alice, bob, commands=[(0, "alice", "go")], signalling=Link(jitter_us=10_000), seed=seed))
        return arrivals(bob)

    assert run(1) == run(1)
    assert run(1) != run(2)
