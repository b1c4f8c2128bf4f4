"""`mikey-sdp edge` as a user runs it: a process that starts, shows what it does, and ends when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.nodes.contract import Address, Transport
from tests.interop.free_ports import free_range
from tests.interop.sockets import HOST, request

LIMIT_S = 10.0


@pytest.fixture
def places() -> tuple[Address, Address]:
    ports = Ports()
    found = ports.sip(HOST, Transport.UDP, Transport.TCP), ports.sip(HOST, Transport.UDP, Transport.TCP)
    ports.close()
    return found


@pytest.fixture
def config(tmp_path: Path, places: tuple[Address, Address]) -> Path:
    (tmp_path / "alice.psk").write_text("00112233445566778899aabbccddeeff\n", encoding="ascii")
    with free_range(2) as ports:
        pass
    file = tmp_path / "edge.toml"
    file.write_text(
        f"""
        [phone]
        listen = ["udp:{HOST}:{places[0].port}", "tcp:{HOST}:{places[0].port}"]
        [network]
        listen = ["udp:{HOST}:{places[1].port}"]
        [[accounts]]
        identity = "sip:alice@example.com"
        psk = "@alice.psk"
        [media]
        ports = [{ports[0]}, {ports[1]}]
        [limits]
        calls = 1
        [log]
        file = "edge.log"
        """,
        encoding="utf-8",
    )
    return file


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "mikey_sdp", "edge", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_a_signal(config: Path, places: tuple[Address, Address], number: signal.Signals) -> None:
    with running(str(config), "--json", "--every", "0.1") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["edge"] | {"warnings": []} == first["edge"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.settimeout(LIMIT_S)
            stranger.bind((HOST, 0))
            via = f"{HOST}:{stranger.getsockname()[1]}"
            stranger.sendto(b"\xff\x00 nonsense", places[1])
            stranger.sendto(request(places[1], transport="UDP", via=via), places[1])
            assert stranger.recv(4096).startswith(b"SIP/2.0 ")
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT_S)
        assert (process.returncode, err) == (0, "")
    last = json.loads(out.splitlines()[-1])
    assert last["up_us"] > first["up_us"]
    assert "malformed" in last["edge"]["warnings"][0]
    assert "malformed" in (config.parent / "edge.log").read_text(encoding="utf-8")


def test_it_says_where_it_listens(config: Path, places: tuple[Address, Address]) -> None:
    with running(str(config)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == (
            f"phones find it at udp:{HOST}:{places[0].port}, tcp:{HOST}:{places[0].port}\n"
        )
        process.terminate()
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0


def test_the_page_as_plain_lines(config: Path) -> None:
    with running(str(config), "--status") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        assert lines[2].startswith("edge, up 0:00: 0 calls running")
        assert lines[3].startswith("media: 0 packets in")
        process.terminate()
        process.communicate(timeout=LIMIT_S)


def test_a_port_that_is_taken_is_told_in_one_line(config: Path, places: tuple[Address, Address]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(places[1])
        with running(str(config)) as process:
            _, err = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 2
        assert err.startswith(f"mikey-sdp: {HOST}:{places[1].port} can't be opened for UDP")
        assert len(err.splitlines()) == 1


def test_a_proxy_that_can_not_be_found(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("[[accounts]]", 'proxy = "udp:no.such.host.invalid"\n[[accounts]]'), encoding="utf-8"
    )
    with running(str(config)) as process:
        _, err = process.communicate(timeout=LIMIT_S + 10)
    assert process.returncode == 2
    assert err.startswith("mikey-sdp: network.proxy: no.such.host.invalid was not found")
