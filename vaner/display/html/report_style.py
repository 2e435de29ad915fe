"""The style of an evaluation report: light, dark and print."""

from __future__ import annotations

from vaner.display.html.style import scope_colors

REPORT_STYLE = f"""{scope_colors(":root")}
body {{ max-width: 62rem; margin: 0 auto; padding: 1rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }}
h2, h3 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
.corpus {{ font-size: 1.3rem; margin: 2.5rem 0 0; border-top: 2px solid var(--rule); }}
.kind {{ font-size: 1rem; margin: 1.4rem 0 .3rem; }}
h1, h2, h3, h4 {{ break-after: avoid; }}
small, .note {{ font-size: .85rem; font-weight: normal; color: var(--faint); }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0;
  font-size: .85rem; color: var(--faint); }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
a {{ color: var(--k0); }}
:is(a, summary, .wide):focus-visible {{ outline: 2px solid var(--ink); outline-offset: 1px; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: end; vertical-align: baseline; padding: .2rem .7rem .2rem 0;
  border-bottom: 1px solid var(--rule); white-space: nowrap; }}
th {{ font-weight: 600; }}
tbody th {{ font-weight: normal; }}
th:first-child, .words {{ text-align: start; }}
.wide :is(th, thead td):first-child {{ position: sticky; inset-inline-start: 0;
  background: var(--paper); }}
.words {{ white-space: normal; min-width: 14rem; }}
.sum > * {{ border-top: 2px solid var(--rule); }}
.cell {{ padding-inline: .7rem; print-color-adjust: exact;
  background: color-mix(in srgb, var(--c1) var(--share, 0%), transparent); }}
.cell.right {{ background: color-mix(in srgb, var(--c0) var(--share, 0%), transparent); }}
.bar {{ display: block; }}
svg {{ print-color-adjust: exact; }}
.rest {{ fill: color-mix(in srgb, var(--ink) 8%, transparent); }}
.value {{ fill: color-mix(in srgb, var(--c0) 55%, transparent); }}
.whisker {{ stroke: var(--ink); stroke-width: 1.5; fill: none; }}
.columns {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: start; }}
.plot {{ max-width: 100%; height: auto; }}
.plot text {{ fill: var(--ink); font-size: 12px; }}
.rule {{ stroke: var(--ink); fill: none; }}
.grid {{ stroke: var(--rule); fill: none; }}
.ideal {{ stroke: var(--faint); stroke-dasharray: 5 4; fill: none; }}
.curve {{ fill: none; stroke-width: 2; }}
.now {{ --line: var(--c0); }}
.before {{ --line: var(--c1); }}
.curve {{ stroke: var(--line); }}
.point {{ fill: var(--line); }}
.key {{ color: var(--line); }}
ul {{ margin: 0; padding: 0; list-style: none; }}
li {{ padding: .5rem 0; border-bottom: 1px solid var(--rule); break-inside: avoid; }}
li p {{ margin: 0; }}
.text {{ line-height: 2; overflow-wrap: anywhere; unicode-bidi: plaintext; }}
.details {{ font-size: .85rem; color: var(--faint); }}
.g, .f {{ color: var(--ink); padding-block: .15em; print-color-adjust: exact; }}
.g {{ border-bottom: 3px solid var(--c0); }}
.f {{ border-top: 3px double var(--c1); }}
.g:not(.f) {{ background: color-mix(in srgb, var(--c0) 12%, transparent); }}
.f:not(.g) {{ background: color-mix(in srgb, var(--c1) 12%, transparent); }}
@media print {{ body {{ max-width: none; padding: 0; }} .wide {{ overflow: visible; }} }}
"""
