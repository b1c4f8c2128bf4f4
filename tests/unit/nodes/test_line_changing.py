"""Who changes one of several MIKEY lines: which INVITE he touches, what he does to it, what he lets pass."""

from __future__ import annotations

import pytest

from mikey_sdp import sip
from mikey_sdp.nodes.contract import Address, DatagramIntercepted, Report, SendDatagram, TimerFired
from mikey_sdp.nodes.line_changing import LineChange, LineChanger
from mikey_sdp.trace import AttackMade
from tests.unit.nodes.test_tampering import INVITE, MESSAGE, NOW, OK, body, carried, datagram

FIRST, SECOND, THIRD = MESSAGE, MESSAGE[:-1] + b"\x10", MESSAGE[:-1] + b"\x20"


def changer(change: LineChange, *numbers: int) -> LineChanger:
    return LineChanger("mallory", Address("198.51.100.1", 5060), change=change, numbers=numbers)


@pytest.mark.parametrize(
    ("change", "numbers", "left"),
    [
        (LineChange.REMOVE, (1,), [SECOND, THIRD]),
        (LineChange.REMOVE, (3,), [FIRST, SECOND]),
        (LineChange.SWAP, (1, 3), [THIRD, SECOND, FIRST]),
        (LineChange.SWAP, (3, 2), [FIRST, THIRD, SECOND]),
        (LineChange.CORRUPT, (2,), [FIRST, SECOND[:-1] + b"\x11", THIRD]),
    ],
)
def test_the_line_that_was_asked_for_is_changed(
    change: LineChange, numbers: tuple[int, ...], left: list[bytes]
) -> None:
    one = datagram(INVITE, body(FIRST, SECOND, THIRD))
    sent, told = changer(change, *numbers).handle(DatagramIntercepted(one), NOW)
    assert isinstance(sent, SendDatagram)
    message = sip.Message.parse(sent.datagram.octets)
    assert carried(message.body) == left
    assert message.body.startswith(b"v=0\r\ns=-\r\na=key-mgmt:")
    assert message.body.endswith(b"m=audio 4000 RTP/SAVP 0\r\n")
    assert isinstance(told, Report)
    assert isinstance(told.record, AttackMade)
    assert told.record.text.endswith(" of the 3 in an INVITE")


def test_lines_of_other_protocols_do_not_count() -> None:
    other = body(FIRST, protocol="keyp1").partition("a=")[2].partition("m=")[0]
    one = datagram(INVITE, body(FIRST, SECOND).replace("a=key-mgmt:mikey", f"a={other}a=key-mgmt:mikey", 1))
    sent, _ = changer(LineChange.REMOVE, 2).handle(DatagramIntercepted(one), NOW)
    assert isinstance(sent, SendDatagram)
    assert carried(sent.datagram.octets) == [FIRST, FIRST]
    assert b"keyp1" in sent.datagram.octets


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(datagram(INVITE, body(FIRST)), id="fewer lines"),
        pytest.param(datagram(INVITE, body(FIRST, b"\x01", protocol="keyp1")), id="another protocol"),
        pytest.param(datagram(OK, body(FIRST, SECOND)), id="an answer"),
        pytest.param(datagram("UPDATE sip:bob@example.com SIP/2.0", body(FIRST, SECOND), method="UPDATE"), id="UPDATE"),
        pytest.param(datagram(INVITE, "a=key-mgmt:mikey *\r\na=key-mgmt:mikey *\r\n"), id="no base64"),
    ],
)
def test_what_he_has_no_use_for_passes(one: object) -> None:
    (sent,) = changer(LineChange.SWAP, 1, 2).handle(DatagramIntercepted(one), NOW)  # type: ignore[arg-type]
    assert isinstance(sent, SendDatagram)
    assert sent.datagram == one


def test_nothing_else_moves_him() -> None:
    assert changer(LineChange.REMOVE, 1).handle(TimerFired("x"), NOW) == []
