"""Captures of runs in tshark: SIP, MIKEY and media are where they belong, and every checksum is right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mikey_sdp.report.pcapng import pcapng
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.plain import decrypted
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import RunResult
from tests.interop.dissector import LIMIT_S, Dissector

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHECKS = [f"-o{layer}.check_checksum:TRUE" for layer in ("ip", "udp", "tcp")]


def played(name: str) -> tuple[RunResult, Witness]:
    witness = Witness()
    return run(load(SCENARIOS / f"{name}.call.yaml"), witness=witness), witness


def fields(tshark: Dissector, capture: bytes, *names: str, only: str = "") -> list[list[str]]:
    """The fields of every packet, or of those that a display filter lets pass."""
    file = tshark.folder / "run.pcapng"
    file.write_bytes(capture)
    shown = [word for name in names for word in ("-e", name)]
    chosen = ["-Y", only] if only else []
    command = [tshark.path, "-n", *CHECKS, "-r", str(file), *chosen, "-T", "fields", *shown]
    ran = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)
    return [line.split("\t") for line in ran.stdout.decode().splitlines()]


@pytest.mark.parametrize("name", ["basic-call", "null-over-tls"])
def test_tshark_reads_sip_mikey_and_media(name: str, tshark: Dissector) -> None:
    result, witness = played(name)
    capture = pcapng(witness.capture.passed, records=result.records, epoch_unix_us=EPOCH_UNIX_US)
    every = fields(tshark, capture, "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status")
    assert len(every) == len(witness.capture.passed)
    assert {status for packet in every for status in packet if status} == {"1"}
    assert fields(tshark, capture, "sip.Method", only="sip.Request-Line") == [["INVITE"], ["ACK"], ["BYE"]]
    assert len(fields(tshark, capture, "mikey.type", only="mikey")) == 2
    assert len(fields(tshark, capture, "rtp.ssrc", only="rtp && !rtp.payload")) == sum(
        one.is_media for one in witness.capture.passed
    )
    assert fields(tshark, capture, "frame.number", only="_ws.malformed") == []


def test_tshark_finds_plain_media_in_the_twin(tshark: Dissector) -> None:
    result, witness = played("basic-call")
    capture = pcapng(decrypted(witness), records=result.records)
    payloads = fields(tshark, capture, "rtp.payload", only="rtp")
    assert len(payloads) == 100
    assert all(len(payload) == 320 for (payload,) in payloads)


def test_comments_are_shown(tshark: Dissector) -> None:
    result, witness = played("lost-packets")
    capture = pcapng(witness.capture.passed, records=result.records)
    comments = [comment for (comment,) in fields(tshark, capture, "frame.comment")]
    assert comments[0].startswith("alice to bob, lost on its way")
    assert any("MIKEY PSK I_MESSAGE" in comment for comment in comments)
