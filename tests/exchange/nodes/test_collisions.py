"""Two devices that choose one SSRC for their answers to one offer: what that means under a key that they share."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.config import Speaks, Streams
from mikey_sdp.trace import AnyRecord, KeyManagementFailed, KeysInstalled
from tests.exchange.nodes.phones import of_kind, run, states
from tests.exchange.nodes.secured import EPOCH, caller, device, early, forking, received, sent
from tests.exchange.nodes.servers import CALL, messages, steps_of

SAME = {"responder_ssrc": 0x5EED, "streams": Streams(packets=None)}


def call(mode: Mode, **answering: object) -> list[AnyRecord]:
    """The mobile describes itself 50 ms after the desk phone, and would take the call."""
    desk = device("desk", mode, early(100, None, **answering), **SAME)
    mobile = device("mobile", mode, early(150, 1_000, **answering), **SAME)
    return run(caller(mode), desk, mobile, forking("desk", "mobile"), steps=[CALL], end_us=3_000_000, **EPOCH)


def under(records: list[AnyRecord], party: str) -> set[tuple[str, int]]:
    """Key and SSRC that a device sent under."""
    return {
        (record.fingerprint, record.ssrc)
        for record in of_kind(records, KeysInstalled, party)
        if record.direction == "send"
    }


@pytest.mark.requirement("5197-3-22")
@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
def test_the_later_branch_is_hung_up_as_soon_as_the_caller_knows(mode: Mode) -> None:
    """It has sent by then if its media overtook its answer: that is the two-time pad of RFC 5197."""
    records = call(mode, speaks=Speaks.ANSWERED)
    assert under(records, "desk") & under(records, "mobile")
    (failed,) = of_kind(records, KeyManagementFailed, "alice")
    assert failed.reason == "two branches send under one key with the same SSRC 00005eed, a two-time pad"
    assert "310 alice ended mobile (key management failed)" in steps_of(records)
    assert "310 alice > mobile BYE" in messages(records)
    assert "350 mobile > proxy 487" in messages(records)
    assert sent(records, "mobile") == 6
    assert received(records)["desk"].endswith("0 not")


@pytest.mark.requirement("5197-3-22")
@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
def test_nothing_leaves_a_branch_that_waits_until_its_answer_is_confirmed(mode: Mode) -> None:
    records = call(mode, reliable=True)
    assert not under(records, "mobile")
    assert (sent(records, "desk") > 10, sent(records, "mobile")) == (True, 0)
    assert states(records, "mobile")[-1] == "ended"
    assert received(records)["desk"].endswith("0 not")


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R])
def test_branches_with_keys_of_their_own_may_choose_one_ssrc(mode: Mode) -> None:
    records = call(mode, speaks=Speaks.ANSWERED)
    assert {ssrc for _, ssrc in under(records, "desk") | under(records, "mobile")} == {0x5EED}
    assert not under(records, "desk") & under(records, "mobile")
    assert not of_kind(records, KeyManagementFailed, "alice")
    assert "confirmed" in states(records, "alice")
