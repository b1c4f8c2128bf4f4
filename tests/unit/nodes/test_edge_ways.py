"""Where calls through an edge go: forks, redirections, registrations, and requests that are no calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp, Register
from mikey_sdp.nodes.config import Answering, Contact, Speaks
from mikey_sdp.nodes.contract import Action, Address, CommandGiven, Datagram, DatagramReceived, Event, Transport
from mikey_sdp.nodes.edge_contract import EdgeLimits
from mikey_sdp.nodes.edge_ports import DrivenEdge
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sip import Request, Response
from mikey_sdp.trace import CallChanged, KeysInstalled
from tests.exchange.ends import NOW_US, credential
from tests.exchange.nodes.phones import EPOCH_UNIX_US, MS, psk, states, uri
from tests.unit.nodes.edge_town import HOSTS, address, bodies, edge, heard, phone, proxy, run, secured
from tests.unit.nodes.edge_wire import BEYOND, HERE, OUTSIDE, PHONE, SDES, TYPE, Wire, reply, request

CALL = (0, "alice", Call("bob"))
AT_BOB = Destination(uri=f"sip:bob@{HOSTS['bob']}:5060")
AT_CAROL = Destination(uri=f"sip:bob@{HOSTS['carol']}:5060")


def over(*edges: DrivenEdge) -> bool:
    return all(edge.held == 0 and edge.ports.open == 0 for edge in edges)


# -- forks -------------------------------------------------------------------------------------------------------


def ringing(early_ms: int, answers_ms: int) -> Answering:
    return Answering(
        early_media_after_us=early_ms * MS, decide_after_us=answers_ms * MS, speaks=Speaks.ANSWERED, early_packets=10
    )


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC, Mode.DHSIGN])
def test_each_branch_has_keys_and_a_port_of_its_own_and_early_media_of_both_arrives(mode: Mode):
    here = edge(
        "alice",
        account={"credentials": [credential(mode, uri("alice"), uri("bob"))], "modes": [mode]},
        epoch_unix_us=NOW_US,
    )
    both = {
        "identity": uri("bob"),
        "credentials": [credential(mode, uri("bob"), uri("alice"))],
        "modes": [mode],
        "epoch_unix_us": NOW_US,
    }
    records = run(
        phone("alice", epoch_unix_us=NOW_US),
        secured("bob", answering=ringing(200, 2_000), **both),
        secured("carol", answering=ringing(300, 5_000), **both),
        here,
        proxy(AT_BOB, AT_CAROL, service={"forking": Forking.PARALLEL}, epoch_unix_us=NOW_US),
        steps=[CALL, (6_000, "alice", HangUp("bob"))],
        epoch_unix_us=NOW_US,
    )
    answers = [SessionDescription.parse(body) for body in bodies(records, "alice edge", "183")]
    assert len({body.media[0].lines[0].value for body in answers}) == 2
    assert len({body.media[0].attribute("crypto") for body in answers}) == 2
    keys = {
        (record.cs_id, record.fingerprint)
        for record in records
        if isinstance(record, KeysInstalled) and record.party == "alice edge"
    }
    assert len(keys) == (4 if mode in (Mode.DHHMAC, Mode.DHSIGN) else 2)
    assert sorted(heard(records, "alice")) == [(10, 10), (30, 30)]
    assert over(here)


class Reader:
    """Notes how many port pairs an edge has open when it is told to."""

    name = "reader"
    addresses = (Address("192.0.2.77", 5060),)

    def __init__(self, seen: DrivenEdge) -> None:
        self._edge = seen
        self.open: list[int] = []

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, CommandGiven):
            self.open.append(self._edge.ports.open)
        return []


def test_ports_of_branches_that_lost_are_given_back_while_the_call_goes_on():
    here = edge("alice")
    reader = Reader(here)
    records = run(
        phone("alice"),
        secured("bob", answering=ringing(200, 1_000)),
        secured("carol", identity=uri("bob"), credentials=psk("bob", "alice"), answering=ringing(300, 9_000)),
        here,
        reader,
        proxy(AT_BOB, AT_CAROL, service={"forking": Forking.PARALLEL}),
        steps=[CALL, (900, "reader", "look"), (60_000, "reader", "look"), (61_000, "alice", HangUp("bob"))],
    )
    assert reader.open == [3, 2]
    assert states(records, "alice")[-1] == "ended"
    assert over(here)


def test_media_of_a_branch_that_has_not_answered_yet_is_not_taken_for_that_of_another_with_the_same_keys():
    """In PSK mode all branches send under the caller's keys."""
    here = edge("alice")
    hurried = Answering(
        early_media_after_us=400 * MS, decide_after_us=5_000 * MS, speaks=Speaks.OFFERED, early_packets=10
    )
    records = run(
        phone("alice"),
        secured("bob", answering=ringing(200, 2_000)),
        secured("carol", identity=uri("bob"), credentials=psk("bob", "alice"), answering=hurried),
        here,
        proxy(AT_BOB, AT_CAROL, service={"forking": Forking.PARALLEL}),
        steps=[CALL, (6_000, "alice", HangUp("bob"))],
    )
    assert sorted(heard(records, "alice")) == [(10, 10), (30, 30)]
    assert over(here)


