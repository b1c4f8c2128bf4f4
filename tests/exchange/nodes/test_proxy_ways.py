"""Ways through proxies: addresses rewritten, circles noticed, 302 followed, losses made good, routes recorded."""

from __future__ import annotations

from mikey_sdp.nodes.commands import HangUp
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Link, Transport
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Place, Service
from mikey_sdp.sip import Message
from mikey_sdp.trace import MessageSent
from tests.exchange.nodes.phones import MS, run, states
from tests.exchange.nodes.servers import (
    BOB,
    CALL,
    CAROL,
    HOSTS,
    NEVER,
    address,
    answers,
    at,
    config,
    messages,
    octets,
    plain,
    proxy,
    redirect,
    refuses,
    steps_of,
)

# -- addresses --------------------------------------------------------------------------------------------------


def retargeting(**services: Service) -> Proxy:
    carol = Service(destinations=(Destination(uri=f"sip:carol@{HOSTS['carol']}:5060"),))
    return Proxy(config(services={BOB: Service(retarget=CAROL), CAROL: carol, **services}))


def test_a_retargeted_call_reaches_another_user_who_sees_whom_it_was_for():
    records = run(plain("alice"), plain("carol", answers(200)), plain("desk"), retargeting(), steps=[CALL])
    invite = Message.parse(octets(records, "proxy", "INVITE"))
    assert invite.start_line == "INVITE sip:carol@192.0.2.13:5060 SIP/2.0"
    assert invite.to.identity == BOB
    assert steps_of(records)[-1] == "360 alice confirmed bob"


def test_addresses_that_stand_for_each_other_lead_nowhere():
    middle = Proxy(config(services={BOB: Service(retarget=CAROL), CAROL: Service(retarget=BOB)}))
    assert steps_of(run(plain("alice"), middle, steps=[CALL]))[-1] == "80 alice rejected bob 482 (Loop Detected)"


def test_an_address_can_stand_for_one_of_another_domain():
    middle = Proxy(
        config(
            services={BOB: Service(retarget="sip:bob@example.net")},
            places={"example.net": Place(address=address("second"))},
        )
    )
    other = Proxy(
        config(
            "second", domains=("example.net",), services={"sip:bob@example.net": Service(destinations=(at("desk"),))}
        )
    )
    records = run(plain("alice"), plain("desk", answers(200)), middle, other, steps=[CALL])
    assert Message.parse(octets(records, "proxy", "INVITE")).start_line == "INVITE sip:bob@example.net SIP/2.0"
    assert steps_of(records)[-1] == "440 alice confirmed bob"


def around(name: str, other: str, uri: str = BOB, *, domain: str = "example.com") -> Proxy:
    """A proxy that sends bob's calls to another proxy."""
    places = {"example.com": Place(address=address(other)), "example.net": Place(address=address(other))}
    services = {f"sip:bob@{domain}": Service(destinations=(Destination(uri=uri),))}
    return Proxy(config(name, domains=(domain,), services=services, places=places))


def test_a_circle_of_proxies_is_noticed_by_the_first_that_sees_the_call_twice():
    first, second = around("proxy", "second"), around("second", "proxy")
    records = run(plain("alice"), first, second, steps=[CALL])
    assert messages(records) == [
        "0 alice > proxy INVITE",
        "40 proxy > second INVITE",
        "80 second > proxy INVITE",
        "120 proxy > second 482",
        "160 second > proxy ACK",
        "160 second > proxy 482",
        "200 proxy > second ACK",
        "200 proxy > alice 482",
        "240 alice > proxy ACK",
    ]
    assert (first.held, second.held) == (0, 0)


def test_a_circle_that_changes_the_address_each_time_ends_when_the_hops_are_used_up():
    class Winding(Proxy):
        """Adds something to the address, so that no request is the same as the one before."""

        def _targets(self, request):
            number = int(request.uri.parameters.get("n") or 0) + 1
            return Service(), (Destination(uri=f"sip:bob@192.0.2.100:5060;n={number}"),)

    middle = Winding(config(places={}))
    records = run(plain("alice"), middle, steps=[CALL], signalling=Link(delay_us=100), end_us=60_000 * MS)
    hops = [record for record in messages(records, of="proxy") if record.endswith("> proxy INVITE")]
    assert len(hops) == 70
    assert steps_of(records)[-1].endswith("rejected bob 483 (Too Many Hops)")


