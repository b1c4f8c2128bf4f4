"""A call is refreshed as long as both are there, and is over some time after one of them is not any more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import Answering
from mikey_sdp.trace import AnyRecord, CallChanged, KeysInstalled, MessageSent
from tests.exchange.nodes.phones import MS, TAPPED, Meddler, of_kind, phone, run, states

SECOND = 1_000 * MS
TIMED = {
    "supported": ("100rel", "replaces", "timer"),
    "session_expires_s": 120,
    "answering": Answering(ringing_after_us=None, decide_after_us=100 * MS),
}
CALL = (0, "alice", Call("bob"))


def played(*nodes: object, until_s: int = 400, steps: Sequence[tuple[int, str, object]] = (), **more: object):
    return run(*nodes, steps=[CALL, *steps], end_us=Micros(until_s * SECOND), **more)


def sent(records: Sequence[AnyRecord], word: str) -> list[str]:
    """Who sent such messages, and in which second."""
    found = [one for one in records if isinstance(one, MessageSent) and one.summary.split()[0] == word]
    return [f"{one.at_us // SECOND} {one.party}" for one in found if one.party != "mallory"]


def ended(records: Sequence[AnyRecord], party: str) -> list[str]:
    changes = [one for one in of_kind(records, CallChanged, party) if one.state == "ended"]
    return [f"{one.at_us // SECOND} {one.reason}" for one in changes]


def header(records: Sequence[AnyRecord], party: str, word: str, name: str) -> str | None:
    found = next(
        one for one in records if isinstance(one, MessageSent) and (one.party, one.summary.split()[0]) == (party, word)
    )
    return sip.Message.parse(found.octets).get(name)


def lost_after(seconds: int) -> Meddler:
    """The link between the two is cut once so many seconds have passed, as the refreshes are counted."""
    left = [seconds]

    def cut(octets: bytes) -> bytes | None:
        if octets.startswith(b"UPDATE "):
            left[0] -= 1
        return octets if left[0] >= 0 else None

    return Meddler(cut)


def test_the_caller_refreshes_and_no_key_changes() -> None:
    alice, bob = phone("alice", **TIMED), phone("bob", **TIMED)
    records = played(alice, bob, steps=[(390_000, "alice", HangUp("bob"))], until_s=440)
    assert header(records, "alice", "INVITE", "Session-Expires") == "120"
    assert header(records, "bob", "200", "Session-Expires") == "120;refresher=uac"
    assert header(records, "bob", "200", "Require") == "timer"
    assert sent(records, "UPDATE") == [f"{at} alice" for at in (60, 120, 180, 240, 300, 360)]
    assert ended(records, "alice") == ["390 hung up"]
    assert len({one.fingerprint for one in of_kind(records, KeysInstalled, "alice")}) == 2
    assert (alice.calls, bob.calls) == (0, 0)


def test_where_the_caller_knows_no_timers_the_callee_refreshes() -> None:
    records = played(phone("alice"), phone("bob", **TIMED), until_s=200)
    assert header(records, "bob", "200", "Session-Expires") == "120;refresher=uas"
    assert header(records, "bob", "200", "Require") is None
    assert sent(records, "UPDATE") == ["60 bob", "120 bob", "180 bob"]


def test_where_the_callee_knows_no_timers_there_are_none() -> None:
    records = played(phone("alice", **TIMED), phone("bob"), until_s=300)
    assert sent(records, "UPDATE") == []
    assert states(records, "alice")[-1] == "confirmed"


@pytest.mark.parametrize(
    ("expires_s", "at_alice", "at_bob"),
    [
        (120, "148 the session expired", "148 the session expired"),
        (300, "332 the refresh ended with 408", "418 the session expired"),
    ],
)
def test_a_peer_that_vanished_is_hung_up_on(expires_s: int, at_alice: str, at_bob: str) -> None:
    """The caller finds out by his refresh, if there is time enough, the callee since none comes."""
    long = TIMED | {"session_expires_s": expires_s}
    alice, bob = phone("alice", **long), phone("bob", **long)
    records = played(alice, bob, lost_after(1), taps=TAPPED, until_s=800)
    assert [ended(records, "alice"), ended(records, "bob")] == [[at_alice], [at_bob]]
    assert (alice.open_bundles, bob.open_bundles) == (0, 0)


def test_without_timers_it_stays() -> None:
    records = played(phone("alice"), phone("bob"), Meddler(lambda octets: octets), taps=TAPPED)
    assert ended(records, "alice") == []


def test_a_session_that_is_too_short_is_asked_for_again() -> None:
    records = played(phone("alice", **(TIMED | {"session_expires_s": 30})), phone("bob", **TIMED), until_s=100)
    assert header(records, "bob", "422", "Min-SE") == "90"
    invites = [one for one in records if isinstance(one, MessageSent) and one.summary.startswith("INVITE")]
    asked = [sip.Message.parse(one.octets) for one in invites]
    assert [(one.get("Session-Expires"), one.get("Min-SE")) for one in asked] == [("30", None), ("90", "90")]
    assert states(records, "alice") == ["calling", "rejected", "calling", "answered", "confirmed"]
    assert sent(records, "UPDATE") == ["45 alice", "90 alice"]


@pytest.mark.parametrize("least", [b"90000000", b"30"])
def test_nobody_is_asked_for_ever(least: bytes) -> None:
    """Somebody on the way refuses whatever is asked, or wants a session that lasts for years."""

    def refuse(octets: bytes) -> bytes:
        return octets.replace(b"Min-SE: 90\r\n", b"Min-SE: " + least + b"\r\n")

    short = phone("alice", **(TIMED | {"session_expires_s": 95}))
    callee = phone("bob", **(TIMED | {"answering": Answering(ringing_after_us=None, decide_after_us=0)}))
    changed = Meddler(lambda octets: refuse(octets).replace(b"Session-Expires: 95", b"Session-Expires: 30"))
    records = played(short, callee, changed, taps=TAPPED, until_s=60)
    assert states(records, "alice") == ["calling", "rejected"]


def test_a_peer_without_update_gets_the_same_offer_again() -> None:
    """Its Allow is changed on the way; the re-INVITE repeats MIKEY's message and is no re-key."""
    plain = Meddler(lambda octets: octets.replace(b", UPDATE", b""))
    alice, bob = phone("alice", **TIMED), phone("bob", **TIMED)
    records = played(alice, bob, plain, taps=TAPPED, until_s=200)
    assert sent(records, "UPDATE") == []
    invites = [
        one.octets
        for one in records
        if isinstance(one, MessageSent)
        and one.party == "alice"
        and b" INVITE\r\n" in one.octets
        and one.octets.startswith(b"INVITE")
    ]
    assert len(invites) == 4
    assert len({octets.split(b"a=key-mgmt:")[1].split(b"\r\n")[0] for octets in invites}) == 1
    assert len({one.fingerprint for one in of_kind(records, KeysInstalled, "bob")}) == 2
    assert states(records, "alice")[-1] == "confirmed"
