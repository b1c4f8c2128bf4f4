"""A key exchange of two rounds between phones: the second one follows by itself, in a re-INVITE of the caller's."""

from __future__ import annotations

import base64
import re

import pytest

from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.nodes.commands import Call, Hold, ReKey
from mikey_sdp.nodes.config import Answering, EarlyOffers, Streams
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.trace import CallChanged, KeyManagementFailed, KeysInstalled
from tests.exchange.asserted import asserted
from tests.exchange.ends import NOW_US
from tests.exchange.nodes.phones import TAPPED, Meddler, counted, of_kind, phone, run, signalling, states, uri
from tests.exchange.nodes.test_changes import break_second_offer

CALL = (0, "alice", Call("bob"))
ROUNDS = {"epoch_unix_us": NOW_US}


def asserting(name: str, round_2: RoundTwo = RoundTwo.LIVENESS, **settings: object) -> UserAgent:
    """A phone with an assertion, which asks for a second round."""
    return phone(
        name,
        transport=Transport.TCP,
        credentials=[asserted(uri(name))],
        modes=[Mode.DHSAML],
        options=Options(choices=Choices(saml=SamlChoices(round_2=round_2))),
        streams=Streams(packets=100),
        epoch_unix_us=NOW_US,
        **settings,
    )


def messages(records: list[object]) -> list[str]:
    """The MIKEY messages in their order: who sent one to whom, in what."""
    return [line.split(" ", 1)[1].split(" | ")[0] for line in signalling(records) if "MIKEY DHSAML" in line]


@pytest.mark.parametrize("round_2", [RoundTwo.LIVENESS, RoundTwo.GROUP, RoundTwo.STRENGTHEN])
def test_the_caller_sends_the_second_round_as_soon_as_the_call_is_up(round_2: RoundTwo) -> None:
    records = run(asserting("alice", round_2), asserting("bob"), steps=[CALL], **ROUNDS)
    assert messages(records) == [
        "alice > bob TCP INVITE sip:bob@example.com",
        "bob > alice TCP 200 OK (INVITE)",
        "alice > bob TCP INVITE sip:bob@192.0.2.2:5060;transport=tcp",
        "bob > alice TCP 200 OK (INVITE)",
    ]
    rekeyed = [] if round_2 is RoundTwo.LIVENESS else ["rekeyed"]
    assert states(records, "alice") == ["calling", "answered", "confirmed", *rekeyed]
    for name in ("alice", "bob"):
        assert counted(records, name) == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]


def test_without_a_second_round_there_is_no_re_invite() -> None:
    records = run(asserting("alice", RoundTwo.NONE), asserting("bob"), steps=[CALL], **ROUNDS)
    assert len(messages(records)) == 2


@pytest.mark.parametrize(("who", "whom"), [("alice", "bob"), ("bob", "alice")])
def test_a_re_key_has_a_second_round_of_its_own(who: str, whom: str) -> None:
    steps = [CALL, (1_000, who, ReKey(whom))]
    records = run(asserting("alice"), asserting("bob"), steps=steps, **ROUNDS)
    offers = [line for line in messages(records) if "INVITE sip" in line]
    assert [line.split(" ")[0] for line in offers] == ["alice", "alice", who, who]
    assert not of_kind(records, KeyManagementFailed, "alice") + of_kind(records, KeyManagementFailed, "bob")
    for name in ("alice", "bob"):
        assert counted(records, name) == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]


def test_it_comes_before_other_changes_and_after_a_glare() -> None:
    """Bob holds the call in the moment in which Alice's second round is on its way."""
    steps = [CALL, (310, "bob", Hold("alice")), (311, "alice", Hold("bob"))]
    records = run(asserting("alice"), asserting("bob"), steps=steps, **ROUNDS)
    assert any("491 Request Pending" in line for line in signalling(records))
    assert len([line for line in messages(records) if line.startswith("alice") and "INVITE sip" in line]) >= 3
    assert states(records, "alice")[-1] == states(records, "bob")[-1] == "held"
    assert not of_kind(records, KeyManagementFailed, "alice") + of_kind(records, KeyManagementFailed, "bob")


def test_a_second_round_that_proves_nothing_ends_the_call() -> None:
    records = run(
        asserting("alice"), asserting("bob"), Meddler(break_second_offer), steps=[CALL], taps=TAPPED, **ROUNDS
    )
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert (failed.status, failed.mikey_error) == (488, 0)
    assert any("ended bob (re-key failed)" in line for line in signalling(records))
    assert states(records, "bob")[-1] == "ended"


def early_call(caller_settings: dict[str, object], *nodes: object) -> list[object]:
    """Bob describes himself in a reliable 183 after 100 ms, and answers after a second."""
    answering = Answering(early_media_after_us=100_000, decide_after_us=1_000_000, reliable=True)
    alice, bob = asserting("alice", **caller_settings), asserting("bob", answering=answering)
    return run(alice, bob, *nodes, steps=[CALL], taps=TAPPED if nodes else {}, **ROUNDS)  # type: ignore[arg-type]


@pytest.mark.parametrize("where", EarlyOffers)
def test_after_a_reliable_183_the_second_round_comes_before_the_call_is_up(where: EarlyOffers) -> None:
    records = early_call({"early_offers": where})
    assert [line.split("sip:")[0].split(" (")[0].strip() for line in messages(records)] == [
        "alice > bob TCP INVITE",
        "bob > alice TCP 183 Session Progress",
        f"alice > bob TCP {where}",
        "bob > alice TCP 200 OK",
    ]
    assert states(records, "alice") == ["calling", "ringing", "early", "answered", "confirmed"]
    for name in ("alice", "bob"):
        assert counted(records, name) == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]


@pytest.mark.parametrize("round_2", [RoundTwo.GROUP, RoundTwo.STRENGTHEN])
def test_keys_that_the_second_round_makes_are_in_use_when_the_call_is_up(round_2: RoundTwo) -> None:
    records = early_call({"round_2": round_2})
    keys = [record for record in of_kind(records, KeysInstalled, "alice") if record.direction == "receive"]
    assert len({record.fingerprint for record in keys}) == 2
    # Bob sends under the first ones when his 183 is confirmed, and under the others when the call is up.
    up = next(r.at_us for r in of_kind(records, CallChanged, "bob") if r.state == "confirmed")
    sent = [record for record in of_kind(records, KeysInstalled, "bob") if record.direction == "send"]
    assert [record.at_us == up for record in sent] == [False, True]
    for name in ("alice", "bob"):
        assert counted(records, name) == ["sent m=0 100", "received m=0 100, 100 decrypted, 0 not"]


def test_an_early_second_round_that_proves_nothing_ends_the_call() -> None:
    records = early_call({}, Meddler(break_prack))
    assert of_kind(records, KeyManagementFailed, "bob")
    assert states(records, "bob")[-1] == "rejected"
    assert states(records, "alice")[-1] in ("ended", "rejected")


def break_prack(octets: bytes) -> bytes:
    """Change the last octet of the MIKEY message in a PRACK."""
    found = re.search(rb"a=key-mgmt:mikey ([^\r]*)", octets)
    if found is None or not octets.startswith(b"PRACK"):
        return octets
    message = bytearray(base64.b64decode(found[1]))
    message[-1] ^= 1
    return octets[: found.start(1)] + base64.b64encode(message) + octets[found.end(1) :]
