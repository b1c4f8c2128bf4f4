"""A run in numbers: how long the first call took to stand and to be heard, packets, sizes of the key management."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

from mikey_sdp.errors import DecodeError
from mikey_sdp.report.streams import streams
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.evidence import Evidence, SipSeen
from mikey_sdp.sdp.key_mgmt import MIKEY, key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.trace import CallChanged, KeysInstalled, MediaCounted, RunResult

_MS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The numbers of one run; None where there is nothing to measure.

    Units: milliseconds of virtual time from the moment when the run's first call is placed; `first_audio_ms` is when
    the first packet of sound is decrypted by anybody. Packets are those of all streams; octets those of all MIKEY
    messages in the first INVITE and in the first answer to an INVITE that carry any.
    Keeps: `mode`, that of the first keys that anybody took, empty without keys.
    """

    mode: str = ""
    setup_ms: float | None = None
    first_audio_ms: float | None = None
    packets_sent: int | None = None
    packets_decrypted: int | None = None
    packets_clipped: int | None = None
    packets_undecryptable: int | None = None
    sip_messages: int | None = None
    offer_octets: int | None = None
    answer_octets: int | None = None


COLUMNS: Final = tuple(field.name for field in fields(Measures))


def measures_of(scenario: Scenario, result: RunResult) -> Measures:
    """What a run came to, from its records alone."""
    evidence = Evidence(scenario, result.records)
    found = streams(result.records)
    keyed = evidence.of(KeysInstalled)
    return Measures(
        mode=keyed[0].mode if keyed else "",
        setup_ms=_setup_ms(evidence),
        first_audio_ms=_first_audio_ms(evidence),
        packets_sent=sum(stream.sent for stream in found),
        packets_decrypted=sum(stream.decrypted for stream in found),
        packets_clipped=sum(stream.clipped for stream in found),
        packets_undecryptable=sum(stream.undecryptable for stream in found),
        sip_messages=len(evidence.messages),
        offer_octets=_mikey_octets(seen for seen in evidence.messages if seen.name == "INVITE"),
        answer_octets=_mikey_octets(seen for seen in evidence.messages if seen.name.isdigit()),
    )


def _start_us(evidence: Evidence) -> int | None:
    return next((change.at_us for change in evidence.of(CallChanged) if change.state == "calling"), None)


def _setup_ms(evidence: Evidence) -> float | None:
    changes = evidence.of(CallChanged)
    start = next((change for change in changes if change.state == "calling"), None)
    for change in changes:
        if start and (change.party, change.call_id, change.state) == (start.party, start.call_id, "confirmed"):
            return (change.at_us - start.at_us) / _MS
    return None


def _first_audio_ms(evidence: Evidence) -> float | None:
    start_us = _start_us(evidence)
    kinds = {stream.media: stream.kind for stream in streams(evidence.records)}
    heard = [
        record.first_us
        for record in evidence.of(MediaCounted, lambda record: record.direction == "received")
        if record.first_us is not None and kinds.get(record.media) == "audio"
    ]
    return None if start_us is None or not heard else (min(heard) - start_us) / _MS


def _mikey_octets(messages: Iterable[SipSeen]) -> int | None:
    """The octets of MIKEY in the first of these messages that carries any."""
    for seen in messages:
        try:
            lines = key_mgmt_lines(SessionDescription.parse(seen.body)) if seen.body else ()
        except DecodeError:
            continue
        sizes = [len(line.data) for line in lines if line.kmpid == MIKEY]
        if sizes:
            return sum(sizes)
    return None
