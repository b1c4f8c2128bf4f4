"""Calls that end at somebody else than was called: told so by a 3xx, or unnoticed by a proxy that goes elsewhere."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import HangUp
from mikey_sdp.nodes.config import Answering
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.trace import KeyManagementFailed, KeysInstalled
from tests.exchange.nodes.phones import MS, of_kind, run, states, uri
from tests.exchange.nodes.secured import ALICE, EPOCH, caller, credentials, device, received
from tests.exchange.nodes.servers import BOB, CALL, address, at, config, messages, octets, steps_of

CAROL = uri("carol")
DAVE = uri("dave")
DESK = Answering(ringing_after_us=None, decide_after_us=100 * MS)


def pointing(*destinations: Destination) -> RedirectServer:
    return RedirectServer(config("redirect", services={BOB: Service(destinations=destinations)}, **EPOCH))


def either() -> RedirectServer:
    return pointing(Destination(uri=DAVE), Destination(uri=CAROL, q=500))


def carol(mode: Mode, **settings: object):
    return device("carol", mode, DESK, identity=CAROL, **settings)


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHSIGN, Mode.RSA, Mode.RSA_R])
def test_a_redirected_caller_makes_a_fresh_offer_to_the_new_target(mode: Mode) -> None:
    alice = caller(mode, by="redirect", follows_redirects=True, peers=(BOB, CAROL))
    there = Destination(uri=CAROL)
    steps = [CALL, (3_000, "alice", HangUp("bob"))]
    records = run(alice, carol(mode), pointing(there), steps=steps, **EPOCH)
    assert [line for line in steps_of(records) if "ended" not in line] == [
        "0 alice calling bob",
        "80 alice redirected bob 302 (Moved Temporarily)",
        "80 alice calling bob",
        "260 alice answered carol 200",
        "260 alice confirmed carol",
    ]
    assert "80 alice > carol INVITE" in messages(records)
    first, second = octets(records, "alice", "INVITE"), octets(records, "alice", "INVITE", 1)
    assert second.startswith(b"INVITE sip:carol@example.com SIP/2.0")
    assert first.split(b"a=key-mgmt:mikey ")[1] != second.split(b"a=key-mgmt:mikey ")[1]
    assert received(records) == {"carol": "20: 20 + 0 late, 0 not"}
    assert alice.calls == alice.open_bundles == 0


def test_the_mode_is_chosen_again_for_the_new_target() -> None:
    """Alice shares a key with bob and only a CA with carol."""
    keys = [*credentials(Mode.PSK, ALICE, BOB), *credentials(Mode.DHSIGN, ALICE, CAROL)]
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True, credentials=keys, modes=[Mode.PSK, Mode.DHSIGN])
    records = run(alice, carol(Mode.DHSIGN), pointing(Destination(uri=CAROL)), steps=[CALL], **EPOCH)
    installed = of_kind(records, KeysInstalled, "alice")
    assert {record.mode for record in installed} == {"DHSIGN"}


def test_without_credentials_for_the_new_target_there_is_no_second_call() -> None:
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True)
    records = run(alice, carol(Mode.PSK), pointing(Destination(uri=CAROL)), steps=[CALL], **EPOCH)
    assert steps_of(records)[1:] == [
        "80 alice redirected bob 302 (Moved Temporarily)",
        "80 alice failed with bob: status None, MIKEY error None",
    ]
    assert (alice.calls, alice.open_bundles) == (0, 0)


def test_where_nothing_can_be_offered_to_one_target_the_next_is_called() -> None:
    """Alice shares keys with bob and carol, not with dave."""
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True, peers=(BOB, CAROL))
    records = run(alice, carol(Mode.PSK), either(), steps=[CALL], **EPOCH)
    assert steps_of(records)[1:5] == [
        "80 alice redirected bob 302 (Moved Temporarily)",
        "80 alice failed with bob: status None, MIKEY error None",
        "80 alice calling bob",
        "260 alice answered carol 200",
    ]
    assert [line for line in messages(records, of="alice") if "INVITE" in line][1:] == ["80 alice > carol INVITE"]


def test_where_nothing_can_be_offered_to_any_target_the_call_is_over() -> None:
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True)
    records = run(alice, either(), steps=[CALL], **EPOCH)
    assert steps_of(records)[1:] == [
        "80 alice redirected bob 302 (Moved Temporarily)",
        *["80 alice failed with bob: status None, MIKEY error None"] * 2,
    ]
    assert (alice.calls, alice.open_bundles) == (0, 0)


def test_a_caller_that_does_not_follow_takes_a_redirection_as_refusal() -> None:
    records = run(caller(Mode.PSK, by="redirect"), pointing(Destination(uri=CAROL)), steps=[CALL], **EPOCH)
    assert steps_of(records)[1:] == ["80 alice rejected bob 302 (Moved Temporarily)"]


def test_a_redirection_to_a_device_keeps_the_identity_and_tries_the_next() -> None:
    """Two addresses of bob's own, the first of them busy."""
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True)
    busy = device("desk", Mode.PSK, credentials=())
    records = run(
        alice, busy, device("mobile", Mode.PSK, DESK), pointing(at("desk"), at("mobile", q=500)), steps=[CALL], **EPOCH
    )
    assert [line for line in messages(records, of="alice") if "INVITE" in line] == [
        "0 alice > redirect INVITE",
        "80 alice > desk INVITE",
        "160 alice > mobile INVITE",
    ]
    assert states(records, "alice")[-1] == "confirmed"
    assert received(records) == {"mobile": "20: 20 + 0 late, 0 not"}


def test_two_servers_that_point_at_each_other_are_left_after_each_was_asked_once() -> None:
    alice = caller(Mode.PSK, by="redirect", follows_redirects=True)
    records = run(alice, pointing(Destination(uri=BOB)), steps=[CALL], **EPOCH)
    assert states(records, "alice") == ["calling", "rejected"]


# A proxy that goes elsewhere


def retargeting() -> Proxy:
    there = Destination(uri=f"sip:carol@{address('carol').host}:5060")
    return Proxy(config(services={BOB: Service(destinations=(there,))}, **EPOCH))


OPEN = {"options": Options(require_idr=False)}


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_a_certified_stranger_is_taken_where_the_caller_accepts_that(mode: Mode) -> None:
    alice = caller(mode, accepts_retarget=True, names_peer=False)
    records = run(alice, carol(mode, **OPEN), retargeting(), steps=[CALL], **EPOCH)
    assert states(records, "alice")[-1] == "confirmed"
    assert list(received(records).values()) == ["20: 20 + 0 late, 0 not"]


def test_a_certified_stranger_is_refused_where_the_caller_is_strict() -> None:
    alice = caller(Mode.DHSIGN, names_peer=False)
    records = run(alice, carol(Mode.DHSIGN, **OPEN), retargeting(), steps=[CALL], **EPOCH)
    (failed,) = of_kind(records, KeyManagementFailed, "alice")
    assert failed.mikey_error == 7
    assert states(records, "alice")[-1] == "ended"
    assert alice.open_bundles == 0


def test_an_offer_that_names_its_recipient_is_taken_by_nobody_else() -> None:
    alice = caller(Mode.DHSIGN, accepts_retarget=True)
    records = run(alice, carol(Mode.DHSIGN), retargeting(), steps=[CALL], **EPOCH)
    assert states(records, "alice")[-1] == "rejected"
    assert of_kind(records, KeyManagementFailed, "carol")
