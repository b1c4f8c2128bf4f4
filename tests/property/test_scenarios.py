"""Loading and drawing, whatever comes: a scenario or a ScenarioError, and lines that fit."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from mikey_sdp.errors import ScenarioError
from mikey_sdp.report.ladder import ladder
from mikey_sdp.report.page import plain_page
from mikey_sdp.scenario.load import loads
from mikey_sdp.scenario.source import nearest
from mikey_sdp.scenario.units import micros, say_us
from mikey_sdp.trace import AttackMade, KeyManagementFailed, MessageArrived, MessageLost, MessageSent, RunResult, Warned
from tests.unit.report.given import counted, key
from tests.unit.scenario.given import GOOD

NAMES = ("alice", "bob", "carol", "192.0.2.9:5060", "sip:eve@example.net")
names = st.sampled_from(NAMES)
times = st.integers(0, 10**9)
numbers = st.integers(0, 5)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Mn", "Cf")), max_size=90)
records = st.one_of(
    st.builds(
        MessageSent,
        at_us=times,
        party=names,
        number=numbers,
        to=names,
        transport=st.sampled_from(("UDP", "TLS")),
        summary=texts,
        octets=st.binary(max_size=20),
        notes=st.lists(texts, max_size=2).map(tuple),
    ),
    st.builds(MessageArrived, at_us=times, party=names, number=numbers),
    st.builds(MessageLost, at_us=times, party=names, number=numbers),
    st.builds(AttackMade, at_us=times, party=names, text=texts, number=st.none() | numbers),
    st.builds(Warned, at_us=times, party=names, text=texts),
    st.builds(KeyManagementFailed, at_us=times, party=names, call_id=texts, peer=names, reason=texts),
    st.builds(key, times, names, names, st.sampled_from(("send", "receive")), st.just("ab" * 8)),
    st.builds(counted, times, names, names, st.sampled_from(("sent", "received")), st.integers(0, 60)),
)


@given(st.lists(records, max_size=12), st.lists(names, unique=True, min_size=1), st.integers(40, 130))
def test_any_trace_is_drawn_within_the_width(trace: list[object], parties: list[str], width: int) -> None:
    ordered = sorted(trace, key=lambda record: record.at_us)  # type: ignore[attr-defined]
    run = RunResult(
        name="n",
        shows="s",
        file="f",
        parties=tuple(parties),
        records=tuple(ordered),
        verdicts=(),  # type: ignore[arg-type]
    )
    assert max((len(line.plain) for line in ladder(run, width=width)), default=0) <= width
    assert plain_page(run, width=width)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_octets_load_or_are_refused(octets: bytes) -> None:
    with contextlib.suppress(ScenarioError):
        loads(octets)


@given(st.integers(0, len(GOOD)), st.integers(0, 8), st.text("{}[]:,&*!|>'\"%@-# \n\tab01~?", max_size=6))
def test_a_good_file_put_wrong_anywhere_loads_or_is_refused(at: int, cut: int, put: str) -> None:
    with contextlib.suppress(ScenarioError):
        loads((GOOD[:at] + put + GOOD[at + cut :]).encode())


@given(st.integers(0, 10**6))
def test_a_time_that_is_said_can_be_read(us: int) -> None:
    assert micros(say_us(us).replace(" ", "")) == us


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=8))
def test_the_nearest_word_is_one_of_the_valid_ones(word: str, valid: list[str]) -> None:
    found = nearest(word, valid)
    assert found is None or found in valid
