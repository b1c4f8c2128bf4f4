"""The pages of docs/conformance, as text: a pure function of catalogue, claims and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.conformance.catalogue import Requirement

_NOTE = "Written by `make docs` from tests/conformance and the markers of the tests; don't edit."
_HEAD = f"""# Conformance

{_NOTE}

A requirement is claimed when a test that names it passes, and that test would fail if the requirement were broken
(`make sabotage` breaks twenty of them to see it). Claimed / all, of the catalogue in `tests/conformance/requirements`:
"""


def pages(
    catalogue: Mapping[str, Requirement], claims: Mapping[str, Sequence[str]], reasons: Mapping[str, str]
) -> dict[str, str]:
    """File name to text: an overview, and one page for each RFC of which something is claimed or explained."""
    by_rfc: dict[str, list[Requirement]] = {}
    for row in catalogue.values():
        by_rfc.setdefault(row.rfc, []).append(row)
    texts = {"README.md": _overview(by_rfc, claims)}
    for rfc, rows in by_rfc.items():
        if any(row.id in claims or row.id in reasons for row in rows):
            texts[f"{rfc}.md"] = _page(rfc, rows, claims, reasons)
    return texts


def _overview(by_rfc: Mapping[str, Sequence[Requirement]], claims: Mapping[str, Sequence[str]]) -> str:
    lines = [_HEAD, "| RFC | MUST, MUST NOT | SHOULD, SHOULD NOT | other rows |", "| --- | --- | --- | --- |"]
    for rfc, rows in by_rfc.items():
        binding = [row for row in rows if row.binding]
        advised = [row for row in rows if row.advised]
        other = [row for row in rows if not row.binding and not row.advised]
        cells = (_share(part, claims) for part in (binding, advised, other))
        has_page = any(row.id in claims for row in rows)
        name = f"[{rfc.removeprefix('rfc')}]({rfc}.md)" if has_page else rfc.removeprefix("rfc")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _share(rows: Sequence[Requirement], claims: Mapping[str, Sequence[str]]) -> str:
    return f"{sum(row.id in claims for row in rows)} / {len(rows)}" if rows else "-"


def _page(
    rfc: str, rows: Sequence[Requirement], claims: Mapping[str, Sequence[str]], reasons: Mapping[str, str]
) -> str:
    strong = [row for row in rows if row.binding or row.advised or row.measured]
    weak = [row for row in rows if row not in strong]
    lines = [f"# RFC {rfc.removeprefix('rfc')}", "", _NOTE, ""]
    lines += _claimed("Claimed", [row for row in strong if row.id in claims], claims)
    lines += _unclaimed([row for row in strong if row.id not in claims], reasons)
    lines += _claimed("Claimed facts, options and defaults", [row for row in weak if row.id in claims], claims)
    return "\n".join(lines)


def _claimed(title: str, rows: Sequence[Requirement], claims: Mapping[str, Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [f"## {title}", "", "| id | level | side | requirement | tests |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        tests = "<br>".join(f"`{name}`" for name in _functions(claims[row.id]))
        lines.append(f"| {row.id} | {row.level} | {row.who} | {_cell(row.text)} | {tests} |")
    return [*lines, ""]


def _unclaimed(rows: Sequence[Requirement], reasons: Mapping[str, str]) -> list[str]:
    if not rows:
        return []
    lines = ["## Not claimed", "", "| id | level | area | requirement | why |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        why = _cell(reasons.get(row.id, "not begun"))
        lines.append(f"| {row.id} | {row.level} | {row.area} | {_cell(row.text)} | {why} |")
    return [*lines, ""]


def _functions(node_ids: Sequence[str]) -> list[str]:
    """The tests without the parameters of their runs, each once."""
    return list(dict.fromkeys(name.partition("[")[0].removeprefix("tests/") for name in node_ids))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
