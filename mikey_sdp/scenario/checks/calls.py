"""Expectations on calls: how they went in the eyes of the caller, and how often they were re-keyed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.words import fits, given, say_count
from mikey_sdp.scenario.evidence import Evidence, nearest_message
from mikey_sdp.scenario.expect import CallExpected, ReKeyedExpected
from mikey_sdp.scenario.units import micros, say_us
from mikey_sdp.trace import CallChanged, KeyManagementFailed


def check_call(asked: CallExpected, evidence: Evidence) -> Failure | None:
    """One of the party's calls went as asked."""
    step = evidence.call_step(asked.from_, given(asked.to))
    calls = list(_calls(asked, evidence))
    if not calls:
        refused = evidence.of(KeyManagementFailed, lambda record: record.party == asked.from_)
        came = f"no INVITE left {asked.from_}"
        if refused:
            came += f": at {say_us(refused[0].at_us)} it refused: {refused[0].reason}"
        return Failure(expected=f"{asked.from_} places the call", came=came, step=step)
    misses = [next(_misses(asked, states, evidence), None) for states in calls]
    if None in misses:
        return None
    expected, came = next(miss for miss in misses if miss is not None)
    ids = {state.call_id for states in calls for state in states}
    nearest = nearest_message(
        [seen for seen in evidence.messages if seen.call_id in ids and seen.name.isdigit() and int(seen.name) >= 180]
        or [seen for seen in evidence.messages if seen.call_id in ids]
    )
    return Failure(expected=expected, came=came, nearest=nearest, step=step)


def _calls(asked: CallExpected, evidence: Evidence) -> Iterator[list[CallChanged]]:
    """What the caller recorded of each call that it placed, to the last place where it was sent."""
    changes = evidence.of(CallChanged, lambda record: record.party == asked.from_)
    followed: set[str] = set()
    for start in changes:
        if start.state != "calling" or given(asked.to) not in (None, start.peer) or start.call_id in followed:
            continue
        states: list[CallChanged] = []
        at: CallChanged | None = start
        while at is not None and at.call_id not in followed:
            followed.add(at.call_id)
            states += [change for change in changes if change.call_id == at.call_id]
            at = _sent_on(states[-1], changes)
        yield states


def _sent_on(last: CallChanged, changes: Sequence[CallChanged]) -> CallChanged | None:
    """The start of the call that follows a redirection or refusal at once."""
    if last.state not in ("redirected", "rejected"):
        return None
    return next(
        (
            change
            for change in changes
            if (change.state, change.peer, change.at_us) == ("calling", last.peer, last.at_us)
            and change.call_id != last.call_id
        ),
        None,
    )


def _misses(asked: CallExpected, states: Sequence[CallChanged], evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What was expected of a call and what came, for everything that is not as asked."""
    if (by := given(asked.answered_by)) is not None:
        yield from _not_answered(asked, by, states)
    if (to := given(asked.redirected_to)) is not None:
        yield from _not_redirected(asked, to, states, evidence)
    if (status := given(asked.rejected_with)) is not None:
        rejected = [change for change in states if change.state == "rejected"]
        if not any(change.status == status for change in rejected):
            yield f"{asked.from_} is refused with {status}", _last(states)
    if (code := given(asked.warning)) is not None:
        warnings = [change.warning for change in states if change.warning]
        if not any(str(code) in _codes(warning) for warning in warnings):
            yield f"the refusal carries Warning {code}", f"Warning: {'; '.join(warnings) or 'none'}"
    if (order := given(asked.reaches)) is not None and (missing := _missing(order, states)):
        yield f"the call is {', then '.join(order)}", f"never {missing} in that place; {_course(states)}"
    for change in states:
        if change.state in (given(asked.never_reaches) or ()):
            yield f"the call is never {change.state}", f"{change.state} at {say_us(change.at_us)}"


def _not_redirected(
    asked: CallExpected, to: str, states: Sequence[CallChanged], evidence: Evidence
) -> Iterator[tuple[str, str]]:
    """Where the caller went after a redirection is told by the Request-URI and by the way of its next INVITE."""
    redirected = {change.at_us for change in states if change.state == "redirected"}
    ids = {change.call_id for change in states if change.state == "calling" and change.at_us in redirected}
    invites = [seen for seen in evidence.named(asked.from_, "INVITE") if seen.call_id in ids]
    if not any(to in (seen.sent.to, seen.user) for seen in invites):
        went = nearest_message(invites) or "it went nowhere else"
        yield f"{asked.from_} is redirected to {to}", f"{_course(states)}; {went}"


def _not_answered(asked: CallExpected, by: str, states: Sequence[CallChanged]) -> Iterator[tuple[str, str]]:
    """A call counts as answered once its keys were taken too, which `confirmed` shows."""
    confirmed = {change.peer for change in states if change.state == "confirmed"}
    answers = [change for change in states if change.state == "answered" and change.peer == by]
    if by not in confirmed or not answers:
        yield f"{by} answers {asked.from_}, and the call stands", _last(states)
        return
    took_us = answers[0].at_us - states[0].at_us
    within = given(asked.within)
    if within is not None and took_us > micros(within):
        yield f"{by} answers within {say_us(micros(within))} of the INVITE", f"it answered after {say_us(took_us)}"


def _codes(warning: str) -> set[str]:
    """The warn-codes of a record's warnings."""
    return {part.split()[0] for part in warning.split(";") if part.split()}


def _missing(order: Sequence[str], states: Sequence[CallChanged]) -> str:
    """The first state of a wanted order that doesn't follow the one before it."""
    course = iter([change.state for change in states])
    return next((wanted for wanted in order if wanted not in course), "")


def _course(states: Sequence[CallChanged]) -> str:
    return "it was " + ", then ".join(change.state for change in states)


def _last(states: Sequence[CallChanged]) -> str:
    last = states[-1]
    status = (
        f" with {last.status} {last.reason}".rstrip() if last.status else f" ({last.reason})" if last.reason else ""
    )
    return f"the call was last {last.state}{status} at {say_us(last.at_us)}, as to {last.peer}"


def check_re_keyed(asked: ReKeyedExpected, evidence: Evidence) -> Failure | None:
    """The party's calls took fresh keys that many times."""
    changes = evidence.of(CallChanged, lambda record: record.party == asked.at)
    times = sum(change.state == "rekeyed" for change in changes)
    if fits(times, asked.times):
        return None
    again = [seen for seen in evidence.messages if seen.name == "re-INVITE"]
    return Failure(
        expected=f"{asked.at} takes fresh keys {say_count(asked.times)} times",
        step=evidence.step(1 << 62, asked.at),
        came=f"{times} times",
        nearest=nearest_message(again) or nearest_message(evidence.messages),
    )
