from __future__ import annotations

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.sim import _Simulation, simulate
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CancelTimer,
    CommandGiven,
    DatagramReceived,
    Event,
    Link,
    RunEnded,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.trace import MessageArrived, MessageLost, MessageSent, Warned
from tests.unit.drivers.scripted import ScriptedNode, arrivals, bursts, datagram, on_command, plan, say, send


def test_a_message_is_sent_carried_and_arrives_with_its_number():
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", on_command(send("alice", "bob", b"INVITE")))
    records = simulate(plan(alice, bob, commands=[(1_000, "alice", "go")], signalling=Link(delay_us=40_000)))
    assert records == [
        MessageSent(
            at_us=1_000, party="alice", number=0, to="bob", transport="UDP", summary="INVITE", octets=b"INVITE"
        ),
        MessageArrived(at_us=41_000, party="bob", number=0),
    ]
    assert bob.seen == [
        (41_000, DatagramReceived(datagram("alice", "bob", b"INVITE"))),
        (60_000_000, RunEnded()),
    ]


def test_media_leaves_no_record_and_takes_its_own_delay():
    bob = ScriptedNode("bob")
    alice = ScriptedNode("alice", on_command(send("alice", "bob", b"rtp", Transport.MEDIA)))
    records = simulate(
        plan(alice, bob, commands=[(0, "alice", "go")], signalling=Link(delay_us=40_000), media=Link(delay_us=10_000))
    )
    assert records == []
    assert arrivals(bob) == [(10_000, b"rtp")]


def test_events_of_one_time_happen_in_the_order_in_which_they_were_caused():
    order: list[str] = []

    def script(event: Event, now_us: int) -> list[Action]:
        if isinstance(event, CommandGiven):
            order.append(f"command {event.command}")
            return [SetTimer("b", 0), SetTimer("a", 0), send("alice", "alice", b"self")]
        if isinstance(event, TimerFired):
            order.append(f"timer {event.name}")
        if isinstance(event, DatagramReceived):
            order.append("datagram")
        return []

    simulate(plan(ScriptedNode("alice", script), commands=[(5, "alice", 1), (5, "alice", 2)]))
    # The second command was planned before the first one's consequences were caused; setting the timers again
    # replaced the first settings.
    assert order == ["command 1", "command 2", "datagram", "timer b", "timer a", "datagram"]


def test_a_timer_fires_once_at_its_time_and_a_stopped_one_never():
    fired: list[tuple[int, str]] = []

    def script(event: Event, now_us: int) -> list[Action]:
        if isinstance(event, TimerFired):
            fired.append((now_us, event.name))
            return [CancelTimer("never")] if event.name == "early" else []
        if isinstance(event, CommandGiven):
            return [SetTimer("early", 10), SetTimer("late", 30), SetTimer("never", 20)]
        return []

    simulate(plan(ScriptedNode("alice", script), commands=[(100, "alice", "go")]))
    assert fired == [(110, "early"), (130, "late")]


def test_a_timer_set_again_replaces_the_first_setting_earlier_or_later():
    fired: list[int] = []

    def script(event: Event, now_us: int) -> list[Action]:
        if isinstance(event, TimerFired):
            fired.append(now_us)
        return [SetTimer("t", event.command)] if isinstance(event, CommandGiven) else []  # type: ignore[arg-type]

    simulate(plan(ScriptedNode("alice", script), commands=[(0, "alice", 50), (10, "alice", 100)]))
    assert fired == [110]
    fired.clear()
    simulate(plan(ScriptedNode("alice", script), commands=[(0, "alice", 50), (10, "alice", 5)]))
    assert fired == [15]


def test_the_same_timer_name_at_two_nodes_is_two_timers():
    fired: list[str] = []

    def script(name: str):
        def handle(event: Event, now_us: int) -> list[Action]:
            if isinstance(event, TimerFired):
                fired.append(name)
            if isinstance(event, CommandGiven):
                return [SetTimer("t", 10)] if name == "alice" else [SetTimer("t", 20), CancelTimer("t")]
            return []

        return ScriptedNode(name, handle)

    simulate(plan(script("alice"), script("bob"), commands=[(0, "alice", "go"), (0, "bob", "go")]))
    assert fired == ["alice"]


def test_a_message_to_an_address_that_nobody_owns_is_lost():
    alice = ScriptedNode("alice", on_command(send("alice", "nobody"), send("alice", "nobody", b"r", Transport.MEDIA)))
    records = simulate(plan(alice, commands=[(0, "alice", "go")]))
    assert records == [
        MessageSent(at_us=0, party="alice", number=0, to="nobody:5060", transport="UDP", summary="x", octets=b"x"),
        MessageLost(at_us=0, party="alice", number=0),
    ]


