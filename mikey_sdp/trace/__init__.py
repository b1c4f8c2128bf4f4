"""What happened in a run, as values: the records of a trace, and the verdicts on what was expected.

A trace is a list of records in the order of their times. Reports are pure functions of it. No record holds key
material: keys appear as fingerprints (`Secret.fingerprint`).
Units: `at_us` is microseconds on the run's time line.
"""

from __future__ import annotations

from mikey_sdp.trace.records import (
    AnyRecord,
    AttackMade,
    CallChanged,
    KeyManagementFailed,
    KeysInstalled,
    MediaCounted,
    MessageArrived,
    MessageLost,
    MessageSent,
    Passed,
    Record,
    Warned,
)
from mikey_sdp.trace.result import (
    RunResult,
    StepTaken,
    Verdict,
    trace_octets,
)
from mikey_sdp.trace.tables import (
    CriteriaRow,
    Matrix,
    MatrixCell,
    MatrixCondition,
    MatrixRow,
    PolicyChoice,
    PropertyRow,
)

__all__ = [
    "AnyRecord",
    "AttackMade",
    "CallChanged",
    "CriteriaRow",
    "KeyManagementFailed",
    "KeysInstalled",
    "Matrix",
    "MatrixCell",
    "MatrixCondition",
    "MatrixRow",
    "MediaCounted",
    "MessageArrived",
    "MessageLost",
    "MessageSent",
    "Passed",
    "PolicyChoice",
    "PropertyRow",
    "Record",
    "RunResult",
    "StepTaken",
    "Verdict",
    "Warned",
    "trace_octets",
]
