"""One node on real sockets: what goes in, what comes out, and what does no harm."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mikey_sdp.drivers.host import NodeHost, listens_of
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.sockets import SocketLimits
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import (
    Address,
    CancelTimer,
    CommandGiven,
    Report,
    RunEnded,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.trace import AnyRecord, Warned
from tests.interop.sockets import HOST, LiveNode, datagram, request, response, until, within_limit

TCP = Transport.TCP


class Pair:
    """Two nodes on hosts of their own; what their hosts report is kept."""

    def __init__(self, host: str = HOST, *, limits: SocketLimits | None = None) -> None:
        self.ports = Ports()
        transports = (Transport.UDP, TCP)
        self.alice = LiveNode("alice", self.ports.sip(host, *transports), self.ports.media(host))
        self.bob = LiveNode("bob", self.ports.sip(host, *transports), self.ports.media(host))
        self.records: list[AnyRecord] = []
        self.failures: list[tuple[str, Exception]] = []
        self.hosts = {
            node.name: NodeHost(
                node,
                ports=self.ports,
                limits=limits,
                report=self.records.append,
                failed=lambda name, error: self.failures.append((name, error)),
            )
            for node in (self.alice, self.bob)
        }

    async def __aenter__(self) -> Pair:
        for host in self.hosts.values():
            await host.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for host in self.hosts.values():
            await host.stop()
        self.ports.close()

    @property
    def warnings(self) -> list[str]:
        return [record.text for record in self.records if isinstance(record, Warned)]

    def send(self, octets: bytes, transport: Transport = Transport.UDP, *, to: Address | None = None) -> None:
        source = self.alice.addresses[transport is Transport.MEDIA]
        destination = to or self.bob.addresses[transport is Transport.MEDIA]
        self.hosts["alice"].send(datagram(source, destination, octets, transport))

    async def raw(
        self, octets: bytes, *, then_close: bool = False
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self.bob.addresses[0])
        writer.write(octets)
        await writer.drain()
        if then_close:
            writer.close()
        return reader, writer


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_udp_signalling_and_media_arrive_from_the_address_that_they_name(host: str):
    async def main() -> None:
        async with Pair(host) as pair:
            pair.send(b"SIP")
            pair.send(b"RTP", Transport.MEDIA)
            await until(lambda: len(pair.bob.seen) == 2)
            assert sorted(pair.bob.arrived, key=lambda one: one.octets) == [
                datagram(pair.alice.addresses[1], pair.bob.addresses[1], b"RTP", Transport.MEDIA),
                datagram(pair.alice.addresses[0], pair.bob.addresses[0], b"SIP"),
            ]

    within_limit(main)


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_a_request_over_tcp_is_answered_on_its_own_connection_and_the_next_one_takes_it_too(host: str):
    async def main() -> None:
        async with Pair(host) as pair:
            first, second = request(pair.bob.addresses[0], 1), request(pair.bob.addresses[0], 2, body=b"x" * 9_000)
            pair.send(first, TCP)
            pair.send(second, TCP)
            await until(lambda: len(pair.bob.seen) == 2)
            assert pair.bob.octets == [first, second]
            source = pair.bob.arrived[0].source
            assert source.host == host
            assert source != pair.alice.addresses[0]
            assert pair.bob.arrived[1].source == source
            answer = response(via="192.0.2.9:9")
            pair.hosts["bob"].send(datagram(pair.bob.addresses[0], source, answer, TCP))
            await until(lambda: pair.alice.seen)
            assert pair.alice.octets == [answer]
            assert pair.alice.arrived[0].source == pair.bob.addresses[0]

    within_limit(main)


def test_a_response_whose_connection_is_gone_goes_where_the_via_says():
    async def main() -> None:
        async with Pair() as pair:
            gone = Address(HOST, pair.ports.sip(HOST, TCP).port)
            pair.ports.close()
            home = pair.alice.addresses[0]
            answer = response(via=f"{home.host}:{home.port}")
            pair.hosts["bob"].send(datagram(pair.bob.addresses[0], gone, answer, TCP))
            await until(lambda: pair.alice.seen)
            assert pair.alice.octets == [answer]

    within_limit(main)


def test_garbage_on_a_stream_closes_that_connection_and_no_other():
    async def main() -> None:
        async with Pair() as pair:
            pair.send(request(pair.bob.addresses[0], 1), TCP)
            await until(lambda: pair.bob.seen)
            whole = request(pair.bob.addresses[0], 7)
            reader, writer = await pair.raw(whole + b"NONSENSE\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
            assert await reader.read() == b""
            writer.close()
            assert pair.bob.octets[1:] == [whole]
            assert "no SIP can be cut from what it sends" in pair.warnings[0]
            pair.send(request(pair.bob.addresses[0], 2), TCP)
            await until(lambda: len(pair.bob.seen) == 3)
            assert pair.bob.arrived[2].source == pair.bob.arrived[0].source

    within_limit(main)


def test_half_a_message_is_not_waited_for_longer_than_the_limit_says():
    async def main() -> None:
        async with Pair(limits=SocketLimits(unfinished_s=0.05)) as pair:
            reader, writer = await pair.raw(request(pair.bob.addresses[0])[:-20])
            assert await reader.read() == b""
            writer.close()
            assert not pair.bob.seen
            assert "was not whole within 0.05 s" in pair.warnings[0]

    within_limit(main)


def test_a_header_without_end_is_cut_off():
    async def main() -> None:
        async with Pair() as pair:
            _, writer = await pair.raw(b"OPTIONS sip:a SIP/2.0\r\n" + b"X: y\r\n" * 100_000)
            await until(lambda: pair.warnings)
            writer.close()
            assert "a header of more than" in pair.warnings[0]

    within_limit(main)


def test_more_connections_than_the_limit_cost_the_longest_unused_one():
    async def main() -> None:
        async with Pair(limits=SocketLimits(connections=2)) as pair:
            opened = [await pair.raw(request(pair.bob.addresses[0], number)) for number in range(3)]
            await until(lambda: len(pair.bob.seen) == 3)
            assert await opened[0][0].read() == b""
            opened[2][1].write(request(pair.bob.addresses[0], 9))
            await until(lambda: len(pair.bob.seen) == 4)
            assert "the longest unused one" in pair.warnings[0]
            for _, writer in opened:
                writer.close()

    within_limit(main)


def test_one_host_that_connects_again_and_again_drives_nobody_else_out():
    async def main() -> None:
        async with Pair(limits=SocketLimits(connections=3)) as pair:
            to = pair.bob.addresses[0]
            reader, writer = await asyncio.open_connection(to.host, to.port, local_addr=("127.0.0.9", 0))
            writer.write(request(to, 0))
            await until(lambda: len(pair.bob.seen) == 1)
            many = [await pair.raw(request(to, number)) for number in range(1, 5)]
            await until(lambda: len(pair.bob.seen) == 5)
            assert [await many[number][0].read() for number in (0, 1)] == [b"", b""]
            assert not reader.at_eof()
            for one in (writer, *(one for _, one in many)):
                one.close()

    within_limit(main)


def test_a_peer_that_does_not_read_is_given_up_before_memory_runs_out():
    async def main() -> None:
        with socket.create_server((HOST, 0)) as deaf:
            async with Pair(limits=SocketLimits(waiting_octets=100_000)) as pair:
                to = Address(*deaf.getsockname())
                body = b"x" * 50_000
                for number in range(2_000):
                    pair.send(request(to, number, body=body), TCP, to=to)
                    await asyncio.sleep(0)
                    if pair.warnings:
                        break
                assert "leaves more than 100000 octets waiting" in pair.warnings[0]

    within_limit(main)


def test_nobody_at_the_other_end_is_told_and_no_more():
    async def main() -> None:
        async with Pair() as pair:
            nobody = pair.ports.sip(HOST, TCP)
            pair.send(request(nobody), TCP, to=nobody)
            await until(lambda: pair.warnings)
            assert f"a message to {HOST}:{nobody.port} over TCP was not sent" in pair.warnings[0]
            assert pair.hosts["alice"].refused == 1

    within_limit(main)


@pytest.mark.parametrize(
    ("to", "octets"),
    [
        (Address("example.com", 5060), b"x"),
        (Address(HOST, 0), b"x"),
        (Address(HOST, 70_000), b"x"),
        (Address("::1", 5060), b"x"),
        (Address(HOST, 9), b"x" * 70_000),
    ],
)
@pytest.mark.parametrize("transport", [Transport.UDP, TCP])
def test_what_cannot_be_sent_is_told(to: Address, octets: bytes, transport: Transport):
    async def main() -> None:
        async with Pair() as pair:
            pair.send(octets, transport, to=to)
            await until(lambda: pair.warnings)
            assert "was not sent" in pair.warnings[0]

    within_limit(main)


def test_keep_alives_stay_outside_and_empty_or_binary_datagrams_do_no_harm():
    async def main() -> None:
        async with Pair() as pair:
            for octets in (b"\r\n\r\n", b"", b"\0\0\0\0", b"\x80" * 65_000, b"real"):
                pair.send(octets)
            await until(lambda: b"real" in pair.bob.octets)
            assert pair.bob.octets == [b"\x80" * 65_000, b"real"]

    within_limit(main)


def test_rtcp_leaves_from_the_port_behind_the_one_for_rtp():
    async def main() -> None:
        async with Pair() as pair:
            rtp = pair.alice.addresses[1]
            source = Address(rtp.host, rtp.port + 1)
            pair.hosts["alice"].send(datagram(source, pair.bob.addresses[1], b"RTCP", Transport.MEDIA))
            await until(lambda: pair.bob.seen)
            assert pair.bob.arrived[0].source == source

    within_limit(main)


def test_commands_timers_reports_and_the_end_reach_the_node_and_come_back():
    def script(event: object, now_us: int) -> list:
        if event == CommandGiven("go"):
            return [SetTimer("a", 1_000), SetTimer("b", 1_000), SetTimer("c", 2_000), CancelTimer("b")]
        if isinstance(event, TimerFired | RunEnded):
            return [Report(Warned(at_us=now_us, party="alice", text=str(event)))]
        return []

    async def main() -> None:
        async with Pair() as pair:
            pair.alice.script = script
            pair.hosts["alice"].give("go")
            await until(lambda: len(pair.records) == 2)
        assert pair.warnings == [str(TimerFired("a")), str(TimerFired("c")), str(RunEnded())]
        with pytest.raises(UsageError, match="alice isn't running"):
            pair.hosts["alice"].give("go")

    within_limit(main)


def test_a_stream_of_timers_keeps_its_pace():
    """Each timer counts from when the last one was due, so that being a little late each time doesn't add up."""

    def script(event: object, _now_us: int) -> list:
        return [] if isinstance(event, RunEnded) else [SetTimer("tick", 2_000)]

    async def main() -> None:
        async with Pair() as pair:
            pair.alice.script = script
            pair.hosts["alice"].give("go")
            await until(lambda: len(pair.alice.seen) > 100)
            start, hundredth = pair.alice.seen[0][0], pair.alice.seen[100][0]
            assert 200_000 <= hundredth - start < 220_000

    within_limit(main)


