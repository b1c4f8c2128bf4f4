"""Two devices that both take one call: what the caller keeps, and under which keys."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.commands import HangUp
from mikey_sdp.nodes.config import Answering, Keeps, Streams
from mikey_sdp.nodes.contract import Link
from mikey_sdp.trace import KeyManagementFailed
from tests.exchange.nodes.phones import MS, of_kind, run, states
from tests.exchange.nodes.secured import EPOCH, FORKED_MODES, caller, device, forking, keys_of, received
from tests.exchange.nodes.servers import CALL, messages, steps_of

AT_ONCE = Answering(ringing_after_us=None, decide_after_us=100 * MS)
SLOW = {("desk", "proxy"): (Link(delay_us=50 * MS), Link()), ("proxy", "mobile"): (Link(delay_us=60 * MS), Link())}


def two(mode: Mode, keeps: Keeps, *steps: tuple[int, str, object], packets: int | None = 20):
    """Both answer before either is cancelled."""
    streams = Streams(packets=packets)
    phones = (
        caller(mode, keeps=keeps, streams=streams),
        device("desk", mode, AT_ONCE, streams=streams),
        device("mobile", mode, AT_ONCE, streams=streams),
    )
    records = run(*phones, forking("desk", "mobile"), steps=[CALL, *steps], links=SLOW, **EPOCH)
    return phones, records


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_each_answer_is_acknowledged_and_the_first_is_kept(mode: Mode) -> None:
    phones, records = two(mode, Keeps.FIRST)
    assert [line for line in messages(records, of="alice") if "proxy" not in line] == [
        "270 alice > desk ACK",
        "280 alice > mobile ACK",
        "280 alice > mobile BYE",
    ]
    assert "280 alice ended mobile (another branch answered)" in steps_of(records)
    assert received(records)["desk"] == "20: 20 + 0 late, 0 not"
    assert states(records, "mobile")[-1] == "ended"
    assert [phone.open_bundles for phone in phones] == [1, 1, 0]


@pytest.mark.parametrize("mode", FORKED_MODES)
def test_who_keeps_all_sends_to_each_under_other_keys(mode: Mode) -> None:
    phones, records = two(mode, Keeps.ALL, (5_000, "alice", HangUp("desk")), packets=40)
    assert not of_kind(records, KeyManagementFailed, "alice")
    to_desk, to_mobile = (keys_of(records, "alice", name, "send") for name in ("desk", "mobile"))
    assert not to_desk & to_mobile
    for name in ("desk", "mobile"):
        assert received(records, name) == {"alice": "40: 40 + 0 late, 0 not"}
        assert received(records)[name].startswith("40: 40 ")
    # Where branches have their keys in common the second one gets fresh ones before anything is sent to it.
    rekeyed = [line for line in steps_of(records) if "rekeyed" in line]
    assert rekeyed == (["360 alice rekeyed mobile"] if mode is Mode.PSK else [])
    assert [phone.open_bundles for phone in phones] == [1, 0, 1]
