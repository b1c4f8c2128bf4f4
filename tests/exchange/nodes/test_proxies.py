"""Calls that a proxy forks: all places at once or one by one, one answer, and an end for the others."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes.commands import Call, Cancel, HangUp
from mikey_sdp.nodes.config import Answering
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service
from mikey_sdp.sip import Hop
from mikey_sdp.trace import MessageSent
from tests.exchange.nodes.bare import Bare
from tests.exchange.nodes.phones import MS, run, states
from tests.exchange.nodes.servers import (
    BOB,
    CALL,
    CAROL,
    NEVER,
    OFF,
    address,
    answers,
    at,
    config,
    messages,
    plain,
    proxy,
    refuses,
    steps_of,
)


def test_all_places_ring_at_once_and_who_does_not_answer_is_cancelled():
    middle = proxy(at("desk"), at("mobile"), forking=Forking.PARALLEL)
    mobile = plain("mobile", NEVER)
    hang_up = (3_000, "alice", HangUp("bob"))
    records = run(plain("alice"), plain("desk", answers(1_000)), mobile, middle, steps=[CALL, hang_up])
    assert messages(records) == [
        "0 alice > proxy INVITE",
        "40 proxy > desk INVITE",
        "40 proxy > mobile INVITE",
        "80 mobile > proxy 180",
        "120 proxy > alice 180",
        "130 desk > proxy 180",
        "170 proxy > alice 180",
        "1080 desk > proxy 200",
        "1120 proxy > alice 200",
        "1120 proxy > mobile CANCEL",
        "1160 alice > desk ACK",
        "1160 mobile > proxy 200 (CANCEL)",
        "1160 mobile > proxy 487",
        "1200 proxy > mobile ACK",
        "3000 alice > desk BYE",
        "3040 desk > alice 200 (BYE)",
    ]
    assert states(records, "mobile") == ["ringing", "cancelled"]
    assert (middle.held, mobile.calls) == (0, 0)


def test_two_that_answer_at_the_same_time_both_reach_the_caller():
    records = run(
        plain("alice"),
        plain("desk", answers(500)),
        plain("mobile", answers(510)),
        proxy(at("desk"), at("mobile")),
        steps=[CALL],
    )
    assert messages(records)[7:] == [
        "580 desk > proxy 200",
        "590 mobile > proxy 200",
        "620 proxy > alice 200",
        "620 proxy > mobile CANCEL",
        "630 proxy > alice 200",
        "660 alice > desk ACK",
        "660 mobile > proxy 200 (CANCEL)",
        "670 alice > mobile ACK",
        "670 alice > mobile BYE",
        "710 mobile > alice 200 (BYE)",
    ]
    assert states(records, "desk") == ["ringing", "answered", "confirmed"]
    assert states(records, "mobile") == ["ringing", "answered", "confirmed", "ended"]


def test_one_by_one_the_most_preferred_first():
    middle = proxy(at("mobile", q=300), at("desk", q=800), forking=Forking.SERIAL)
    records = run(plain("alice"), plain("desk", refuses(486)), plain("mobile", answers(200)), middle, steps=[CALL])
    assert messages(records) == [
        "0 alice > proxy INVITE",
        "40 proxy > desk INVITE",
        "130 desk > proxy 180",
        "170 proxy > alice 180",
        "380 desk > proxy 486",
        "420 proxy > desk ACK",
        "420 proxy > mobile INVITE",
        "510 mobile > proxy 180",
        "550 proxy > alice 180",
        "660 mobile > proxy 200",
        "700 proxy > alice 200",
        "740 alice > mobile ACK",
    ]
    assert steps_of(records)[-1] == "740 alice confirmed bob"


@pytest.mark.parametrize(
    ("forking", "first"),
    [
        (Forking.PARALLEL, ["desk", "mobile", "carol"]),
        (Forking.BY_Q, ["mobile", "carol"]),
        (Forking.SERIAL, ["mobile"]),
    ],
)
def test_the_order_of_places_is_the_service_s(forking: Forking, first: list[str]):
    middle = proxy(at("desk", q=500), at("mobile", q=700), at("carol", q=700), forking=forking)
    phones = [plain(name, NEVER) for name in ("desk", "mobile", "carol")]
    records = run(plain("alice"), *phones, middle, steps=[CALL], end_us=1_000 * MS)
    assert [line.split()[3] for line in messages(records) if line.startswith("40 proxy")] == first


@pytest.mark.parametrize("desk", [NEVER, OFF])
def test_who_rings_too_long_is_cancelled_and_the_next_is_tried(desk: Answering):
    middle = proxy(at("mobile", q=300), at("desk", q=800), patience_us=2_000 * MS)
    records = run(plain("alice"), plain("desk", desk), plain("mobile", answers(200)), middle, steps=[CALL])
    lines = messages(records, of="proxy")
    assert "2040 proxy > mobile INVITE" in lines
    # A CANCEL may only follow something that came back (RFC 3261 section 9.1).
    assert ("2040 proxy > desk CANCEL" in lines) == (desk is NEVER)
    assert steps_of(records)[-1] == "2360 alice confirmed bob"
    assert middle.held == 0


def test_when_everybody_rang_too_long_the_caller_hears_of_it():
    middle = proxy(at("mobile", q=300), at("desk", q=800), patience_us=2_000 * MS)
    records = run(plain("alice"), plain("desk", NEVER), plain("mobile", refuses(480)), middle, steps=[CALL])
    assert steps_of(records)[-1] == "2460 alice rejected bob 408 (Request Timeout)"


def test_a_late_branch_begins_in_its_own_time():
    middle = proxy(at("desk"), at("mobile", after_us=1_000 * MS))
    records = run(plain("alice"), plain("desk", NEVER), plain("mobile", answers(200)), middle, steps=[CALL])
    assert [line for line in messages(records, of="proxy") if "INVITE" in line] == [
        "40 proxy > desk INVITE",
        "1040 proxy > mobile INVITE",
    ]
    assert steps_of(records)[-1] == "1360 alice confirmed bob"


def test_a_late_branch_is_waited_for_and_not_begun_after_an_answer():
    waited = run(
        plain("alice"),
        plain("desk", refuses(486)),
        plain("mobile", answers(100)),
        proxy(at("desk"), at("mobile", after_us=1_000 * MS)),
        steps=[CALL],
    )
    assert steps_of(waited)[-1] == "1260 alice confirmed bob"
    answered = run(
        plain("alice"),
        plain("desk", answers(100)),
        plain("mobile", answers(100)),
        proxy(at("desk"), at("mobile", after_us=1_000 * MS)),
        steps=[CALL],
    )
    assert not [line for line in messages(answered) if "mobile" in line]


def test_a_cancel_goes_to_every_branch():
    middle = proxy(at("desk"), at("mobile"))
    records = run(
        plain("alice"),
        plain("desk", NEVER),
        plain("mobile", NEVER),
        middle,
        steps=[CALL, (500, "alice", Cancel("bob"))],
    )
    assert messages(records)[7:] == [
        "500 alice > proxy CANCEL",
        "540 proxy > alice 200 (CANCEL)",
        "540 proxy > desk CANCEL",
        "540 proxy > mobile CANCEL",
        "580 desk > proxy 200 (CANCEL)",
        "580 desk > proxy 487",
        "580 mobile > proxy 200 (CANCEL)",
        "580 mobile > proxy 487",
        "620 proxy > desk ACK",
        "620 proxy > mobile ACK",
        "620 proxy > alice 487",
        "660 alice > proxy ACK",
    ]
    assert (states(records, "alice")[-1], middle.held) == ("cancelled", 0)


@pytest.mark.parametrize(
    ("desk", "mobile", "said"),
    [
        (refuses(486), refuses(404), "486 (Busy Here)"),
        (refuses(500), refuses(486), "486 (Busy Here)"),
        (refuses(486, 100), refuses(420), "420 (Bad Extension)"),
        (refuses(486), refuses(603), "603 (Decline)"),
        (refuses(503), refuses(503), "500 (Server Internal Error)"),
        (refuses(504), OFF, "408 (Request Timeout)"),
        (refuses(503, 100), refuses(504), "504 (Server Time-out)"),
    ],
)
def test_of_several_refusals_the_caller_gets_the_best(desk: Answering, mobile: Answering, said: str):
    middle = proxy(at("desk"), at("mobile"))
    records = run(plain("alice"), plain("desk", desk), plain("mobile", mobile), middle, steps=[CALL])
    assert steps_of(records)[-1].endswith(f"rejected bob {said}")
    assert middle.held == 0


def test_a_refusal_for_everybody_ends_the_other_branches():
    records = run(
        plain("alice"),
        plain("desk", NEVER),
        plain("mobile", refuses(603, 100)),
        proxy(at("desk"), at("mobile")),
        steps=[CALL],
    )
    lines = messages(records)
    assert "220 proxy > desk CANCEL" in lines
    assert lines[-2:] == ["300 proxy > alice 603", "340 alice > proxy ACK"]
    assert "260 desk > proxy 487" in lines


def test_a_branch_may_ring_for_three_minutes_and_no_longer():
    records = run(plain("alice"), plain("desk", NEVER), proxy(at("desk")), steps=[CALL], end_us=400_000 * MS)
    lines = messages(records)
    # Timer C starts anew with every provisional response but 100: here with the 180 of 120 ms.
    assert "181120 proxy > desk CANCEL" in lines
    assert "181120 proxy > alice 408" in lines
    assert states(records, "desk")[-1] == "cancelled"


def test_nobody_can_be_reached_where_no_address_leads():
    middle = Proxy(
        config(services={BOB: Service(), CAROL: Service(destinations=(Destination(uri="sip:x@nowhere.example"),))})
    )
    records = run(plain("alice"), middle, steps=[CALL, (1_000, "alice", Call("carol"))])
    assert [line for line in steps_of(records) if "rejected" in line] == [
        "80 alice rejected bob 480 (Temporarily Unavailable)",
        "1080 alice rejected carol 500 (Server Internal Error)",
    ]
    unknown = run(plain("alice"), Proxy(config()), steps=[CALL])
    assert steps_of(unknown)[-1] == "80 alice rejected bob 404 (Not Found)"


def test_what_a_fork_carries_is_noted_on_every_branch():
    body = b"v=0\r\na=key-mgmt:mikey AAAA\r\n"
    alice = Bare("alice")

    def call(phone: Bare):
        hop = Hop("UDP", address("proxy").host, 5060)
        return phone.core.invite(BOB, caller="sip:alice@example.com", hop=hop, body=body)[1]

    phones = [plain("desk", NEVER), plain("mobile", NEVER)]
    records = run(alice, *phones, proxy(at("desk"), at("mobile")), steps=[(0, "alice", call)], end_us=300 * MS)
    notes = [record.notes for record in records if isinstance(record, MessageSent) and record.party == "proxy"]
    assert [len(note) for note in notes[:3]] == [1, 1, 0]
    assert notes[0] == notes[1]
