"""The catalogue of requirements: one row for each thing that an RFC asks, with the id by which tests claim it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
UNCLAIMED: Final = HERE / "unclaimed.tsv"
LATER: Final = HERE / "later.tsv"
COLUMNS: Final = ("id", "level", "area", "who", "requirement")

GATED: Final = frozenset({"rfc3830", "rfc4567", "rfc4650", "rfc4738"})
"""The standards that have to be claimed by now."""

MEASURED: Final = "rfc5197"
"""The RFC whose statements about modes are measured: its claims, rules and tables."""

LATER_SECTIONS: Final = ("5197-4.2-", "5197-4.3-", "5197-4.4-", "5197-4.5-", "5197-6-", "5197-7-")
"""Where it speaks of extensions, of transports beside SIP and of alternatives to MIKEY."""


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
    def measured(self) -> bool:
        """Whether it is a statement about modes that a measurement bears out or contradicts."""
        return self.rfc == MEASURED and self.level in ("CLAIM", "RULE", "TABLE")

    @property
    def gated(self) -> bool:
        """Whether it belongs to the part of the standards that has to be claimed by now; RTSP does not."""
        return self.rfc in GATED and self.area != "rtsp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Why a measured statement is left out of the count: it is about later work, or nothing but documentation."""

    kind: str
    reason: str

    def faults(self, name: str) -> list[str]:
        """What is wrong with calling that row so."""
        if self.kind == "documentation" or (self.kind == "later" and name.startswith(LATER_SECTIONS)):
            return []
        return [f"later.tsv: {name} can't be of kind {self.kind!r}: its section is among those that are built"]


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
    return {name: reason for name, (reason,) in _by_id(UNCLAIMED, ("id", "reason")).items()}


def load_later() -> dict[str, Later]:
    """The measured statements that nothing here can show by now, by id."""
    rows = _by_id(LATER, ("id", "kind", "reason"))
    return {name: Later(kind=kind, reason=reason) for name, (kind, reason) in rows.items()}


def _by_id(path: Path, columns: tuple[str, ...]) -> dict[str, list[str]]:
    """The other cells of each row, by id. Raises ValueError for an id that comes twice, and for an empty cell."""
    found: dict[str, list[str]] = {}
    for number, (identifier, *cells) in _rows(path, columns):
        if identifier in found or not all(cell.strip() for cell in cells):
            raise ValueError(f"{path.name}:{number}: id {identifier!r} comes twice or without a reason")
        found[identifier] = [cell.strip() for cell in cells]
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    if tuple(header.split("\t")) != columns:
        raise ValueError(f"{path.name}: the first line must be {columns}")
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, start=2) if line]
    for number, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(f"{path.name}:{number}: {len(cells)} columns instead of {len(columns)}")
    return rows
