"""Runs of the matrix by the names of mode, column and condition."""

from __future__ import annotations

from mikey_sdp.scenario.matrix import MATRIX_CASES, SITUATIONS, run_name, variant_of
from mikey_sdp.scenario.matrix_outcome import Outcome
from mikey_sdp.scenario.matrix_words import Column
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.trace import MatrixCell, MatrixCondition

YES, OPEN, NO = (True, True), (True, False), (False, True)
"""Works and secure; works and others know the keys; does not work."""


def name_of(case: ModeCase) -> str:
    return f"{case.mode} {variant_of(case)}".strip()


def case_of(name: str) -> ModeCase:
    return next(case for case in MATRIX_CASES if name_of(case) == name)


def situation(name: str, column: Column, word: str) -> Outcome:
    return SITUATIONS[column][word](case_of(name), run_name(case_of(name), column, word))


def values(one: MatrixCell | MatrixCondition | Outcome) -> tuple[bool, bool]:
    return one.works, one.secure
