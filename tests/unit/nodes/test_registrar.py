"""REGISTER: places come, are renewed, go, and run out; and the time of day that comes with the answer."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes import location
from mikey_sdp.nodes.contract import (
    Address,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Report,
    RunEnded,
    SendDatagram,
    Transport,
)
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.nodes.server import SipServer
from mikey_sdp.sip import Message, Response, Uri, parse_date
from mikey_sdp.trace import Warned

EPOCH_UNIX_US = 1_700_000_000_000_000
SECOND_US = 1_000_000
BOB = "sip:bob@example.com"


def config(**settings: object) -> ServerConfig:
    values: dict[str, object] = {
        "name": "proxy",
        "address": Address("192.0.2.100", 5060),
        "domains": ("example.com", "example.net"),
        "seed": b"proxy",
        "epoch_unix_us": EPOCH_UNIX_US,
    }
    return ServerConfig(**(values | settings))  # type: ignore[arg-type]


class Registering:
    """A server to which REGISTERs are written by hand."""

    def __init__(self, server: SipServer | None = None) -> None:
        self.server = server or Proxy(config())
        self.now_s = 0
        self._sent = 0

    def say(self, *lines: str, cseq: int = 0, call_id: str = "c", to: str = BOB, **named: str) -> Response:
        """The answer to a request of a phone at 192.0.2.11."""
        self._sent += 1
        method, uri = named.get("method", "REGISTER"), named.get("uri", "sip:example.com")
        head = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 192.0.2.11;branch=z9hG4bK{named.get('branch', self._sent)}",
            "Max-Forwards: 70",
            f"From: <{BOB}>;tag=1",
            f"To: <{to}>",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq or self._sent} {method}",
        ]
        octets = "\r\n".join([*head, *lines, "", ""]).encode()
        datagram = Datagram(
            source=Address("192.0.2.11", 5060),
            destination=Address("192.0.2.100", 5060),
            transport=Transport.UDP,
            octets=octets,
        )
        actions = self.server.handle(DatagramReceived(datagram), Micros(self.now_s * SECOND_US))
        (sent,) = [action for action in actions if isinstance(action, SendDatagram)]
        message = Message.parse(sent.datagram.octets)
        assert isinstance(message, Response)
        assert message.to.tag
        return message

    def contacts(self) -> list[str]:
        """What is registered now, as a query tells."""
        answer = self.say()
        assert answer.status == 200
        return list(answer.all("Contact"))


DESK, MOBILE = "<sip:bob@192.0.2.11>", "<sip:bob@192.0.2.12:5070;transport=tcp>"


def test_a_place_is_registered_told_and_counted_down() -> None:
    phone = Registering()
    answer = phone.say(f"Contact: {DESK};q=0.5")
    assert (answer.status, answer.all("Contact")) == (200, (f"{DESK};q=0.5;expires=3600",))
    phone.now_s = 600
    assert phone.contacts() == [f"{DESK};q=0.5;expires=3000"]


def test_the_answer_says_what_time_it_is_by_the_server_s_clock() -> None:
    phone = Registering(Proxy(config(clock_skew_us=-7_000 * SECOND_US)))
    phone.now_s = 100
    date = phone.say(f"Contact: {DESK}").get("Date")
    assert date == "Tue, 14 Nov 2023 20:18:20 GMT"
    assert parse_date(date) == EPOCH_UNIX_US - 6_900 * SECOND_US
    assert phone.say("Contact: *").get("Date") == date


def test_a_place_runs_out_when_it_is_not_renewed() -> None:
    phone = Registering()
    phone.say(f"Contact: {DESK};expires=60, {MOBILE}", "Expires: 30")
    phone.now_s = 29
    assert len(phone.contacts()) == 2
    phone.now_s = 30
    assert phone.contacts() == [f"{DESK};q=1.0;expires=30"]
    phone.say(f"Contact: {DESK}", "Expires: 40")
    phone.now_s = 69
    assert len(phone.contacts()) == 1
    phone.now_s = 70
    assert phone.contacts() == []
    assert len(phone.server.table) == 0


def test_a_place_and_all_places_are_taken_away() -> None:
    phone = Registering()
    phone.say(f"Contact: {DESK}, {MOBILE}")
    assert len(phone.say(f"Contact: {DESK};expires=0").all("Contact")) == 1
    phone.say(f"Contact: {DESK}")
    assert phone.say("Contact: *", "Expires: 0").all("Contact") == ()
    assert len(phone.server.table) == 0


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Contact: *"], 400),
        (["Contact: *", "Expires: 5"], 400),
        (["Contact: *", "Contact: <sip:x@h>", "Expires: 0"], 400),
        ([f"Contact: {DESK};q=2"], 400),
        ([f"Contact: {DESK};expires=soon"], 400),
        ([f"Contact: {DESK};expires=9"], 423),
        ([f"Contact: {DESK}", "Expires: 1"], 423),
        ([", ".join(f"<sip:b@192.0.2.11:{5000 + n}>" for n in range(65)).join(["Contact: ", ""])], 403),
    ],
)
def test_what_can_not_be_registered_changes_nothing(lines: list[str], status: int) -> None:
    phone = Registering()
    phone.say(f"Contact: {MOBILE}")
    answer = phone.say(*lines)
    assert answer.status == status
    assert answer.get("Min-Expires") == ("10" if status == 423 else None)
    assert phone.contacts() == [f"{MOBILE};q=1.0;expires=3600"]


def test_an_older_register_that_comes_later_changes_nothing() -> None:
    phone = Registering()
    phone.say(f"Contact: {DESK};q=0.5", cseq=10)
    assert phone.say(f"Contact: {DESK};expires=0", cseq=9).status == 500
    assert phone.say(f"Contact: {DESK};q=0.1, {MOBILE}", cseq=10).status == 500
    assert phone.contacts() == [f"{DESK};q=0.5;expires=3600"]
    assert phone.say(f"Contact: {DESK};expires=0", cseq=1, call_id="another").all("Contact") == ()


def test_users_are_kept_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "MAX_USERS", 2)
    phone = Registering()
    users = [f"sip:{name}@example.com" for name in ("a", "b", "c")]
    assert [phone.say(f"Contact: {DESK}", "Expires: 60", to=user).status for user in users] == [200, 200, 503]
    assert phone.say(f"Contact: {MOBILE}", "Expires: 60", to=users[0]).status == 200
    phone.now_s = 60
    assert phone.say(f"Contact: {DESK}", to=users[2]).status == 200
    assert len(phone.server.table) == 1


def test_only_users_of_the_domains_can_be_registered() -> None:
    phone = Registering()
    assert phone.say(f"Contact: {DESK}", to="sip:bob@elsewhere.example").status == 404
    assert phone.say(f"Contact: {DESK}", to="sip:bob@example.net").status == 200
    assert phone.contacts() == []


def test_a_server_without_a_registrar_says_so() -> None:
    answer = Registering(Proxy(config(registrar=False))).say(f"Contact: {DESK}")
    assert (answer.status, "REGISTER" in (answer.get("Allow") or "")) == (405, False)


def test_a_redirect_server_redirects_to_what_was_registered() -> None:
    phone = Registering(RedirectServer(config()))
    phone.say(f"Contact: {DESK};q=0.1, {MOBILE}")
    moved = phone.say(method="OPTIONS", to="sip:example.com")
    assert moved.status == 404
    table = phone.server.table
    _, destinations = table.resolve(Uri.parse(BOB), 0)
    assert [(one.uri, one.q) for one in destinations] == [
        ("sip:bob@192.0.2.11", 100),
        ("sip:bob@192.0.2.12:5070;transport=tcp", 1000),
    ]
    with pytest.raises(Exception, match="404"):
        table.resolve(Uri.parse(BOB), 3_600 * SECOND_US)


def test_what_a_redirect_server_says_to_other_requests() -> None:
    phone = Registering(RedirectServer(config()))
    phone.say(f"Contact: {DESK}")
    assert phone.say(method="INVITE", uri=BOB, branch="x").status == 302
    assert phone.say(method="CANCEL", uri=BOB, branch="x").status == 200
    assert phone.say(method="CANCEL", uri=BOB, branch="y").status == 481
    refused = phone.say("Require: a, b", method="INVITE", uri=BOB)
    assert (refused.status, refused.get("Unsupported")) == (420, "a, b")
    assert phone.say(f"Contact: {MOBILE}", uri="sip:elsewhere.example").status == 404
    assert len(phone.contacts()) == 1


def test_a_cancel_of_nothing_is_told_so_by_a_proxy() -> None:
    phone = Registering()
    assert phone.say(method="CANCEL", uri=BOB).status == 481
    assert phone.say(method="INVITE", uri=BOB, branch="x").status == 404
    assert phone.say(method="CANCEL", uri=BOB, branch="x").status == 200


def test_a_user_at_the_server_s_own_address_is_one_of_its_first_domain() -> None:
    phone = Registering()
    phone.say(f"Contact: {DESK}")
    for text in ("sip:bob@192.0.2.100", "sip:bob@192.0.2.100:5060;transport=udp", "sip:bob@EXAMPLE.com"):
        assert len(phone.server.table.resolve(Uri.parse(text), 0)[1]) == 1
    assert not phone.server.table.is_local(Uri.parse("sip:bob@192.0.2.100:5070"))


def test_addresses_that_are_none_are_the_scenario_s_fault() -> None:
    for service in (Service(destinations=(Destination(uri="bob"),)), Service(retarget="bob")):
        with pytest.raises(UsageError, match="no URI"):
            Proxy(config(services={BOB: service}))
    with pytest.raises(UsageError, match="no URI"):
        Proxy(config(services={"bob": Service()}))


@pytest.mark.parametrize("server", [Proxy(config()), RedirectServer(config())])
def test_what_a_server_can_not_read_is_reported(server: SipServer) -> None:
    datagram = Datagram(
        source=Address("192.0.2.11", 5060),
        destination=Address("192.0.2.100", 5060),
        transport=Transport.UDP,
        octets=b"INVITE sip:x SIP/2.0\r\n\r\n",
    )
    (action,) = server.handle(DatagramReceived(datagram), Micros(0))
    assert isinstance(action, Report)
    assert isinstance(action.record, Warned)
    assert "192.0.2.11:5060 was malformed" in action.record.text
    assert server.handle(RunEnded(), Micros(1)) == []
    with pytest.raises(UsageError, match="takes no commands"):
        server.handle(CommandGiven("call"), Micros(2))
