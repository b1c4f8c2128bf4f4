"""What counts as secure in a run of the matrix, where a break is in the keys and not in who holds what."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.scenario import matrix_calls
from mikey_sdp.scenario.matrix import MATRIX_CASES
from tests.unit.scenario.recorded_calls import derive_without_secret


def test_keys_that_rest_on_no_secret_are_open_to_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in MATRIX_CASES if case.mode is Mode.DHSIGN)
    before = matrix_calls.retargeted(case, "before")
    derive_without_secret(monkeypatch)
    broken = matrix_calls.retargeted(case, "broken")
    assert (before.works, before.secure) == (True, True)
    assert (broken.works, broken.secure) == (True, False)
    assert "anybody reads what alice and carol say" in broken.notes
