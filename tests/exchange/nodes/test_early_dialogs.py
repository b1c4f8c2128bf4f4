"""What crosses a proxy beside plain calls: reliable provisional responses of each branch, transfer, registration."""

from __future__ import annotations

from typing import Any

from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Service
from mikey_sdp.sip import (
    AnswerReceived,
    ByeReceived,
    DialogEnded,
    DialogState,
    Hop,
    InviteCancelled,
    InviteReceived,
    NameAddr,
    PrackReceived,
    ProvisionalReceived,
    ReferralReported,
    ReferReceived,
    ResponseReceived,
    Uri,
    parse_date,
    refer_to,
    referred_headers,
)
from tests.exchange.nodes.bare import OFFER, Bare
from tests.exchange.nodes.phones import EPOCH_UNIX_US, run
from tests.exchange.nodes.servers import BOB, address, at, config, messages

PROXY = Hop("UDP", address("proxy").host, 5060)


def caller(name: str = "alice") -> Bare:
    """Confirms whatever has to be confirmed."""
    alice = Bare(name)

    def confirm(event: ProvisionalReceived) -> Any:
        return alice.core.prack(event.invite, event.dialog)[1] if event.reliable and event.dialog else ()

    alice.on(ProvisionalReceived, confirm)
    alice.on(AnswerReceived, lambda event: alice.core.acknowledge(event.invite, event.dialog))
    return alice


def callee(name: str, *, answers: bool = False) -> Bare:
    """Describes itself in a reliable 183, and answers once that is confirmed or never."""
    phone = Bare(name)
    phone.on(InviteReceived, lambda event: phone.core.respond(event.incoming, 183, body=OFFER, reliable=True))
    if answers:
        phone.on(PrackReceived, lambda event: phone.core.respond(event.invite, 200))
    return phone


def call(phone: Bare) -> Any:
    return phone.core.invite(BOB, caller="sip:alice@example.com", hop=PROXY, body=OFFER)[1]


def middle(**settings: Any) -> Proxy:
    return Proxy(
        config(services={BOB: Service(destinations=(at("desk"), at("mobile")))}, record_route=True, **settings)
    )


def test_each_branch_confirms_its_own_description_through_the_proxy() -> None:
    alice, desk, mobile, proxy = caller(), callee("desk"), callee("mobile", answers=True), middle()
    records = run(alice, desk, mobile, proxy, steps=[(0, "alice", call)])
    lines = messages(records)
    assert lines[3:13] == [
        "80 desk > proxy 183",
        "80 mobile > proxy 183",
        "120 proxy > alice 183",
        "120 proxy > alice 183",
        "160 alice > proxy PRACK",
        "160 alice > proxy PRACK",
        "200 proxy > desk PRACK",
        "200 proxy > mobile PRACK",
        "240 desk > proxy 200 (PRACK)",
        "240 mobile > proxy 200 (PRACK)",
    ]
    assert [len(phone.all(PrackReceived)) for phone in (desk, mobile)] == [1, 1]
    assert len({event.dialog.remote_tag for event in alice.all(ProvisionalReceived) if event.dialog}) == 2
    assert len(desk.all(InviteCancelled)) == 1
    (answer,) = alice.all(AnswerReceived)
    assert answer.dialog.state is DialogState.CONFIRMED
    assert [event.dialog.state for event in alice.all(DialogEnded)] == [DialogState.TERMINATED]
    assert (proxy.held, desk.core.held, alice.core.held) == (0, 0, 1)


def test_a_lost_prack_and_a_lost_183_are_made_good_on_every_hop() -> None:
    alice, mobile = caller(), callee("mobile", answers=True)
    proxy = Proxy(config(services={BOB: Service(destinations=(at("mobile"),))}, record_route=True))
    lose = {("proxy", "alice"): frozenset({0}), ("proxy", "mobile"): frozenset({1})}
    records = run(alice, mobile, proxy, steps=[(0, "alice", call)], lose=lose)
    assert messages(records)[2:] == [
        "80 mobile > proxy 183",
        "120 proxy > alice 183 LOST",
        "500 alice > proxy INVITE",
        "540 proxy > alice 183",
        "580 mobile > proxy 183",
        "580 alice > proxy PRACK",
        "620 proxy > alice 183",
        "620 proxy > mobile PRACK LOST",
        "1080 alice > proxy PRACK",
        "1120 proxy > mobile PRACK",
        "1160 mobile > proxy 200 (PRACK)",
        "1160 mobile > proxy 200",
        "1200 proxy > alice 200 (PRACK)",
        "1200 proxy > alice 200",
        "1240 alice > proxy ACK",
        "1280 proxy > mobile ACK",
    ]
    assert len(alice.all(ProvisionalReceived)) == 1
    assert len(mobile.all(PrackReceived)) == 1