def test_a_node_that_spins_is_named():
    def spin(event: Event, now_us: int) -> list[Action]:
        return [SetTimer("again", 0)]

    quiet = ScriptedNode("alice", on_command())
    with pytest.raises(UsageError, match=r"1000 events by 3 us, 999 of them at node 'bob'; the next is timer 'again'"):
        simulate(
            plan(quiet, ScriptedNode("bob", spin), commands=[(0, "alice", "go"), (3, "bob", "go")]),
            max_events=1_000,
        )


def test_a_run_of_exactly_the_limit_is_allowed():
    alice = ScriptedNode("alice", on_command(say("alice", 0, "done")))
    commands = [(0, "alice", n) for n in range(5)]
    assert len(simulate(plan(alice, commands=commands), max_events=5)) == 5
    with pytest.raises(UsageError, match="doesn't settle"):
        simulate(plan(alice, commands=commands), max_events=4)


def test_nothing_happens_after_the_end_and_every_node_hears_of_it_in_the_plans_order():
    def script(name: str):
        def handle(event: Event, now_us: int) -> list[Action]:
            if isinstance(event, CommandGiven):
                return [SetTimer("at the end", 100), SetTimer("too late", 101)]
            text = event.name if isinstance(event, TimerFired) else "end"
            return [say(name, now_us, text)]

        return ScriptedNode(name, handle)

    records = simulate(plan(script("zoe"), script("al"), commands=[(0, "zoe", "go")], end_us=Micros(100)))
    assert records == [
        Warned(at_us=100, party="zoe", text="at the end"),
        Warned(at_us=100, party="zoe", text="end"),
        Warned(at_us=100, party="al", text="end"),
    ]


def test_a_node_can_not_send_after_the_end():
    alice = ScriptedNode("alice", lambda event, now_us: [send("alice", "alice")])
    with pytest.raises(UsageError, match="'alice' answered the end of the run with SendDatagram"):
        simulate(plan(alice))


def test_a_timer_can_not_be_set_into_the_past():
    alice = ScriptedNode("alice", on_command(SetTimer("t", -1)))
    with pytest.raises(UsageError, match="timer 't' into the past"):
        simulate(plan(alice, commands=[(0, "alice", "go")]))


def test_a_watcher_hears_every_record_in_order():
    heard: list[object] = []
    alice = ScriptedNode("alice", bursts("alice", "bob", 3))
    records = simulate(plan(alice, ScriptedNode("bob"), commands=[(0, "alice", "go")]), watch=heard.append)
    assert heard == records
    assert len(heard) == 6


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"commands": [(0, "carol", "go")]}, "a command names the node 'carol'"),
        ({"links": {("alice", "carol"): (Link(), Link())}}, "a link names the node 'carol'"),
        ({"lose": {("carol", "alice"): frozenset({0})}}, "a loss script names the node 'carol'"),
        ({"taps": {frozenset({"alice", "bob"}): "carol"}}, "a tap names the node 'carol'"),
        ({"taps": {frozenset({"alice", "carol"}): "bob"}}, "a tap names the node 'carol'"),
    ],
)
def test_a_plan_that_names_a_node_it_does_not_have_is_refused(changes: dict[str, object], hint: str):
    with pytest.raises(UsageError, match=hint):
        simulate(plan(ScriptedNode("alice"), ScriptedNode("bob"), **changes))  # type: ignore[arg-type]


def test_two_nodes_of_one_name_or_one_address_are_refused():
    with pytest.raises(UsageError, match="two nodes are called 'alice'"):
        simulate(plan(ScriptedNode("alice"), ScriptedNode("alice", address=Address("b", 1))))
    with pytest.raises(UsageError, match="'bob' and 'alice' both claim alice:5060"):
        simulate(plan(ScriptedNode("alice"), ScriptedNode("bob", address=Address("alice", 5060))))


def test_nothing_is_kept_of_timers_that_fired_or_were_stopped():
    def script(event: Event, now_us: int) -> list[Action]:
        if isinstance(event, CommandGiven):
            return [SetTimer(f"t{n}", n) for n in range(10)]
        return [CancelTimer("t9")] if isinstance(event, TimerFired) else []

    simulation = _Simulation(plan(ScriptedNode("alice", script), commands=[(0, "alice", "go")]), None, 100)
    simulation.run()
    (party,) = simulation._topology.parties.values()
    assert party.timers == {}
