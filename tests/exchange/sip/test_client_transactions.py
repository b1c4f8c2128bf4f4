"""Our requests: RFC 3261 figures 5 and 6 with RFC 6026's changes, move by move."""

from __future__ import annotations

import pytest

from mikey_sdp.sip import Message, Send
from tests.exchange.sip.script import BOB, Client, lines


def test_invite_over_udp_is_repeated_with_doubling_pauses_until_it_times_out() -> None:
    client = Client("INVITE")
    assert client.started == ["send INVITE UDP 192.0.2.2", "set A 500", "set B 32000"]
    pauses = []
    for _ in range(6):
        again, pause = client.timer("A")
        assert again == "again INVITE UDP 192.0.2.2"
        pauses.append(pause)
    assert pauses == ["set A 1000", "set A 2000", "set A 4000", "set A 8000", "set A 16000", "set A 32000"]
    assert client.state == "Calling"
    assert client.timer("B") == ["timed out", "cancel A", "terminated"]
    assert len(client.layer) == 0
    assert client.timer("A") == []


def test_invite_over_tcp_is_sent_once() -> None:
    assert Client("INVITE", "TCP").started == ["send INVITE TCP 192.0.2.2", "set B 32000"]


def test_a_provisional_response_stops_the_repetitions() -> None:
    client = Client("INVITE")
    assert client.get(100) == ["cancel A", "cancel B", "response 100"]
    assert client.state == "Proceeding"
    assert client.timer("A") == client.timer("B") == []
    assert client.get(180, "x") == ["response 180"]
    assert client.get(180, "x") == ["response 180"]
    assert client.get(183, "y") == ["response 183"]


@pytest.mark.parametrize("before", [[], [100], [180, 183]])
def test_every_2xx_goes_up_until_timer_m(before: list[int]) -> None:
    client = Client("INVITE")
    for status in before:
        client.get(status)
    running = [] if before else ["cancel A", "cancel B"]
    assert client.get(200, "x") == [*running, "set M 32000", "response 200"]
    assert client.state == "Accepted"
    assert client.get(200, "x") == ["response 200"]
    assert client.get(200, "y") == ["response 200"]
    assert client.get(183, "z") == []
    assert client.get(486, "z") == []
    assert client.timer("M") == ["terminated"]
    assert client.get(200, "x") == ["discarded: a response to nothing we asked"]
    assert len(client.layer) == 0


@pytest.mark.parametrize("before", [[], [100]])
def test_a_refusal_is_acknowledged_as_often_as_it_comes(before: list[int]) -> None:
    client = Client("INVITE")
    for status in before:
        client.get(status)
    running = [] if before else ["cancel A", "cancel B"]
    assert client.get(486, "x") == [*running, "send ACK UDP 192.0.2.2", "response 486", "set D 32000"]
    assert client.state == "Completed"
    assert client.get(486, "x") == ["again ACK UDP 192.0.2.2"]
    assert client.get(603, "y") == ["again ACK UDP 192.0.2.2"]
    assert client.get(200, "x") == client.get(180, "x") == []
    assert client.timer("D") == ["terminated"]
    assert client.get(486, "x") == ["discarded: a response to nothing we asked"]


def test_the_ack_is_the_requests_own_with_the_responses_to() -> None:
    client = Client("INVITE")
    octets = client.request.octets.replace(b"INVITE sip:bob@h SIP/2.0", b"SIP/2.0 486 X").replace(
        b"<sip:b@h>", b"<sip:b@h>;tag=x"
    )
    (ack,) = [out.message for out in client.layer.receive(octets, BOB) if isinstance(out, Send)]
    parsed = Message.parse(ack.octets)
    assert parsed.via == client.request.via
    assert parsed.to.tag == "x"
    assert (parsed.cseq, parsed.all("Route")) == ((7, "ACK"), ("<sip:192.0.2.2;lr>",))


def test_over_tcp_a_refused_invite_is_over_at_once() -> None:
    client = Client("INVITE", "TCP")
    assert client.get(486, "x") == ["cancel B", "send ACK TCP 192.0.2.2", "response 486", "terminated"]
    assert len(client.layer) == 0


