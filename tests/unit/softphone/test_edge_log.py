"""The log of an edge: one line a fault, safe for a terminal, and never a flood."""

from __future__ import annotations

import logging

import pytest

from mikey_sdp.softphone.edge_log import EdgeLog
from mikey_sdp.trace import CallChanged, KeyManagementFailed, KeysInstalled, MediaCounted, Warned

WHO = {"at_us": 0, "party": "edge"}
CALL = {**WHO, "call_id": "1@example.com", "peer": "sip:bob@example.com"}


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def log(watch: Watch, caplog: pytest.LogCaptureFixture) -> EdgeLog:
    caplog.set_level(logging.DEBUG, "mikey_sdp.edge")
    return EdgeLog(watch, at_once=3, pace=1.0)


@pytest.mark.parametrize(
    ("record", "level", "text"),
    [
        (Warned(**WHO, text="a \x1b[31mred\nthing"), "WARNING", "a ?[31mred?thing"),
        (
            KeyManagementFailed(**CALL, reason="the MAC does not verify", mikey_error=0),
            "WARNING",
            "call with sip:bob@example.com: no keys: the MAC does not verify (MIKEY error 0)",
        ),
        (
            CallChanged(**CALL, state="rejected", status=486, reason="Busy Here"),
            "INFO",
            "call with sip:bob@example.com: rejected 486 Busy Here",
        ),
        (
            KeysInstalled(
                **CALL, mode="PSK", csb_id=1, media=0, direction="send", cs_id=1, ssrc=7, mki="", fingerprint="ab12"
            ),
            "DEBUG",
            "call with sip:bob@example.com: PSK, media 1, send, key ab12",
        ),
    ],
)
def test_records_as_lines(log: EdgeLog, caplog, record, level: str, text: str) -> None:
    log.record(record)
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [(level, text)]


def test_counts_of_packets_are_no_lines(log: EdgeLog, caplog) -> None:
    log.record(MediaCounted(**CALL, media=0, direction="sent", ssrc=1, packets=9))
    assert not caplog.records


def test_a_mistake_of_our_own_is_one_line_with_its_kind(log: EdgeLog, caplog) -> None:
    log.failed("edge", ZeroDivisionError("division by zero"))
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert errors == ["an event was lost: ZeroDivisionError: division by zero"]


def test_a_flood_is_cut_and_counted(log: EdgeLog, watch: Watch, caplog) -> None:
    for number in range(1_000):
        log.complain(f"fault {number}")
    assert caplog.messages == ["fault 0", "fault 1", "fault 2"]
    watch.seconds = 1.0
    log.complain("later")
    log.complain("later still")
    assert caplog.messages[3:] == ["later (997 more lines like this were left out before)"]
    watch.seconds = 60.0
    for number in range(5):
        log.complain(f"again {number}")
    assert caplog.messages[4:] == [
        "again 0 (1 more lines like this were left out before)",
        "again 1",
        "again 2",
    ]


def test_a_flood_of_faults_does_not_silence_calls(log: EdgeLog, caplog) -> None:
    for _ in range(10):
        log.complain("fault")
    log.record(CallChanged(**CALL, state="answered"))
    assert caplog.messages[-1] == "call with sip:bob@example.com: answered"


def test_a_level_that_is_not_wanted_costs_no_turn(log: EdgeLog, caplog) -> None:
    caplog.set_level(logging.ERROR, "mikey_sdp.edge")
    for _ in range(10):
        log.complain("fault")
    caplog.set_level(logging.WARNING, "mikey_sdp.edge")
    log.complain("wanted")
    assert caplog.messages == ["wanted"]


def test_a_line_has_an_end(log: EdgeLog, caplog) -> None:
    log.complain("x" * 10_000)
    assert len(caplog.messages[0]) == 500