# -- redirections -----------------------------------------------------------------------------------------------


def by_redirect(**service: object) -> Proxy:
    to_redirect = Destination(uri=f"sip:bob@{HOSTS['redirect']}:5060")
    return Proxy(config(services={BOB: Service(destinations=(to_redirect,), **service)}))  # type: ignore[arg-type]


def test_a_redirect_server_tells_where_to_try_the_most_preferred_first():
    server = redirect(at("desk", q=500), at("mobile"))
    records = run(plain("alice", by="redirect"), server, steps=[CALL])
    moved = Message.parse(octets(records, "redirect", "302"))
    assert moved.all("Contact") == ("<sip:bob@192.0.2.12:5060>;q=1.0", "<sip:bob@192.0.2.11:5060>;q=0.5")
    assert moved.to.tag
    assert messages(records) == ["0 alice > redirect INVITE", "40 redirect > alice 302", "80 alice > redirect ACK"]
    assert server.held == 0


def test_a_redirection_is_passed_to_the_caller_unless_the_service_follows_it():
    records = run(plain("alice"), plain("desk"), redirect(at("desk")), by_redirect(), steps=[CALL])
    assert steps_of(records)[-1] == "160 alice rejected bob 302 (Moved Temporarily)"
    assert not [line for line in messages(records) if "desk" in line]


def test_a_redirection_that_is_followed_tries_its_places_by_preference():
    records = run(
        plain("alice"),
        plain("desk", answers(200)),
        plain("mobile", refuses(486)),
        redirect(at("desk", q=500), at("mobile", q=900)),
        by_redirect(follow_redirects=True),
        steps=[CALL],
    )
    assert messages(records, of="proxy") == [
        "40 proxy > redirect INVITE",
        "120 proxy > redirect ACK",
        "120 proxy > mobile INVITE",
        "240 proxy > alice 100",
        "250 proxy > alice 180",
        "500 proxy > mobile ACK",
        "500 proxy > desk INVITE",
        "630 proxy > alice 180",
        "780 proxy > alice 200",
    ]
    assert steps_of(records)[-1] == "820 alice confirmed bob"


def test_a_redirection_back_to_where_it_came_from_is_not_followed():
    to_itself = redirect(Destination(uri=f"sip:bob@{HOSTS['redirect']}:5060"))
    records = run(plain("alice"), to_itself, by_redirect(follow_redirects=True), steps=[CALL])
    assert steps_of(records)[-1] == "160 alice rejected bob 302 (Moved Temporarily)"


# -- losses -----------------------------------------------------------------------------------------------------


def test_each_hop_sends_again_what_its_own_way_loses():
    records = run(
        plain("alice"),
        plain("desk", answers(200)),
        proxy(at("desk")),
        steps=[CALL],
        lose={("alice", "proxy"): frozenset({0}), ("proxy", "desk"): frozenset({0}), ("desk", "proxy"): frozenset({1})},
    )
    assert messages(records) == [
        "0 alice > proxy INVITE LOST",
        "500 alice > proxy INVITE",
        "540 proxy > desk INVITE LOST",
        "740 proxy > alice 100",
        "1040 proxy > desk INVITE",
        "1130 desk > proxy 180",
        "1170 proxy > alice 180",
        "1280 desk > proxy 200 LOST",
        "1780 desk > proxy 200",
        "1820 proxy > alice 200",
        "1860 alice > desk ACK",
    ]


def test_a_lost_200_towards_the_caller_is_repeated_by_the_callee_and_passed_on():
    records = run(
        plain("alice"),
        plain("desk", answers(200)),
        proxy(at("desk")),
        steps=[CALL],
        lose={("proxy", "alice"): frozenset({1})},
    )
    assert messages(records)[4:] == [
        "280 desk > proxy 200",
        "320 proxy > alice 200 LOST",
        "780 desk > proxy 200",
        "820 proxy > alice 200",
        "860 alice > desk ACK",
    ]


