"""Edges at work on loopback: phones that know no MIKEY call each other, and what passes between the edges is keyed."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.nodes.commands import Call, HangUp, ReKey
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.edge_contract import UNPROTECTED, EdgeLimits, PeerRule, PhoneMedia
from mikey_sdp.secret import Secret
from mikey_sdp.softphone.edge_sides import naming_context
from tests import pki
from tests.interop.edge_fuzz import QUICK, RATE, call_at, fuzzed, passed
from tests.interop.edged import Scene, Setting, edged
from tests.interop.sockets import HOST, until, within_limit

CALLS = int(os.environ.get("MIKEY_SDP_EDGE_CALLS", "100"))
"""How many calls the soak sets up and takes down; 2,000 by hand."""
FUZZ_S = int(os.environ.get("MIKEY_SDP_EDGE_FUZZ_S", "10"))
"""For how long garbage is sent while a call runs, in seconds; twenty minutes by hand (`edge_fuzz.py`)."""


async def through(scene: Scene, packets: int) -> None:
    """Call, and wait until so many packets came through both ways."""
    scene.phones[0].give(Call("bob"))
    await until(lambda: all(min(passed(edge)) >= packets for edge in scene.edges))


async def ended(scene: Scene) -> None:
    scene.phones[0].give(HangUp("bob"))
    await until(lambda: "ended" in scene.states("bob") and not any(map(call_at, scene.edges)))


def counted(scene: Scene) -> list[tuple[int, int, int]]:
    """Of each stream that reached a phone: packets, how many of them were decrypted, how many could not be opened."""
    for phone in scene.phones:
        phone.end()
    received = [*scene.received("alice"), *scene.received("bob")]
    return [(one.packets, one.decrypted, one.undecryptable) for one in received]


@pytest.mark.parametrize("caller", PhoneMedia)
@pytest.mark.parametrize("called", PhoneMedia)
def test_a_call_goes_through_and_is_keyed_between_the_edges(caller: PhoneMedia, called: PhoneMedia) -> None:
    async def main() -> None:
        async with edged(Setting(caller=caller, called=called)) as scene:
            await through(scene, 20)
            calls = [call_at(edge) for edge in scene.edges]
            assert [(call.mode, call.state, call.phone) for call in calls] == [
                ("PSK", "answered", caller),
                ("PSK", "answered", called),
            ]
            assert set(calls[0].fingerprints) == set(calls[1].fingerprints)
            assert len(calls[0].fingerprints) == 2
            await ended(scene)
            sdes = [one is PhoneMedia.SDES for one in (caller, called)]
            assert counted(scene) == [(20, 20 * sdes[0], 0), (20, 20 * sdes[1], 0)]
            assert [edge.status.open_pairs for edge in scene.edges] == [0, 0]

    within_limit(main)


@pytest.mark.parametrize(
    "setting",
    [Setting(transport=Transport.TCP), Setting(between="::1"), Setting(transport=Transport.TCP, between="::1")],
)
def test_over_tcp_and_from_ipv4_to_ipv6(setting: Setting) -> None:
    async def main() -> None:
        async with edged(setting) as scene:
            await through(scene, 20)
            await ended(scene)
            assert counted(scene) == [(20, 20, 0), (20, 20, 0)]

    within_limit(main)


@pytest.mark.parametrize("name", ["localhost", "other.example.com"])
def test_over_tls_to_whoever_proves_the_name_that_was_looked_up(tmp_path: Path, name: str) -> None:
    now = datetime.now(UTC)
    dates = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=1)}
    root = pki.Authority.create("root", **dates)
    holder = root.issue(f"dns:{name}", **dates)
    (tmp_path / "edge.pem").write_text(holder.pem + holder.key_pem, encoding="ascii")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "edge.pem")
    ways = [TlsContexts(server=server, client=naming_context()) for _ in range(2)]
    for way in ways:
        way.client.load_verify_locations(cadata=root.pem)
        way.client.names[HOST] = name
    setting = Setting(transport=Transport.TLS, tls=ways[0], phone_tls=ways[1], proxy_name="localhost")

    async def main() -> None:
        async with edged(setting) as scene:
            if name == "localhost":
                await through(scene, 20)
                await ended(scene)
                assert counted(scene) == [(20, 20, 0), (20, 20, 0)]
            else:
                scene.phones[0].give(Call("bob"))
                await until(lambda: any(edge.status.unsent for edge in scene.edges))
                assert scene.states("bob") == []

    within_limit(main)


def test_fresh_keys_of_the_phone_lose_no_packet() -> None:
    async def main() -> None:
        async with edged(Setting(packets=60)) as scene:
            await through(scene, 10)
            before = set(call_at(scene.edges[0]).fingerprints)
            scene.phones[0].give(ReKey("bob"))
            await until(lambda: min(min(passed(edge)) for edge in scene.edges) >= 60)
            assert before.isdisjoint(call_at(scene.edges[0]).fingerprints)
            await ended(scene)
            assert counted(scene) == [(60, 60, 0), (60, 60, 0)]

    within_limit(main)


def test_a_wrong_key_ends_the_call_before_any_media(caplog: pytest.LogCaptureFixture) -> None:
    other = (PskCredential("*", Secret(bytes(16))),)

    async def main() -> None:
        setting = Setting()
        with caplog.at_level(logging.WARNING, "mikey_sdp.edge"):
            async with edged(replace(setting, credentials=(setting.credentials[0], other))) as scene:
                scene.phones[0].give(Call("bob"))
                await until(lambda: {"rejected", "ended"} & set(scene.states("alice")))
                assert "confirmed" not in scene.states("alice")
                statuses = [edge.status for edge in scene.edges]
                assert [(one.relay.received, one.relay.sent) for one in statuses] == [(0, 0), (0, 0)]
                await until(lambda: not any(edge.open_calls or edge.status.open_pairs for edge in scene.edges))

    within_limit(main)
    assert any("the MAC does not verify" in line for line in caplog.messages)


@pytest.mark.parametrize("allowed", [True, False])
def test_calls_go_in_clear_only_where_the_owner_allows_it(allowed: bool) -> None:
    rules = (PeerRule(match="*", plain=True),) if allowed else ()

    async def main() -> None:
        async with edged(Setting(credentials=((), ()), peers=rules)) as scene:
            scene.phones[0].give(Call("bob"))
            if allowed:
                await until(lambda: all(min(passed(edge)) >= 20 for edge in scene.edges))
                assert [call_at(edge).mode for edge in scene.edges] == [UNPROTECTED] * 2
            else:
                await until(lambda: "rejected" in scene.states("alice"))
                assert scene.states("bob") == []
                assert sum(edge.status.relay.sent for edge in scene.edges) == 0

    within_limit(main)


def test_more_calls_than_the_limit_are_refused_and_those_that_run_go_on() -> None:
    async def main() -> None:
        async with edged(Setting(limits=EdgeLimits(calls=1), packets=None)) as scene:
            await through(scene, 5)
            scene.phones[1].give(Call("alice"))
            await until(lambda: "rejected" in scene.states("bob"))
            assert 503 in [one.status for one in scene.changes("bob")]
            before = passed(scene.edges[0])
            await until(lambda: min(now - then for now, then in zip(passed(scene.edges[0]), before, strict=True)) > 5)

    within_limit(main)


def test_a_phone_that_vanishes_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with edged(Setting(limits=EdgeLimits(silent_us=400_000))) as scene:
            await through(scene, 20)
            await scene.phones[0].stop()
            await until(lambda: "ended" in scene.states("bob"))
            await until(lambda: not any(edge.open_calls or edge.status.open_pairs for edge in scene.edges))
            assert sum(edge.status.edge.reaped for edge in scene.edges) >= 1

    within_limit(main)


def test_who_stops_an_edge_hangs_up_its_calls() -> None:
    async def main() -> None:
        async with edged(Setting(packets=None)) as scene:
            await through(scene, 5)
            await scene.edges[0].stop()
            await until(lambda: "ended" in scene.states("alice") and "ended" in scene.states("bob"))

    within_limit(main)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_calls_that_come_and_go_leave_no_socket_task_or_file() -> None:
    async def main() -> None:
        async with edged(Setting(limits=EdgeLimits(), packets=1, timers=QUICK)) as scene:
            before: tuple[int, int] = (0, 0)
            for number in range(CALLS):
                scene.records.clear()
                scene.phones[0].give(Call("bob"))
                await until(lambda: "confirmed" in scene.states("bob"))
                scene.phones[0].give(HangUp("bob"))
                await until(lambda: "ended" in scene.states("bob"))
                if number == 4:
                    gc.collect()
                    before = open_files(), len(asyncio.all_tasks())
            await until(lambda: not any(edge.held or edge.status.open_pairs for edge in scene.edges))
            gc.collect()
            assert (open_files(), len(asyncio.all_tasks())) <= before
            assert [edge.status.edge.taken for edge in scene.edges] == [CALLS, CALLS]
            assert [edge.status.edge.failed for edge in scene.edges] == [0, 0]

    within_limit(main, 5.0 + 0.3 * CALLS)


def test_garbage_on_every_socket_harms_no_call(caplog: pytest.LogCaptureFixture) -> None:
    """Datagrams from a stranger to SIP and media ports, the call's own messages and packets changed or again, calls of
    nobody, and streams that begin with nonsense."""
    with caplog.at_level(logging.INFO, "mikey_sdp.edge"):
        outcome = within_limit(lambda: fuzzed(FUZZ_S), 10.0 + 1.5 * FUZZ_S)
    assert outcome.heard == (outcome.said, outcome.said) == (RATE * FUZZ_S,) * 2
    assert outcome.spoilt == (0, 0)
    assert outcome.faults == 0
    assert outcome.received > 2 * outcome.said + 1_000 * FUZZ_S
    assert outcome.streams > 20 * FUZZ_S
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    lines = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert 0 < len(lines) < 2 * (20 + 10 * FUZZ_S)
