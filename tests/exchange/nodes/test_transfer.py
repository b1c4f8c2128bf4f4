"""Alice has bob's desk phone call carol: an exchange of their own, under keys of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp, Transfer
from mikey_sdp.nodes.config import Answering, Contact, Streams
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.takeover import FIELD, may_take_over, referred_by
from mikey_sdp.nodes.ua_attempts import Order, Target
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.sip import Hop, Message
from mikey_sdp.trace import AnyRecord, KeysInstalled, MediaCounted, Warned
from tests.exchange.nodes.bare import Bare
from tests.exchange.nodes.phones import MS, Meddler, of_kind, run, uri
from tests.exchange.nodes.secured import ALICE, EPOCH, FORKED_MODES, credentials, device, sent
from tests.exchange.nodes.servers import BOB, address, messages, octets, steps_of

CAROL, MALLORY = uri("carol"), uri("mallory")
HEAD = "From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nVia: SIP/2.0/UDP x;branch=z9\r\n"
PROMPT = Answering(ringing_after_us=None, decide_after_us=100 * MS)
DIRECT = {
    "contacts": {
        name: Contact(uri=who, address=address(at))
        for name, who, at in (("alice", ALICE, "alice"), ("bob", BOB, "desk"), ("carol", CAROL, "carol"))
    },
    "streams": Streams(packets=None),
}


class Steal:
    """Call carol in the place of another call."""


def three(mode: Mode, **desk: object) -> tuple[UserAgent, UserAgent, UserAgent]:
    """Alice, bob at his desk, and carol, each with what it takes to call the other two."""
    return (
        device("alice", mode, PROMPT, identity=ALICE, peers=(BOB, CAROL), **DIRECT),
        device("desk", mode, PROMPT, peers=(ALICE, CAROL), **(DIRECT | desk)),
        device("carol", mode, PROMPT, identity=CAROL, peers=(ALICE, BOB), **DIRECT),
    )


def keys(records: list[AnyRecord], party: str) -> dict[str, set[str]]:
    """By peer, the keys that a party used."""
    found: dict[str, set[str]] = {}
    for record in of_kind(records, KeysInstalled, party):
        found.setdefault(record.peer, set()).add(record.fingerprint)
    return found


END = (5_000, "desk", HangUp("carol"))


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_unattended(mode: Mode) -> None:
    phones = three(mode)
    records = run(*phones, steps=[(0, "alice", Call("bob")), (2_000, "alice", Transfer("bob", "carol")), END], **EPOCH)
    assert [line for line in messages(records) if 2_000 <= int(line.split()[0]) < 5_000] == [
        "2000 alice > desk REFER",
        "2040 desk > alice 202 (REFER)",
        "2040 desk > alice NOTIFY",
        "2040 desk > carol INVITE",
        "2080 alice > desk 200 (NOTIFY)",
        "2180 carol > desk 200",
        "2220 desk > carol ACK",
        "2220 desk > alice NOTIFY",
        "2260 alice > desk 200 (NOTIFY)",
        "2260 alice > desk BYE",
        "2300 desk > alice 200 (BYE)",
    ]
    assert steps_of(records)[-3:] == [
        "2000 alice transferring bob (to carol)",
        "2260 alice transferred bob 200",
        "2260 alice ended bob (transferred)",
    ]
    at_desk = keys(records, "desk")
    assert not at_desk["alice"] & at_desk["carol"]
    assert at_desk["carol"] == keys(records, "carol")["bob"]
    media = {record.peer: record for record in of_kind(records, MediaCounted, "desk") if record.direction == "received"}
    assert media["carol"].packets == media["carol"].decrypted == sent(records, "carol")
    assert [(phone.calls, phone.open_bundles) for phone in phones] == [(0, 0)] * 3


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_attended(mode: Mode) -> None:
    """Alice talks to both, and the desk phone takes her place with carol."""
    phones = three(mode)
    steps = [
        (0, "alice", Call("bob")),
        (1_000, "alice", Call("carol")),
        (2_000, "alice", Transfer("bob", "carol", attended=True)),
        END,
    ]
    records = run(*phones, steps=steps, **EPOCH)
    assert [line for line in messages(records) if 2_000 <= int(line.split()[0]) < 5_000] == [
        "2000 alice > desk REFER",
        "2040 desk > alice 202 (REFER)",
        "2040 desk > alice NOTIFY",
        "2040 desk > carol INVITE",
        "2080 alice > desk 200 (NOTIFY)",
        "2080 carol > desk 200",
        "2080 carol > alice BYE",
        "2120 desk > carol ACK",
        "2120 desk > alice NOTIFY",
        "2120 alice > carol 200 (BYE)",
        "2160 alice > desk 200 (NOTIFY)",
        "2160 alice > desk BYE",
        "2200 desk > alice 200 (BYE)",
    ]
    assert b"\r\nReplaces: " in octets(records, "desk", "INVITE")
    ended = [line for line in steps_of(records, "carol") if "ended" in line]
    assert ended == ["2080 carol ended alice (replaced)", "5040 carol ended bob (the other side hung up)"]
    at_carol = keys(records, "carol")
    assert not at_carol["alice"] & at_carol["bob"]
    assert [(phone.calls, phone.open_bundles) for phone in phones] == [(0, 0)] * 3


def test_a_transfer_to_somebody_without_common_keys_leaves_the_call_as_it_was() -> None:
    alice, _, carol = three(Mode.PSK)
    desk = device("desk", Mode.PSK, PROMPT, peers=(ALICE,), **DIRECT)
    steps = [(0, "alice", Call("bob")), (2_000, "alice", Transfer("bob", "carol")), (4_000, "alice", HangUp("bob"))]
    records = run(alice, desk, carol, steps=steps, **EPOCH)
    assert steps_of(records)[-3:] == [
        "2000 alice transferring bob (to carol)",
        "2080 alice not transferred bob 488 (Not Acceptable Here)",
        "4000 alice ended bob (hung up)",
    ]
    assert not keys(records, "carol")


def test_a_replacing_call_without_keys_replaces_nothing() -> None:
    alice, desk, _ = three(Mode.PSK)
    carol = device("carol", Mode.PSK, PROMPT, identity=CAROL, peers=(ALICE,), **DIRECT)
    steps = [
        (0, "alice", Call("bob")),
        (1_000, "alice", Call("carol")),
        (2_000, "alice", Transfer("bob", "carol", attended=True)),
    ]
    records = run(alice, desk, carol, steps=steps, end_us=4_000 * MS, **EPOCH)
    assert "2160 alice not transferred bob 488 (Not Acceptable Here)" in steps_of(records)
    assert not any("ended" in line for line in steps_of(records, "carol"))


def test_a_phone_may_not_want_to_be_sent_elsewhere() -> None:
    phones = three(Mode.PSK, takes_referrals=False)
    records = run(*phones, steps=[(0, "alice", Call("bob")), (2_000, "alice", Transfer("bob", "carol"))], **EPOCH)
    assert "2080 alice not transferred bob 603 (Decline)" in steps_of(records)


def test_without_the_calls_that_it_needs_there_is_no_transfer() -> None:
    steps = [
        (0, "alice", Transfer("bob", "carol")),
        (10, "alice", Call("bob")),
        (2_000, "alice", Transfer("bob", "carol", attended=True)),
    ]
    records = run(*three(Mode.PSK), steps=steps, end_us=3_000 * MS, **EPOCH)
    warned = [record.text.split(",")[0] for record in of_kind(records, Warned, "alice")]
    assert warned == ["there is no call with bob", "there is no call with carol"]
    assert not any("REFER" in line for line in messages(records))


def replaces_without_offer(of: UserAgent) -> Callable[[Bare], Iterable[object]]:
    """Calls carol without an offer, and asks for the place of that phone's dialog with her, as read on the link."""

    def command(mallory: Bare) -> Iterable[object]:
        (leg,) = of._desk.legs.values()  # what passes in the clear on UDP
        hop = Hop(Transport.UDP, address("carol").host, 5060)
        headers = [("Replaces", str(leg.dialog.replaces)), ("Require", "replaces")]
        return mallory.core.invite(CAROL, caller=uri("mallory"), hop=hop, headers=headers, body=b"")[1]

    return command


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHSIGN])
def test_who_only_asks_for_an_offer_has_proved_nothing_and_replaces_nothing(mode: Mode) -> None:
    alice, _, _ = three(mode)
    mallory = Bare("mallory")
    credentials_for_all = credentials(mode, CAROL, ALICE, uri("mallory"))
    carol = device("carol", mode, PROMPT, identity=CAROL, **(DIRECT | {"credentials": credentials_for_all}))
    steps = [
        (0, "alice", Call("carol")),
        (1_000, "mallory", replaces_without_offer(alice)),
        (4_000, "alice", HangUp("carol")),
    ]
    records = run(alice, carol, mallory, steps=steps, **EPOCH)
    assert "1040 carol > mallory 403" in messages(records)
    ended = [line for line in steps_of(records, "carol") if "ended" in line]
    assert ended == ["4040 carol ended alice (the other side hung up)"]
    assert [(phone.calls, phone.open_bundles) for phone in (alice, carol)] == [(0, 0)] * 2


