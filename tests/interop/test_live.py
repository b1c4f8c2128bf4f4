"""The live driver: the network of a plan on real sockets, and the same trace as from the simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.drivers.host import NodeHost, clock_from_now, listens_of
from mikey_sdp.drivers.live import LiveTrace, run_live
from mikey_sdp.drivers.outside import Onlooker
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.commands import Call
from mikey_sdp.nodes.contract import (
    CommandGiven,
    DatagramIntercepted,
    Event,
    Link,
    NetworkPlan,
    Node,
    Report,
    RunEnded,
    SendDatagram,
    SetTimer,
    TimedCommand,
    TimerFired,
    Transport,
)
from mikey_sdp.scenario.build import build
from mikey_sdp.scenario.checks import judge
from mikey_sdp.scenario.live import LONGEST_US, Live, VirtualOnly, run_on_sockets
from mikey_sdp.scenario.live_sites import LoopbackSites
from mikey_sdp.scenario.live_tls import tls_for
from mikey_sdp.scenario.load import load, loads
from mikey_sdp.trace import AttackMade, CallChanged, MessageArrived, MessageLost, MessageSent, Warned
from tests.interop.sockets import LiveNode, datagram, request, within_limit

SCENARIOS = Path(__file__).parents[2] / "scenarios"
UDP, TCP, TLS, MEDIA = Transport.UDP, Transport.TCP, Transport.TLS, Transport.MEDIA


class Street:
    """Three nodes side by side: alice sends to bob what she is told, and mallory may stand between them."""

    def __init__(self, ports: Ports, transport: Transport = UDP) -> None:
        sites = LoopbackSites(ports, transport=transport)
        self.alice, self.bob, self.mallory = (
            LiveNode(name, sites.phone(at).address) for at, name in enumerate(("alice", "bob", "mallory"))
        )
        self.alice.script = self._alice
        self.transport = transport
        self.ports = ports
        self.tls = tls_for(sites.hosts()) if transport is TLS else None

    def message(self, octets: bytes) -> SendDatagram:
        one = datagram(self.alice.addresses[0], self.bob.addresses[0], octets, self.transport)
        return SendDatagram(datagram=one, summary="" if self.transport is MEDIA else "a message")

    def _alice(self, event: Event, _now_us: int) -> list:
        return [self.message(event.command)] if isinstance(event, CommandGiven) else []

    def plan(self, *octets: bytes, **more: object) -> NetworkPlan:
        nodes = self.alice, self.bob, self.mallory
        given = tuple(TimedCommand(at_us=Micros(1_000 * n), node="alice", command=one) for n, one in enumerate(octets))
        return NetworkPlan(nodes=nodes, commands=given, epoch_unix_us=0, end_us=Micros(50_000), **more)  # type: ignore[arg-type]

    def run(self, plan: NetworkPlan, **more: object) -> LiveTrace:
        stream = TLS if self.transport is TLS else TCP
        listens = partial(_listens, transport=stream, all_media=self.transport is MEDIA)
        run = partial(run_live, plan, ports=self.ports, listens=listens, tls=self.tls, **more)  # type: ignore[arg-type]
        return within_limit(run)


def _listens(node: Node, *, transport: Transport, all_media: bool) -> Mapping:
    return dict.fromkeys(node.addresses, (MEDIA,)) if all_media else listens_of(node, UDP, transport)


@pytest.fixture
def on_street():
    with closing(Ports()) as ports:
        yield partial(Street, ports)


@pytest.mark.parametrize("transport", [UDP, TCP, TLS])
def test_a_message_crosses_a_real_socket_after_its_delay_and_the_trace_says_so(
    on_street: Callable[..., Street], transport: Transport
):
    street, capture = on_street(transport), Capture()
    octets = request(street.bob.addresses[0], transport=transport)
    trace = street.run(street.plan(octets, signalling=Link(delay_us=20_000)), capture=capture)
    assert street.bob.octets == [octets]
    sent, arrived = trace.records
    assert isinstance(sent, MessageSent)
    assert (sent.party, sent.to, sent.number, sent.octets) == ("alice", "bob", 0, octets)
    assert isinstance(arrived, MessageArrived)
    assert (arrived.party, arrived.number) == ("bob", 0)
    assert arrived.at_us - sent.at_us >= 20_000
    (passed,) = capture.passed
    assert (passed.source, passed.destination) == (street.alice.addresses[0], street.bob.addresses[0])
    assert (passed.at_us, passed.arrived_us) == (sent.at_us, arrived.at_us)


def test_media_crosses_too_and_makes_no_records(on_street: Callable[..., Street]):
    street, capture = on_street(MEDIA), Capture()
    trace = street.run(street.plan(b"\x80rtp", media=Link(delay_us=5_000)), capture=capture)
    assert street.bob.octets == [b"\x80rtp"]
    assert trace.records == []
    assert [one.arrived_us is not None for one in capture.passed] == [True]


def test_what_the_script_loses_is_never_put_on_the_network(on_street: Callable[..., Street]):
    street = on_street()
    trace = street.run(street.plan(b"one", b"two", b"three", lose={("alice", "bob"): frozenset({1})}))
    assert street.bob.octets == [b"one", b"three"]
    assert [record.number for record in trace.records if isinstance(record, MessageLost)] == [1]


def test_who_taps_a_link_gets_the_datagram_and_what_he_passes_on_comes_from_its_sender(
    on_street: Callable[..., Street],
):
    street = on_street()

    def change(event: Event, now_us: int) -> list:
        if not isinstance(event, DatagramIntercepted):
            return []
        passed = datagram(event.datagram.source, event.datagram.destination, b"changed")
        attack = AttackMade(at_us=now_us, party="mallory", text="changed it")
        return [SendDatagram(datagram=passed, summary="changed"), Report(attack)]

    street.mallory.script = change
    trace = street.run(street.plan(b"true", taps={frozenset({"alice", "bob"}): "mallory"}))
    assert street.bob.arrived == [datagram(street.alice.addresses[0], street.bob.addresses[0], b"changed")]
    told = [(type(record), record.party) for record in trace.records]
    assert told == [
        (MessageSent, "alice"),
        (MessageArrived, "mallory"),
        (MessageSent, "mallory"),
        (AttackMade, "mallory"),
        (MessageArrived, "bob"),
    ]
    assert [record.number for record in trace.records] == [0, 0, 1, 1, 1]


def test_nothing_leaves_for_an_address_that_is_nobodys(on_street: Callable[..., Street]):
    street = on_street()
    with closing(Ports()) as others:
        stranger = LiveNode("stranger", others.sip("127.0.0.1"))

        async def main() -> LiveTrace:
            host = NodeHost(stranger, ports=others, clock=clock_from_now())
            await host.start()
            try:
                return await run_live(plan, ports=street.ports)
            finally:
                await host.stop()

        message = SendDatagram(datagram=datagram(street.alice.addresses[0], stranger.addresses[0], b"x"))
        street.alice.script = lambda event, _: [message] if isinstance(event, CommandGiven) else []
        plan = street.plan(b"go")
        trace = within_limit(main)
    assert stranger.octets == []
    assert [type(record) for record in trace.records] == [MessageSent, MessageLost]


def test_a_datagram_of_a_stranger_is_left_unread(on_street: Callable[..., Street]):
    street = on_street()
    with closing(Ports()) as others:
        stranger = LiveNode("stranger", others.sip("127.0.0.1"))

        def tick(event: Event, _now_us: int) -> list:
            if isinstance(event, RunEnded):
                return []
            intrusion = SendDatagram(datagram=datagram(stranger.addresses[0], street.bob.addresses[0], b"intrusion"))
            return [SetTimer("again", 5_000), *([intrusion] if isinstance(event, TimerFired) else [])]

        stranger.script = tick

        async def main() -> LiveTrace:
            host = NodeHost(stranger, ports=others)
            await host.start()
            host.give("go")
            try:
                return await run_live(street.plan(), ports=street.ports)
            finally:
                await host.stop()

        trace = within_limit(main)
    assert street.bob.octets == []
    warned = [record.text for record in trace.records if isinstance(record, Warned)]
    assert "which is no party's, was left unread" in warned[0]


def test_what_a_node_raises_comes_out_once_all_others_have_ended(on_street: Callable[..., Street]):
    street = on_street()

    def fail(event: Event, _now_us: int) -> list:
        if isinstance(event, CommandGiven):
            raise ZeroDivisionError("a bug")
        return []

    street.alice.script = fail
    with pytest.raises(ZeroDivisionError, match="a bug"):
        street.run(street.plan(b"go"))
    assert [type(event) for _, event in street.bob.seen] == [RunEnded]


def test_two_nodes_on_one_host_are_refused():
    with closing(Ports()) as ports:
        nodes = [LiveNode(name, ports.sip("127.0.0.1")) for name in ("alice", "bob")]
        plan = NetworkPlan(nodes=tuple(nodes), commands=(), epoch_unix_us=0, end_us=Micros(1))
        with pytest.raises(UsageError, match=r"'bob' and 'alice' share 127\.0\.0\.1"):
            within_limit(partial(run_live, plan, ports=ports))


class OutsideHost:
    """A node of ours in the place of another program: a host of its own that the run knows nothing of."""

    def __init__(self, node: Node, ports: Ports) -> None:
        self.node = node
        self.ports = ports
        self.given: list[object] = []
        self.host: NodeHost | None = None
        self.stopped = False

    async def start(self, run: Onlooker) -> None:
        self.host = NodeHost(self.node, ports=self.ports, clock=lambda: run.now_us, report=run.report)
        await self.host.start()

    def give(self, command: object) -> None:
        self.given.append(command)
        if self.host is not None:
            self.host.give(command)

    async def stop(self) -> None:
        self.stopped = True
        if self.host is not None:
            await self.host.stop()


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_party_that_another_program_plays_is_traced_where_its_peers_send_and_take(name: str):
    loaded = load(SCENARIOS / "basic-call.call.yaml")
    with closing(Ports()) as ports:
        plan = replace(build(loaded, sites=LoopbackSites(ports, transport=UDP)), end_us=Micros(4_300_000))
        outside = OutsideHost(next(node for node in plan.nodes if node.name == name), ports)
        capture = Capture()
        run = partial(run_live, plan, ports=ports, outside={name: outside}, capture=capture)
        trace = within_limit(run)
    assert all(verdict.held for verdict in judge(loaded, trace.records))
    assert outside.stopped
    assert any(isinstance(command, Call) for command in outside.given) == (name == "alice")
    arrived = {record.number for record in trace.records if isinstance(record, MessageArrived)}
    assert arrived == {record.number for record in trace.records if isinstance(record, MessageSent)}
    assert all(one.arrived_us is not None for one in capture.passed)
    assert {one.party for one in capture.passed if one.is_media} == {"alice", "bob"}


def test_what_passes_between_two_programs_is_traced_where_a_tap_saw_it(on_street: Callable[..., Street]):
    street, capture = on_street(), Capture()

    class Player(OutsideHost):
        async def start(self, run: Onlooker) -> None:
            message = datagram(street.alice.addresses[0], street.bob.addresses[0], b"between them")
            run.saw(message)
            run.saw(datagram(street.alice.addresses[0], street.mallory.addresses[0], b"known already"))
            run.saw(datagram(street.mallory.addresses[0], street.bob.addresses[0], b"known already"))

    outside = {"alice": Player(street.alice, street.ports), "bob": OutsideHost(street.bob, street.ports)}
    trace = street.run(street.plan(), outside=outside, capture=capture)
    assert [(type(record), record.party) for record in trace.records] == [
        (MessageSent, "alice"),
        (MessageArrived, "bob"),
    ]
    assert [one.octets for one in capture.passed] == [b"between them"]


def test_a_live_run_tells_what_a_run_in_virtual_time_tells():
    loaded = load(SCENARIOS / "basic-call.call.yaml")
    virtual = simulate(build(loaded))
    live = run_on_sockets(loaded)
    assert live.result.held
    for kind in (MessageSent, MessageArrived, CallChanged):
        assert [
            (one.party, getattr(one, "summary", getattr(one, "state", "")).split(" sip")[0])
            for one in virtual
            if isinstance(one, kind)
        ] == [
            (one.party, getattr(one, "summary", getattr(one, "state", "")).split(" sip")[0])
            for one in live.result.records
            if isinstance(one, kind)
        ]
    assert [record.at_us for record in live.result.records] == sorted(record.at_us for record in live.result.records)
    assert len(live.witness.capture.passed) > 100


_SLOW = """
name: a slow call
shows: nothing
parties:
  alice: {credentials: psk}
  bob: {credentials: psk, answers: {answer: 25s}}
steps:
  - {at: 0s, alice: {call: bob}}
expect:
  - call: {from: alice, answered by: bob}
"""


def test_what_takes_too_long_is_for_virtual_time_and_says_how_long_it_takes():
    loaded = loads(_SLOW.encode())
    with pytest.raises(VirtualOnly, match=rf"it takes 26\.\d+ s of real time, more than {LONGEST_US // 1_000_000} s"):
        run_on_sockets(loaded)


def test_an_expectation_that_is_not_met_is_not_met_live_either():
    text = _SLOW.replace("25s", "100ms").replace("answered by: bob", "rejected with: 486")
    ran = run_on_sockets(loads(text.encode()), live=Live(margin_us=100_000))
    assert not ran.result.held
