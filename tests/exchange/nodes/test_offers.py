"""What a caller offers where one message in one mode won't do: the next mode after a refusal, several at once."""

from __future__ import annotations

from dataclasses import replace

from mikey_sdp.endpoint import Options
from mikey_sdp.endpoint.wishes import Recipient
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Answering, Contact
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Service
from mikey_sdp.trace import AnyRecord, KeysInstalled, Warned
from tests.exchange.nodes.phones import MS, of_kind, run, states, uri
from tests.exchange.nodes.secured import ALICE, EPOCH, caller, credentials, device, forking, received
from tests.exchange.nodes.servers import BOB, CALL, address, at, config, octets, steps_of

CAROL = uri("carol")
PROMPT = Answering(ringing_after_us=None, decide_after_us=100 * MS)
SEVERAL = {"options": Options(several_messages=True)}
BOTH = [*credentials(Mode.PSK, ALICE, BOB), *credentials(Mode.DHSIGN, ALICE, BOB, CAROL)]


def modes_of(records: list[AnyRecord]) -> set[str]:
    return {record.mode for record in of_kind(records, KeysInstalled, "alice")}


def test_after_a_refusal_the_next_mode_is_offered() -> None:
    """Alice believes that she shares a key with bob, who has only a certificate."""
    alice = caller(Mode.PSK, modes=[Mode.PSK, Mode.DHSIGN], credentials=BOTH, tries_other_modes=True)
    records = run(alice, device("desk", Mode.DHSIGN, PROMPT), forking("desk"), steps=[CALL], **EPOCH)
    assert [line.split(" [")[0] for line in steps_of(records) if "failed" not in line] == [
        "0 alice calling bob",
        "160 alice rejected bob 488 (Not Acceptable Here)",
        "160 alice calling bob",
        "420 alice answered desk 200",
        "420 alice confirmed desk",
    ]
    assert modes_of(records) == {"DHSIGN"}
    assert received(records) == {"desk": "20: 20 + 0 late, 0 not"}


def test_without_being_told_to_a_caller_tries_nothing_else() -> None:
    alice = caller(Mode.PSK, modes=[Mode.PSK, Mode.DHSIGN], credentials=BOTH)
    records = run(alice, device("desk", Mode.DHSIGN, PROMPT), forking("desk"), steps=[CALL], **EPOCH)
    assert states(records, "alice") == ["calling", "rejected"]


def test_when_no_mode_is_left_the_call_is_over() -> None:
    alice = caller(Mode.PSK, tries_other_modes=True)
    records = run(alice, device("desk", Mode.PSK, PROMPT, credentials=()), forking("desk"), steps=[CALL], **EPOCH)
    assert states(records, "alice") == ["calling", "rejected"]
    assert any("is not offered another mode" in record.text for record in of_kind(records, Warned, "alice"))


def test_a_busy_phone_is_not_asked_again_in_another_mode() -> None:
    alice = caller(Mode.PSK, modes=[Mode.PSK, Mode.DHSIGN], credentials=BOTH, tries_other_modes=True)
    busy = device("desk", Mode.PSK, replace(PROMPT, reaction="reject"))
    assert states(run(alice, busy, forking("desk"), steps=[CALL], **EPOCH), "alice") == ["calling", "rejected"]


def test_an_offer_with_a_message_for_each_who_may_answer() -> None:
    """A proxy that tries bob and carol; each finds the message that is for him or her."""
    to_both = Contact(uri=BOB, address=address("proxy"), recipients=(Recipient(peer=BOB), Recipient(peer=CAROL)))
    for winner, answering in (("desk", (100, None)), ("carol", (None, 100))):
        alice = caller(Mode.PSK, modes=[Mode.PSK, Mode.DHSIGN], credentials=BOTH, contacts={
            "bob": to_both,
            "desk": Contact(uri=BOB, address=address("desk")),
            "carol": Contact(uri=CAROL, address=address("carol")),
        })  # fmt: skip
        after = [Answering(ringing_after_us=None, decide_after_us=ms and ms * MS) for ms in answering]
        desk = device("desk", Mode.PSK, after[0], **SEVERAL)
        carol = device("carol", Mode.DHSIGN, after[1], identity=CAROL, **SEVERAL)
        there = Destination(uri=f"sip:carol@{address('carol').host}:5060")
        proxy = Proxy(config(services={BOB: Service(destinations=(at("desk"), there))}, **EPOCH))
        records = run(alice, desk, carol, proxy, steps=[CALL], **EPOCH)
        assert octets(records, "alice", "INVITE").count(b"a=key-mgmt:mikey ") == 2
        assert modes_of(records) == {"PSK" if winner == "desk" else "DHSIGN"}
        assert received(records) == {winner: "20: 20 + 0 late, 0 not"}
