"""The table of modes: what it measures is what the standards say of each mode, and a broken mode would show."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from mikey_sdp.dissect.known import NOTHING, Known
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto.groups import FiniteField
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.table import MODES, row_of_answer, row_of_message
from mikey_sdp.mikey.payloads import DhValue
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.scenario import mode_table
from mikey_sdp.scenario.mode_cases import CASES, ModeCase, held
from mikey_sdp.scenario.mode_table import Measured, RecordedCall, measure, opened_with, record, with_everything
from mikey_sdp.secret import Secret

INITIATOR, RESPONDER, BOTH = ("Initiator",), ("Responder",), ("Initiator", "Responder")
SAID = {
    "PSK": (False, INITIATOR),
    "NULL": (False, INITIATOR),
    "RSA": (False, INITIATOR),
    "ECIES": (False, INITIATOR),
    "RSA-R": (False, RESPONDER),
    "DHHMAC": (True, BOTH),
    "DHSIGN": (True, BOTH),
    "ECMQV": (True, BOTH),
    "DHSAML": (True, BOTH),
}
"""Forward secrecy and contributors by RFC 5197 sections 3 and 5.5, and the ECC drafts."""
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def ticking(step_ns: int) -> Callable[[], int]:
    """A clock that goes on by so much each time that it is read."""
    times = itertools.count(0, step_ns)
    return lambda: next(times)


def case_of(name: str) -> ModeCase:
    return next(case for case in CASES if case.name == name)


def recording(name: str) -> RecordedCall:
    return record(case_of(name), held(case_of(name)))


def measured(name: str) -> Measured:
    return measure(case_of(name), ticking(1), calls=1)


def test_every_mode_has_a_row_and_dh_modes_one_for_each_kind_of_group() -> None:
    assert {case.mode for case in CASES} == set(MODES)
    groups = {(case.word, case.dh_group) for case in CASES}
    for word in ("dhsign", "dhhmac"):
        assert {(word, DhGroup.OAKLEY_5), (word, DhGroup.ECP_P_256)} <= groups


@by_case
def test_what_is_measured_is_what_the_standards_say(case: ModeCase) -> None:
    row = measure(case, ticking(1), calls=1)
    assert row.works
    assert (row.forward_secrecy, row.contributors) == SAID[case.mode]


@by_case
def test_the_messages_are_of_the_mode_and_of_that_size(case: ModeCase) -> None:
    call = recording(case.name)
    request, answer = (Message.decode(octets) for octets in call.messages[:2])
    row = measure(case, ticking(1), calls=1)
    mode = MODES[case.mode]
    assert row_of_message(request) is mode
    assert row_of_answer(answer) is not None
    assert answer.header.data_type == mode.answer_type
    assert (row.i_message_octets, row.r_message_octets) == (len(request.octets), len(answer.octets))
    values = {value.group for value in request.all(DhValue)}
    assert values in (set(), {case.dh_group})
    assert bool(values) == (case.word in ("dhsign", "dhhmac", "dhsaml"))


def test_the_time_of_each_end_is_the_middle_one() -> None:
    """The Initiator works between two pairs of looks at the clock, the Responder between one."""
    row = measure(case_of("PSK"), ticking(5), calls=3)
    assert (row.initiator_ns, row.responder_ns) == (10, 5)


def test_the_recording_stays_closed_to_other_secrets() -> None:
    call = recording("PSK")
    assert opened_with(call, (NOTHING,)) is None
    assert opened_with(call, (Known(psk=Secret(bytes(32))),)) is None
    assert opened_with(call, held(case_of("PSK")).long_term) is not None


def test_what_counts_is_a_packet_that_opens() -> None:
    case = case_of("PSK")
    call = recording(case.name)
    assert opened_with(replace(call, packet=recording("RSA").packet), held(case).long_term) is None


def test_a_private_value_of_either_end_opens_a_call_that_is_forward_secret() -> None:
    case = case_of("DHHMAC, OAKLEY 5")
    call, secrets = recording(case.name), held(case).long_term
    assert opened_with(call, secrets) is None
    opening = [one for one in with_everything(call, secrets) if opened_with(call, (one,)) is not None]
    assert len(opening) == 2


def test_private_values_that_are_no_chance_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were they made of something that lasts, whoever got hold of that could open the recording: he is told it here."""
    fixed = itertools.cycle([5, 6])
    told = tuple(replace(known, dh_private=Secret(b"\x05")) for known in held(case_of("DHHMAC, OAKLEY 5")).long_term)
    monkeypatch.setattr(FiniteField, "draw", lambda field, _entropy: field.private(bytes((next(fixed),))))
    monkeypatch.setattr(mode_table, "held", lambda case: replace(held(case), long_term=told))
    row = measured("DHHMAC, OAKLEY 5")
    assert row.works
    assert row.forward_secrecy is False
    assert row.contributors == ()


def test_where_nothing_opens_the_recording_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mode_table, "with_everything", lambda _call, secrets: secrets)
    row = measured("DHHMAC, P-256")
    assert row.works
    assert row.forward_secrecy is None
    assert row.contributors is None


def test_a_call_that_is_rejected_is_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("PSK")
    parties = held(case)
    monkeypatch.setattr(mode_table, "held", lambda _case: replace(parties, bob=held(case_of("RSA")).bob))
    with pytest.raises(PeerError, match="the call was rejected"):
        measure(case, ticking(1))


def test_the_same_call_comes_out_the_same_twice() -> None:
    first, second = (recording("ECMQV") for _ in range(2))
    assert first == second
