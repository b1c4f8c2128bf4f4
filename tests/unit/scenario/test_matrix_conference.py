"""Conferences of the matrix, and forks in which the caller names the SSRC of whoever answers: what their runs hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.signalling import in_envelope
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.mikey.message import Message
from mikey_sdp.nodes.focus import Focus
from mikey_sdp.scenario import matrix_conference
from mikey_sdp.scenario.matrix_cast import Actor, Role, shared_key
from mikey_sdp.scenario.matrix_words import BASELINE
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.trace import MediaCounted, MessageSent
from tests.unit.scenario.matrix_runs import NO, OPEN, YES, situation, values


@pytest.mark.requirement("5197-5.5-T1-note")
@pytest.mark.parametrize("name", ["PSK", "RSA"])
def test_in_a_conference_the_mixer_has_to_be_the_initiator(name: str) -> None:
    assert values(situation(name, "shared-key-conference", BASELINE)) == YES
    assert values(situation(name, "shared-key-conference", "other-way-round")) == NO


@pytest.mark.parametrize("name", ["PSK", "RSA-R"])
def test_a_focus_that_keeps_its_key_when_members_change_is_heard_by_those_who_are_not_there(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    renew = GroupKeys.renew
    monkeypatch.setattr(GroupKeys, "renew", lambda group: None if group.keys else renew(group))
    outcome = situation(name, "shared-key-conference", "join-and-leave")
    assert outcome.works
    assert any(note.startswith("member3 reads what") for note in outcome.notes)
    assert any(note.startswith("member2 reads what") for note in outcome.notes)


@pytest.mark.parametrize(
    ("name", "word", "expected"), [("PSK", BASELINE, OPEN), ("DHHMAC", "two-steps", YES), ("DHHMAC", BASELINE, NO)]
)
def test_the_second_step_rests_on_the_key_of_the_first(
    monkeypatch: pytest.MonkeyPatch, name: str, word: str, expected: tuple[bool, bool]
) -> None:
    """Somebody has got hold of what the focus shares with a member beforehand."""
    made = matrix_conference.cast

    def robbed(case: ModeCase, roles: Mapping[str, Role]) -> dict[str, Actor]:
        actors = made(case, roles)
        stolen = (Known(psk=shared_key("alice", "member1")),)
        return {**actors, "member4": replace(actors["member4"], long_term=stolen)}

    monkeypatch.setattr(matrix_conference, "cast", robbed)
    assert values(situation(name, "shared-key-conference", word)) == expected


def test_a_conference_is_calls_through_a_focus_that_relays() -> None:
    (run,) = situation("PSK", "shared-key-conference", BASELINE).runs
    sent = [one for one in run.result.records if isinstance(one, MessageSent)]
    assert [(one.party, one.to) for one in sent if one.summary.startswith("INVITE")] == [
        ("alice", f"member{number}") for number in (1, 2, 3)
    ]
    assert all(verdict.held for verdict in run.result.verdicts)
    assert {one.who for one in run.attempts} == {"member4", "a listener"}


def test_a_packet_that_is_not_relayed_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Focus, "_octets_for", lambda *_arguments: None)
    outcome = situation("PSK", "shared-key-conference", BASELINE)
    assert not outcome.works
    assert "10 of 10 packets to member1 were not decrypted" in outcome.notes


@pytest.mark.requirement("5197-5-8", "5197-5-9", "5197-5.2-10")
@pytest.mark.parametrize(("name", "found"), [("PSK", True), ("NULL", True), ("DHSIGN", False), ("RSA-R", False)])
def test_an_ssrc_filled_in_for_two_branches_is_a_two_time_pad_where_they_share_a_key(name: str, found: bool) -> None:
    outcome = situation(name, "secure-forking", "prefilled-ssrc")
    assert outcome.works
    assert ("desk and mobile used one key, SSRC and index twice" in outcome.notes) is found
    assert outcome.secure is not found


def test_it_is_the_caller_who_fills_the_ssrc_in_and_both_devices_send_under_it() -> None:
    (run,) = situation("PSK", "secure-forking", "prefilled-ssrc").runs
    records = run.result.records
    sent = {one.party: one.ssrc for one in records if isinstance(one, MediaCounted) and one.direction == "sent"}
    assert sent["desk"] == sent["mobile"] != sent["alice"]
    offer = next(one.octets for one in records if isinstance(one, MessageSent) and one.party == "alice")
    (found,) = in_envelope(offer).found
    message = Message.decode(found.octets)
    assert [entry.ssrc for entry in message.header.sessions] == [sent["alice"], sent["desk"]]
    answers = [one for one in records if isinstance(one, MessageSent) and one.party == "desk" and one.octets]
    assert any(f"a=ssrc:{sent['desk']} ".encode() in one.octets for one in answers)
