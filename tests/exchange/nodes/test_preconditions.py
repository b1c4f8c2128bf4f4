"""Calls that wait for their keys before anybody's phone rings, as RFC 5027 section 4 shows with MIKEY."""

from __future__ import annotations

import re

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Answering, EarlyOffers, Security, Speaks
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.trace import CallChanged, KeyManagementFailed, KeysInstalled, MediaCounted
from tests.exchange.nodes.phones import MS, Meddler, of_kind, run, states
from tests.exchange.nodes.secured import EPOCH, FORKED_MODES, caller, device, forking, keys_of, received
from tests.exchange.nodes.servers import CALL, messages, octets, steps_of

WAITS = {"preconditions": Strength.MANDATORY}
ANSWERING = Answering(ringing_after_us=50 * MS, decide_after_us=500 * MS, speaks=Speaks.ANSWERED)
TAPPED = {frozenset({"alice", "proxy"}): "mallory"}


def said(message: bytes) -> list[str]:
    """What a message says of preconditions."""
    return [line.decode() for line in re.findall(rb"a=((?:curr|des|conf):[^\r]*)", message)]


def key_mgmt(message: bytes) -> bytes:
    """The key management line of a message."""
    (found,) = re.findall(rb"a=key-mgmt:mikey ([^\r]*)", message)
    return found


@pytest.mark.parametrize("mode", FORKED_MODES)
@pytest.mark.requirement("5027-3-7", "5027-3-9", "5027-3-17", "5027-4-1")
def test_the_flow_of_the_rfc(mode: Mode) -> None:
    records = run(
        caller(mode, **WAITS), device("desk", mode, ANSWERING, **WAITS), forking("desk"), steps=[CALL], **EPOCH
    )
    assert messages(records, but="100") == [
        "0 alice > proxy INVITE",
        "40 proxy > desk INVITE",
        "80 desk > proxy 183",
        "120 proxy > alice 183",
        "160 alice > desk PRACK",
        "200 desk > alice 200 (PRACK)",
        "250 desk > proxy 180",
        "290 proxy > alice 180",
        "700 desk > proxy 200",
        "740 proxy > alice 200",
        "780 alice > desk ACK",
    ]
    invite, progress, prack = (
        octets(records, *which) for which in (("alice", "INV"), ("desk", "183"), ("alice", "PR"))
    )
    confirmed = octets(records, "desk", "200 OK (PRACK)")
    assert b"\r\nRequire: precondition\r\n" in invite
    assert said(invite) == ["curr:sec e2e none", "des:sec mandatory e2e sendrecv"]
    assert said(progress) == ["curr:sec e2e recv", "des:sec mandatory e2e sendrecv", "conf:sec e2e sendrecv"]
    assert said(prack) == said(confirmed) == ["curr:sec e2e sendrecv", "des:sec mandatory e2e sendrecv"]
    assert key_mgmt(prack) == key_mgmt(invite)
    assert key_mgmt(confirmed) == key_mgmt(progress)
    assert states(records, "desk") == ["early", "ringing", "answered", "confirmed"]
    first = [record.first_us for record in of_kind(records, MediaCounted, "desk") if record.direction == "sent"]
    assert first == [200 * MS]
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}


def test_an_update_may_say_it_too() -> None:
    alice = caller(Mode.DHSIGN, early_offers=EarlyOffers.UPDATE, **WAITS)
    records = run(alice, device("desk", Mode.DHSIGN, ANSWERING, **WAITS), forking("desk"), steps=[CALL], **EPOCH)
    assert messages(records, but="100")[4:9] == [
        "160 alice > desk PRACK",
        "200 desk > alice 200 (PRACK)",
        "240 alice > desk UPDATE",
        "280 desk > alice 200 (UPDATE)",
        "330 desk > proxy 180",
    ]
    assert not said(octets(records, "alice", "PRACK"))
    assert said(octets(records, "alice", "UPDATE"))[0] == "curr:sec e2e sendrecv"
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}


@pytest.mark.requirement("5027-3-8")
def test_who_has_no_keys_says_580_and_never_rings() -> None:
    desk = device("desk", Mode.PSK, ANSWERING, credentials=(), **WAITS)
    records = run(caller(Mode.PSK, **WAITS), desk, forking("desk"), steps=[CALL], **EPOCH)
    assert states(records, "desk") == ["rejected"]
    assert steps_of(records)[-1].startswith("160 alice rejected bob 580 (Precondition Failure)")
    assert said(octets(records, "desk", "580"))[1] == "des:sec failure e2e sendrecv"
    (failed,) = of_kind(records, KeyManagementFailed, "desk")
    assert failed.mikey_error == 0


def test_who_knows_nothing_of_preconditions_refuses_those_that_are_mandatory() -> None:
    records = run(
        caller(Mode.PSK, **WAITS), device("desk", Mode.PSK, ANSWERING), forking("desk"), steps=[CALL], **EPOCH
    )
    assert steps_of(records)[-1] == "160 alice rejected bob 420 (Bad Extension)"


@pytest.mark.requirement("5027-3-10", "5027-3-11", "5027-3-12")
def test_optional_ones_are_taken_by_both_kinds_of_phone_and_raised_by_one() -> None:
    optional = {"preconditions": Strength.OPTIONAL}
    alice, desk, mobile = (
        caller(Mode.DHSIGN, **optional),
        device("desk", Mode.DHSIGN, ANSWERING, **WAITS),
        device("mobile", Mode.DHSIGN, ANSWERING),
    )
    records = run(alice, desk, mobile, forking("desk", "mobile"), steps=[CALL], **EPOCH)
    invite = octets(records, "alice", "INVITE")
    assert b"Require: precondition" not in invite
    assert b"precondition" in next(line for line in invite.split(b"\r\n") if line.startswith(b"Supported:"))
    assert "80 desk > proxy 183" in messages(records)
    assert said(octets(records, "desk", "183"))[1] == "des:sec mandatory e2e sendrecv"
    assert states(records, "desk")[:2] == ["early", "ringing"]
    assert states(records, "mobile")[0] == "ringing"
    assert "confirmed" in states(records, "alice")


