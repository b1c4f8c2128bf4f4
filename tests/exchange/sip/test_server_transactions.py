"""Peers' requests: RFC 3261 figures 7 and 8 with RFC 6026's changes, move by move."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import Hop, Message, Request, Send
from tests.exchange.sip.script import ALICE, BOB, Server, lines, new_layer


def test_an_invite_that_nobody_answers_gets_100_after_200_ms() -> None:
    server = Server("INVITE")
    assert server.started == ["set trying 200", "request INVITE"]
    assert server.get() == []
    assert server.timer("trying") == ["send 100 UDP 192.0.2.1"]
    assert server.get() == ["again 100 UDP 192.0.2.1"]
    assert server.timer("trying") == []
    assert server.state == "Proceeding"


def test_the_last_provisional_response_is_repeated_when_the_invite_is() -> None:
    server = Server("INVITE")
    assert server.say(180) == ["cancel trying", "send 180 UDP 192.0.2.1"]
    assert server.say(183) == ["send 183 UDP 192.0.2.1"]
    assert server.get() == ["again 183 UDP 192.0.2.1"]


@pytest.mark.parametrize("before", [[], [180]])
def test_after_a_2xx_repetitions_of_the_invite_are_absorbed(before: list[int]) -> None:
    server = Server("INVITE")
    for status in before:
        server.say(status)
    running = [] if before else ["cancel trying"]
    assert server.say(200) == [*running, "send 200 UDP 192.0.2.1", "set L 32000"]
    assert server.state == "Accepted"
    assert server.get() == []
    assert server.say(486) == server.say(180) == []
    assert server.get("ACK") == ["ACK"]
    assert server.get("ACK") == ["ACK"]
    assert server.say(200) == ["send 200 UDP 192.0.2.1"]
    assert server.timer("L") == ["terminated"]
    assert len(server.layer) == 0


def test_a_proxy_may_pass_on_more_2xx_than_one() -> None:
    server = Server("INVITE")
    first, second = (
        Message.parse(
            server.octets().replace(b"INVITE sip:bob@h SIP/2.0", b"SIP/2.0 200 OK").replace(b"<sip:b@h>", tag)
        )
        for tag in (b"<sip:b@h>;tag=1", b"<sip:b@h>;tag=2")
    )
    assert not isinstance(first, Request)
    assert not isinstance(second, Request)
    server.layer.reply(server.transaction, first)
    assert [out for out in server.layer.reply(server.transaction, second) if isinstance(out, Send)] == [
        Send(ALICE, second.octets, second)
    ]
    assert lines(server.layer.reply(server.transaction, first)) == ["again 200 UDP 192.0.2.1"]


@pytest.mark.parametrize("before", [[], [180]])
def test_a_refusal_is_repeated_until_it_is_acknowledged(before: list[int]) -> None:
    server = Server("INVITE")
    for status in before:
        server.say(status)
    running = [] if before else ["cancel trying"]
    assert server.say(488) == [*running, "send 488 UDP 192.0.2.1", "set G 500", "set H 32000"]
    assert server.state == "Completed"
    pauses = [server.timer("G") for _ in range(5)]
    assert {again for again, _ in pauses} == {"again 488 UDP 192.0.2.1"}
    assert [pause for _, pause in pauses] == ["set G 1000", "set G 2000", "set G 4000", "set G 4000", "set G 4000"]
    assert server.get() == ["again 488 UDP 192.0.2.1"]
    assert server.say(200) == server.say(603) == []
    assert server.get("ACK") == ["cancel H", "cancel G", "set I 5000"]
    assert server.state == "Confirmed"
    assert server.get("ACK") == server.get() == server.timer("G") == server.timer("H") == []
    assert server.timer("I") == ["terminated"]
    assert len(server.layer) == 0


def test_a_refusal_that_nobody_acknowledges() -> None:
    server = Server("INVITE")
    server.say(488)
    assert server.timer("H") == ["timed out", "cancel G", "terminated"]
    assert len(server.layer) == 0


def test_over_tcp_a_refusal_is_sent_once_and_is_over_with_its_ack() -> None:
    server = Server("INVITE", "TCP")
    assert server.say(488) == ["cancel trying", "send 488 TCP 192.0.2.1", "set H 32000"]
    assert server.get("ACK") == ["cancel H", "terminated"]
    assert len(server.layer) == 0


@pytest.mark.parametrize("said", [[], [180], [200], [488]])
def test_a_transport_error_ends_no_invite(said: list[int]) -> None:
    server = Server("INVITE")
    for status in said:
        server.say(status)
    before = server.state
    assert lines(server.layer.transport_failed(server.transaction.hop)) == ["transport failed"]
    assert server.state == before
    assert len(server.layer) == 1


def test_another_request_is_answered_once_and_again_for_every_repetition() -> None:
    server = Server("OPTIONS")
    assert server.started == ["request OPTIONS"]
    assert server.get() == []
    assert server.say(200) == ["send 200 UDP 192.0.2.1", "set J 32000"]
    assert server.get() == ["again 200 UDP 192.0.2.1"]
    assert server.say(500) == server.say(100) == []
    assert server.timer("J") == ["terminated"]
    assert server.get() == ["request OPTIONS"]


def test_another_request_with_a_provisional_response() -> None:
    server = Server("OPTIONS")
    assert server.say(100) == ["send 100 UDP 192.0.2.1"]
    assert server.get() == ["again 100 UDP 192.0.2.1"]
    assert server.say(183) == ["send 183 UDP 192.0.2.1"]
    assert server.say(486) == ["send 486 UDP 192.0.2.1", "set J 32000"]
    assert server.get() == ["again 486 UDP 192.0.2.1"]


def test_over_tcp_another_request_is_forgotten_with_its_answer() -> None:
    server = Server("OPTIONS", "TCP")
    assert server.say(200) == ["send 200 TCP 192.0.2.1", "terminated"]
    assert len(server.layer) == 0


@pytest.mark.parametrize("said", [[], [100], [200]])
def test_a_transport_error_ends_no_other_request(said: list[int]) -> None:
    server = Server("OPTIONS")
    for status in said:
        server.say(status)
    assert lines(server.layer.transport_failed(server.transaction.hop)) == ["transport failed"]
    assert len(server.layer) == 1


def test_what_makes_a_request_another_one() -> None:
    server = Server("INVITE")
    assert server.get(branch="z9hG4bK2") == ["set trying 200", "request INVITE"]
    assert server.get(sent_by="192.0.2.1:5061") == ["set trying 200", "request INVITE"]
    assert server.get("OPTIONS") == ["request OPTIONS"]
    assert server.get(sent_by="192.0.2.1:5060") == []
    assert len(server.layer) == 4


def test_an_ack_to_nothing_goes_up() -> None:
    server = Server("INVITE")
    assert server.get("ACK") == []
    assert server.get("ACK", branch="z9hG4bK2") == ["stray ACK"]


def test_requests_of_old_are_told_apart_by_all_that_names_them() -> None:
    server = Server("INVITE")
    old = server.octets(branch="1")
    assert lines(server.layer.receive(old, ALICE)) == ["set trying 200", "request INVITE"]
    assert lines(server.layer.receive(old, ALICE)) == []
    for what, instead in (
        (b"branch=1", b"branch=2"),
        (b"sip:bob@h SIP", b"sip:carol@h SIP"),
        (b"tag=1", b"tag=2"),
        (b"Call-ID: c", b"Call-ID: d"),
        (b"CSeq: 7", b"CSeq: 8"),
    ):
        assert lines(server.layer.receive(old.replace(what, instead), ALICE)) == ["set trying 200", "request INVITE"]
    assert lines(server.layer.receive(old.replace(b"INVITE", b"ACK"), ALICE)) == []


def test_a_cancel_finds_its_invite() -> None:
    server = Server("INVITE")
    cancel = Message.parse(server.octets("CANCEL"))
    other = Message.parse(server.octets("CANCEL").replace(b"Call-ID: c", b"Call-ID: d"))
    stray = Message.parse(server.octets("CANCEL", branch="z9hG4bK2"))
    assert isinstance(cancel, Request)
    assert isinstance(other, Request)
    assert isinstance(stray, Request)
    assert server.layer.invite_of(cancel) is server.transaction
    assert server.layer.invite_of(other) is None
    assert server.layer.invite_of(stray) is None


def test_what_is_no_message_is_discarded_and_a_request_told_so() -> None:
    layer = new_layer(BOB)
    assert lines(layer.receive(b"\r\n\r\n", ALICE)) == []
    assert lines(layer.receive(b"", ALICE)) == []
    assert lines(layer.receive(b"\x00\x00\x00\x00", ALICE)) == []
    assert lines(layer.receive(b"\x80\x00junk", ALICE)) == ["discarded: malformed"]
    short = Server("INVITE").octets().replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n")
    assert lines(layer.receive(short, ALICE)) == ["discarded: malformed", "send 400 UDP 192.0.2.1"]
    assert len(layer) == 0


def test_no_flood_of_requests_is_remembered() -> None:
    layer = new_layer(BOB, max_servers=3)
    server = Server("OPTIONS")
    for number in range(3):
        assert lines(layer.receive(server.octets(branch=f"z9hG4bK{number}"), ALICE)) == ["request OPTIONS"]
    outputs = layer.receive(server.octets(branch="z9hG4bK9"), ALICE)
    assert lines(outputs) == ["discarded: too many open transactions", "send 503 UDP 192.0.2.1"]
    assert [out.message.retry_after for out in outputs if isinstance(out, Send)] == [32]
    assert len(layer) == 3


def test_timers_of_others_mean_nothing() -> None:
    server = Server("INVITE")
    for name in ("sip/trying/99", "sip/zz/1", "sip/trying/x", "sip/trying", "media", "", "sip//1", "sip/A/1"):
        assert server.layer.timer_fired(name) == []
    assert server.state == "Proceeding"


def test_a_branch_is_fresh_and_the_via_ours() -> None:
    layer = new_layer(Hop("UDP", "2001:db8::1", 5070))
    first, second = layer.new_via("UDP"), layer.new_via("TCP")
    assert first.startswith("SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK")
    assert first.endswith(";rport")
    assert second.startswith("SIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bK")
    assert first.split("branch=")[1][:23] != second.split("branch=")[1][:23]
