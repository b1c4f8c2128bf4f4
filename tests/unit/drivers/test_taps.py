from __future__ import annotations

from mikey_sdp.drivers.sim import simulate
from mikey_sdp.nodes.contract import (
    Action,
    CommandGiven,
    DatagramIntercepted,
    Event,
    Link,
    Report,
    RunEnded,
    SendDatagram,
    Transport,
)
from mikey_sdp.trace import AttackMade, MessageArrived, MessageSent
from tests.unit.drivers.scripted import ScriptedNode, arrivals, bursts, datagram, on_command, plan, send


def forward(event: Event, now_us: int) -> list[Action]:
    if isinstance(event, DatagramIntercepted):
        changed = event.datagram.octets + b"!"
        sent_on = send(event.datagram.source.host, event.datagram.destination.host, changed, event.datagram.transport)
        return [sent_on, Report(AttackMade(at_us=now_us, party="mallory", text="shouted"))]
    return []


def test_what_a_tap_keeps_goes_no_further_and_media_is_tapped_too():
    bob, mallory = ScriptedNode("bob"), ScriptedNode("mallory")
    alice = ScriptedNode("alice", on_command(send("alice", "bob"), send("alice", "bob", b"rtp", Transport.MEDIA)))
    simulate(
        plan(alice, bob, mallory, commands=[(0, "alice", "go")], taps={frozenset({"bob", "alice"}): "mallory"}),
    )
    assert arrivals(bob) == []
    assert [event.datagram.octets for _, event in mallory.seen if isinstance(event, DatagramIntercepted)] == [
        b"x",
        b"rtp",
    ]


def test_tls_goes_past_a_tap_unread():
    bob, mallory = ScriptedNode("bob"), ScriptedNode("mallory", forward)
    alice = ScriptedNode("alice", on_command(send("alice", "bob", b"hi", Transport.TLS)))
    simulate(
        plan(alice, bob, mallory, commands=[(0, "alice", "go")], taps={frozenset({"alice", "bob"}): "mallory"}),
    )
    assert arrivals(bob) == [(0, b"hi")]
    assert mallory.seen == [(60_000_000, RunEnded())]


def test_numbers_of_attacks_are_filled_in_only_after_a_message():
    def script(event: Event, now_us: int) -> list[Action]:
        attack = Report(AttackMade(at_us=now_us, party="m", text="a"))
        if isinstance(event, CommandGiven):
            media = SendDatagram(datagram=datagram("m", "m", b"", Transport.MEDIA))
            return [attack, media, attack, send("m", "m"), attack]
        return [attack] if isinstance(event, RunEnded) else []

    records = simulate(plan(ScriptedNode("m", script), commands=[(0, "m", "go")]))
    assert [record.number for record in records if isinstance(record, AttackMade)] == [None, None, 0, None]


def test_a_tap_gets_what_passes_and_what_it_sends_on_takes_the_links_delay():
    bob, mallory = ScriptedNode("bob"), ScriptedNode("mallory", forward)
    alice = ScriptedNode("alice", on_command(send("alice", "bob", b"hi")))
    records = simulate(
        plan(
            alice,
            bob,
            mallory,
            commands=[(0, "alice", "go")],
            signalling=Link(delay_us=40),
            taps={frozenset({"alice", "bob"}): "mallory"},
        )
    )
    assert mallory.seen[0] == (0, DatagramIntercepted(datagram("alice", "bob", b"hi")))
    assert arrivals(bob) == [(40, b"hi!")]
    assert records == [
        MessageSent(at_us=0, party="alice", number=0, to="bob", transport="UDP", summary="hi", octets=b"hi"),
        MessageArrived(at_us=0, party="mallory", number=0),
        MessageSent(at_us=0, party="mallory", number=1, to="bob", transport="UDP", summary="hi!", octets=b"hi!"),
        AttackMade(at_us=0, party="mallory", text="shouted", number=1),
        MessageArrived(at_us=40, party="bob", number=1),
    ]


def test_losses_and_their_numbers_belong_to_the_link_behind_the_tap():
    bob, mallory = ScriptedNode("bob"), ScriptedNode("mallory", forward)
    alice = ScriptedNode("alice", bursts("alice", "bob", 3))
    simulate(
        plan(
            alice,
            bob,
            mallory,
            commands=[(0, "alice", "go")],
            taps={frozenset({"alice", "bob"}): "mallory"},
            lose={("alice", "bob"): frozenset({1})},
        )
    )
    assert [octets for _, octets in arrivals(bob)] == [b"0000!", b"0002!"]
