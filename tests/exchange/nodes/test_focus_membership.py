"""Who joins a conference can't open what was said before, and who leaves not what is said afterwards."""

from __future__ import annotations

import pytest

from mikey_sdp.clock import Micros
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp, ReKey
from mikey_sdp.nodes.contract import Action, CommandGiven, Datagram, DatagramReceived, Event, Transport
from mikey_sdp.nodes.focus import Focus
from mikey_sdp.nodes.joining import MAX_UNPROVED
from mikey_sdp.trace import KeyManagementFailed
from tests.exchange.nodes.conference import Played, conference, host
from tests.exchange.nodes.phones import MS

END = [(2_000, "focus", HangUp("member1")), (2_000, "focus", HangUp("member3"))]
PUSHED = [
    (0, "focus", Call("member1")),
    (0, "focus", Call("member2")),
    (600, "focus", Call("member3")),
    (1_200, "member2", HangUp("focus")),
    *END,
]
ASKED = [
    (0, "member1", Call("focus")),
    (0, "member2", Call("focus")),
    (600, "member3", Call("focus")),
    (700, "member1", ReKey("focus")),
    (700, "member2", ReKey("focus")),
    (1_200, "member2", HangUp("focus")),
    (1_300, "member1", ReKey("focus")),
    (1_300, "member3", ReKey("focus")),
    *END,
]
"""In RSA-R those who stay ask for the new key themselves."""
CASES = [(Mode.PSK, PUSHED), (Mode.RSA, PUSHED), (Mode.NULL, PUSHED), (Mode.RSA_R, ASKED)]
SPEAKS_ALL_ALONG = "member1"


def said(played: Played, since_ms: int, until_ms: int) -> list[bytes]:
    """What member1 said in that time, as it left for the focus: it is there from the first to the last."""
    return [
        passed.octets
        for passed in played.capture.passed
        if passed.party == SPEAKS_ALL_ALONG
        and passed.to == "focus"
        and passed.transport == Transport.MEDIA
        and since_ms * MS <= passed.at_us < until_ms * MS
    ]


def opened(played: Played, party: str) -> list[tuple[int, int]]:
    """Of what was said before the join, between join and leave, and after the leave: how many a party's keys open."""
    phases = (said(played, 0, 600), said(played, 850, 1_200), said(played, 1_450, 2_000))
    return [(sum(map(played.keys[party].opens, phase)), len(phase)) for phase in phases]


@pytest.mark.parametrize(("mode", "steps"), CASES, ids=lambda one: str(one) if isinstance(one, Mode) else "")
def test_who_joins_can_not_open_the_past_and_who_leaves_not_the_future(
    mode: Mode, steps: list[tuple[int, str, object]]
) -> None:
    played = conference(mode, 3, steps, packets=None)
    assert not [record for record in played.records if isinstance(record, KeyManagementFailed)]
    before, between, after = opened(played, "focus")
    assert all(ours == there > 10 for ours, there in (before, between, after))
    assert opened(played, "member3") == [(0, before[1]), between, after]
    assert opened(played, "member2") == [before, between, (0, after[1])]


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA], ids=str)
def test_those_who_stay_hear_each_other_throughout(mode: Mode) -> None:
    played = conference(mode, 3, PUSHED, packets=None)
    packets, decrypted = played.received("member1")
    assert packets == decrypted > 100
    packets, decrypted = played.received("member2")
    assert packets == decrypted > 50


def test_without_renewal_they_could(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counter-proof: the same call with one key all along."""
    monkeypatch.setattr(Focus, "_renew", lambda _focus: False)
    played = conference(Mode.PSK, 3, PUSHED, packets=None)
    assert all(ours == there > 10 for ours, there in opened(played, "member3"))
    assert all(ours == there > 10 for ours, there in opened(played, "member2"))


def test_a_call_that_is_not_a_new_one_renews_nothing() -> None:
    """A re-INVITE of a member is answered with the key of now."""
    steps = [(0, "member1", Call("focus")), (0, "member2", Call("focus")), (500, "member1", ReKey("focus"))]
    played = conference(Mode.RSA_R, 3, [*steps, (900, "member1", HangUp("focus"))], packets=None, end_ms=890)
    assert len({sa.master_key.reveal() for sa in played.keys["focus"].seen if sa.cs_id == 1}) <= 2


SPOOFED = (
    "INVITE sip:focus@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK{number}\r\n"
    "From: <sip:member3@example.com>;tag=1\r\n"
    "To: <sip:focus@example.com>\r\n"
    "Call-ID: {number}\r\n"
    "CSeq: 1 INVITE\r\n"
    "Max-Forwards: 70\r\n"
    "Contact: <sip:member3@192.0.2.99>\r\n"
    "Content-Type: application/sdp\r\n"
    "\r\n"
)
DESCRIBED = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n"
    "a=key-mgmt:mikey AAAA\r\nm=audio 4000 RTP/SAVP 0\r\n"
)


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA], ids=str)
@pytest.mark.parametrize(("body", "most"), [(DESCRIBED, 1), ("", 1 + MAX_UNPROVED)], ids=["offer", "no offer"])
def test_who_only_uses_the_name_of_a_member_makes_nobody_change_the_key(
    mode: Mode, body: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or, where the offer is left to the focus, only so many times."""
    handle = Focus.handle

    def from_anywhere(focus: Focus, event: Event, now_us: Micros) -> list[Action]:
        if isinstance(event, CommandGiven) and isinstance(event.command, bytes):
            source, own = host("member9"), host("focus")
            datagram = Datagram(source=source, destination=own, transport=Transport.UDP, octets=event.command)
            event = DatagramReceived(datagram=datagram)
        return handle(focus, event, now_us)

    monkeypatch.setattr(Focus, "handle", from_anywhere)
    calls = [(0, "focus", Call("member1")), (0, "focus", Call("member2"))]
    spoofed = [(500 + 60 * n, "focus", (SPOOFED.format(number=n) + body).encode()) for n in range(2 * MAX_UNPROVED)]
    played = conference(mode, 3, [*calls, *spoofed], end_ms=2_500)
    assert len({sa.master_key.reveal() for sa in played.keys["focus"].seen if sa.cs_id == 1}) == most
