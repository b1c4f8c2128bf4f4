"""The rows of a sweep as a table: CSV, Parquet, plain objects."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.scenario.measures import COLUMNS
from mikey_sdp.scenario.sweep import SEED, Row, Sweep

Cell = str | int | float | None

_SEPARATOR: Final = "; "


def header(sweep: Sweep) -> tuple[str, ...]:
    """The names of all columns: the parameters, the seed, what came of the run, its numbers."""
    return (*(parameter.name for parameter in sweep.parameters), SEED, "outcome", "failed", "error", *COLUMNS)


def cells(row: Row) -> tuple[Cell, ...]:
    """One row under that header."""
    numbers = (getattr(row.measures, column) for column in COLUMNS)
    return (*row.values, row.seed, row.outcome, _SEPARATOR.join(row.failed), row.error, *numbers)


def csv_text(sweep: Sweep, rows: Sequence[Row]) -> str:
    """All rows as CSV with a header (RFC 4180, lines ended by a line feed); what was not measured is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header(sweep))
    writer.writerows(("" if cell is None else cell for cell in cells(row)) for row in rows)
    return text.getvalue()


def objects(sweep: Sweep, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All rows as objects for JSON; the failed expectations are a list."""
    names = header(sweep)
    return [{**dict(zip(names, cells(row), strict=True)), "failed": row.failed} for row in rows]


def write_parquet(file: Path, sweep: Sweep, rows: Sequence[Row]) -> None:
    """All rows as Parquet.

    Raises: BackendUnavailable; OSError where the file can't be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BackendUnavailable("pyarrow", install="pip install 'mikey_sdp[parquet]'") from None
    columns = zip(*map(cells, rows), strict=True) if rows else ([] for _ in header(sweep))
    table = pyarrow.table(dict(zip(header(sweep), map(list, columns), strict=True)))
    pyarrow.parquet.write_table(table, file)
