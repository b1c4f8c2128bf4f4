"""Phones that tell a registrar where they are, for a time, and take the time of day from it."""

from __future__ import annotations

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, Register
from mikey_sdp.nodes.config import Answering, Contact
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.trace import KeyManagementFailed, Warned
from tests.exchange.nodes.phones import MS, of_kind, run, states
from tests.exchange.nodes.secured import ALICE, EPOCH, caller, device
from tests.exchange.nodes.servers import BOB, address, config, steps_of

ANSWERING = Answering(ringing_after_us=None, decide_after_us=100 * MS)
CONTACTS = {
    "contacts": {
        "registrar": Contact(uri="sip:example.com", address=address("proxy")),
        "alice": Contact(uri=ALICE, address=address("alice")),
    }
}
HOUR_US = 3_600_000_000


def test_a_phone_is_reached_while_it_is_registered() -> None:
    desk = device("desk", Mode.PSK, ANSWERING, **CONTACTS)
    steps = [
        (0, "alice", Call("bob")),
        (1_000, "desk", Register("registrar", 60)),
        (2_000, "alice", Call("bob")),
        (4_000, "desk", Register("registrar", 0)),
        (5_000, "alice", Call("bob")),
    ]
    records = run(caller(Mode.PSK), desk, Proxy(config(**EPOCH)), steps=steps, **EPOCH)
    assert [line for line in steps_of(records) if "confirmed" in line or "rejected" in line] == [
        "80 alice rejected bob 404 (Not Found)",
        "2260 alice confirmed desk",
        "5080 alice rejected bob 404 (Not Found)",
    ]
    registered = [line for line in steps_of(records, "desk") if "registered" in line]
    assert registered == ["1080 desk registered registrar 200 (OK)", "4080 desk registered registrar 200 (OK)"]
    assert desk.calls == 1


def test_a_registrar_may_say_no() -> None:
    desk = device("desk", Mode.PSK, ANSWERING, **CONTACTS)
    records = run(desk, Proxy(config(**EPOCH)), steps=[(0, "desk", Register("registrar", 5))], **EPOCH)
    assert steps_of(records, "desk") == ["80 desk not registered registrar 423 (Interval Too Brief)"]


def call_with_clock_off(*, sets: bool) -> list[object]:
    """The desk phone's clock is an hour and a half ahead when it registers."""
    desk = device("desk", Mode.PSK, ANSWERING, clock_skew_us=3 * HOUR_US // 2, clock_from_registrar=sets, **CONTACTS)
    steps = [(0, "desk", Register("registrar", 60)), (2_000, "alice", Call("bob"))]
    return run(caller(Mode.PSK), desk, Proxy(config(**EPOCH)), steps=steps, **EPOCH)  # type: ignore[return-value]


def test_a_clock_that_is_off_keeps_calls_from_being_secured() -> None:
    records = call_with_clock_off(sets=False)
    assert states(records, "alice")[-1] == "rejected"
    (failed,) = of_kind(records, KeyManagementFailed, "desk")
    assert failed.mikey_error == 1


def test_a_clock_that_was_set_by_the_registrar_does_not() -> None:
    records = call_with_clock_off(sets=True)
    assert "confirmed" in states(records, "alice")
    (warned,) = [record.text for record in of_kind(records, Warned, "desk") if "clock" in record.text]
    assert warned == "the clock was set by -5400.1 s to the registrar's"
    assert BOB


def test_a_clock_that_is_right_is_left_alone() -> None:
    desk = device("desk", Mode.PSK, ANSWERING, clock_from_registrar=True, **CONTACTS)
    records = run(desk, Proxy(config(**EPOCH)), steps=[(0, "desk", Register("registrar", 60))], **EPOCH)
    assert not of_kind(records, Warned, "desk")