def asking(mode: Mode, victim: UserAgent, identity: str) -> UserAgent:
    """A phone of that identity with keys for carol, that asks for the place of the victim's call with her."""
    phone = device("mobile", mode, PROMPT, identity=identity, peers=(CAROL,), **DIRECT)

    def steal(_command: object) -> None:
        (leg,) = victim._desk.legs.values()
        headers = (("Replaces", str(leg.dialog.replaces)), ("Require", "replaces"), (FIELD, f"<{ALICE}>;proof=00"))
        target = Target(contact=Contact(uri=CAROL, address=address("carol")))
        phone._caller.place(Order(called="carol", headers=headers), target)

    phone._commands[Steal] = steal
    return phone


STOLEN = [(0, "alice", Call("carol")), (1_000, "mobile", Steal()), (4_000, "alice", HangUp("carol"))]


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHSIGN])
def test_who_proves_that_he_is_somebody_else_replaces_nothing(mode: Mode) -> None:
    alice, _, _ = three(mode)
    known = (DIRECT | {"credentials": credentials(mode, CAROL, ALICE, MALLORY)}) | {"identity": CAROL}
    carol = device("carol", mode, PROMPT, **known)
    records = run(alice, carol, asking(mode, alice, MALLORY), steps=STOLEN, **EPOCH)
    assert "1040 carol > mobile 403" in messages(records)
    ended = [line for line in steps_of(records, "carol") if "ended" in line]
    assert ended == ["4040 carol ended alice (the other side hung up)"]
    assert [(phone.calls, phone.open_bundles) for phone in (alice, carol)] == [(0, 0)] * 2


