"""TCP in order again, and the messages in it."""

from __future__ import annotations

import pytest

from mikey_sdp.dissect import flows as module
from mikey_sdp.dissect.flows import MAX_WAITING_SEGMENTS, Flows
from mikey_sdp.dissect.packets import Address, Segment
from tests.samples import I_MESSAGE, ok, sdp, sip

REQUEST = sip(sdp(I_MESSAGE))
ANSWER = ok(sdp(I_MESSAGE))


def tcp(payload: bytes, sequence: int, *, opens: bool = False, port: int = 5060) -> Segment:
    return Segment(
        transport="TCP",
        source=Address(address=b"\x01\x02\x03\x04", port=port),
        destination=Address(address=b"\x01\x02\x03\x05", port=5060),
        payload=payload,
        sequence=sequence % 2**32,
        opens=opens,
    )


def cut(stream: bytes, size: int, first: int) -> list[Segment]:
    return [tcp(stream[i : i + size], first + i) for i in range(0, len(stream), size)]


def feed(segments: list[Segment]) -> list[bytes]:
    flows = Flows()
    return [message for segment in segments for message in flows.feed(segment)]


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("first", [1, 2**32 - 300])
def test_messages_come_out_whatever_the_segments_are(size: int, first: int) -> None:
    assert feed(cut(REQUEST + ANSWER + REQUEST, size, first)) == [REQUEST, ANSWER, REQUEST]


def test_segments_may_be_swapped_repeated_and_overlap() -> None:
    segments = cut(REQUEST + ANSWER, 50, 1000)
    segments[1:4] = reversed(segments[1:4])
    segments.insert(6, segments[2])
    segments.insert(7, tcp((REQUEST + ANSWER)[70:200], 1070))
    assert feed(segments) == [REQUEST, ANSWER]


def test_syn_starts_the_flow_and_a_capture_may_miss_it() -> None:
    assert feed([tcp(b"", 99, opens=True), *cut(REQUEST, 50, 100)]) == [REQUEST]
    assert feed([tcp(b"", 500, opens=True), *cut(REQUEST, 50, 100)]) == []


def test_a_hole_that_stays_open_costs_one_message_only() -> None:
    segments = cut(REQUEST, 50, 1)
    del segments[1]
    later = cut(ANSWER * 8, 50, 1 + len(REQUEST))
    found = feed([*segments, *later])
    assert REQUEST not in found
    assert found == [ANSWER] * 8
    assert len(segments) + len(later) > MAX_WAITING_SEGMENTS


def test_flows_do_not_mix() -> None:
    one, two = cut(REQUEST, 90, 1), [tcp(s.payload, s.sequence, port=9) for s in cut(ANSWER, 90, 1)]
    assert feed([segment for pair in zip(one, two, strict=True) for segment in pair]) == [REQUEST, ANSWER]


def test_the_octets_held_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD_OCTETS", 1000)
    flows = Flows()
    half = len(REQUEST) // 2
    for port in (1, 2, 3, 4):
        assert flows.feed(tcp(REQUEST[:half], 1, port=port)) == []
    assert flows.feed(tcp(REQUEST[half:], 1 + half, port=1)) == []
    assert flows.feed(tcp(REQUEST[half:], 1 + half, port=4)) == [REQUEST]
