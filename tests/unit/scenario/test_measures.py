"""A run in numbers, counted by hand from its file."""

from __future__ import annotations

from mikey_sdp.scenario.load import loads
from mikey_sdp.scenario.measures import Measures, measures_of
from mikey_sdp.trace import MessageSent
from tests.unit.scenario.runs import BUSY, CALL, NO_KEY, result

HEAD = "name: A call\nshows: what a test needs\n"


def measured(text: str) -> Measures:
    return measures_of(loads(f"{HEAD}{text}".encode()).scenario, result(text))


def test_a_call_is_measured_from_its_invite() -> None:
    # Signalling and media take 10 ms a way; bob answers after 1 s, and alice talks when his 200 comes.
    found = measured(CALL)
    assert found.mode == "PSK"
    assert found.setup_ms == 10 + 1000 + 10
    assert found.first_audio_ms == found.setup_ms + 10
    assert (found.packets_sent, found.packets_decrypted, found.packets_clipped) == (100, 100, 0)
    assert found.packets_undecryptable == 0


def test_messages_and_the_octets_of_mikey_are_those_of_the_trace() -> None:
    found = measured(CALL)
    sent = [record for record in result(CALL).records if isinstance(record, MessageSent)]
    assert found.sip_messages == len(sent)
    assert any(f"{found.answer_octets} octets" in note for record in sent for note in record.notes)
    assert any(f"{found.offer_octets} octets" in note for note in sent[0].notes)


def test_of_a_rejected_call_there_is_an_offer_only() -> None:
    found = measured(BUSY)
    assert (found.mode, found.setup_ms, found.first_audio_ms, found.answer_octets) == ("", None, None, None)
    assert found.offer_octets
    assert found.packets_sent == 0


def test_where_no_call_is_placed_nothing_is_measured() -> None:
    found = measured(NO_KEY)
    assert (found.setup_ms, found.offer_octets, found.sip_messages) == (None, None, 0)