def test_an_attended_transfer_through_the_proxy() -> None:
    """Alice talks to Bob's desk phone and to Carol, and has Carol take her place."""
    alice, desk, carol = caller(), callee("desk", answers=True), caller("carol")
    carol.on(InviteReceived, lambda event: take(event))
    desk.on(ReferReceived, lambda event: follow(event))
    proxy = Proxy(config(services={BOB: Service(destinations=(at("desk"),))}, record_route=True))

    def take(event: InviteReceived) -> Any:
        yield from carol.core.respond(event.incoming, 200, body=OFFER)
        if event.replaces is not None:
            yield from carol.core.request(event.replaces, "BYE")[1]

    def follow(event: ReferReceived) -> Any:
        referral, outputs = desk.core.accept_referral(event.incoming)
        yield from outputs
        headers = referred_headers(event.target.uri)
        to = f"sip:carol@{address('carol').host}"
        yield from desk.core.invite(to, caller=BOB, headers=headers, body=OFFER)[1]

        def answered(answer: AnswerReceived) -> Any:
            yield from desk.core.acknowledge(answer.invite, answer.dialog)
            yield from desk.core.report_referral(referral, answer.response.status)

        desk.on(AnswerReceived, answered)

    def call_carol(phone: Bare) -> Any:
        to = f"sip:carol@{address('carol').host}"
        return phone.core.invite(to, caller="sip:alice@example.com", body=OFFER)[1]

    def transfer(phone: Bare) -> Any:
        to_bob, to_carol = (event.dialog for event in phone.all(AnswerReceived))
        target = refer_to(Uri.parse(f"sip:carol@{address('carol').host}"), to_carol.replaces)
        assert NameAddr.parse(target).uri.headers
        return phone.core.refer(to_bob, target)[1]

    def hang_up(phone: Bare) -> Any:
        return phone.core.request(phone.all(AnswerReceived)[0].dialog, "BYE")[1]

    steps = [(0, "alice", call), (1_000, "alice", call_carol), (2_000, "alice", transfer), (3_000, "alice", hang_up)]
    run(alice, desk, carol, proxy, steps=steps)
    assert [(event.status, event.over) for event in alice.all(ReferralReported)] == [(100, False), (200, True)]
    assert len(alice.all(ByeReceived)) == 1
    (joined,) = desk.all(AnswerReceived)
    assert joined.dialog.state is DialogState.CONFIRMED
    assert carol.all(InviteReceived)[-1].replaces is alice_side_of(carol)
    assert [phone.core.held for phone in (alice, desk, carol)] == [0, 1, 1]
    assert proxy.held == 0


def alice_side_of(carol: Bare) -> Any:
    """The dialog that Carol had with Alice."""
    return carol.all(InviteReceived)[0].incoming.dialog


def test_a_phone_registers_is_called_and_goes() -> None:
    alice, desk = caller(), callee("desk", answers=True)
    proxy = Proxy(config(clock_skew_us=0))

    def register(seconds: int) -> Any:
        def command(phone: Bare) -> Any:
            domain, expires = Uri.parse("sip:example.com"), [("Expires", str(seconds))]
            return phone.core.request_outside("REGISTER", BOB, caller=BOB, hop=PROXY, uri=domain, headers=expires)[1]

        return command

    records = run(
        alice,
        desk,
        proxy,
        steps=[
            (0, "alice", call),
            (1_000, "desk", register(60)),
            (2_000, "alice", call),
            (5_000, "desk", register(0)),
            (6_000, "alice", call),
            (10_000, "desk", register(60)),
            (80_000, "alice", call),
        ],
    )
    said = [line for line in messages(records, of="proxy") if line.endswith(("404", "> alice 200"))]
    assert said == [
        "40 proxy > alice 404",
        "2240 proxy > alice 200",
        "6040 proxy > alice 404",
        "80040 proxy > alice 404",
    ]
    answers = [event.response for event in desk.all(ResponseReceived)]
    assert [event.status for event in desk.all(ResponseReceived)] == [200, 200, 200]
    dates = [parse_date(answer.get("Date") or "") - EPOCH_UNIX_US for answer in answers if answer is not None]
    assert dates == [1_000_000, 5_000_000, 10_000_000]
    assert proxy.held == 0
