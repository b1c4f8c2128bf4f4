"""A key exchange of two rounds between phones: the second one follows by itself, in a re-INVITE of the caller's."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.nodes.commands import Call, Hold, ReKey
from mikey_sdp.nodes.config import Streams
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.trace import KeyManagementFailed
from tests.exchange.asserted import asserted
from tests.exchange.ends import NOW_US
from tests.exchange.nodes.phones import TAPPED, Meddler, counted, of_kind, phone, run, signalling, states, uri
from tests.exchange.nodes.test_changes import break_second_offer

CALL = (0, "alice", Call("bob"))
ROUNDS = {"epoch_unix_us": NOW_US}


def asserting(name: str, round_2: RoundTwo = RoundTwo.LIVENESS) -> UserAgent:
    """A phone with an assertion, which asks for a second round."""
    return phone(
        name,
        transport=Transport.TCP,
        credentials=[asserted(uri(name))],
        modes=[Mode.DHSAML],
        options=Options(choices=Choices(saml=SamlChoices(round_2=round_2))),
        streams=Streams(packets=100),
        epoch_unix_us=NOW_US,
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
