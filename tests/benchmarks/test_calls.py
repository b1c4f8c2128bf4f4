"""What a simulated call costs beside its cryptography, a packet of its media, and whether finished calls leave memory.

The calls are PSK calls of two phones: INVITE, 180, 200, ACK, BYE, 200, each message written, carried and read.
"""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from statistics import median

import pytest

from mikey_sdp.drivers.sim import simulate
from mikey_sdp.nodes.contract import NetworkPlan
from mikey_sdp.scenario.build import build
from mikey_sdp.scenario.load import load
from mikey_sdp.trace import KeysInstalled, MediaCounted
from tests.benchmarks.primitives import recorded
from tests.benchmarks.test_srtp import PACKETS, bare_protect, bare_unprotect
from tests.benchmarks.timing import Row, cpu_us

SIGNALLING_TARGET_US, SIGNALLING_TOLERATED_US = 1_500, 20_000
PACKET_TARGET_US, PACKET_TOLERATED_US = 5, 60
CALLS = 10
EVERY_S = 60
"""From call to call: longer than the timers of SIP."""
LEFT_OCTETS = 200
SCENARIO = """name: Calls for a benchmark
shows: what a call costs
parties:
  alice: {{credentials: psk, talks: {{packets: {packets}}}}}
  bob: {{credentials: psk, talks: {{packets: {packets}}}, answers: {{ringing: 100ms, answer: 200ms}}}}
steps:
{steps}
expect:
  - keys: {{agreed: [alice, bob]}}
"""


class Calls:
    """Makes the plan of so many calls of so many packets a party, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def plan(self, calls: int, packets: int) -> NetworkPlan:
        lasts_s = 1 + packets // 50 + 1
        steps = "".join(
            f"  - {{at: {start}s, alice: {{call: bob}}}}\n  - {{at: {start + lasts_s}s, alice: {{hang up: bob}}}}\n"
            for start in range(0, calls * EVERY_S, EVERY_S)
        )
        file = self._folder / f"{calls}-{packets}.call.yaml"
        file.write_text(SCENARIO.format(packets=packets, steps=steps.rstrip("\n")))
        return build(load(file))


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


def simulation_us(plan: NetworkPlan) -> float:
    return cpu_us(lambda: simulate(plan))


def test_the_calls_that_are_timed_are_whole_ones(calls: Calls) -> None:
    records = simulate(calls.plan(3, 20))
    assert len([record for record in records if isinstance(record, KeysInstalled)]) == 3 * 4
    received = [r for r in records if isinstance(r, MediaCounted) and r.direction == "received"]
    assert [record.decrypted for record in received] == [20] * 6


def test_signalling(show, calls: Calls) -> None:
    """The difference between many calls and one, so that what a run costs by itself is left out."""
    with recorded() as crypto:
        simulate(calls.plan(1, 0))
    assert crypto.srtp_keys >= 2
    assert len(crypto.ciphers) == 2
    bare = crypto.bare()

    def measure() -> Row:
        one, many, floor = [], [], []
        for _ in range(9):
            plans = calls.plan(1, 0), calls.plan(1 + CALLS, 0)
            one.append(simulation_us(plans[0]))
            many.append(simulation_us(plans[1]))
            floor.append(cpu_us(bare, times=20))
        costs = [(after - before) / CALLS for before, after in zip(one, many, strict=True)]
        beside = median(cost - crypto_us for cost, crypto_us in zip(costs, floor, strict=True))
        return Row(
            "a call's signalling beside MIKEY and SRTP crypto",
            median(floor),
            median(costs),
            beside,
            SIGNALLING_TARGET_US,
            SIGNALLING_TOLERATED_US,
            "us",
        )

    show(measure)


def test_media(show, calls: Calls) -> None:
    """A packet is made, protected, carried, unprotected and counted; the floor protects and unprotects it bare."""
    few, many = 50, 1050
    unprotect = bare_unprotect(bare_protect())

    def bare() -> None:
        bare_protect()
        unprotect()

    def measure() -> Row:
        costs, floors, besides = [], [], []
        for _ in range(9):
            plans = calls.plan(1, few), calls.plan(1, many)
            short_us, long_us = simulation_us(plans[0]), simulation_us(plans[1])
            costs.append((long_us - short_us) / (2 * (many - few)))
            floors.append(cpu_us(bare) / len(PACKETS))
            besides.append(costs[-1] - floors[-1])
        return Row(
            "a media packet beside SRTP crypto",
            median(floors),
            median(costs),
            median(besides),
            PACKET_TARGET_US,
            PACKET_TOLERATED_US,
            "us",
        )

    show(measure)


def test_finished_calls_leave_no_memory(show, calls: Calls) -> None:
    """The trace grows with every message and is let go; what the phones still hold after 20 and 60 calls is compared.

    Both runs are longer than the clock skew for which MIKEY's replay cache must remember messages.
    """

    def held_octets(number: int) -> int:
        plan = calls.plan(number, 20)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        simulate(plan)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert plan.nodes
        return held

    def measure() -> Row:
        held_octets(20)
        few, many = held_octets(20), held_octets(60)
        return Row(
            "memory that a finished call leaves", few, many, (many - few) / 40, LEFT_OCTETS, LEFT_OCTETS, "octets"
        )

    show(measure)
