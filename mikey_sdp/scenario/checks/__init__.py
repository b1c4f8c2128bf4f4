"""Whether what a scenario expects came true: one function a kind of expectation, over the records of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mikey_sdp.scenario.checks.calls import check_call, check_re_keyed
from mikey_sdp.scenario.checks.dialogs import check_early_dialogs
from mikey_sdp.scenario.checks.failure import Failure
from mikey_sdp.scenario.checks.keys import check_attack, check_key_management_failed, check_keys
from mikey_sdp.scenario.checks.media import check_media
from mikey_sdp.scenario.checks.messages import check_messages, check_mikey
from mikey_sdp.scenario.checks.secrecy import check_two_time_pad
from mikey_sdp.scenario.checks.words import say_expectation
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.evidence import Evidence
from mikey_sdp.scenario.load import Loaded
from mikey_sdp.scenario.reading import expectation_of
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.trace import AnyRecord, Verdict

CHECKS: Final[Mapping[str, Callable[[Any, Evidence], Failure | None]]] = {
    "call": check_call,
    "mikey": check_mikey,
    "media": check_media,
    "keys": check_keys,
    "key management failed": check_key_management_failed,
    "attack": check_attack,
    "messages": check_messages,
    "re-keyed": check_re_keyed,
    "early dialogs": check_early_dialogs,
    "two-time pad": check_two_time_pad,
}
"""The function that judges each kind of expectation: what failed, or None if it held."""


def needs_witness(scenario: Scenario) -> bool:
    """Whether something is expected that can't be told from records alone: who could make a key, two-time pads."""
    return any(
        expectation.two_time_pad
        or (
            (keys := expectation.keys)
            and (keys.unknown_to or keys.known_to or keys.forward_secret or keys.not_forward_secret or keys.private)
        )
        for expectation in scenario.expect
    )


def judge(loaded: Loaded, records: Sequence[AnyRecord], *, witness: Witness | None = None) -> tuple[Verdict, ...]:
    """A verdict on every expectation of a scenario, in the order of the file.

    Raises: UsageError where the scenario needs a witness and the run had none.
    """
    evidence = Evidence(loaded.scenario, records, witness)
    return tuple(_verdict(loaded, at, evidence) for at in range(len(loaded.scenario.expect)))


def _verdict(loaded: Loaded, at: int, evidence: Evidence) -> Verdict:
    kind, asked = expectation_of(loaded.scenario.expect[at])
    failure = CHECKS[kind](asked, evidence)
    said, line = say_expectation(kind, asked), loaded.source.line(("expect", at))
    if failure is None:
        return Verdict(expectation=said, held=True, line=line)
    return Verdict(
        expectation=said,
        held=False,
        line=line,
        expected=failure.told,
        came=failure.came,
        nearest=failure.nearest,
        step=failure.step,
    )
