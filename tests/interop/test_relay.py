"""The media relay on real sockets: pairs of ports, who gets what arrives, and what it survives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import Side
from mikey_sdp.softphone.relay import MediaRelay
from tests.interop.edge_load import load
from tests.interop.free_ports import free_range
from tests.interop.sockets import HOST, until, within_limit

CALLS = int(os.environ.get("MIKEY_SDP_EDGE_LOAD", "5"))
"""How many calls the load test runs at once, for two seconds; a hundred for a minute are run by hand."""


def ignored(_octets: bytes, _source: Address) -> None:
    """Takes a packet and does nothing with it."""


def relay_of(pairs: int, *, host: str = HOST, complain: Callable[[str], None] = print) -> MediaRelay:
    with free_range(pairs, host) as ports:
        pass
    return MediaRelay(dict.fromkeys(Side, host), ports, complain=complain)


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_what_arrives_goes_to_the_taker_of_its_port_and_answers_leave_from_there(host: str) -> None:
    async def main() -> None:
        relay = relay_of(2, host=host)
        taken: list[tuple[str, bytes, Address]] = []
        pair = relay.open_ports(
            Side.PHONE, lambda *packet: taken.append(("rtp", *packet)), lambda *packet: taken.append(("rtcp", *packet))
        )
        assert pair is not None
        assert pair.rtp.port % 2 == 0
        assert pair.rtcp == Address(host, pair.rtp.port + 1)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind((host, 0))
            own = peer.getsockname()[:2]
            peer.sendto(b"media", pair.rtp)
            peer.sendto(b"", pair.rtp)
            peer.sendto(b"report", pair.rtcp)
            peer.sendto(bytes(60_000), pair.rtp)
            await until(lambda: len(taken) == 4)
            assert sorted(taken) == sorted(
                [("rtp", b"media", own), ("rtp", b"", own), ("rtcp", b"report", own), ("rtp", bytes(60_000), own)]
            )
            pair.send_rtp(b"back", Address(*own))
            pair.send_rtcp(b"and again", Address(*own))
            assert {(peer.recv(100),) for _ in range(2)} == {(b"back",), (b"and again",)}
        assert (relay.counts.received, relay.counts.sent, relay.counts.unsent) == (4, 2, 0)
        relay.close()

    within_limit(main)


def test_ports_are_handed_out_in_turn_and_run_out_with_one_line() -> None:
    async def main() -> None:
        said: list[str] = []
        relay = relay_of(3, complain=said.append)
        pairs = [relay.open_ports(Side.PHONE, ignored, ignored) for _ in range(3)]
        assert len({pair.rtp for pair in pairs}) == 3
        assert relay.open_ports(Side.NETWORK, ignored, ignored) is None
        assert relay.counts.exhausted == 1
        assert len(said) == 1
        assert "no media ports left" in said[0]
        relay.close_ports(pairs[0])
        relay.close_ports(pairs[0])
        relay.close_ports(pairs[1])
        again = [relay.open_ports(Side.NETWORK, ignored, ignored) for _ in range(2)]
        assert [one.rtp for one in again] == [pairs[0].rtp, pairs[1].rtp]
        assert relay.open_pairs == 3
        relay.close()
        assert relay.open_pairs == 0

    within_limit(main)


def test_a_port_of_somebody_else_is_passed_over() -> None:
    async def main() -> None:
        with free_range(3) as ports:
            pass
        relay = MediaRelay(dict.fromkeys(Side, HOST), ports, complain=print)
        with ExitStack() as others:
            for port in (ports[0] + 1, ports[0] + 2):
                made = others.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                made.bind((HOST, port))
            pair = relay.open_ports(Side.PHONE, ignored, ignored)
            assert pair is not None
            assert pair.rtp.port == ports[0] + 4
        relay.close()

    within_limit(main)


def test_a_taker_that_fails_and_destinations_that_are_none_harm_nobody() -> None:
    async def main() -> None:
        said: list[str] = []
        relay = relay_of(2, complain=said.append)
        taken: list[bytes] = []

        def fails(octets: bytes, source: Address) -> None:
            raise ZeroDivisionError

        bad = relay.open_ports(Side.PHONE, fails, ignored)
        good = relay.open_ports(Side.PHONE, lambda octets, _source: taken.append(octets), ignored)
        for destination in (("nowhere", 1), (HOST, 0), (HOST, 70_000), ("::1", 5), None):
            good.send_rtp(b"x", destination)
        good.send_rtp(bytes(70_000), good.rtp)
        assert relay.counts.unsent == 6
        good.send_rtp(b"for the bad one", bad.rtp)
        good.send_rtp(b"for itself", good.rtp)
        await until(lambda: taken and relay.counts.faults)
        assert taken == [b"for itself"]
        assert "ZeroDivisionError" in said[0]
        relay.close()

    within_limit(main)


def test_a_flood_at_one_port_leaves_the_others_their_turn() -> None:
    async def main() -> None:
        relay = relay_of(2)
        order: list[str] = []
        flooded = relay.open_ports(Side.PHONE, lambda *_packet: order.append("flood"), ignored)
        other = relay.open_ports(Side.PHONE, lambda *_packet: order.append("call"), ignored)
        for _ in range(100):
            other.send_rtp(b"x", flooded.rtp)
        flooded.send_rtp(b"x", other.rtp)
        await until(lambda: len(order) == 101)
        assert order.index("call") < 100
        relay.close()

    within_limit(main)


def test_closing_leaves_no_file_open() -> None:
    async def main() -> None:
        relay = relay_of(20)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            assert relay.open_ports(Side.PHONE, ignored, ignored) is not None
        assert len(os.listdir("/proc/self/fd")) == before + 20
        relay.close()
        await asyncio.sleep(0)
        assert len(os.listdir("/proc/self/fd")) == before

    within_limit(main)


def test_calls_at_their_pace_lose_nothing() -> None:
    """How much time the relay adds is printed and not judged here, where other work shares the processors."""
    loaded = load(CALLS, 2.0)
    print(loaded)
    assert loaded.sent == CALLS * 2 * 100
    assert loaded.lost == 0
    assert loaded.unsent == 0
