"""A conference at a focus: who may begin in which mode, what is relayed under the key of all, and what is mixed."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import Call, HangUp
from mikey_sdp.nodes.config import UserAgentConfig
from mikey_sdp.nodes.focus import Focus, Passing
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.trace import CallChanged, KeyManagementFailed, KeysInstalled
from tests.exchange.ends import NOW_US
from tests.exchange.nodes.conference import PACKETS, ROOM, Played, conference, host, names
from tests.exchange.nodes.phones import uri

PUSH_MODES = (Mode.PSK, Mode.RSA, Mode.NULL)
PAIR_MODES = (Mode.DHHMAC, Mode.DHSIGN)


def dial_out(members: int, *, offerless: bool = False) -> list[tuple[int, str, object]]:
    return [(0, "focus", Call(name, offerless=offerless)) for name in names(members)]


def dial_in(members: int, *, apart_ms: int = 0) -> list[tuple[int, str, object]]:
    return [(apart_ms * number, name, Call("focus")) for number, name in enumerate(names(members))]


def teks(played: Played, party: str, *, cs_id: int) -> set[bytes]:
    return {sa.master_key.reveal() for sa in played.keys[party].seen if sa.cs_id == cs_id}


def relayed_octets(played: Played, members: int) -> list[set[bytes]]:
    """What left for each member; a packet that was relayed to several is the same octets for all of them."""
    return [set(played.media(to=name)) for name in names(members)]


def failures(played: Played) -> list[KeyManagementFailed]:
    return [record for record in played.records if isinstance(record, KeyManagementFailed)]


@pytest.mark.requirement("5197-5.4-2")
@pytest.mark.parametrize("mode", PUSH_MODES, ids=str)
@pytest.mark.parametrize("members", [3, 10])
def test_a_focus_that_calls_pushes_one_key_to_all(mode: Mode, members: int) -> None:
    played = conference(mode, members, dial_out(members))
    assert not failures(played)
    for cs_id in (1, 2):
        (tek,) = teks(played, "focus", cs_id=cs_id)
        assert all(teks(played, name, cs_id=cs_id) == {tek} for name in names(members))
    everybody_else = PACKETS * (members - 1)
    assert all(played.received(name) == (everybody_else, everybody_else) for name in names(members))
    assert played.received("focus") == (PACKETS * members, PACKETS * members)


@pytest.mark.requirement("5197-5.4-2")
def test_what_is_relayed_is_protected_once() -> None:
    played = conference(Mode.PSK, 3, dial_out(3))
    first, second, third = relayed_octets(played, 3)
    assert len(first & second) == len(second & third) == len(first & third) == PACKETS
    assert len(first | second | third) == 3 * PACKETS
    for name in names(3):
        assert all(played.keys[name].opens(octets) for octets in first | second | third)


@pytest.mark.requirement("5197-5.4-3")
@pytest.mark.parametrize("members", [3, 10])
def test_members_that_call_get_the_key_of_all_in_rsa_r(members: int) -> None:
    played = conference(Mode.RSA_R, members, dial_in(members))
    assert not failures(played)
    (tek,) = teks(played, "focus", cs_id=1)
    assert all(teks(played, name, cs_id=1) == {tek} for name in names(members))
    for name in names(members):
        packets, decrypted = played.received(name)
        assert packets == decrypted > PACKETS * (members - 1) // 2


@pytest.mark.requirement("5197-5.4-3")
def test_a_focus_that_calls_without_an_offer_is_asked_for_the_key_in_rsa_r() -> None:
    played = conference(Mode.RSA_R, 3, dial_out(3, offerless=True))
    assert not failures(played)
    assert {sa.csb_id for sa in installed(played)} == {played.group.csb_id}
    assert all(played.received(name) == (2 * PACKETS, 2 * PACKETS) for name in names(3))


def installed(played: Played) -> list[KeysInstalled]:
    return [record for record in played.records if isinstance(record, KeysInstalled)]


def test_a_focus_that_makes_an_rsa_r_offer_gives_nobody_the_key() -> None:
    """It would get keys of the members: the policy doesn't let it."""
    played = conference(Mode.RSA_R, 3, dial_out(3))
    assert len(failures(played)) == 3
    assert not installed(played)


