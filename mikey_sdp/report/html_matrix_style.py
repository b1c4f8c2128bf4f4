"""How the tables of the matrix look, on a wide page and on a narrow one, where each row becomes a card."""

from __future__ import annotations

from typing import Final

from mikey_sdp.report.html_style import STYLE

MATRIX_STYLE: Final = (
    STYLE
    + """
:root { --none: #5b6677; --none-bg: #eceff4; --edge: #8d63c9; }
@media (prefers-color-scheme: dark) { :root { --none: #9aa6b8; --none-bg: #232b37; --edge: #b68cf0; } }
main { max-width: 1240px; }
html { scroll-behavior: auto; scroll-padding-top: 20px; }
body:has(.message:target) main { margin-right: auto; }
.keys-of-signs { display: flex; flex-wrap: wrap; gap: 6px 22px; font-size: 13.5px; margin: 18px 0 14px; }
.keys-of-signs span.said { color: var(--dim); }
.sign { display: inline-block; min-width: 1.35em; height: 1.35em; line-height: 1.35em; border-radius: 999px;
  text-align: center; font-weight: 700; font-size: 13px; margin-right: 8px; flex: none; }
.yes .sign, .sign.yes { background: var(--good); color: var(--panel); }
.open .sign, .sign.open { background: var(--warn); color: var(--panel); }
.no .sign, .sign.no { background: var(--none-bg); color: var(--none); box-shadow: inset 0 0 0 1px var(--life); }
.yes > .word, .word.yes { color: var(--good); } .open > .word, .word.open { color: var(--warn); }
.no > .word, .word.no { color: var(--none); }
.word { font-weight: 600; }
.tables th, .tables td { vertical-align: middle; }
.tables th[scope=row] { color: var(--ink); font-weight: 600; font-size: 14.5px; white-space: nowrap; }
.tables td.number { font-variant-numeric: tabular-nums; }
.cells { border-collapse: separate; border-spacing: 6px; table-layout: fixed; }
.cells th, .cells td { border: 0; padding: 0; }
.cells thead th { padding: 2px 4px 4px; text-align: left; vertical-align: bottom; color: var(--dim); }
.cells th[scope=row] { width: 136px; padding-left: 6px; }
.cells th.corner { width: 136px; }
.tables th .variant { font-weight: 400; color: var(--dim); font-size: 12.5px; margin-left: 7px; }
.cells th .variant { display: block; margin: 0; }
a.cell { display: grid; grid-template-columns: auto 1fr auto; align-items: center; text-decoration: none;
  color: var(--ink); padding: 8px 11px; border-radius: 9px; border: 2px solid transparent; min-height: 56px; }
a.cell.yes { background: var(--good-bg); } a.cell.open { background: var(--warn-bg); }
a.cell.no { background: var(--none-bg); }
a.cell .printed { grid-column: 1 / -1; font-size: 12px; color: var(--dim); margin-top: 2px; }
a.cell .more { font-size: 12px; color: var(--dim); font-variant-numeric: tabular-nums; }
a.cell.differs { border-color: var(--edge); }
a.cell.differs .printed, .differs-text { color: var(--key); font-weight: 600; }
a.cell:hover, a.cell:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
td .printed { display: block; color: var(--dim); font-size: 12px; } td .printed.differs-text { color: var(--key); }
td.missing { color: var(--warn); padding: 10px; }
.differing { list-style: none; margin: 0; padding: 4px 18px; }
.differing li { padding: 9px 0; border-top: 1px solid var(--rule); } .differing li:first-child { border-top: 0; }
.differing p { margin: 2px 0 0; color: var(--dim); font-size: 14px; }
.group th { padding-top: 16px; color: var(--ink); font-weight: 600; font-size: 14px; text-transform: none; }
.back { font-size: 14px; margin-bottom: 10px; }
.message:target { width: min(34rem, 100vw); }
.message h3 { font-size: 20px; }
.condition { border-top: 1px solid var(--rule); padding: 12px 0 10px; }
.condition h4 { margin: 0; display: flex; align-items: center; font-size: 15px; }
.condition h4 .word { margin-left: auto; font-size: 14px; display: flex; align-items: center; }
.condition p { margin: 4px 0 0; font-size: 14px; color: var(--dim); }
.condition ul { margin: 6px 0 0; padding-left: 18px; font-size: 14px; }
.condition .runs { margin-top: 8px; color: var(--ink); }
.links a { margin-right: 14px; white-space: nowrap; }
.hint.below { margin: 8px 4px 0; }
.verdict { margin: 10px 0 14px; }
@media (max-width: 760px) {
  main { padding: 20px 14px 48px; } h1 { font-size: 22px; }
  .tables, .tables tbody, .tables tr, .tables td, .tables th[scope=row] { display: block; width: auto; }
  .tables thead { display: none; }
  .tables tr { padding: 10px 0; border-top: 1px solid var(--rule); } .tables tr:first-child { border-top: 0; }
  .tables th[scope=row] { font-size: 16px; padding: 2px 0 6px; border: 0; width: auto; }
  .tables th .variant { display: inline; margin-left: 6px; }
  .tables td { border: 0; padding: 3px 0; display: grid; grid-template-columns: 9.5rem 1fr;
    align-items: center; gap: 8px; }
  .tables td::before { content: attr(data-label); color: var(--dim); font-size: 13px; }
  .tables td > a.cell { min-height: 0; }
  .tables td .printed { margin: 0; } .tables td > * { grid-column: 2; } .tables td::before { grid-column: 1; }
  .tables tr.group { border: 0; padding-bottom: 0; }
  .keys-of-signs { flex-direction: column; }
}
"""
)
