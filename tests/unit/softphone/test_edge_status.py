"""The status page of an edge: what is shown of calls, packets and faults."""

from __future__ import annotations

import json

import pytest

from mikey_sdp.nodes.edge_contract import UNPROTECTED, CallStatus, EdgeStatus, StreamStatus
from mikey_sdp.softphone.edge_service import ServiceStatus
from mikey_sdp.softphone.edge_status import clock, json_line, page
from mikey_sdp.softphone.relay import RelayCounts


def stream(**changed: int) -> StreamStatus:
    counts = {"from_phone": 1200, "to_phone": 1199, "waiting": 0, "refused": 0, "strangers": 0} | changed
    return StreamStatus(media=0, kind="audio", **counts)


def call(number: int = 1, **changed: object) -> CallStatus:
    told: dict[str, object] = {
        "number": number,
        "call_id": f"{number}@example.com",
        "account": "sip:alice@example.com",
        "peer": "sip:bob@example.com",
        "outgoing": True,
        "state": "answered",
        "mode": "DHSIGN",
        "phone": "sdes",
        "fingerprints": ("0011223344556677", "8899aabbccddeeff"),
        "since_us": 30_000_000,
        "streams": (stream(),),
        "warnings": (),
    }
    return CallStatus(**(told | changed))


def status(*calls: CallStatus, relay: RelayCounts | None = None, unsent: int = 0, **changed: object) -> ServiceStatus:
    told = {"registered": (), "taken": 3, "refused": 1, "failed": 0, "reaped": 0, "warnings": ()} | changed
    return ServiceStatus(
        up_us=62_000_000,
        edge=EdgeStatus(calls=calls, **told),
        relay=relay or RelayCounts(received=2400, sent=2399),
        open_pairs=2,
        unsent=unsent,
    )


def lines(shown: ServiceStatus, **how: int) -> list[str]:
    return [line.plain for line in page(shown, **({"width": 120} | how))]


def test_the_whole_page() -> None:
    shown = status(
        call(),
        registered=(("sip:alice@example.com", "sip:alice@127.0.0.1:5070"),),
        warnings=("a message was malformed",),
    )
    assert lines(shown) == [
        "edge, up 1:02: 1 call running, 3 taken, 1 refused, 0 without keys, 0 given up",
        "media: 2400 packets in, 2399 out, 2 pairs of ports open",
        "",
        "no  state     who" + " " * 43 + "mode    phone  keys               from phone  to phone   for",
        " 1  answered  sip:alice@example.com to sip:bob@example.com"
        "  DHSIGN  sdes   00112233 8899aabb        1200      1199  0:32",
        "",
        "sip:alice@example.com is at sip:alice@127.0.0.1:5070",
        "",
        "a message was malformed",
    ]


def test_what_went_wrong_is_told_and_what_did_not_is_not() -> None:
    broken = status(
        call(streams=(stream(refused=3, strangers=2), stream(waiting=5)), warnings=("one", "two", "three")),
        relay=RelayCounts(received=9, sent=4, unsent=2, faults=1, exhausted=7),
        unsent=6,
    )
    said = lines(broken)
    assert "2 not sent, 1 not taken, 7 times no port was left, 6 messages not sent" in said[1]
    assert "    audio 1: 3 refused, 2 from strangers" in said
    assert "    audio 1: 5 waiting for keys" in said
    assert [line.strip() for line in said[-2:]] == ["two", "three"]
    assert not [line for line in lines(status(call())) if "refused," in line and "audio" in line]


def test_a_call_in_clear_stands_out() -> None:
    [row] = [line for line in page(status(call(mode=UNPROTECTED)), width=120) if UNPROTECTED in line.plain]
    assert "red" in str(row.style)
    [other] = [line for line in page(status(call()), width=120) if "DHSIGN" in line.plain]
    assert "red" not in str(other.style)


def test_a_call_without_keys_yet() -> None:
    shown = lines(status(call(mode="", fingerprints=(), streams=(), state="calling", outgoing=False)))
    assert "calling  sip:alice@example.com from sip:bob@example.com  -" in shown[4]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_it_fits_the_terminal(width: int) -> None:
    long = call(peer="sip:" + "b" * 200 + "@example.com", warnings=("w" * 300,))
    shown = lines(status(long, warnings=("x" * 300,)), width=width)
    assert max(map(len, shown)) <= max(width, 90)


def test_of_many_calls_the_latest() -> None:
    shown = lines(status(*[call(number) for number in range(1, 31)]), most_calls=2)
    assert [line.split()[0] for line in shown if "DHSIGN" in line] == ["29", "30"]
    assert "and 28 more calls" in shown


def test_what_peers_wrote_moves_no_cursor() -> None:
    shown = lines(status(call(peer="sip:\x1b[2J@x", warnings=("\x07",)), warnings=("\x1b]0;x",)))
    assert not [line for line in shown if not line.isprintable()]


def test_json_is_one_line_with_everything() -> None:
    text = json_line(status(call()))
    assert "\n" not in text
    told = json.loads(text)
    assert told["edge"]["calls"][0]["streams"][0]["from_phone"] == 1200
    assert told["relay"] == {"received": 2400, "sent": 2399, "unsent": 0, "faults": 0, "exhausted": 0}


def test_lengths_of_time() -> None:
    assert [clock(seconds * 1_000_000) for seconds in (-1, 0, 59, 61, 3_661)] == [
        "0:00",
        "0:00",
        "0:59",
        "1:01",
        "1:01:01",
    ]
