"""How the page of a run looks, and the little that it does by itself."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --bg: #f6f7f9; --panel: #ffffff; --ink: #1b2230; --dim: #667085; --rule: #e3e7ee; --life: #c3cad6; --hover: #eef3fc;
  --good: #16794a; --good-bg: #e3f5ea; --bad: #c0262d; --bad-bg: #fdeaea; --warn: #9a6200; --warn-bg: #fdf2d8;
  --key: #7a3fc4; --key-bg: #f2eafc; --accent: #1f5fbf; --flow: #2a9d64; --clipped: #e0a526; --lost: #c0c6d1; }
@media (prefers-color-scheme: dark) { :root {
  --bg: #12161d; --panel: #1a202a; --ink: #e6eaf1; --dim: #97a2b4; --rule: #2c3441; --life: #465165; --hover: #222b39;
  --good: #57cf90; --good-bg: #16382a; --bad: #ff7b7b; --bad-bg: #43201f; --warn: #f0bf55; --warn-bg: #3d3015;
  --key: #c39bff; --key-bg: #32254a; --accent: #86b4ff; --flow: #3fbf80; --clipped: #d9a736; --lost: #566074; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1360px; margin: 0 auto; padding: 28px 24px 60px; }
body:has(.message:target) main { margin-right: min(46rem, 100vw); }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; }
a { color: var(--accent); }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 34px 0 10px; }
.shows { color: var(--dim); margin: 0; max-width: 75ch; }
.facts { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0 0; align-items: center; }
.pill { border-radius: 999px; padding: 2px 12px; font-size: 13px; background: var(--rule); white-space: nowrap; }
.pill.good { background: var(--good-bg); color: var(--good); font-weight: 600; }
.pill.bad { background: var(--bad-bg); color: var(--bad); font-weight: 600; }
.pill.warning { background: var(--warn-bg); color: var(--warn); font-weight: 600; }
.panel { background: var(--panel); border: 1px solid var(--rule); border-radius: 12px; }
.padded { padding: 12px 18px; }
.hint { color: var(--dim); font-size: 13px; margin: 0 0 10px; }
.wide { overflow: auto; max-height: 92vh; }
.scrolled { overflow-x: clip; }
body:has(.message:target) .scrolled { overflow-x: auto; }
@media (max-width: 1390px) { .scrolled { overflow-x: auto; } }
.verdicts { list-style: none; margin: 0; padding: 6px 18px; }
.verdicts.many { columns: 2; column-gap: 36px; }
.verdicts.many li { break-inside: avoid; font-size: 14px; padding-top: 4px; padding-bottom: 4px; }
@media (max-width: 900px) { .verdicts.many { columns: 1; } }
.held summary { cursor: pointer; color: var(--dim); padding: 10px 18px; }
.verdicts li { padding: 6px 0 6px 26px; position: relative; border-top: 1px solid var(--rule); }
.verdicts li:first-child { border-top: 0; }
.verdicts + .verdicts, .verdicts + .held { border-top: 1px solid var(--rule); }
.verdicts li::before { position: absolute; left: 0; font-weight: 700; }
.verdicts .good::before { content: "\\2713"; color: var(--good); }
.verdicts .bad::before { content: "\\2717"; color: var(--bad); }
.verdicts .bad { font-weight: 600; }
.verdicts .place { color: var(--dim); font-weight: 400; font-size: 13px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 6px 0 2px; font-size: 14px; }
dt { color: var(--dim); font-weight: 400; } dd { margin: 0; font-weight: 400; overflow-wrap: anywhere; }
svg { display: block; }
svg text { fill: var(--ink); font-size: 12.5px; }
svg .dim, svg text.time { fill: var(--dim); font-size: 12px; }
svg .halo { paint-order: stroke; stroke: var(--panel); stroke-width: 5px; stroke-linejoin: round; }
.heads { position: sticky; top: 0; z-index: 2; background: var(--panel); border-bottom: 1px solid var(--rule);
  border-radius: 12px 12px 0 0; width: max-content; min-width: 100%; }
.heads rect { fill: var(--panel); stroke: var(--life); stroke-width: 1.2; }
.heads text { font-weight: 600; font-size: 13px; text-anchor: middle; }
.heads .outside { stroke-dasharray: 4 3; }
.heads .count { fill: var(--accent); font-size: 11.5px; }
.rows { display: flex; width: max-content; }
.times-of-lines { position: sticky; left: 0; z-index: 1; flex: none; background: var(--panel);
  border-radius: 0 0 0 12px; }
.rows .body { flex: none; margin-left: -96px; }
.life { stroke: var(--life); stroke-width: 1.2; }
.life.many { stroke-width: 4; opacity: .55; }
.moment { stroke: var(--rule); stroke-width: 1; }
.hit { fill: transparent; }
a.row { cursor: pointer; text-decoration: none; }
.row:hover > .hit, a.row:focus > .hit { fill: var(--hover); }
a.row:focus { outline: none; }
.shaft { stroke: var(--ink); stroke-width: 1.5; fill: none; } .tip { fill: var(--ink); }
.response .shaft { stroke-dasharray: 6 3; }
.refusal .shaft, .lost .shaft, .attack .shaft { stroke: var(--bad); }
.refusal .tip, .attack .tip { fill: var(--bad); }
svg .refusal .what, svg .attack .what, svg .lost .what, svg text.bad { fill: var(--bad); }
svg .what { font-weight: 600; }
svg .note { font-size: 11.5px; fill: var(--key); } svg .note.bad { fill: var(--bad); }
svg .times { fill: var(--accent); font-weight: 700; }
.cross { stroke: var(--bad); stroke-width: 2.4; stroke-linecap: round; }
.flow .shaft { stroke-width: 6; stroke: var(--flow); } .flow .tip { fill: var(--flow); }
.flow.partial .shaft { stroke: var(--clipped); } .flow.partial .tip { fill: var(--clipped); }
.flow.none .shaft { stroke: var(--bad); } .flow.none .tip { fill: var(--bad); }
svg .remark text { font-size: 12px; } svg .remark.key text { fill: var(--key); }
svg .remark.bad text { fill: var(--bad); font-weight: 600; } svg .remark.warning text { fill: var(--warn); }
svg .remark.state text { fill: var(--accent); }
.remark.key .mark { fill: var(--key); } .remark.bad .mark { fill: var(--bad); }
.remark.warning .mark { fill: var(--warn); } .remark.state .mark { fill: var(--accent); }
.axis { stroke: var(--rule); } .lane { fill: none; stroke: var(--rule); }
svg .party { font-weight: 600; font-size: 13px; }
svg .badge { fill: #fff; font-size: 10.5px; font-family: ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }
.state-mark { stroke: var(--accent); stroke-width: 1.6; } svg .state-name { font-size: 11px; fill: var(--accent); }
.state-mark.over { stroke: var(--dim); } .state-mark.failed { stroke: var(--bad); }
.fill-good { fill: var(--flow); } .fill-clipped { fill: var(--clipped); } .fill-bad { fill: var(--bad); }
.fill-lost { fill: var(--lost); } .fill-empty { fill: var(--rule); }
.timeline .bar { stroke: var(--panel); stroke-width: .6; } .timeline .bar.off { opacity: .22; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--dim); font-weight: 500; font-size: 13px; }
th, td { padding: 6px 14px 6px 0; border-top: 1px solid var(--rule); vertical-align: top; }
tr:first-child th { border-top: 0; }
.chip { display: inline-block; border: 1px solid var(--rule); border-radius: 6px; padding: 0 7px; margin: 0 5px 3px 0;
  font-size: 13px; white-space: nowrap; }
.chip b { font-weight: 600; } .chip span { color: var(--dim); }
.swatch { width: 11px; height: 11px; display: inline-block; vertical-align: -1px; margin-right: 7px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--dim); font-size: 13px; padding: 10px 18px;
  border-top: 1px solid var(--rule); }
.legend svg { display: inline-block; vertical-align: -2px; margin-right: 6px; }
.message { display: none; }
.message:target { display: block; position: fixed; inset: 0 0 0 auto; width: min(46rem, 100vw);
  overflow: auto; z-index: 5; background: var(--panel); border-left: 1px solid var(--rule);
  box-shadow: -12px 0 32px rgb(0 0 0 / .18);
  padding: 18px 24px 40px; }
.message:focus, .message:focus-visible, .wide:focus-visible { outline: none; }
.message h3 { margin: 2px 0 4px; font-size: 18px; overflow-wrap: anywhere; }
.message h4 { margin: 18px 0 6px; font-size: 14px; }
.message nav { display: flex; gap: 16px; font-size: 14px; } .message nav .close { margin-left: auto; }
.message .way { color: var(--dim); margin: 0; } .message p.note { color: var(--key); margin: 4px 0 0; font-size: 14px; }
.message p.bad { color: var(--bad); }
pre { background: var(--bg); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 12px; margin: 0;
  font-size: 12.5px; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
pre .first { font-weight: 700; } pre .mikey { color: var(--key); background: var(--key-bg); border-radius: 3px; }
pre .withheld { color: var(--warn); }
.tree, .tree ul { list-style: none; margin: 0; padding: 0; font-size: 13px; }
.tree ul { padding-left: 16px; border-left: 1px solid var(--rule); margin-left: 5px; }
.tree li { overflow-wrap: anywhere; padding: 1px 0; white-space: pre-wrap; } .tree summary { cursor: pointer; }
.tree > li > details > summary { font-weight: 600; }
.tree .good { color: var(--good); } .tree .bad { color: var(--bad); } .tree .warning { color: var(--warn); }
.tree .note { color: var(--accent); }
footer { color: var(--dim); font-size: 13px; margin-top: 36px; }
.fading .bar { opacity: .15; } .fading .bar.same { opacity: 1; }
@media print { .wide { max-height: none; } .heads { position: static; } }
"""

SCRIPT: Final = """
"use strict";
const shown = () => document.querySelector(".message:target");
document.addEventListener("keydown", event => {
  const open = shown();
  if (!open) return;
  const way = {Escape: ".close", ArrowLeft: ".before", ArrowRight: ".after"}[event.key];
  const link = way && open.querySelector(way);
  if (link) { event.preventDefault(); link.click(); }
});
for (const bar of document.querySelectorAll(".bar[data-key]")) {
  const same = document.querySelectorAll('.bar[data-key="' + bar.dataset.key + '"]');
  bar.addEventListener("mouseenter", () => {
    document.body.classList.add("fading");
    same.forEach(other => other.classList.add("same"));
  });
  bar.addEventListener("mouseleave", () => {
    document.body.classList.remove("fading");
    same.forEach(other => other.classList.remove("same"));
  });
}
"""


def policy(style: str = STYLE) -> str:
    """What a browser may carry out and load: our own style and script, by their hashes, and nothing else."""
    hashed, script = _digest(style), _digest(SCRIPT)
    return f"default-src 'none'; style-src '{hashed}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def _digest(code: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