def test_invite_that_cannot_be_sent() -> None:
    client = Client("INVITE")
    assert lines(client.layer.transport_failed(client.hop._replace(port=9))) == []
    assert lines(client.layer.transport_failed(client.hop)) == [
        "transport failed",
        "cancel A",
        "cancel B",
        "terminated",
    ]
    refused = Client("INVITE")
    refused.get(486)
    assert lines(refused.layer.transport_failed(refused.hop)) == ["transport failed", "cancel D", "terminated"]
    ringing = Client("INVITE")
    ringing.get(180)
    assert lines(ringing.layer.transport_failed(ringing.hop)) == []


def test_another_request_over_udp_is_repeated_up_to_every_four_seconds() -> None:
    client = Client("BYE")
    assert client.started == ["send BYE UDP 192.0.2.2", "set E 500", "set F 32000"]
    pauses = [client.timer("E")[1] for _ in range(5)]
    assert pauses == ["set E 1000", "set E 2000", "set E 4000", "set E 4000", "set E 4000"]
    assert client.timer("F") == ["timed out", "cancel E", "terminated"]
    assert len(client.layer) == 0


def test_a_provisional_response_slows_the_repetitions_down_and_no_more() -> None:
    client = Client("OPTIONS")
    assert client.get(100) == ["response 100"]
    assert client.state == "Proceeding"
    assert client.timer("E") == ["again OPTIONS UDP 192.0.2.2", "set E 4000"]
    assert client.get(183) == ["response 183"]
    assert client.timer("F") == ["timed out", "cancel E", "terminated"]


@pytest.mark.parametrize("status", [200, 302, 481, 603])
@pytest.mark.parametrize("before", [[], [100]])
def test_the_first_final_response_counts(status: int, before: list[int]) -> None:
    client = Client("BYE")
    for provisional in before:
        client.get(provisional)
    assert client.get(status) == ["cancel E", "cancel F", f"response {status}", "set K 5000"]
    assert client.state == "Completed"
    assert client.get(status) == client.get(200) == client.get(100) == []
    assert client.timer("E") == client.timer("F") == []
    assert client.timer("K") == ["terminated"]
    assert len(client.layer) == 0


def test_over_tcp_nothing_is_repeated_and_nothing_is_kept() -> None:
    client = Client("BYE", "TCP")
    assert client.started == ["send BYE TCP 192.0.2.2", "set F 32000"]
    assert client.get(200) == ["cancel F", "response 200", "terminated"]
    assert len(client.layer) == 0


@pytest.mark.parametrize("before", [[], [100]])
def test_another_request_that_cannot_be_sent(before: list[int]) -> None:
    client = Client("BYE")
    for status in before:
        client.get(status)
    assert lines(client.layer.transport_failed(client.hop)) == [
        "transport failed",
        "cancel E",
        "cancel F",
        "terminated",
    ]


def test_a_request_can_be_abandoned() -> None:
    client = Client("INVITE")
    client.get(100)
    assert lines(client.layer.abandon(client.transaction)) == ["terminated"]
    assert len(client.layer) == 0


def test_a_response_must_be_ours() -> None:
    client = Client("INVITE")
    via = client.request.get("Via") or ""
    good = client.request.octets.replace(b"INVITE sip:bob@h SIP/2.0", b"SIP/2.0 200 OK")
    elsewhere = "discarded: a response that another party should have had"
    unknown = "discarded: a response to nothing we asked"

    def got(octets: bytes) -> list[str]:
        return lines(client.layer.receive(octets, BOB))

    assert got(good.replace(b"192.0.2.1:5060", b"192.0.2.1:5070")) == [elsewhere]
    assert got(good.replace(via.encode(), f"{via}, SIP/2.0/UDP h".encode())) == [elsewhere]
    assert got(good.replace(b"z9hG4bK", b"z9hG4bKx")) == [unknown]
    assert got(good.replace(b"7 INVITE", b"7 BYE")) == [unknown]
    assert got(good)[-1] == "response 200"


def test_t1_scales_every_timer() -> None:
    from mikey_sdp.sip import Timers

    timers = Timers(t1_us=1_000_000, t2_us=2_000_000)
    assert (timers.transaction_us, timers.d_us) == (64_000_000, 64_000_000)
    assert [timers.doubled(500_000), timers.doubled(1_500_000)] == [1_000_000, 2_000_000]
    assert Timers(t1_us=100_000).d_us == 32_000_000