@pytest.mark.requirement("5197-5.4-2")
def test_members_that_call_in_psk_bring_keys_of_their_own() -> None:
    """Allowed to by expecting no conference; the policy of a member refuses that. Nobody opens what is relayed."""
    played = conference(Mode.PSK, 3, dial_in(3), member={"expects": Expectations()})
    every = [teks(played, name, cs_id=1) for name in names(3)]
    assert all(len(own) == 1 for own in every)
    assert len(set.union(*every)) == 3
    for name in names(3):
        packets, decrypted = played.received(name)
        assert packets > 0
        assert decrypted == 0
    refused = conference(Mode.PSK, 3, dial_in(3))
    assert all("only RSA-R brings" in failure.reason for failure in failures(refused))
    assert len(failures(refused)) == 3


def test_an_offerless_call_mends_that() -> None:
    """Members call without an offer, so that the focus makes it, and pushes."""
    steps = [(0, name, Call("focus", offerless=True)) for name in names(3)]
    played = conference(Mode.PSK, 3, steps)
    assert not failures(played)
    (tek,) = teks(played, "focus", cs_id=1)
    assert all(teks(played, name, cs_id=1) == {tek} for name in names(3))


@pytest.mark.requirement("5197-5.4-1")
@pytest.mark.parametrize("mode", PAIR_MODES, ids=str)
def test_diffie_hellman_gives_each_pair_a_key_and_the_mixer_protects_for_each(mode: Mode) -> None:
    played = conference(mode, 3, dial_out(3), passing=Passing.MIXED, group=False)
    assert not failures(played)
    assert len(teks(played, "focus", cs_id=1)) == 3
    assert all(played.received(name) == (2 * PACKETS, 2 * PACKETS) for name in names(3))
    first, second, third = relayed_octets(played, 3)
    assert len(first | second | third) == 6 * PACKETS
    assert not any(played.keys["member1"].opens(octets) for octets in second | third)


@pytest.mark.requirement("5197-5.4-1")
@pytest.mark.parametrize("mode", PAIR_MODES, ids=str)
def test_diffie_hellman_can_give_a_conference_no_key(mode: Mode) -> None:
    played = conference(mode, 3, dial_out(3))
    assert len(failures(played)) == 3
    assert not installed(played)


def test_who_is_not_admitted_is_told_no_key() -> None:
    played = conference(Mode.RSA_R, 3, dial_in(3), admits=lambda identity: "member3" not in identity)
    assert {failure.party for failure in failures(played)} >= {"focus"}
    assert not played.keys["member3"].seen
    assert played.received("member3") == (0, 0)
    assert played.received("member1")[1] > 0


def test_a_focus_lists_its_members_and_forgets_those_who_left() -> None:
    steps = [*dial_out(3), (500, "member2", HangUp("focus"))]
    played = conference(Mode.PSK, 3, steps, packets=None, end_ms=1_000)
    assert played.focus.members == ()  # the run is over
    ended = [record.peer for record in played.records if isinstance(record, CallChanged) and record.state == "ended"]
    assert "member2" in ended
    assert not played.media(to="member2", since_ms=540)


def test_relaying_takes_a_key_that_all_share() -> None:
    settings = {"name": "focus", "identity": uri("focus"), "address": host("focus"), "seed": b"focus"}
    config = UserAgentConfig(**settings, epoch_unix_us=NOW_US)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="all members share a key"):
        Focus(config, passing=Passing.RELAYED)


def test_a_renewed_key_has_another_name_and_the_same_bundle() -> None:
    group = GroupKeys(ROOM, admits=lambda _identity: True, entropy=SeededEntropy(b"one"))
    before = group.at(ROOM)
    group.renew()
    after = group.at("sip:focus@EXAMPLE.com")
    assert before is not None
    assert after is not None
    assert (before.bundle.csb_id, before.bundle.rand) == (after.bundle.csb_id, after.bundle.rand)
    assert before.bundle.keys[0].key != after.bundle.keys[0].key
    assert before.bundle.keys[0].validity != after.bundle.keys[0].validity
    assert group.at("sip:other@example.com") is None
