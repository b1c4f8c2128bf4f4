"""The files that `mikey-sdp run` writes: pages, diagrams and captures, each of what was run and of nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import dpkt
import pytest
from click.testing import CliRunner, Result

from mikey_sdp.cli.run import run
from tests.unit.scenario.runs import BUSY, CALL

HEAD = "name: A call\nshows: what a test needs\n"
HELD = f"{HEAD}{CALL}expect:\n  - media: {{from: alice, to: bob, decrypted: all}}\n"
FAILED = f"{HEAD}{BUSY}expect:\n  - keys: {{agreed: [alice, bob]}}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "held.call.yaml").write_text(HELD)
    (tmp_path / "failed.call.yaml").write_text(FAILED)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "held.call.yaml").write_text(HELD)
    return tmp_path


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(run, ["--no-ladder", *map(str, arguments)], env={"COLUMNS": "80"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_page_of_one_run_is_a_file(files: Path) -> None:
    assert call(files / "held.call.yaml", "--html", files / "a.html").exit_code == 0
    page = (files / "a.html").read_text()
    assert page.startswith("<!doctype html>")
    for part in ("INVITE sip:bob@example.com", "I_MESSAGE of the pre-shared key mode", "media: from alice, to bob"):
        assert part in page


def test_pages_of_several_runs_are_a_folder_with_an_index(files: Path) -> None:
    assert call(files, "--html", files / "pages" / "of today").exit_code == 1
    folder = files / "pages" / "of today"
    assert sorted(page.name for page in folder.iterdir()) == ["failed.html", "held-2.html", "held.html", "index.html"]
    index = (folder / "index.html").read_text()
    assert "2 of 3 runs held" in index
    for name in ("failed.html", "held.html", "held-2.html"):
        assert f'href="{name}"' in index


def test_a_page_of_one_run_goes_into_a_folder_too(files: Path) -> None:
    assert call(files / "held.call.yaml", "--html", files / "pages").exit_code == 0
    assert sorted(page.name for page in (files / "pages").iterdir()) == ["held.html", "index.html"]


def test_a_diagram_is_written(files: Path) -> None:
    assert call(files / "held.call.yaml", "--mermaid", files / "m").exit_code == 0
    assert (files / "m").read_text().startswith("sequenceDiagram\n    participant p0 as alice\n")


def media(file: Path) -> list[dpkt.udp.UDP]:
    packets = [dpkt.ip.IP(octets).data for _, octets in dpkt.pcapng.Reader(io.BytesIO(file.read_bytes()))]
    return [packet for packet in packets if 5060 not in (packet.sport, packet.dport)]


def signalling(file: Path) -> bytes:
    packets = [dpkt.ip.IP(octets).data for _, octets in dpkt.pcapng.Reader(io.BytesIO(file.read_bytes()))]
    return b"".join(bytes(packet.data) for packet in packets if packet.dport == 5060)


def test_a_capture_holds_what_passed_and_its_twin_what_was_said(files: Path) -> None:
    assert call(files / "held.call.yaml", "--pcap", files / "c", "--plain-pcap", files / "p").exit_code == 0
    assert signalling(files / "c").startswith(b"INVITE sip:bob@example.com SIP/2.0\r\n")
    protected, plain = media(files / "c"), media(files / "p")
    assert len(protected) == len(plain) == 100
    for one, other in zip(protected, plain, strict=True):
        assert one.data[:12] == other.data[:12]
        assert len(one.data) > len(other.data) == 172
        assert one.data[12:172] != other.data[12:]
    assert b"RTP/SAVP" in signalling(files / "c")
    assert b"RTP/AVP" in signalling(files / "p")
    assert b"RTP/SAVP" not in signalling(files / "p")


def test_a_run_is_the_same_whether_somebody_watches_or_not(files: Path) -> None:
    call(files / "held.call.yaml", "--trace", files / "1")
    call(files / "held.call.yaml", "--trace", files / "2", "--pcap", files / "c")
    assert (files / "1").read_bytes() == (files / "2").read_bytes()


@pytest.mark.parametrize("option", ["--mermaid", "--pcap", "--plain-pcap", "--trace"])
def test_what_tells_of_one_run_refuses_several_before_any_is_run(files: Path, option: str) -> None:
    result = call(files, option, files / "x")
    assert result.exit_code == 2
    assert f"{option} takes the records of one run, not of 3" in result.stderr
    assert result.stdout == ""
    assert not (files / "x").exists()


def test_several_runs_do_not_go_into_one_page(files: Path) -> None:
    result = call(files, "--html", files / "x.html")
    assert result.exit_code == 2
    assert "takes a folder for 3 runs" in result.stderr


@pytest.mark.parametrize("option", ["--html", "--mermaid", "--pcap"])
def test_a_place_that_cannot_be_written_to_is_used_wrongly(files: Path, option: str) -> None:
    blocked = files / "held.call.yaml" / "in a file"
    result = call(files / "held.call.yaml", option, blocked)
    assert result.exit_code == 2
    assert "can't be" in result.stderr


def test_a_file_that_cannot_be_run_leaves_no_page(files: Path) -> None:
    (files / "broken.call.yaml").write_text("name: [")
    assert call(files / "broken.call.yaml", "--html", files / "b.html", "--pcap", files / "c").exit_code == 2
    assert not (files / "b.html").exists()
    assert not (files / "c").exists()
