"""Session timers (RFC 4028) through edges: they pass, calls that are refreshed go on, and the others end."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Streams
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CancelTimer,
    DatagramIntercepted,
    Event,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.nodes.edge_contract import EdgeLimits
from mikey_sdp.trace import AnyRecord, CallChanged
from tests.exchange.nodes.phones import MS, states
from tests.unit.nodes.edge_town import edge, phone, proxy, run
from tests.unit.nodes.edge_wire import CONTACT, SDES, TYPE, Dialog, methods, reply

SECOND = 1_000 * MS
TIMED: dict[str, Any] = {"supported": ("timer",), "session_expires_s": 90, "streams": Streams(packets=None)}
ALWAYS = EdgeLimits(silent_us=1_000 * SECOND)


class Cut:
    """A wire that carries media on, and signalling until a moment."""

    def __init__(self, until_us: int) -> None:
        self.name = "mallory"
        self.addresses = (Address("192.0.2.66", 5060),)
        self._until_us = until_us

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if not isinstance(event, DatagramIntercepted):
            return []
        lost = event.datagram.transport is not Transport.MEDIA and now_us >= self._until_us
        return [] if lost else [SendDatagram(datagram=event.datagram, summary="passed on")]


def ended_at(records: list[AnyRecord], party: str) -> list[int]:
    """When a party's calls ended, in seconds."""
    own = [one for one in records if isinstance(one, CallChanged) and one.party == party and one.state == "ended"]
    return [one.at_us // SECOND for one in own]


def test_a_call_that_its_ends_refresh_goes_on_past_its_time():
    here, there = edge("alice", limits=ALWAYS), edge("bob", limits=ALWAYS)
    records = run(
        phone("alice", **TIMED),
        phone("bob", **TIMED),
        here,
        there,
        proxy(),
        steps=[(0, "alice", Call("bob")), (300_000, "alice", HangUp("bob"))],
        end_us=Micros(400 * SECOND),
    )
    assert states(records, "alice")[-1] == "ended"
    assert ended_at(records, "alice edge") == ended_at(records, "bob edge") == [300]
    assert here.status().reaped == there.status().reaped == 0


def test_a_session_that_nobody_refreshes_any_more_ends_at_the_edge_and_is_freed():
    """All signalling of alice's edge is lost from the tenth second on; media goes on, so nothing else ends the call."""
    here, there = edge("alice", limits=ALWAYS), edge("bob", limits=ALWAYS)
    records = run(
        phone("alice", **TIMED),
        phone("bob", **TIMED),
        here,
        there,
        proxy(),
        Cut(10 * SECOND),
        steps=[(0, "alice", Call("bob"))],
        taps={frozenset({"alice edge", other}): "mallory" for other in ("alice", "proxy")},
        end_us=Micros(200 * SECOND),
    )
    assert ended_at(records, "alice edge") == [90]
    assert here.status().reaped == 1
    assert "has expired and was not refreshed" in here.status().warnings[-1]
    assert here.held == here.ports.open == 0
    # Bob's phone gave up in time, and said so to its edge.
    assert ended_at(records, "bob edge")[0] < 90


def session_of(dialog: Dialog, actions: list[Action]) -> list[int | None]:
    """For how many seconds the session's timer is set, None where it is stopped."""
    name = f"edge/session/{dialog.wire.edge.status().calls[0].number}"
    own = [one for one in actions if isinstance(one, SetTimer | CancelTimer) and one.name == name]
    return [one.delay_us // SECOND if isinstance(one, SetTimer) else None for one in own]


def test_what_the_answerer_says_of_a_session_holds_until_he_says_otherwise(monkeypatch: pytest.MonkeyPatch):
    dialog, seen = Dialog(), []
    messages = dialog.wire.messages

    def watched(actions: list[Action]) -> Any:
        if dialog.wire.edge.open_calls:
            seen.extend(session_of(dialog, actions))
        return messages(actions)

    monkeypatch.setattr(dialog.wire, "messages", watched)
    dialog.up("Session-Expires: 1800;refresher=uac")
    assert seen[-1] == 1_800
    (again,) = dialog.from_phone("UPDATE", 2, "Session-Expires: 600;refresher=uac")
    assert again.get("Session-Expires") == "600;refresher=uac"
    dialog.back(reply(again, "422 Session Interval Too Small", "Min-SE: 900"))  # type: ignore[arg-type]
    assert seen[-1] == 1_800
    (again,) = dialog.from_phone("UPDATE", 3, "Session-Expires: 900;refresher=uac", "Min-SE: 900")
    dialog.back(reply(again, "200 OK", "Session-Expires: 900;refresher=uac"))  # type: ignore[arg-type]
    assert seen[-1] == 900
    (again,) = dialog.from_phone("INVITE", 4, "x: 1;refresher=uac", body=SDES)
    dialog.back(reply(again, "200 OK", CONTACT, TYPE, "x: 1"), dialog.bob.answer(again))  # type: ignore[arg-type]
    assert seen[-1] == 90
    dialog.from_phone("ACK", 4)
    (again,) = dialog.from_phone("UPDATE", 5)
    dialog.back(reply(again, "200 OK"))  # type: ignore[arg-type]
    assert seen[-1] is None


def test_a_session_that_expires_is_ended_at_both_sides():
    dialog = Dialog()
    dialog.up("Session-Expires: 90;refresher=uac")
    wire, number = dialog.wire, dialog.wire.edge.status().calls[0].number
    ended = wire.messages(wire.edge.handle(TimerFired(f"edge/session/{number}"), Micros(90 * SECOND)))
    assert methods(ended) == ["BYE", "BYE"]
    assert {one.get("Reason") for one in ended} == {'SIP ;cause=408 ;text="the call has expired and was not refreshed"'}
    assert wire.edge.open_calls == 0
