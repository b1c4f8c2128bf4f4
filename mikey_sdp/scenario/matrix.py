"""The matrix: RFC 5197's tables of section 5.5, every cell of the first from calls in SIP.

A cell's values are those of its baseline; what else is run in a column stands beside it. Nothing is copied but the
words that the RFC prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.policy.rules import BOUND_TO_TARGET
from mikey_sdp.scenario import matrix_calls as calls
from mikey_sdp.scenario import matrix_conference as conference
from mikey_sdp.scenario import matrix_early as early
from mikey_sdp.scenario.matrix_outcome import Keep, Outcome, forget, hand_over
from mikey_sdp.scenario.matrix_policy import policy_choices
from mikey_sdp.scenario.matrix_properties import criteria, properties
from mikey_sdp.scenario.matrix_words import BASELINE, CONDITIONS, MEANINGS, Column, printed_in
from mikey_sdp.scenario.mode_cases import CASES, ModeCase
from mikey_sdp.scenario.mode_table import CpuClock, measure
from mikey_sdp.scenario.modes import CREDENTIALS
from mikey_sdp.trace import CriteriaRow, Matrix, MatrixCell, MatrixCondition, MatrixRow, PropertyRow

Situation = Callable[[ModeCase, str], Outcome]
"""Runs one situation in one mode; the second argument names the run."""

_PRINTED_ORDER: Final = ("psk", "rsa", "dhsign", "unprotected", "dhhmac", "rsa-r")


def variant_of(case: ModeCase) -> str:
    """How a case differs from the mode as the RFCs describe it first."""
    return "" if case.dh_group == DhGroup.OAKLEY_5 or case.word == "dhsaml" else case.variant


def _order(case: ModeCase) -> tuple[bool, int]:
    printed = case.word in _PRINTED_ORDER and not variant_of(case)
    return not printed, _PRINTED_ORDER.index(case.word) if printed else 0


MATRIX_CASES: Final = tuple(
    sorted((case for case in CASES if not (case.word == "dhhmac" and variant_of(case))), key=_order)
)
"""The rows: the modes that RFC 5197 prints in its order, then DHSIGN on a curve and the modes that came later."""

SITUATIONS: Final[Mapping[Column, Mapping[str, Situation]]] = MappingProxyType(
    {
        "early-media": {
            BASELINE: early.before_any_answer,
            "answer-in-183": early.answer_in_183,
            "reliable-183": early.reliable_183,
            "preconditions": early.preconditions,
            "buffered": early.buffered,
        },
        "secure-forking": {
            BASELINE: calls.two_devices,
            "nothing-shared": calls.nothing_shared,
            "private-key-shared": calls.private_key_shared,
            "message-per-device": calls.message_per_device,
            "one-answers-early": calls.one_answers_early,
            "both-answer": calls.both_answer,
            "prefilled-ssrc": calls.prefilled_ssrc,
        },
        "retarget": {
            BASELINE: calls.retargeted,
            "strict-identity": calls.strict_identity,
            "psk-shared-with-target": calls.psk_shared_with_target,
            "message-per-user": calls.message_per_user,
            "proxy-recursion": calls.proxy_recursion,
        },
        "redirect": {
            BASELINE: calls.redirected,
            "target-at-hand": calls.target_at_hand,
            "choice-by-policy": calls.chosen_again,
        },
        "shared-key-conference": {
            BASELINE: conference.baseline,
            "other-way-round": conference.other_way_round,
            "offerless": conference.offerless,
            "two-steps": conference.two_steps,
            "join-and-leave": conference.join_and_leave,
        },
    }
)
"""How each condition is run; a new one is a row here."""


def _has(kind: str) -> Callable[[ModeCase], bool]:
    return lambda case: CREDENTIALS[case.word] == kind


def _has_later_psk(case: ModeCase) -> bool:
    return case.mode in (Mode.DHSIGN, Mode.DHHMAC, Mode.ECMQV, Mode.DHSAML)


_ONLY: Final[Mapping[str, Callable[[ModeCase], bool]]] = MappingProxyType(
    {
        "private-key-shared": _has("certificate"),
        "message-per-device": lambda case: case.mode in (Mode.RSA, Mode.ECIES),
        "message-per-user": lambda case: str(case.mode) in BOUND_TO_TARGET,
        "psk-shared-with-target": _has("psk"),
        "target-at-hand": lambda case: CREDENTIALS[case.word] in ("psk", "certificate"),
        "two-steps": _has_later_psk,
        "join-and-leave": lambda case: MODES[case.mode].group or case.mode is Mode.RSA_R,
    }
)
"""Conditions that not every mode can be in."""


def cell(case: ModeCase, column: Column, keep: Keep = forget) -> MatrixCell:
    """One cell of the first table; `keep` is handed each run.

    Raises: BackendUnavailable; NothingShown for a run from which nothing follows.
    """
    conditions = []
    situations = SITUATIONS[column]
    for condition in CONDITIONS[column]:
        if not _ONLY.get(condition, _always)(case):
            continue
        outcome = situations[condition](case, run_name(case, column, condition))
        hand_over(outcome, MEANINGS[column][condition], keep)
        conditions.append(
            MatrixCondition(
                condition=condition,
                works=outcome.works,
                secure=outcome.secure,
                run=outcome.run,
                chosen=outcome.chosen,
                notes=outcome.notes,
            )
        )
    first = conditions[0]
    printed = printed_in(str(case.mode), variant_of(case), column)
    holds = first.works and first.secure
    return MatrixCell(
        printed=printed,
        works=first.works,
        secure=first.secure,
        agrees=None if printed is None else printed.startswith("Yes") == holds,
        conditions=tuple(conditions),
    )


def run_name(case: ModeCase, column: Column, condition: str) -> str:
    """By which a run is told: PSK/secure-forking/baseline."""
    mode = f"{case.mode} {variant_of(case)}".strip()
    return f"{mode}/{column}/{condition}"


def _always(_case: ModeCase) -> bool:
    return True


def row(case: ModeCase, keep: Keep = forget) -> MatrixRow:
    """One row of the first table; without cells, and with the reason, where a library is missing."""
    mode, variant = str(case.mode), variant_of(case)
    try:
        cells: dict[str, MatrixCell] = {column: cell(case, column, keep) for column in CONDITIONS}
    except BackendUnavailable as missing:
        return MatrixRow(mode=mode, variant=variant, cells={}, error=str(missing))
    return MatrixRow(mode=mode, variant=variant, cells=cells)


def measure_matrix(
    cases: Iterable[ModeCase],
    clock: CpuClock,
    *,
    timed: int = 5,
    watch: Callable[[ModeCase], None] = lambda _case: None,
    keep: Keep = forget,
) -> Matrix:
    """All tables for these rows; `timed` calls of each mode are timed, `watch` is told which mode comes next, and
    `keep` is handed every run of the first table and of the policy with the name of its condition's run."""
    table1: list[MatrixRow] = []
    table2: list[PropertyRow] = []
    table3: list[CriteriaRow] = []
    for case in cases:
        watch(case)
        first = row(case, keep)
        table1.append(first)
        if first.error:
            continue
        measured = measure(case, clock, calls=timed)
        group = first.cells["shared-key-conference"]
        table2.append(properties(case, measured, variant_of(case)))
        table3.append(criteria(case, measured, variant_of(case), group_keying=group.works and group.secure))
    policy = tuple(policy_choices(SITUATIONS, table1, keep))
    return Matrix(table1=tuple(table1), table2=tuple(table2), table3=tuple(table3), policy=policy)
