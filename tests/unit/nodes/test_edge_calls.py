"""Calls of phones that know no MIKEY, through their edges."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.drivers.capture import Capture
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import AddMedia, Call, Cancel, HangUp, Hold, ReKey, RemoveMedia, Resume, Transfer
from mikey_sdp.nodes.config import Answering, Contact, EarlyOffers, Reaction, Security, Streams
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.edge_contract import EdgeLimits, PeerRule, PhoneMedia
from mikey_sdp.nodes.edge_ports import DrivenEdge
from mikey_sdp.nodes.proxy_config import Destination
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.trace import AnyRecord, CallChanged, KeysInstalled
from tests.exchange.ends import NOW_US, credential
from tests.exchange.nodes.phones import MS, states, uri
from tests.unit.nodes.edge_town import (
    HOSTS,
    NAMES,
    address,
    bodies,
    edge,
    heard,
    phone,
    proxy,
    run,
    secured,
    to_network,
)

CALL = (0, "alice", Call("bob"))
ON_AND_ON = Streams(packets=None)
RINGS_EARLY = Answering(early_media_after_us=200 * MS, decide_after_us=2_000 * MS)
RINGS_EARLY_RELIABLY = Answering(early_media_after_us=200 * MS, decide_after_us=2_000 * MS, reliable=True)


def over(*edges: DrivenEdge) -> bool:
    """Whether nothing is left of any call: no transaction, no dialog, no CSB, no port."""
    return all(edge.held == 0 and edge.ports.open == 0 for edge in edges)


def modes_used(records: list[AnyRecord], party: str) -> set[str]:
    return {record.mode for record in records if isinstance(record, KeysInstalled) and record.party == party}


def test_phones_with_sdes_talk_under_mikey_between_their_edges():
    here, there = edge("alice"), edge("bob")
    records = run(phone("alice"), phone("bob"), here, there, proxy(), steps=[CALL, (3_000, "alice", HangUp("bob"))])
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    offer, answer = bodies(records, "alice edge", "INVITE")[0], bodies(records, "bob edge", "200")[0]
    for text in (offer, answer):
        assert "RTP/SAVP" in text
        assert "a=key-mgmt:mikey " in text
        assert "crypto" not in text
    assert "a=crypto" in bodies(records, "alice edge", "200")[0]
    assert "key-mgmt" not in bodies(records, "bob edge", "INVITE")[0]
    assert over(here, there)
    assert here.status().taken == 1


def test_nothing_that_a_phone_sends_goes_over_the_network_as_it_came():
    here, there, capture = edge("alice", PhoneMedia.PLAIN), edge("bob", PhoneMedia.PLAIN), Capture()
    alice, bob = phone("alice", security=Security.NONE), phone("bob", security=Security.NONE)
    records = run(alice, bob, here, there, proxy(), steps=[CALL, (3_000, "bob", HangUp("alice"))], capture=capture)
    assert [packets for packets, _ in heard(records, "alice") + heard(records, "bob")] == [20, 20]
    plain = {one.octets for one in capture.passed if one.party in ("alice", "bob") and one.transport == Transport.MEDIA}
    sent = [one.octets for name in ("alice", "bob") for one in to_network(capture, name)]
    assert len(plain) == len(sent) == 40
    assert not any(packet[12:] in octets for packet in plain for octets in sent)
    assert "RTP/AVP" in bodies(records, "bob edge", "INVITE")[0]
    assert over(here, there)


@pytest.mark.parametrize("caller", ["alice", "bob"])
def test_a_phone_behind_an_edge_and_one_that_knows_mikey_call_each_other(caller: str):
    here = edge("alice")
    called = "bob" if caller == "alice" else "alice"
    records = run(
        phone("alice"),
        secured("bob"),
        here,
        proxy(Destination(uri=f"sip:bob@{HOSTS['bob']}:5060")),
        steps=[(0, caller, Call(called)), (2_000, "bob", ReKey("alice")), (3_000, caller, HangUp(called))],
    )
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    assert "rekeyed" in states(records, "bob")
    assert over(here)


WITH_CURVES = (Mode.ECIES, Mode.ECMQV)
MODES = (Mode.PSK, Mode.DHHMAC, Mode.RSA, Mode.RSA_R, Mode.DHSIGN, *WITH_CURVES)


def own_credential(mode: Mode, own: str, other: str) -> Credential:
    return credential(mode, own, other, "ec" if mode in WITH_CURVES else "rsa")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("media", list(PhoneMedia))
def test_each_mode_keys_a_call_with_early_media_hold_and_new_keys(mode: Mode, media: PhoneMedia):
    edges = [
        edge(
            name,
            media,
            account={"credentials": [own_credential(mode, uri(name), uri(other))], "modes": [mode]},
            epoch_unix_us=NOW_US,
        )
        for name, other in (("alice", "bob"), ("bob", "alice"))
    ]
    security = Security.SDES if media is PhoneMedia.SDES else Security.NONE
    phones = [
        phone(name, security=security, streams=ON_AND_ON, answering=RINGS_EARLY, epoch_unix_us=NOW_US)
        for name in ("alice", "bob")
    ]
    steps: list[tuple[int, str, Any]] = [
        CALL,
        (4_000, "alice", Hold("bob")),
        (5_000, "alice", Resume("bob")),
        (6_000, "alice", HangUp("bob")),
    ]
    if media is PhoneMedia.SDES:
        steps[1:1] = [(3_000, "alice", ReKey("bob")), (3_500, "bob", ReKey("alice"))]
    records = run(*phones, *edges, proxy(), steps=steps, epoch_unix_us=NOW_US)
    for name in ("alice", "bob"):
        ((packets, decrypted),) = heard(records, name)
        assert packets > 100
        assert decrypted == (packets if media is PhoneMedia.SDES else 0)
        used = modes_used(records, f"{name} edge")
        assert str(mode) in used
        assert used <= {str(mode), "PSK"}  # an envelope key serves for updates as a pre-shared one
    assert over(*edges)


@pytest.mark.parametrize("answering", [RINGS_EARLY, RINGS_EARLY_RELIABLY], ids=["unreliable", "PRACK"])
def test_early_media_reaches_the_caller_before_anybody_answers(answering: Answering):
    here, there = edge("alice"), edge("bob")
    records = run(
        phone("alice"),
        phone("bob", answering=answering, streams=Streams(packets=30)),
        here,
        there,
        proxy(),
        steps=[CALL, (4_000, "alice", HangUp("bob"))],
    )
    assert heard(records, "alice") == [(30, 30)]
    assert states(records, "alice edge") == ["calling", "early", "answered", "ended"]
    assert over(here, there)


@pytest.mark.parametrize("way", list(EarlyOffers))
def test_further_offers_before_the_call_is_up_pass_in_prack_and_update(way: EarlyOffers):
    """With preconditions, keys are agreed on by offers in PRACK or UPDATE before it rings."""
    here, there = edge("alice"), edge("bob")
    settings: dict[str, Any] = {"preconditions": Strength.MANDATORY, "early_offers": way}
    records = run(
        phone("alice", **settings),
        phone("bob", answering=Answering(decide_after_us=2_000 * MS), **settings),
        here,
        there,
        proxy(),
        steps=[CALL, (5_000, "alice", HangUp("bob"))],
    )
    assert bodies(records, "alice edge", way.value)
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    assert over(here, there)


def test_a_call_whose_offer_is_left_to_the_called_party():
    here, there = edge("alice"), edge("bob")
    records = run(
        phone("alice"),
        phone("bob"),
        here,
        there,
        proxy(),
        steps=[(0, "alice", Call("bob", offerless=True)), (5_000, "alice", HangUp("bob"))],
    )
    assert heard(records, "alice") == [(20, 20)]
    assert heard(records, "bob")[0][1] >= 16
    answer = bodies(records, "alice edge", "ACK")[0]
    assert "key-mgmt" in answer
    assert "crypto" not in answer
    assert over(here, there)


def test_hold_resume_new_keys_and_streams_from_both_sides_lose_nothing():
    here, there = edge("alice"), edge("bob")
    records = run(
        phone("alice", streams=Streams(packets=None, kinds=("audio", "video"))),
        phone("bob", streams=Streams(packets=None, kinds=("audio", "video"))),
        here,
        there,
        proxy(),
        steps=[
            CALL,
            (1_000, "alice", Hold("bob")),
            (2_000, "alice", Resume("bob")),
            (3_000, "bob", Hold("alice")),
            (4_000, "bob", Resume("alice")),
            (4_500, "alice", ReKey("bob")),
            (4_800, "bob", ReKey("alice")),
            (5_200, "bob", RemoveMedia("alice", 1)),
            (5_600, "alice", AddMedia("bob", "video")),
            (7_000, "alice", HangUp("bob")),
        ],
    )
    for name in ("alice", "bob"):
        streams = heard(records, name)
        assert len(streams) == 3
        assert all(packets == decrypted > 50 for packets, decrypted in streams)
    assert states(records, "alice").count("held") == 2
    assert over(here, there)


def test_who_holds_is_not_taken_for_gone_so_soon():
    here = edge("alice", limits=EdgeLimits(silent_us=5_000 * MS))
    there = edge("bob", limits=EdgeLimits(silent_us=60_000 * MS))
    records = run(
        phone("alice"),
        phone("bob"),
        here,
        there,
        proxy(),
        steps=[CALL, (1_000, "alice", Hold("bob")), (30_000, "alice", HangUp("bob"))],
    )
    assert here.status().reaped == 0
    assert states(records, "alice")[-1] == "ended"
    assert over(here, there)


def test_a_cancelled_call_leaves_nothing():
    here, there = edge("alice"), edge("bob")
    records = run(
        phone("alice"),
        phone("bob", answering=Answering(decide_after_us=None)),
        here,
        there,
        proxy(),
        steps=[CALL, (1_000, "alice", Cancel("bob"))],
    )
    assert states(records, "bob")[-1] == "cancelled"
    assert over(here, there)


def test_a_busy_phone_is_heard_of_and_leaves_nothing():
    here, there = edge("alice"), edge("bob")
    busy = phone("bob", answering=Answering(reaction=Reaction.REJECT))
    records = run(phone("alice"), busy, here, there, proxy(), steps=[CALL])
    refused = [record.status for record in records if isinstance(record, CallChanged) and record.party == "alice"]
    assert refused[-1] == 486
    assert over(here, there)


def test_a_transfer_calls_the_third_party_with_keys_of_their_own():
    edges = [edge(name) for name in NAMES]
    records = run(
        *[phone(name) for name in NAMES],
        *edges,
        proxy(),
        steps=[CALL, (2_000, "bob", Transfer("alice", to="carol")), (6_000, "alice", HangUp("carol"))],
    )
    assert heard(records, "alice") == [(20, 20), (20, 20)]
    assert heard(records, "carol") == [(20, 20)]
    assert states(records, "bob")[-1] == "ended"
    peers = {record.peer for record in records if isinstance(record, KeysInstalled) and record.party == "alice edge"}
    assert peers == {uri("bob"), uri("carol")}
    assert over(*edges)


def test_a_peer_with_a_rule_gets_plain_calls_and_says_so():
    rules = (PeerRule(match=uri("bob"), plain=True),)
    here = edge("alice", peers=rules)
    bob = phone("bob", security=Security.NONE, by="proxy")
    records = run(
        phone("alice"),
        bob,
        here,
        proxy(Destination(uri=f"sip:bob@{HOSTS['bob']}:5060")),
        steps=[CALL, (3_000, "alice", HangUp("bob")), (4_000, "bob", Call("alice")), (7_000, "bob", HangUp("alice"))],
    )
    assert heard(records, "alice") == [(20, 20), (20, 20)]
    assert [packets for packets, _ in heard(records, "bob")] == [20, 20]
    assert "RTP/AVP" in bodies(records, "alice edge", "INVITE")[0]
    assert over(here)


def test_without_a_rule_a_plain_offer_is_refused_before_the_phone_rings():
    here = edge("alice")
    bob = phone("bob", security=Security.NONE, by="proxy")
    records = run(phone("alice"), bob, here, proxy(), steps=[(0, "bob", Call("alice"))])
    refused = [record for record in records if isinstance(record, CallChanged) and record.party == "bob"][-1]
    assert (refused.status, refused.warning) == (488, "399 Key management: the offer has no key management")
    assert states(records, "alice") == []
    assert here.status().refused == 1
    assert over(here)


def test_phone_and_edge_speak_tcp_with_each_other_and_udp_beyond():
    here, there = edge("alice"), edge("bob")
    contacts = {"bob": Contact(uri=uri("bob"), address=address("alice edge"), transport=Transport.TCP)}
    records = run(
        phone("alice", transport=Transport.TCP, contacts=contacts),
        phone("bob"),
        here,
        there,
        proxy(),
        steps=[CALL, (2_000, "bob", HangUp("alice"))],
    )
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    assert over(here, there)