@pytest.mark.requirement("5027-3-13")
def test_a_strength_of_none_asks_for_nothing() -> None:
    alice = caller(Mode.PSK, preconditions=Strength.NONE)
    records = run(alice, device("desk", Mode.PSK, ANSWERING, **WAITS), forking("desk"), steps=[CALL], **EPOCH)
    assert "183" not in " ".join(messages(records))
    assert said(octets(records, "alice", "INVITE"))[1] == "des:sec none e2e sendrecv"


def test_a_caller_without_prack_is_told_what_it_lacks() -> None:
    def strip(message: bytes) -> bytes:
        return (
            message.replace(b"Supported: 100rel, replaces, precondition", b"Supported: precondition")
            if message.startswith(b"INVITE")
            else message
        )

    records = run(
        caller(Mode.PSK, **WAITS), device("desk", Mode.PSK, ANSWERING, **WAITS), forking("desk"), Meddler(strip),
        steps=[CALL], taps=TAPPED, **EPOCH,
    )  # fmt: skip
    assert b"\r\nRequire: 100rel\r\n" in octets(records, "desk", "421")
    assert states(records, "desk") == ["rejected"]


@pytest.mark.requirement("5027-3-18")
def test_all_branches_of_a_fork_are_worked_on_before_any_of_them_rings() -> None:
    rings = Answering(ringing_after_us=50 * MS, decide_after_us=None, speaks=Speaks.ANSWERED)
    desk, mobile = (
        device(name, Mode.DHSIGN, answering, **WAITS) for name, answering in (("desk", rings), ("mobile", ANSWERING))
    )
    alice = caller(Mode.DHSIGN, **WAITS)
    records = run(alice, desk, mobile, forking("desk", "mobile"), steps=[CALL], **EPOCH)
    assert keys_of(records, "alice", "desk", "receive") == keys_of(records, "desk", "alice", "send")
    assert keys_of(records, "alice", "mobile", "receive") == keys_of(records, "mobile", "alice", "send")
    assert received(records) == dict.fromkeys(("desk", "mobile"), "20: 20 + 0 late, 0 not")
    rang = next(record.at_us for record in of_kind(records, CallChanged, "mobile") if record.state == "ringing")
    assert all(record.at_us < rang for record in of_kind(records, KeysInstalled, "alice")[:2])
    assert not of_kind(records, KeyManagementFailed, "desk") + of_kind(records, KeyManagementFailed, "mobile")
    assert (alice.open_bundles, desk.open_bundles + mobile.open_bundles) == (1, 1)


def test_a_confirmation_that_changes_the_keys_ends_the_call() -> None:
    """Somebody puts another exchange into the PRACK."""

    def change(message: bytes) -> bytes:
        return (
            message.replace(b"a=key-mgmt:mikey AQ", b"a=key-mgmt:mikey BQ") if message.startswith(b"PRACK") else message
        )

    taps = {frozenset({"alice", "desk"}): "mallory"}
    desk, alice = device("desk", Mode.DHSIGN, ANSWERING, **WAITS), caller(Mode.DHSIGN, **WAITS)
    records = run(alice, desk, forking("desk"), Meddler(change), steps=[CALL], taps=taps, **EPOCH)
    assert states(records, "desk") == ["early", "rejected"]
    assert of_kind(records, KeyManagementFailed, "alice")
    assert (alice.calls, desk.calls, alice.open_bundles, desk.open_bundles) == (0, 0, 0, 0)


@pytest.mark.requirement("5027-3-2")
def test_a_stream_that_is_not_secured_meets_them_by_definition() -> None:
    plain = {"security": Security.NONE, "credentials": (), "modes": None, **WAITS}
    records = run(
        caller(Mode.PSK, **plain), device("desk", Mode.PSK, ANSWERING, **plain), forking("desk"), steps=[CALL], **EPOCH
    )
    assert states(records, "desk") == ["ringing", "answered", "confirmed"]
    assert not any("183" in line for line in messages(records))


@pytest.mark.requirement("5027-5-1")
def test_who_takes_them_out_of_the_offer_has_the_phone_ring_at_once() -> None:
    """Key management protects itself, not the lines beside it."""

    def strip(message: bytes) -> bytes:
        if not message.startswith(b"INVITE"):
            return message
        head, body = message.replace(b"Require: precondition\r\n", b"").split(b"\r\n\r\n")
        body = re.sub(rb"a=(curr|des):sec[^\n]*\n", b"", body)
        return re.sub(rb"Content-Length: [0-9]+", b"Content-Length: %d" % len(body), head) + b"\r\n\r\n" + body

    alice, desk = caller(Mode.PSK, **WAITS), device("desk", Mode.PSK, ANSWERING, **WAITS)
    records = run(alice, desk, forking("desk"), Meddler(strip), steps=[CALL], taps=TAPPED, **EPOCH)
    assert states(records, "desk") == ["ringing", "answered", "confirmed"]
    # She waits for the answer all the same, and what overtakes it is opened late.
    assert received(records) == {"desk": "20: 16 + 4 late, 4 not"}
