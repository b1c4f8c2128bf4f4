"""Fresh keys of a running call by UPDATE: those before hold until both ends are known to have the new ones."""

from __future__ import annotations

import re

import pytest

from mikey_sdp.nodes.commands import Call, ReKey
from mikey_sdp.nodes.config import Answering, Streams
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.trace import KeyManagementFailed, KeysInstalled, MediaCounted, MessageSent
from tests.exchange.nodes.phones import MS, TAPPED, Meddler, counted, lines, of_kind, phone, run
from tests.exchange.nodes.test_preconditions import key_mgmt, said

PROMPT = {
    "answering": Answering(ringing_after_us=None, decide_after_us=100 * MS),
    "streams": Streams(packets=150),
}
WAITS = {"preconditions": Strength.MANDATORY, **PROMPT}
CALL = (0, "alice", Call("bob"))
PEER = {"alice": "bob", "bob": "alice"}
ALL = ["sent m=0 150", "received m=0 150, 150 decrypted, 0 not"]


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.requirement("5027-3-19", "5027-3-20", "5027-3-21", "5027-3-17")
def test_what_held_before_holds_until_both_have_the_new_keys(who: str) -> None:
    peer = PEER[who]
    records = run(phone("alice", **WAITS), phone("bob", **WAITS), steps=[CALL, (1_000, who, ReKey(peer))])
    later = [line for line in lines(records, without=(MediaCounted,)) if float(line.split()[0]) >= 1_000]
    assert [re.sub(" sip:.*| [|] .*", "", line) for line in later][:10] == [
        f"1000 {who} > {peer} UDP UPDATE",
        f"1040 {peer} key receive PSK m=0 CS 1 with {who}",
        f"1040 {peer} > {who} UDP 200 OK (UPDATE)",
        f"1080 {who} key receive PSK m=0 CS 2 with {peer}",
        f"1080 {who} > {peer} UDP UPDATE",
        f"1080 {who} rekeyed {peer}",
        f"1080 {who} key send PSK m=0 CS 1 with {peer}",
        f"1120 {peer} > {who} UDP 200 OK (UPDATE)",
        f"1120 {peer} rekeyed {who}",
        f"1120 {peer} key send PSK m=0 CS 2 with {who}",
    ]
    updates = [one.octets for one in records if isinstance(one, MessageSent) and "UPDATE" in one.summary]
    assert [said(octets)[0] for octets in updates] == [
        "curr:sec e2e none",
        "curr:sec e2e recv",
        "curr:sec e2e sendrecv",
        "curr:sec e2e sendrecv",
    ]
    assert key_mgmt(updates[0]) == key_mgmt(updates[2])
    assert key_mgmt(updates[1]) == key_mgmt(updates[3])
    assert counted(records, "alice") == counted(records, "bob") == ALL


def test_an_offer_that_asks_for_nothing_is_in_force_soon_after_its_answer() -> None:
    """Bob, who called, knows nothing of preconditions, and takes the offer all the same."""
    steps = [(0, "bob", Call("alice")), (1_000, "alice", ReKey("bob"))]
    records = run(phone("alice", **WAITS), phone("bob", **PROMPT), steps=steps)
    sends = [
        (one.at_us // MS, one.party)
        for one in records
        if isinstance(one, KeysInstalled) and one.direction == "send" and one.at_us >= 1_000 * MS
    ]
    assert sends == [(1_080, "alice"), (1_540, "bob")]
    assert [one.summary.split()[0] for one in records if isinstance(one, MessageSent) and one.at_us >= 1_000 * MS][
        :2
    ] == ["UPDATE", "200"]
    assert counted(records, "alice") == counted(records, "bob") == ALL


def test_two_offers_that_meet_come_one_after_the_other() -> None:
    steps = [CALL, (1_000, "alice", ReKey("bob")), (1_010, "bob", ReKey("alice"))]
    records = run(phone("alice", **WAITS), phone("bob", **WAITS), steps=steps)
    assert sum("491" in one.summary for one in records if isinstance(one, MessageSent)) == 2
    for party in ("alice", "bob"):
        assert len({one.fingerprint for one in of_kind(records, KeysInstalled, party)}) == 2 * 3
    assert counted(records, "alice") == counted(records, "bob") == ALL


@pytest.mark.parametrize("answered", [False, True], ids=["the offer", "the answer"])
def test_an_update_that_was_changed_on_its_way_ends_the_call(answered: bool) -> None:
    """As a re-key that fails does in a re-INVITE."""

    def change(octets: bytes) -> bytes:
        mine = octets.startswith(b"SIP/2.0 200") if answered else octets.startswith(b"UPDATE ")
        if not mine or b" UPDATE\r\n" not in octets:
            return octets
        line = key_mgmt(octets)
        return octets.replace(line, line[:-8] + (b"AAAAAAAA" if line[-8:-4] != b"AAAA" else b"BBBBBBBB"))

    steps = [CALL, (1_000, "alice", ReKey("bob"))]
    records = run(phone("alice", **WAITS), phone("bob", **WAITS), Meddler(change), steps=steps, taps=TAPPED)
    assert of_kind(records, KeyManagementFailed, "alice")
    assert any("ended bob (re-key failed)" in line for line in lines(records))
