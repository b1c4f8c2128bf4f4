"""What RFC 5197 section 3 says of all modes, measured: messages, what they carry, replays, chance."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import KeyDataTransport, SecurityPolicy
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.scenario.chance import with_private_values
from mikey_sdp.scenario.mode_cases import CASES as RECORDED
from mikey_sdp.scenario.mode_cases import held
from mikey_sdp.scenario.mode_table import opened_with, record
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.costs import usual
from tests.exchange.ends import CASES, Case, Ends, named
from tests.exchange.pair import ALICE, BOB, teks

BASE = [case for case in CASES if case.mode in (Mode.PSK, Mode.NULL, Mode.RSA, Mode.DHSIGN, Mode.DHHMAC, Mode.RSA_R)]
PUSHING = (Mode.PSK, Mode.NULL, Mode.RSA)
ROOT = Path(__file__).parents[2]


class Forgetful(ReplayCache):
    """Remembers nothing."""

    def check_new(self, *_message: object) -> None:
        """Whatever it is, it was never here."""


@pytest.mark.requirement("5197-3-3")
@pytest.mark.parametrize("case", BASE, ids=named)
def test_one_round_trip_gives_both_ends_the_keys(case: Case) -> None:
    """Contested for what RFC 5197 adds to these modes: the second round of DHSAML takes another (see below)."""
    made = Ends.of(case)
    initiator = made.initiator(verification=False)
    response = made.respond(initiator.message.octets)
    ours = initiator.early_bundle if response.reply is None else initiator.complete(response.reply).bundle
    assert ours is not None
    assert teks(ours) == teks(response.established.bundle)
    assert response.established.bundle.continuation is None
    assert (response.reply is None) is (case.mode in PUSHING)


@pytest.mark.requirement("5197-3-3")
def test_only_the_second_round_of_dhsaml_leaves_something_for_later() -> None:
    left = {case.name for case in CASES if Ends.of(case).run()[2].bundle.continuation is not None}
    assert left == {case.name for case in CASES if case.name.endswith(("LIVENESS", "STRENGTHEN"))}


@pytest.mark.requirement("5197-3-5")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_first_message_carries_policies_and_where_the_initiator_makes_them_keys(case: Case) -> None:
    """Contested: in RSA-R and the Diffie-Hellman modes no TGK is in it."""
    message = Ends.of(case).initiator().message
    kemac = message.find(KeyDataTransport)
    assert message.find(SecurityPolicy) is not None
    assert bool(kemac is not None and kemac.encr_data) is MODES[case.mode].pushes


@pytest.mark.requirement("5197-3-10")
@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
def test_without_a_replay_cache_an_old_offer_separates_the_ends(mode: Mode) -> None:
    """The same offer, once more after the call: Bob takes keys that Alice does not use any more."""
    for cache, believed in ((Forgetful(), True), (ReplayCache(), False)):
        made = Ends.of(usual(mode))
        made.pair.replay = cache
        first = made.run()
        made.pair.bundles.close(ALICE, first[2].bundle.csb_id)
        current = made.run()[2].bundle
        if not believed:
            with pytest.raises(PeerError, match="replay"):
                made.respond(first[0].message.octets)
            continue
        bobs = made.respond(first[0].message.octets).established.bundle
        assert teks(bobs) == teks(first[2].bundle)
        assert not set(teks(bobs)) & set(teks(current))


@pytest.mark.requirement("5197-3-18")
@pytest.mark.parametrize(
    ("mode", "fresh"),
    [
        (Mode.PSK, False),
        (Mode.NULL, False),
        (Mode.RSA, False),
        (Mode.DHSIGN, True),
        (Mode.DHHMAC, True),
        (Mode.RSA_R, True),
    ],
)
def test_who_contributes_gets_fresh_keys_of_an_old_offer_too(mode: Mode, fresh: bool) -> None:
    made = Ends.of(usual(mode))
    made.pair.replay = Forgetful()
    initiator, response, _ = made.run()
    made.pair.bundles.close(ALICE, response.established.bundle.csb_id)
    again = made.respond(initiator.message.octets).established.bundle
    assert bool(set(teks(again)) & set(teks(response.established.bundle))) is not fresh


@pytest.mark.requirement("5197-3-18")
@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.DHHMAC])
def test_the_caller_gets_fresh_keys_whatever_the_chance_of_the_callee(mode: Mode) -> None:
    made = Ends.of(usual(mode))
    found = []
    for _ in range(2):
        initiator = made.initiator()
        made.pair.entropy, going_on = SeededEntropy(b"the same every time"), made.pair.entropy
        found.append(initiator.complete(made.respond(initiator.message.octets).reply or b"").bundle)
        made.pair.entropy = going_on
    assert not set(teks(found[0])) & set(teks(found[1]))


@pytest.mark.requirement("5197-3-19")
@pytest.mark.parametrize("name", ["DHSIGN, OAKLEY 5", "DHHMAC, P-256"])
def test_what_one_end_leaves_to_a_weak_generator(name: str) -> None:
    """Contested: that both contribute keeps keys fresh, and secret only where nobody can tell either's chance.

    Alice's generator always starts alike, and who knows its octets opens every call, whatever Bob drew.
    """
    case = next(one for one in RECORDED if one.name == name)
    parties = held(case)
    calls = [record(case, parties, initiator="weak", responder=f"good {number}") for number in range(2)]
    foreseen = set(calls[0].drawn) & set(calls[1].drawn)
    told = with_private_values(parties.long_term, foreseen)
    assert foreseen
    assert all(opened_with(call, parties.long_term) is None for call in calls)
    opened = [opened_with(call, told) for call in calls]
    assert None not in opened
    keys = [bundle.keys[0].key for bundle in opened if bundle is not None]
    assert keys[0] != keys[1]


@pytest.mark.requirement("5197-6-1")
def test_mikey_is_a_format_for_itself() -> None:
    """An exchange needs nothing of what could carry it."""
    code = """
import sys
from tests.exchange.pair import Pair, teks
pair = Pair()
initiator = pair.psk_initiator()
response = pair.respond(initiator.message.octets)
assert teks(initiator.complete(response.reply or b"").bundle) == teks(response.established.bundle)
print(*sorted(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "mikey_sdp.mikey.modes.psk" in loaded
    assert [name for name in loaded if name.startswith(("mikey_sdp.sdp", "mikey_sdp.sip", "mikey_sdp.endpoint"))] == []


@pytest.mark.requirement("5197-3.1-7")
@pytest.mark.parametrize("octets", [16, 20, 32, 64])
def test_one_string_of_octets_given_to_both_is_what_a_shared_key_takes(octets: int) -> None:
    made = Ends.of(Case(Mode.PSK))
    key = Secret(bytes(range(octets)))
    made.alices, made.pair.bobs_credentials = PskCredential(BOB, key), (PskCredential(ALICE, key),)
    _, response, established = made.run()
    assert teks(established.bundle) == teks(response.established.bundle)