def test_the_peer_of_a_call_may_replace_it_from_another_phone() -> None:
    alice, _, carol = three(Mode.PSK)
    records = run(alice, carol, asking(Mode.PSK, alice, ALICE), steps=STOLEN, end_us=3_000 * MS, **EPOCH)
    assert "1040 carol > mobile 200" in messages(records)
    assert "1040 carol > alice BYE" in messages(records)


@pytest.mark.parametrize("change", [(b";proof=", b";proof=0"), (b"Referred-By: ", b"X-Nothing: ")])
def test_whom_the_peer_did_not_name_replaces_nothing(change: tuple[bytes, bytes]) -> None:
    """What alice says of the desk phone's right to her place gets lost on its way to carol."""
    steps = [
        (0, "alice", Call("bob")),
        (1_000, "alice", Call("carol")),
        (2_000, "alice", Transfer("bob", "carol", attended=True)),
    ]
    lost = Meddler(lambda octets: octets.replace(*change) if octets.startswith(b"INVITE ") else octets)
    tapped = {frozenset({"desk", "carol"}): "mallory"}
    records = run(*three(Mode.PSK), lost, steps=steps, taps=tapped, end_us=4_000 * MS, **EPOCH)
    assert any("carol > mallory 403" in line or "carol > desk 403" in line for line in messages(records))
    assert not any("ended" in line for line in steps_of(records, "carol"))


def test_the_proof_is_of_one_successor_to_one_call() -> None:
    """Alice's word for bob's desk phone is of no use to anybody else, nor for another call."""
    alice, desk, carol = three(Mode.PSK)
    found: list[str] = []

    def try_it(_command: object) -> None:
        with_bob, with_carol = alice._desk.legs.values()
        (at_carol,), (at_desk,) = carol._desk.legs.values(), desk._desk.legs.values()
        said = referred_by(ALICE, with_carol, with_bob)
        for line in (said, said.replace("proof=", "proof=0"), f"<{ALICE}>"):
            invite = Message.parse(f"INVITE {CAROL} SIP/2.0\r\n{HEAD}{FIELD}: {line}\r\n\r\n".encode())
            for by, replaced in ((with_bob, at_carol), (with_carol, at_carol), (with_bob, at_desk)):
                found.append("yes" if may_take_over(invite, by, replaced, "") else "no")

    alice._commands[Steal] = try_it
    steps = [(0, "alice", Call("bob")), (1_000, "alice", Call("carol")), (2_000, "alice", Steal())]
    run(alice, desk, carol, steps=steps, end_us=2_500 * MS, **EPOCH)
    assert found == ["yes", *["no"] * 8]
