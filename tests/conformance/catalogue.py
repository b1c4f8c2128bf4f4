"""The catalogue of requirements: one row for each thing that an RFC asks, with the id by which tests claim it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
UNCLAIMED: Final = HERE / "unclaimed.tsv"
COLUMNS: Final = ("id", "level", "area", "who", "requirement")

GATED: Final = frozenset({"rfc3830", "rfc4567", "rfc4650", "rfc4738"})
"""The standards that have to be claimed by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One row: what the RFC asks, how strongly, and whom ("-" where the row names no side)."""

    id: str
    rfc: str
    level: str
    area: str
    who: str
    text: str

    @property
    def binding(self) -> bool:
        """Whether it is a MUST or a MUST NOT, in either spelling of RFC 2119."""
        return self.level in ("MUST", "MUST NOT", "SHALL", "SHALL NOT")

    @property
    def advised(self) -> bool:
        """Whether it is a SHOULD or a SHOULD NOT, in either spelling of RFC 2119."""
        return self.level in ("SHOULD", "SHOULD NOT", "RECOMMENDED", "NOT RECOMMENDED")

    @property
    def gated(self) -> bool:
        """Whether it belongs to the part of the standards that has to be claimed by now; RTSP does not."""
        return self.rfc in GATED and self.area != "rtsp"


def load_catalogue() -> dict[str, Requirement]:
    """Every requirement by id, in the order of the files. Raises ValueError when a row is malformed or comes twice."""
    found: dict[str, Requirement] = {}
    for path in sorted((HERE / "requirements").glob("rfc*.tsv")):
        for number, cells in _rows(path, COLUMNS):
            row = Requirement(id=cells[0], rfc=path.stem, level=cells[1], area=cells[2], who=cells[3], text=cells[4])
            if row.id in found or not row.id.startswith(path.stem.removeprefix("rfc") + "-"):
                raise ValueError(f"{path.name}:{number}: id {row.id!r} comes twice or does not fit the file")
            found[row.id] = row
    return found


def load_reasons() -> dict[str, str]:
    """Why a requirement is claimed by no test, by id."""
    reasons: dict[str, str] = {}
    for number, (identifier, reason) in _rows(UNCLAIMED, ("id", "reason")):
        if identifier in reasons or not reason.strip():
            raise ValueError(f"{UNCLAIMED.name}:{number}: id {identifier!r} comes twice or without a reason")
        reasons[identifier] = reason.strip()
    return reasons


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    if tuple(header.split("\t")) != columns:
        raise ValueError(f"{path.name}: the first line must be {columns}")
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, start=2) if line]
    for number, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(f"{path.name}:{number}: {len(cells)} columns instead of {len(columns)}")
    return rows
