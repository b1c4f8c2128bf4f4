"""Every word on how a party behaves reaches the node that plays it."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes import commands
from mikey_sdp.nodes.config import EarlyAnswers, EarlyOffers, Keeps, Speaks, UserAgentConfig
from mikey_sdp.policy import Cost
from mikey_sdp.scenario import build as building
from mikey_sdp.scenario.build import build
from mikey_sdp.sdp.preconditions import Strength
from tests.unit.scenario.given import scenario

TIMED = "{time: 9ms, costs: {rsa-r: {offer: 1ms, answer: 2ms}}}"
TOP = "name: N\nshows: S\nparties:\n  alice: {PARTY}\n  bob:\nnetwork: {proxy: {bob: {}}}\n"


def config(party: str, monkeypatch: pytest.MonkeyPatch) -> UserAgentConfig:
    found: list[UserAgentConfig] = []

    def recording(**settings: Any) -> UserAgentConfig:
        found.append(UserAgentConfig(**settings))
        return found[-1]

    monkeypatch.setattr(building, "UserAgentConfig", recording)
    build(scenario(TOP.replace("PARTY", party)))
    return found[0]


@pytest.mark.parametrize(
    ("party", "where", "value"),
    [
        ("answers: {early media: 50ms}", "answering.early_media_after_us", 50_000),
        ("answers: {early media: 50ms, reliable: true}", "answering.reliable", True),
        ("answers: {talks from: answer}", "answering.speaks", Speaks.ANSWERED),
        ("answers: {talks from: offer}", "answering.speaks", Speaks.OFFERED),
        ("answers: {talks from: offer, early packets: 5}", "answering.early_packets", 5),
        ("talks: {first sequence: 9}", "streams.first_sequence", 9),
        ("responder ssrc: 7", "responder_ssrc", 7),
        ("supports: []", "supported", ()),
        ("early answers: on media", "early_answers", EarlyAnswers.ON_MEDIA),
        ("early offers: UPDATE", "early_offers", EarlyOffers.UPDATE),
        ("keeps: all", "keeps", Keeps.ALL),
        ("buffer: 3", "buffer_packets", 3),
        ("session expires: 90s", "session_expires_s", 90),
        ("supports: [timer]", "supported", ("timer",)),
        ("follows redirects: true", "follows_redirects", True),
        ("tries other modes: true", "tries_other_modes", True),
        ("preconditions: mandatory", "preconditions", Strength.MANDATORY),
        ("takes referrals: false", "takes_referrals", False),
        ("clock from registrar: true", "clock_from_registrar", True),
        ("accepts retarget: true", "accepts_retarget", True),
        ("names peer: false", "names_peer", False),
        ("expects: {forking: true, early media: true, answers: 4}", "expects.answers", 4),
        ("expects: {forking: true}", "expects.forking", True),
        ("expects: {early media: true}", "expects.early_media", True),
        ("must be named: false", "options.require_idr", False),
        ("asks for proof: false", "options.verification", False),
        ("answers for: [bob]", "options.answers_for", frozenset({"sip:bob@example.com"})),
        ("accepts: [dhsign, rsa-r]", "options.accepts", frozenset({Mode.DHSIGN, Mode.RSA_R})),
        ("forward secrecy: true", "options.forward_secrecy", True),
        ("both contribute: true", "options.both_contribute", True),
        ("several messages: true", "options.several_messages", True),
        ("budget: {octets: 900}", "options.max_octets", 900),
        (f"budget: {TIMED}", "options.max_time_us", 9_000),
        (f"budget: {TIMED}", "options.costs", {Mode.RSA_R: Cost(octets=0, offer_us=1_000, answer_us=2_000)}),
    ],
)
def test_a_word_reaches_the_node(party: str, where: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(text: str) -> Any:
        return reduce(getattr, where.split("."), config(text, monkeypatch))

    assert at(party) == value
    assert at("") != value


def test_an_offer_can_have_a_message_for_each_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    party = "credentials: certificate, messages for: {bob: [bob, alice]}"
    recipients = config(party, monkeypatch).contacts["bob"].recipients
    assert [one.peer for one in recipients] == ["sip:bob@example.com", "sip:alice@example.com"]
    assert [one.certificate is None for one in recipients] == [True, False]


@pytest.mark.parametrize(
    ("command", "built"),
    [
        ("call without offer: bob", commands.Call("bob", offerless=True)),
        ("register: {at: proxy}", commands.Register("proxy", 3600)),
        ("register: {at: proxy, for: 0s}", commands.Register("proxy", 0)),
        ("transfer: {call with: bob, to: carol}", commands.Transfer("bob", "carol", attended=False)),
        ("transfer: {call with: bob, to: carol, attended: true}", commands.Transfer("bob", "carol", attended=True)),
    ],
)
def test_a_step_becomes_a_command(command: str, built: object) -> None:
    steps = (
        f"steps:\n  - {{at: 0s, alice: {{call: bob}}, carol: {{call: alice}}}}\n  - {{at: 1s, alice: {{{command}}}}}\n"
    )
    text = TOP.replace("{PARTY}", "").replace("  bob:\n", "  bob:\n  carol:\n")
    plan = build(scenario(text.replace("{bob: {}}", "{bob: {}, alice: {}}") + steps))
    assert plan.commands[2].command == built
