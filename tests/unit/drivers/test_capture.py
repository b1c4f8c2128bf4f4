"""A capture keeps what passes, and tells for each place what could be seen there."""

from __future__ import annotations

from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.nodes.contract import Action, DatagramIntercepted, Event, Link, SendDatagram, Transport
from mikey_sdp.trace import Passed
from tests.unit.drivers.scripted import ScriptedNode, on_command, plan, send

UDP, TCP, TLS, MEDIA = Transport.UDP, Transport.TCP, Transport.TLS, Transport.MEDIA
LINKS = {"signalling": Link(delay_us=40_000), "media": Link(delay_us=10_000)}


def captured(*actions: Action, **changes: object) -> Capture:
    """What passes when alice does that at 1 ms, with bob and carol there."""
    capture = Capture()
    nodes = [ScriptedNode("alice", on_command(*actions)), ScriptedNode("bob"), ScriptedNode("carol")]
    nodes += changes.pop("nodes", [])
    simulate(plan(*nodes, commands=[(1_000, "alice", "go")], **{**LINKS, **changes}), capture=capture)
    return capture


def octets(passed: tuple[Passed, ...]) -> list[bytes]:
    return [one.octets for one in passed]


def test_every_datagram_is_kept_with_its_times_and_its_ends():
    capture = captured(send("alice", "bob", b"INVITE"), send("alice", "bob", b"rtp", MEDIA))
    assert capture.passed == [
        Passed(
            at_us=1_000,
            arrived_us=arrived_us,
            party="alice",
            to="bob",
            transport=transport,
            source=("alice", 5060),
            destination=("bob", 5060),
            octets=what,
        )
        for arrived_us, transport, what in ((41_000, "UDP", b"INVITE"), (11_000, "MEDIA", b"rtp"))
    ]
    assert [one.is_media for one in capture.passed] == [False, True]


def test_what_is_lost_was_seen_by_its_sender_only():
    capture = captured(
        send("alice", "bob", b"INVITE"), send("alice", "nobody", b"lost too"), lose={("alice", "bob"): frozenset({0})}
    )
    assert [one.arrived_us for one in capture.passed] == [None, None]
    assert octets(capture.at("alice")) == [b"INVITE", b"lost too"]
    assert capture.at("bob") == ()


def test_tls_is_read_at_its_ends_alone():
    capture = captured(send("alice", "bob", b"secret", TLS), send("alice", "bob", b"open", TCP))
    assert octets(capture.at("bob")) == [b"secret", b"open"]
    assert octets(capture.between("bob", "alice")) == [b"open"]
    assert octets(capture.open_to("carol")) == [b"open"]
    assert octets(capture.open_to("carol", "bob")) == [b"secret", b"open"]


def test_a_link_is_that_between_two_parties():
    capture = captured(send("alice", "bob", b"one"), send("alice", "carol", b"two", MEDIA))
    assert octets(capture.between("alice", "bob")) == [b"one"]
    assert octets(capture.between("alice", "carol")) == [b"two"]
    assert capture.between("bob", "carol") == ()


def test_who_taps_a_link_gets_what_passes_and_what_he_sends_on_is_his():
    def passes_on(event: Event, _now_us: int) -> list[Action]:
        return [SendDatagram(datagram=event.datagram, summary="on")] if isinstance(event, DatagramIntercepted) else []

    capture = captured(
        send("alice", "bob", b"INVITE"),
        send("alice", "bob", b"rtp", MEDIA),
        send("alice", "bob", b"secret", TLS),
        nodes=[ScriptedNode("mallory", passes_on)],
        taps={frozenset({"alice", "bob"}): "mallory"},
    )
    ways = [(one.party, one.to, one.octets) for one in capture.passed]
    assert ways == [
        ("alice", "mallory", b"INVITE"),
        ("alice", "mallory", b"rtp"),
        ("alice", "bob", b"secret"),
        ("mallory", "bob", b"INVITE"),
        ("mallory", "bob", b"rtp"),
    ]
    assert octets(capture.at("mallory")) == [b"INVITE", b"rtp", b"INVITE", b"rtp"]


def test_a_run_is_the_same_with_and_without_a_capture():
    def run(**more: object) -> list[object]:
        nodes = (ScriptedNode("bob"), ScriptedNode("alice", on_command(send("alice", "bob", b"INVITE"))))
        return simulate(plan(*nodes, commands=[(0, "alice", "go")], **LINKS), **more)

    assert run() == run(capture=Capture())