def test_a_branch_whose_answer_is_not_authentic_ends_alone():
    here = edge("alice")
    liar = secured("carol", identity=uri("bob"), credentials=psk("carol", "alice"))
    records = run(
        phone("alice"),
        secured("bob", answering=Answering(decide_after_us=2_000 * MS)),
        liar,
        here,
        proxy(AT_BOB, AT_CAROL, service={"forking": Forking.PARALLEL}),
        steps=[CALL, (6_000, "alice", HangUp("bob"))],
    )
    assert heard(records, "alice") == heard(records, "bob") == [(20, 20)]
    assert over(here)


# -- redirections ------------------------------------------------------------------------------------------------


def redirect(*destinations: str) -> RedirectServer:
    places = tuple(Destination(uri=place) for place in destinations)
    return RedirectServer(
        ServerConfig(
            name="redirect",
            address=address("redirect"),
            domains=("example.com",),
            services={uri("bob"): Service(destinations=places)},
            seed=b"redirect",
            epoch_unix_us=EPOCH_UNIX_US,
        )
    )


AT_REDIRECT = Destination(uri=f"sip:bob@{HOSTS['redirect']}:5060")


@pytest.mark.requirement("5197-5.3-3")
def test_a_redirection_is_followed_with_a_fresh_offer_for_the_new_target():
    here, there = edge("alice"), edge("carol")
    records = run(
        phone("alice"),
        phone("carol"),
        here,
        there,
        redirect(uri("carol")),
        proxy(AT_REDIRECT),
        steps=[CALL, (4_000, "alice", HangUp("bob"))],
    )
    first, second = bodies(records, "alice edge", "INVITE")
    lines = [SessionDescription.parse(body).session.attribute("key-mgmt") for body in (first, second)]
    assert lines[0] != lines[1]
    assert heard(records, "alice") == heard(records, "carol") == [(20, 20)]
    peers = {record.peer for record in records if isinstance(record, KeysInstalled) and record.party == "alice edge"}
    assert peers == {uri("carol")}
    assert over(here, there)


def test_a_redirection_to_somebody_without_credentials_goes_to_the_phone():
    here = edge("alice")
    records = run(phone("alice"), here, redirect("sip:dave@example.com"), proxy(AT_REDIRECT), steps=[CALL])
    assert len(bodies(records, "alice edge", "INVITE")) == 1
    refused = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert refused.status == 302
    assert "no offer for sip:dave@example.com" in here.status().warnings[-1]
    assert over(here)


def test_an_edge_that_is_told_so_leaves_redirections_to_the_phone():
    here, there = edge("alice", follows_redirects=False), edge("carol")
    records = run(
        phone("alice", follows_redirects=True),
        phone("carol"),
        here,
        there,
        redirect(uri("carol")),
        proxy(AT_REDIRECT),
        steps=[CALL, (4_000, "alice", HangUp("carol"))],
    )
    assert len(bodies(records, "alice", "INVITE")) == 2
    assert heard(records, "carol") == [(20, 20)]
    assert over(here, there)


def test_redirections_in_a_circle_end():
    here = edge("alice", limits=EdgeLimits(redirects=3))
    records = run(phone("alice"), here, redirect(uri("bob")), proxy(AT_REDIRECT), steps=[CALL])
    assert len(bodies(records, "alice edge", "INVITE")) <= 2
    assert over(here)


# -- registering -------------------------------------------------------------------------------------------------


def registrar() -> Proxy:
    return Proxy(
        ServerConfig(
            name="proxy",
            address=address("proxy"),
            domains=("example.com",),
            record_route=True,
            seed=b"registrar",
            epoch_unix_us=EPOCH_UNIX_US,
        )
    )


def test_a_phone_registers_through_its_edge_and_is_called_there():
    here, there = edge("alice"), edge("bob", account={"contact": ""})
    contacts = {"registrar": Contact(uri=uri("bob"), address=address("bob edge"))}
    records = run(
        phone("alice"),
        phone("bob", contacts=contacts),
        here,
        there,
        registrar(),
        steps=[
            (0, "bob", Register("registrar")),
            (1_000, "alice", Call("bob")),
            (4_000, "alice", HangUp("bob")),
            (5_000, "bob", Register("registrar", 0)),
            (6_000, "alice", Call("bob")),
        ],
    )
    assert states(records, "bob")[:2] == ["registered", "answered"]
    assert there.status().registered == ()
    assert heard(records, "bob") == [(20, 20)]
    refused = [record for record in records if isinstance(record, CallChanged) and record.party == "alice"][-1]
    assert refused.status in (404, 480)
    assert over(here, there)


