"""What a proxy does when things take long, cross, or come in the wrong order."""

from __future__ import annotations

from mikey_sdp.nodes.commands import Cancel
from mikey_sdp.nodes.config import Answering
from mikey_sdp.nodes.contract import Link
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service
from mikey_sdp.sip import Hop
from tests.exchange.nodes.bare import Bare
from tests.exchange.nodes.phones import MS, run, states
from tests.exchange.nodes.servers import (
    BOB,
    CALL,
    NEVER,
    address,
    answers,
    at,
    config,
    messages,
    plain,
    proxy,
    redirect,
    refuses,
    steps_of,
)

CANCEL = (1_000, "alice", Cancel("bob"))


def test_a_100_ends_at_the_hop_that_it_is_for():
    slow = Answering(ringing_after_us=None, decide_after_us=1_000 * MS)
    records = run(plain("alice"), plain("desk", slow), proxy(at("desk")), steps=[CALL])
    assert messages(records)[:5] == [
        "0 alice > proxy INVITE",
        "40 proxy > desk INVITE",
        "80 desk > proxy 100",
        "240 proxy > alice 100",
        "1080 desk > proxy 200",
    ]


def test_a_branch_is_cancelled_once_something_comes_back_on_it():
    middle = proxy(at("desk"))
    far = Link(delay_us=2_000 * MS)
    records = run(
        plain("alice"), plain("desk", NEVER), middle, steps=[CALL, CANCEL], links={("desk", "proxy"): (far, far)}
    )
    lines = [line for line in messages(records, of="proxy") if not line.endswith(("INVITE", "100", "180"))]
    assert lines[:2] == ["1040 proxy > alice 200 (CANCEL)", "2080 proxy > desk CANCEL"]
    assert "4120 proxy > alice 487" in lines
    assert (states(records, "desk"), middle.held) == (["ringing", "cancelled"], 0)


def test_a_cancelled_branch_that_never_ends_is_given_up():
    middle = proxy(at("desk"))
    gone = {("desk", "proxy"): frozenset(range(1, 40))}
    records = run(plain("alice"), plain("desk", NEVER), middle, steps=[CALL, CANCEL], lose=gone)
    assert "33040 proxy > alice 487" in messages(records, of="proxy")
    assert middle.held == 0


def test_a_cancel_before_any_branch_began_is_answered_here():
    middle = proxy(at("desk", after_us=5_000 * MS))
    records = run(plain("alice"), plain("desk"), middle, steps=[CALL, CANCEL])
    assert messages(records)[1:] == [
        "240 proxy > alice 100",
        "1000 alice > proxy CANCEL",
        "1040 proxy > alice 200 (CANCEL)",
        "1040 proxy > alice 487",
        "1080 alice > proxy ACK",
    ]


def test_a_cancel_keeps_the_next_places_from_being_tried():
    middle = proxy(at("desk"), at("mobile"), forking=Forking.SERIAL)
    records = run(plain("alice"), plain("desk", NEVER), plain("mobile"), middle, steps=[CALL, CANCEL])
    assert not [line for line in messages(records) if "mobile" in line]
    assert steps_of(records)[-1] == "1160 alice cancelled bob 487"


def test_what_a_branch_says_after_its_time_does_not_count():
    middle = proxy(at("mobile", q=300), at("desk", q=800), patience_us=2_000 * MS)
    records = run(
        plain("alice"), plain("desk", refuses(603, 1_990)), plain("mobile", answers(500)), middle, steps=[CALL]
    )
    lines = messages(records)
    assert "2070 desk > proxy 603" in lines
    assert not [line for line in lines if line.endswith("mobile CANCEL")]
    assert steps_of(records)[-1] == "2660 alice confirmed bob"


def test_a_redirection_after_its_time_is_not_followed():
    elsewhere = Destination(uri="sip:bob@192.0.2.102:5060", q=800)
    bob = Service(destinations=(elsewhere, at("mobile", q=300)), follow_redirects=True, patience_us=2_000 * MS)
    far = Link(delay_us=3_000 * MS)
    records = run(
        plain("alice"),
        plain("desk"),
        plain("mobile", NEVER),
        redirect(at("desk")),
        Proxy(config(services={BOB: bob})),
        steps=[CALL],
        links={("redirect", "proxy"): (far, far)},
        end_us=20_000 * MS,
    )
    assert not [line for line in messages(records) if "desk" in line]


def test_a_branch_that_answers_after_its_time_is_the_call_all_the_same():
    middle = proxy(at("mobile", q=300), at("desk", q=800), patience_us=2_000 * MS)
    records = run(plain("alice"), plain("desk", answers(1_990)), plain("mobile", NEVER), middle, steps=[CALL])
    assert states(records, "desk")[-1] == "confirmed"
    assert states(records, "mobile")[-1] == "cancelled"
    assert middle.held == 0


def test_patience_with_one_group_is_not_taken_out_on_the_next():
    middle = proxy(at("mobile", q=300), at("desk", q=800), patience_us=2_000 * MS)
    records = run(plain("alice"), plain("desk", refuses(486)), plain("mobile", answers(5_000)), middle, steps=[CALL])
    assert states(records, "mobile")[-1] == "confirmed"


def test_patience_has_an_end_for_late_branches_too():
    late = at("mobile", q=800, after_us=3_000 * MS)
    middle = proxy(at("carol", q=300), at("desk", q=800), late, patience_us=2_000 * MS)
    phones = [plain("desk", NEVER), plain("mobile"), plain("carol", answers(4_000))]
    records = run(plain("alice"), *phones, middle, steps=[CALL])
    assert [line for line in messages(records, of="proxy") if line.endswith("INVITE")] == [
        "40 proxy > desk INVITE",
        "2040 proxy > carol INVITE",
    ]


def test_no_place_is_tried_twice():
    records = run(plain("alice"), plain("desk", refuses(486)), proxy(at("desk"), at("desk", q=100)), steps=[CALL])
    assert [line for line in messages(records, of="proxy") if line.endswith("INVITE")] == ["40 proxy > desk INVITE"]


def test_a_redirection_to_where_sip_does_not_lead_is_passed_to_the_caller():
    elsewhere = Destination(uri="sip:bob@192.0.2.102:5060")
    middle = Proxy(config(services={BOB: Service(destinations=(elsewhere,), follow_redirects=True)}))
    records = run(plain("alice"), redirect(Destination(uri="tel:+123")), middle, steps=[CALL])
    assert steps_of(records)[-1] == "160 alice rejected bob 302 (Moved Temporarily)"


def test_other_requests_are_forked_and_never_cancelled():
    alice = Bare("alice")
    hop = Hop("UDP", address("proxy").host, 5060)
    middle = proxy(at("desk"), at("mobile"))

    def ask(phone: Bare):
        return phone.core.request_outside("OPTIONS", BOB, caller="sip:alice@example.com", hop=hop)[1]

    far = Link(delay_us=1_000 * MS)
    records = run(
        alice,
        plain("desk"),
        plain("mobile"),
        middle,
        steps=[(0, "alice", ask)],
        links={("mobile", "proxy"): (far, far)},
    )
    assert [line for line in messages(records) if "mobile > proxy" not in line] == [
        "0 alice > proxy OPTIONS",
        "40 proxy > desk OPTIONS",
        "40 proxy > mobile OPTIONS",
        "80 desk > proxy 200 (OPTIONS)",
        "120 proxy > alice 200 (OPTIONS)",
        "540 proxy > mobile OPTIONS",
    ]
    assert (len(alice.events), middle.held) == (1, 0)
