"""Every packet that a phone sent or got is counted once, whatever dialog, branch or lobby it came through."""

from __future__ import annotations

from collections import Counter

import pytest

from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import MediaCounted
from tests.scenarios.twins import ROOT


@pytest.mark.parametrize(
    "name",
    [
        "early-media-at-two-branches",  # two early dialogs, one of which becomes the call
        "answers-read-when-media-comes",  # an answer is read only when its media comes
        "media-overtakes-the-answer",
        "lost-packets",
        "rekey-after-a-shared-fork",
        "transfer-attended",
        "two-time-pad",  # the run ends while media waits for an answer that is not taken
        "conference-signed-dh-mixed",
    ],
)
def test_the_counts_of_all_streams_are_the_packets_that_passed(name: str) -> None:
    witness = Witness()
    records = run(load(ROOT / "scenarios" / f"{name}.call.yaml"), witness=witness).records
    media = [one for one in witness.capture.passed if one.is_media]
    counts = [record for record in records if isinstance(record, MediaCounted)]
    sent, received = Counter[str](), Counter[str]()
    for count in counts:
        (sent if count.direction == "sent" else received)[count.party] += count.packets
        assert count.decrypted + count.undecryptable <= count.packets
        assert count.decrypted_late <= count.undecryptable
    assert media
    assert +sent == Counter(one.party for one in media)
    assert +received == Counter(one.to for one in media if one.arrived_us is not None)
