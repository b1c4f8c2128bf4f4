"""The selection policy in the situations of the matrix: everybody holds a pre-shared key and a certificate, as far as
the situation grants them, and the caller leaves the choice of the mode to the policy.

Source: RFC 5197 section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from mikey_sdp.scenario.matrix_outcome import Keep, Outcome, forget, hand_over
from mikey_sdp.scenario.matrix_words import MEANINGS, Column
from mikey_sdp.scenario.mode_cases import CASES, ModeCase
from mikey_sdp.trace import MatrixCondition, MatrixRow, PolicyChoice

AT_HAND: Final = ("PSK", "DHHMAC", "RSA", "RSA-R", "DHSIGN")
"""The modes that a pre-shared key and certificates allow, those aside that only those use who ask for them."""
_EVERYTHING: Final = replace(next(case for case in CASES if case.word == "psk"), certified="rsa", free_choice=True)
_NO_CHOICE: Final = "two-steps"
"""The condition in which one mode follows another, so that there is none to choose."""

Situations = Mapping[Column, Mapping[str, Callable[[ModeCase, str], Outcome]]]


def policy_choices(situations: Situations, table: Iterable[MatrixRow], keep: Keep = forget) -> Iterator[PolicyChoice]:
    """The policy's choice in each situation, beside what was measured in each mode; `keep` is handed each run.

    Raises: NothingShown.
    """
    rows = [row for row in table if row.mode in AT_HAND and not row.variant]
    for column, conditions in situations.items():
        for condition, situation in conditions.items():
            if condition == _NO_CHOICE:
                continue
            name = f"policy/{column}/{condition}"
            outcome = situation(_EVERYTHING, name)
            hand_over(outcome, MEANINGS[column][condition], keep)
            yield PolicyChoice(
                column=column,
                condition=condition,
                works=outcome.works,
                secure=outcome.secure,
                chosen=outcome.chosen,
                run=name,
                better=tuple(_better(rows, column, condition, outcome)),
                notes=outcome.notes,
            )


def _better(rows: Iterable[MatrixRow], column: Column, condition: str, chosen: Outcome) -> Iterator[str]:
    for row in rows:
        cell = row.cells.get(column)
        own = next((one for one in cell.conditions if one.condition == condition), None) if cell else None
        if own is not None and _worth(own) > _worth(chosen):
            yield row.mode


def _worth(run: MatrixCondition | Outcome) -> int:
    """A secure call before one that others can read, and that before none."""
    return run.works * (1 + run.secure)