def test_a_node_that_fails_is_told_and_goes_on_and_so_do_the_others():
    def script(event: object, _now_us: int) -> list:
        if event == CommandGiven("fail"):
            raise ZeroDivisionError("a bug")
        return []

    async def main() -> None:
        async with Pair() as pair:
            pair.bob.script = script
            pair.hosts["bob"].give("fail")
            pair.send(b"still here")
            await until(lambda: b"still here" in pair.bob.octets)
            assert [(name, str(error)) for name, error in pair.failures] == [("bob", "a bug")]

    within_limit(main)


def test_addresses_that_a_node_gains_are_opened_before_it_sends_and_those_it_loses_are_closed():
    async def main() -> None:
        async with Pair() as pair:
            fresh = pair.ports.media(HOST)
            lost = pair.alice.addresses[1]

            def script(_event: object, _now_us: int) -> list:
                pair.alice.addresses[1] = fresh
                return [SendDatagram(datagram=datagram(fresh, pair.bob.addresses[1], b"RTP", Transport.MEDIA))]

            pair.alice.script = script
            pair.hosts["alice"].give("move")
            await until(lambda: pair.bob.seen)
            assert pair.bob.arrived[0].source == fresh
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(lost)

    within_limit(main)


def test_an_address_that_is_taken_is_refused_and_nothing_stays_open():
    async def main() -> None:
        ports = Ports()
        free = ports.sip(HOST)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind((HOST, 0))
            node = LiveNode("alice", free, Address(*taken.getsockname()))
            with pytest.raises(UsageError, match="can't be opened for MEDIA"):
                await NodeHost(node, ports=ports, listens=listens_of(node, Transport.UDP)).start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(free)

    within_limit(main)


def test_ports_are_free_for_all_that_they_are_for():
    ports = Ports()
    address = ports.sip(HOST, Transport.UDP, TCP)
    for transport in (Transport.UDP, TCP):
        held = ports.taken(address, transport)
        assert held is not None
        assert held.getsockname() == address
        held.close()
    media = ports.media(HOST, 3, rtcp=True)
    assert media.port % 2 == 0
    for number in range(6):
        held = ports.taken(Address(HOST, media.port + number), Transport.MEDIA)
        assert held is not None
        held.close()
    ports.close()
    with pytest.raises(UsageError, match=r"no port can be had at 192\.0\.2\.1"):
        ports.sip("192.0.2.1")
