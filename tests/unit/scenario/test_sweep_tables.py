"""Rows as CSV, as objects and as Parquet: the same columns, and empty where nothing was measured."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.scenario.measures import COLUMNS
from mikey_sdp.scenario.sweep_tables import csv_text, header, objects, write_parquet
from tests.unit.scenario.sweeps import grid, row

SWEEP = grid("parties.alice.offers=psk,[psk, dhhmac]")
ROWS = [row("psk", setup_ms=1020.5), row("[psk, dhhmac]", outcome="failed"), row("psk", seed=3, outcome="refused")]


def test_the_header_names_parameters_seed_outcome_and_measures() -> None:
    assert header(SWEEP) == ("parties.alice.offers", "seed", "outcome", "failed", "error", *COLUMNS)


def test_csv_can_be_read_back() -> None:
    text = csv_text(SWEEP, ROWS)
    assert text.splitlines()[1].startswith("psk,0,held,,,PSK,1020.5,,100,")
    first, second, third = csv.DictReader(io.StringIO(text))
    assert (first["setup_ms"], first["first_audio_ms"], first["packets_sent"]) == ("1020.5", "", "100")
    assert second["parties.alice.offers"] == "[psk, dhhmac]"
    assert second["failed"] == "call: from alice, answered by bob; keys: agreed alice and bob"
    assert (third["seed"], third["outcome"], third["error"]) == ("3", "refused", 'no "credential", none')


def test_objects_hold_the_same_with_failures_as_a_list() -> None:
    found = objects(SWEEP, ROWS)
    assert [tuple(one) for one in found] == [header(SWEEP)] * 3
    assert found[1]["failed"] == ("call: from alice, answered by bob", "keys: agreed alice and bob")
    assert found[0]["first_audio_ms"] is None


@pytest.mark.parametrize("rows", [ROWS, []])
def test_parquet_can_be_read_back(rows: list[object], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tmp_path / "rows.parquet", SWEEP, ROWS[: len(rows)])
    table = parquet.read_table(tmp_path / "rows.parquet")
    assert tuple(table.column_names) == header(SWEEP)
    assert table.column("setup_ms").to_pylist() == [1020.5, None, None][: len(rows)]


def test_without_pyarrow_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[parquet\]"):
        write_parquet(tmp_path / "rows.parquet", SWEEP, ROWS)