def test_a_lost_cancel_and_a_lost_refusal_are_sent_again():
    middle = proxy(at("desk"), at("mobile"))
    records = run(
        plain("alice"),
        plain("desk", answers(500)),
        plain("mobile", NEVER),
        middle,
        steps=[CALL],
        lose={("proxy", "mobile"): frozenset({1}), ("mobile", "proxy"): frozenset({2})},
    )
    lines = [line for line in messages(records) if "mobile" in line][2:]
    assert lines == [
        "620 proxy > mobile CANCEL LOST",
        "1120 proxy > mobile CANCEL",
        "1160 mobile > proxy 200 (CANCEL)",
        "1160 mobile > proxy 487 LOST",
        "1660 mobile > proxy 487",
        "1700 proxy > mobile ACK",
    ]
    assert middle.held == 0


# -- the way of later requests ------------------------------------------------------------------------------------


def test_a_proxy_that_records_its_route_sees_the_whole_call():
    middle = Proxy(config(services={BOB: Service(destinations=(at("desk"),))}, record_route=True))
    records = run(plain("alice"), plain("desk", answers(200)), middle, steps=[CALL, (2_000, "alice", HangUp("bob"))])
    assert messages(records)[6:] == [
        "360 alice > proxy ACK",
        "400 proxy > desk ACK",
        "2000 alice > proxy BYE",
        "2040 proxy > desk BYE",
        "2080 desk > proxy 200 (BYE)",
        "2120 proxy > alice 200 (BYE)",
    ]
    ack = Message.parse(octets(records, "proxy", "ACK"))
    assert (ack.all("Route"), ack.start_line, len(ack.vias)) == ((), "ACK sip:desk@192.0.2.11:5060 SIP/2.0", 2)
    assert states(records, "desk")[-1] == "ended"
    assert middle.held == 0


def test_two_proxies_that_record_their_routes_are_visited_in_order_by_either_side():
    first = Proxy(
        config(
            services={BOB: Service(destinations=(Destination(uri="sip:bob@example.net"),))},
            places={"example.net": Place(address=address("second"))},
            record_route=True,
        )
    )
    bob = {"sip:bob@example.net": Service(destinations=(at("desk"),))}
    second = Proxy(config("second", domains=("example.net",), services=bob, record_route=True))
    records = run(
        plain("alice"),
        plain("desk", answers(200)),
        first,
        second,
        steps=[CALL, (2_000, "desk", HangUp("sip:alice@example.com"))],
    )
    assert messages(records)[-6:] == [
        "2000 desk > second BYE",
        "2040 second > proxy BYE",
        "2080 proxy > alice BYE",
        "2120 alice > proxy 200 (BYE)",
        "2160 proxy > second 200 (BYE)",
        "2200 second > desk 200 (BYE)",
    ]


def test_a_proxy_stands_between_two_transports():
    middle = Proxy(config(services={BOB: Service(destinations=(at("desk"),))}, record_route=True))
    contact = Contact(uri=BOB, address=address("proxy"), transport=Transport.TCP)
    alice = plain("alice", transport=Transport.TCP, contacts={"bob": contact})
    hang_up = (2_000, "desk", HangUp("sip:alice@example.com"))
    records = run(alice, plain("desk", answers(200)), middle, steps=[CALL, hang_up])
    assert [
        f"{record.party} {record.transport} {record.to}" for record in records if isinstance(record, MessageSent)
    ] == [
        "alice TCP proxy",
        "proxy UDP desk",
        *["desk UDP proxy", "proxy TCP alice"] * 2,
        "alice TCP proxy",
        "proxy UDP desk",
        "desk UDP proxy",
        "proxy TCP alice",
        "alice TCP proxy",
        "proxy UDP desk",
    ]
    assert states(records, "alice")[-1] == "ended"
    assert middle.held == 0
