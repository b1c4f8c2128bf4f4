"""Every cell of the table of errors: a message that causes it, what comes back, and that nothing else comes of it."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import CAUSES_ANSWERED_BY_POLICIES, ErrorReported
from mikey_sdp.mikey.payloads import ErrorPayload, SecurityPolicy, Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo
from tests.exchange.ends import Ends
from tests.exchange.errors.cause import ALL, Cause, Told, case_of
from tests.exchange.errors.faulty import Attempt
from tests.exchange.errors.table import CAUSES, NO_CAUSE, NUMBERS, PAGE, page
from tests.exchange.pair import ALICE, BOB, SECOND_US, changed

CELLS = [(mode, cause) for cause in CAUSES for mode in cause.modes]
FOUND_BY_RESPONDER = [cell for cell in CELLS if cell[1].told is not Told.FOUND_IN_ANSWER]
FOUND_BY_INITIATOR = [cell for cell in CELLS if cell[1].told is Told.FOUND_IN_ANSWER]


def named(value: object) -> str:
    return value.value if isinstance(value, Mode) else f"{int(value.number)} {value.text}"  # type: ignore[attr-defined]


def refusal(attempt: Attempt) -> DecodeError | PeerError:
    """What Bob's end says of a message, nothing of which stays but that an authentic one can't come again."""
    pair = attempt.ends.pair
    kept = len(pair.bundles), len(pair.replay)
    with pytest.raises((DecodeError, PeerError)) as caught:
        attempt.ends.respond(attempt.octets)
    assert len(pair.bundles) == kept[0]
    assert len(pair.replay) - kept[1] in (0, 1)
    return caught.value


@pytest.mark.parametrize(("mode", "cause"), FOUND_BY_RESPONDER, ids=named)
@pytest.mark.requirement("3830-6.12-3", "3830-5.1.2-1", "3830-5.3-7", "4738-3.5-2")
def test_a_faulty_message_is_refused_by_its_number(mode: Mode, cause: Cause) -> None:
    ends = Ends.of(case_of(mode, further=cause.further))
    attempt = cause.make(ends)
    remembered = len(ends.pair.replay)
    fault = refusal(attempt)
    told = cause.told_in(mode)
    assert fault.mikey_error == cause.number
    assert (len(ends.pair.replay) > remembered) == (cause.told is Told.PROVED)
    assert (fault.reply is None) == (told is Told.NOTHING)
    if fault.reply is not None:
        policies = cause.told is Told.PROVED and cause.number in CAUSES_ANSWERED_BY_POLICIES
        check_report(attempt, fault.reply, cause.number, proved=told is Told.PROVED, policies=policies)
    goes_on(ends)


def check_report(attempt: Attempt, reply: bytes, number: ErrorNo, *, proved: bool, policies: bool) -> None:
    """The Error message, as it is and as the Initiator takes it."""
    message = Message.decode(reply)
    assert message.header.data_type == DataType.ERROR
    assert message.header.csb_id == attempt.message.header.csb_id
    assert message.find(Timestamp) == attempt.message.find(Timestamp)
    assert [error.error_no for error in message.all(ErrorPayload)] == [number]
    assert bool(message.all(SecurityPolicy)) == policies
    with pytest.raises(ErrorReported) as reported:
        attempt.initiator.complete(reply)
    assert reported.value.error_nos == (number,)
    assert reported.value.advisory is not proved
    if proved:
        with pytest.raises(PeerError, match="does not verify"):
            attempt.initiator.complete(changed(reply, -1))


def goes_on(ends: Ends) -> None:
    """The same two ends can still agree on keys."""
    again = Ends.of(ends.case)
    ends.pair.bobs_credentials = again.pair.bobs_credentials
    ends.pair.now_us += SECOND_US
    _, response, established = ends.run()
    assert (response.established.peer, established.peer) == (ALICE, BOB)


@pytest.mark.parametrize(("mode", "cause"), FOUND_BY_INITIATOR, ids=named)
def test_a_faulty_answer_is_refused_by_its_number_and_nobody_is_told(mode: Mode, cause: Cause) -> None:
    attempt = cause.make(Ends.of(case_of(mode)))
    with pytest.raises(PeerError) as refused:
        attempt.initiator.complete(attempt.octets)
    assert (refused.value.mikey_error, refused.value.reply) == (cause.number, None)
    assert attempt.initiator.complete(attempt.genuine).peer == BOB


@pytest.mark.parametrize("number", NUMBERS, ids=str)
@pytest.mark.parametrize("mode", ALL)
def test_every_cell_has_a_cause_or_a_reason(mode: Mode, number: ErrorNo) -> None:
    causes = [cause for cause in CAUSES if cause.number == number and mode in cause.modes]
    reasons = [text for text, modes in NO_CAUSE.get(number, {}).items() if mode in modes]
    assert bool(causes) != bool(reasons)
    assert len(reasons) <= 1


def test_the_page_is_what_the_causes_say() -> None:
    """`python -m tests.exchange.errors.table` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("mode", ALL)
def test_a_malformed_answer_that_nobody_asked_for_gets_no_reply(mode: Mode) -> None:
    ends = Ends.of(case_of(mode))
    reply = ends.run()[1].reply or b""
    for octets in (reply[:-1], changed(reply, 2, 0x7F)):
        with pytest.raises((DecodeError, PeerError)) as refused:
            ends.respond(octets)
        assert refused.value.reply is None