def test_digest_challenges_and_credentials_pass_as_they_are_and_the_offer_is_made_anew():
    wire = Wire(edge("alice"))
    invite = wire.give(request("INVITE", uri("bob"), 1, TYPE), PHONE, HERE, SDES)[0]
    assert isinstance(invite, Request)
    challenge = 'Proxy-Authenticate: Digest realm="example.com", nonce="abc"'
    passed = wire.give(reply(invite, "407 Proxy Authentication Required", challenge), BEYOND, OUTSIDE)
    assert [message.get("Proxy-Authenticate") for message in passed if isinstance(message, Response)] == [
        'Digest realm="example.com", nonce="abc"'
    ]
    assert wire.edge.open_calls == wire.edge.ports.open == 0
    wire.give(request("ACK", uri("bob"), 1, to_tag="b1", branch="INVITE"), PHONE, HERE)
    credentials = 'Proxy-Authorization: Digest username="alice", nonce="abc", response="0"'
    again = wire.give(request("INVITE", uri("bob"), 2, TYPE, credentials), PHONE, HERE, SDES)[0]
    assert isinstance(again, Request)
    assert again.get("Proxy-Authorization") == credentials.partition(": ")[2]
    assert (again.call_id, again.cseq.number, again.from_.tag) == ("one@alice", 2, "a1")
    assert b"key-mgmt" in again.body
    assert again.body != invite.body


@pytest.mark.parametrize("method", ["MESSAGE", "OPTIONS", "SUBSCRIBE", "PUBLISH", "REGISTER", "X-OWN"])
def test_other_requests_pass_both_ways_with_their_bodies(method: str):
    wire = Wire(edge("alice"))
    target = "sip:example.com" if method == "REGISTER" else uri("bob")
    text = request(method, target, 7, "Content-Type: text/plain", "Event: presence").replace(
        "To: <sip:bob@", "To: <sip:alice@" if method == "REGISTER" else "To: <sip:bob@"
    )
    passed = wire.give(text, PHONE, HERE, "hello")[0]
    assert isinstance(passed, Request)
    assert (passed.method, passed.body, passed.max_forwards) == (method, b"hello", 69)
    assert passed.vias[0].sent_by == (OUTSIDE.host, OUTSIDE.port)
    answered = wire.give(reply(passed, "200 OK", "X-Answer: yes"), BEYOND, OUTSIDE)[0]
    assert isinstance(answered, Response)
    assert (answered.status, answered.get("X-Answer"), len(answered.vias)) == (200, "yes", 1)


def test_keys_in_messages_that_are_no_offer_go_no_further():
    wire = Wire(edge("alice"))
    passed = wire.give(request("MESSAGE", uri("bob"), 1, TYPE), PHONE, HERE, SDES)[0]
    assert passed.body == b""


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda text: text.replace("sip:alice@example.com", "sip:eve@example.com"), 403),
        (lambda text: text.replace("Max-Forwards: 70", "Max-Forwards: 0"), 483),
        (lambda text: text.replace("INVITE sip:bob@example.com", "INVITE tel:+123"), 416),
        (lambda text: f"{text}\nProxy-Require: foo", 420),
        (lambda text: text.replace(TYPE, "Content-Type: multipart/mixed;boundary=x"), 415),
        (lambda text: f"{text}\nContent-Encoding: gzip", 415),
        (lambda text: text.replace("sip:bob@example.com>", "sip:nobody@example.com>"), 488),
        (lambda text: text.replace("sip:bob@example.com>", "sip:bob@example.com>;tag=x"), 481),
    ],
)
def test_calls_that_go_no_further(change: Callable[[str], str], status: int):
    wire = Wire(edge("alice"))
    answer = wire.give(change(request("INVITE", uri("bob"), 1, TYPE)), PHONE, HERE, SDES)
    assert [message.status for message in answer if isinstance(message, Response)] == [status]
    assert wire.edge.open_calls == wire.edge.ports.open == 0


def test_a_phone_that_is_to_have_keys_and_offers_none_is_refused():
    wire = Wire(edge("alice"))
    plain = "\r\n".join(line for line in SDES.split("\r\n") if "crypto" not in line).replace("SAVP", "AVP")
    answer = wire.give(request("INVITE", uri("bob"), 1, TYPE), PHONE, HERE, plain)[0]
    assert isinstance(answer, Response)
    assert answer.status == 488
    assert answer.warnings[0].text == "Key management: the phone offers no a=crypto, and is to use SDES"


def test_garbage_on_either_side_leaves_the_edge_serving():
    wire = Wire(edge("alice"))
    for octets in (b"", b"\r\n\r\n", b"\x00" * 40, b"INVITE", b"\xff" * 3_000, b"SIP/2.0 200 OK\r\n\r\n"):
        for place in (HERE, OUTSIDE):
            datagram = Datagram(source=PHONE, destination=place, transport=Transport.UDP, octets=octets)
            wire.messages(wire.edge.handle(DatagramReceived(datagram), Micros(0)))
    assert wire.give(request("OPTIONS", uri("bob"), 1), PHONE, HERE)[0].cseq.method == "OPTIONS"
