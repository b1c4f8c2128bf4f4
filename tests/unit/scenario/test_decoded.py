"""The MIKEY of a run for reports: what is decoded, in which tones, and what must not be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mikey_sdp.report.decoded import Branch, Decoding
from mikey_sdp.report.html_page import html_page
from mikey_sdp.scenario.decoded import decode_run
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load, loads
from mikey_sdp.trace import MessageSent, RunResult
from tests.unit.report.given import sent
from tests.unit.scenario.runs import CALL

HEAD = "name: A call\nshows: what a test needs\n"
SCENARIOS = Path(__file__).parents[3] / "scenarios"


def lines(branches: tuple[Branch, ...]) -> Iterator[Branch]:
    for branch in branches:
        yield branch
        yield from lines(branch.below)


@pytest.fixture(scope="module")
def plain_call() -> RunResult:
    return run(loads(f"{HEAD}{CALL}expect: []\n".encode()))


@pytest.fixture(scope="module")
def null_call() -> RunResult:
    return run(load(SCENARIOS / "null-over-tls.call.yaml"))


def decoded(result: RunResult) -> Decoding:
    return decode_run(result.records)


def test_messages_with_mikey_are_decoded_and_others_are_not(plain_call: RunResult) -> None:
    with_mikey = {
        record.number
        for record in plain_call.records
        if isinstance(record, MessageSent) and b"key-mgmt" in record.octets
    }
    found = decoded(plain_call)
    assert set(found) == with_mikey
    assert len(with_mikey) == 2
    first = found[min(found)].trees[0]
    assert first.text.startswith("MIKEY message: Pre-shared, I_MESSAGE")
    kinds = [branch.text.split()[0] for branch in first.below]
    assert kinds[:2] == ["found", "HDR"]
    assert {"T", "RAND", "ID", "KEMAC"} <= set(kinds)
    assert not found[min(found)].in_the_clear


def test_remarks_have_their_tones(null_call: RunResult) -> None:
    said = list(lines(decoded(null_call)[0].trees))
    warnings = [branch.text for branch in said if branch.tone == "warning"]
    assert any("whoever sees this message has the keys" in text for text in warnings)
    assert any(branch.tone == "note" for branch in said)
    assert said[0].tone == ""


def test_keys_in_the_clear_are_told_and_stay_out_of_the_page(null_call: RunResult) -> None:
    found = decoded(null_call)
    assert found[0].in_the_clear
    octets = next(record.octets for record in null_call.records if isinstance(record, MessageSent))
    encoded = octets.partition(b"a=key-mgmt:mikey ")[2].partition(b"\r\n")[0].decode()
    assert len(encoded) > 100
    assert encoded not in html_page(null_call, found)
    assert encoded in html_page(null_call)


def test_what_cannot_be_read_to_its_end_is_withheld_only_beside_keys_in_the_clear(null_call: RunResult) -> None:
    offer = next(record for record in null_call.records if isinstance(record, MessageSent))
    line = offer.octets.partition(b"a=key-mgmt:mikey ")[2].partition(b"\r\n")[0]
    cut = sent(0, 90, "alice", "bob", "INVITE x", octets=offer.octets.replace(line, line[:20]))
    assert decode_run((cut,))[90].in_the_clear is False
    assert any(branch.tone == "bad" for branch in lines(decode_run((cut,))[90].trees))
    assert decode_run((offer, cut))[90].in_the_clear


def test_octets_that_are_no_sip_are_passed_over() -> None:
    assert decode_run((sent(0, 1, "alice", "bob", "?", octets=b"\x00\xff" * 9),)) == {}
